//! What the team remembers: notes and judgements as files, and what of them was shown to a model.

mod entry;
mod files;
mod judgement;
mod note;
mod recalled;
mod route;

pub use entry::{Entry, MAX_SHOWN, MAX_SOUGHT};
pub use files::{APART, Act, MemoryFile, PROPOSALS, REHEARSED, REMOVED};
pub use judgement::Judgement;
pub use note::{MAX_NOTE, Note, NoteKind, Tier};
pub use recalled::{Recalled, Remembered};
pub use route::{RouteRule, Standing, choose};

/// Longest file that is read, bytes: far more than anybody is shown of one.
pub const MAX_FILE: u64 = 1 << 20;

/// Directories in directories that are looked into; nobody keeps notes deeper.
pub const MAX_DEPTH: usize = 16;

/// The stores of a project.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum Store {
    /// `qc-history/`: every verdict.
    QcHistory,
    /// `team-memory/`: facts and techniques.
    TeamMemory,
}

impl Store {
    /// Both.
    pub const ALL: [Self; 2] = [Self::QcHistory, Self::TeamMemory];

    /// Its directory in a project, and its name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::QcHistory => "qc-history",
            Self::TeamMemory => "team-memory",
        }
    }
}
