//! The memory's folders as people and the command line change them: a note is added, a file is taken out or a proposal
//! taken over, each a single act that loses nothing; and where indexes, which are no truth, are put.
//!
//! ```text
//!  team-memory/x.md ◀── add ── text of an operator                     qc-history/document/x.md
//!        │  ▲                                                                    │
//!  remove│  └─promote── team-memory/_proposals/x.md (.json of the earlier         │remove
//!        ▼                                         program)  ─┐                  ▼
//!  team-memory/_removed/x.md ◀──────────────remove────────────┘   qc-history/_removed/document/x.md
//! ```
//!
//! What was removed is moved, not changed: moving it back is the way back. `removals.jsonl` beside it says who, when and
//! why.

mod add;
mod cache;
mod files;
mod list;
mod promote;
mod remove;

use std::fmt;

use projections::memory::{PROPOSALS, REMOVED, Store};

pub(super) use files::MemoryFiles;
pub use list::{MemoryBytes, MemoryListing};
pub use promote::proposed_note;
pub use remove::Removal;

/// A part of a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// What is remembered.
    Kept,
    /// Notes that are proposed.
    Proposed,
    /// What was taken out.
    Removed,
}

impl Part {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Kept, Self::Proposed, Self::Removed];

    fn directory(self) -> Option<&'static str> {
        match self {
            Self::Kept => None,
            Self::Proposed => Some(PROPOSALS),
            Self::Removed => Some(REMOVED),
        }
    }
}

/// A file of a project's memory. It prints as people name it: `team-memory/_proposals/ESS-P-001-m1`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MemoryPath {
    /// Its store.
    pub store: Store,
    /// Its part of it.
    pub part: Part,
    /// The file below that part's directory, without its ending.
    pub id: String,
    /// Whether it ends in `.json`, as proposals of the earlier program do; else in `.md`.
    pub is_json: bool,
}

impl MemoryPath {
    /// The file that is called so: `team-memory/x`, `team-memory/_proposals/x`, with its ending or without. No name
    /// leads out of the store.
    #[must_use]
    pub fn parse(name: &str, is_json: bool) -> Option<Self> {
        let name = match is_json {
            true => name.strip_suffix(".json").unwrap_or(name),
            false => name.strip_suffix(".md").unwrap_or(name),
        };
        let (store, below) = name.split_once('/')?;
        let store = Store::ALL
            .into_iter()
            .find(|known| known.as_str() == store)?;
        let (part, id) = match below.split_once('/') {
            Some((PROPOSALS, id)) => (Part::Proposed, id),
            Some((REMOVED, id)) => (Part::Removed, id),
            Some(_) | None => (Part::Kept, below),
        };
        let is_name = |part: &str| !part.is_empty() && !part.starts_with('.');
        let is_good = id.split('/').all(is_name) && !(is_json && part == Part::Kept);
        is_good.then(|| Self {
            store,
            part,
            id: id.to_owned(),
            is_json,
        })
    }

    /// Below the project's directory.
    #[must_use]
    pub fn below(&self) -> String {
        let ending = if self.is_json { "json" } else { "md" };
        format!("{self}.{ending}")
    }

    /// The last part of its name, as frontmatter calls it.
    #[must_use]
    pub fn stem(&self) -> &str {
        self.id.rsplit('/').next().unwrap_or(&self.id)
    }

    /// The same file in another part of the store.
    fn moved_to(&self, part: Part) -> Self {
        Self {
            part,
            ..self.clone()
        }
    }
}

impl fmt::Display for MemoryPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", directory(self.store, self.part))?;
        write!(f, "/{}", self.id)
    }
}

/// A part of a store, below the project's directory.
fn directory(store: Store, part: Part) -> String {
    match part.directory() {
        None => store.as_str().to_owned(),
        Some(below) => format!("{}/{below}", store.as_str()),
    }
}

#[cfg(test)]
mod tests;
