//! Plan files: frontmatter, body, seal, what another program noted in them, and what is written back.

use projections::{
    body,
    document::{self, Document},
    found,
    payload::Digest,
    yaml,
};

use super::text;

pub(crate) const WORDS: &[&str] = &[
    "---\n",
    "### Sub-objectives\n",
    "## Sub-objectives\n",
    "**1. ",
    "** — ",
    "- Files: ",
    "- Done when: ",
    "- Out of scope: ",
    "```\n",
    "~~~\n",
    "<!--",
    "-->",
    "    ",
    "\t",
    "\r\n",
    "\u{feff}",
    "\u{2028}",
    "\u{a0}",
    "status: ",
    "id: ESS-P-001\n",
    "created_at: '2026-11-23T20:34:03.931405+00:00'\n",
    "status_transitions:\n- to: approved\n",
    "reflection_log:\n",
    "max_cost_usd: 1e400\n",
    "max_tokens: 18446744073709551616\n",
    "journal: {seq: 4, b3: ",
    "&a ",
    "*a",
    "<<: ",
    "!!binary ",
    "? ",
    ": |\n",
    ">-\n",
    "[",
    "{",
    ".inf",
    "0x1",
];

/// Reads the bytes as a plan's file.
pub fn document(bytes: &[u8]) {
    let shown = text(bytes);
    let _ = document::seal_of(&shown);
    let _ = document::stated(&shown, "status");
    if shown.len() <= document::MAX_BODY {
        listed(&shown);
    }
    if let Ok(value) = yaml::parse_value(&shown) {
        written(&value);
    }
    if let Ok(read) = document::read(bytes) {
        taken(&read);
        listed(&read.body);
    }
}

/// What is written is read back as it was.
fn written(value: &yaml::Value) {
    let once = yaml::emit(value);
    let _ = yaml::flow(value);
    // A value that grew by its aliases is written out in full and may then be too long to be read.
    if let Ok(again) = yaml::parse_value(&once) {
        assert!(yaml::emit(&again) == once, "{once:?} is written otherwise");
    } else {
        assert!(once.len() > yaml::MAX_BYTES / 64, "{once:?} is not read");
    }
}

fn taken(read: &Document) {
    let id = "ESS-P-001".parse().expect("an id");
    let _ = found::caps(&read.values);
    let _ = found::read(&id, &read.values, None, Digest::of(b"file"));
    let _ = (read.comments(), read.lacks_frontmatter());
}

/// Reads a list of sub-objectives; what replaces a part of it is read back.
fn listed(body: &str) {
    let Ok(items) = body::sub_objectives(body) else {
        return;
    };
    let new = [(
        "A title".to_owned(),
        body::bulleted("of **1. this**", &["a.md".to_owned()], &[], &[]),
    )];
    if let Ok(replaced) = body::replace_from(body, items.len().min(1), &new) {
        let again = body::sub_objectives(&replaced).expect("it was read before it was given back");
        assert_eq!(again.len(), items.len().min(1) + 1, "{replaced:?}");
    }
    if let Ok(replaced) = body::replace_item(body, items.len(), &new) {
        let again = body::sub_objectives(&replaced).expect("it was read before it was given back");
        assert_eq!(again.len(), items.len(), "{replaced:?}");
    }
}
