//! Files of the team's memory.

use projections::memory::{Entry, MAX_SHOWN, MAX_SOUGHT, Store};

use super::text;

pub(crate) const WORDS: &[&str] = &[
    "---\n",
    "kind: fact\n",
    "skill_tags: [a, b]\n",
    "proposed_by: qc\n",
    "passed: true\n",
    "at: 2026-11-23T20:15:00Z\n",
    "# ",
    "## Task\n",
    "## Rationale\n",
    "## Defects\n",
    "## Artifact body\n",
    "## Body\n",
    "```\n",
    "\u{feff}",
    "\u{301}",
    "[",
    "&a ",
    "*a",
];

/// Reads the text as an entry of either store.
pub fn memory(bytes: &[u8]) {
    let text = text(bytes);
    for store in [Store::QcHistory, Store::TeamMemory] {
        let entry = Entry::read(store, "folder/name", &text);
        assert!(entry.shown.len() <= MAX_SHOWN + 16, "{}", entry.shown.len());
        assert!(
            entry.sought.len() <= MAX_SOUGHT + 16,
            "{}",
            entry.sought.len()
        );
    }
}
