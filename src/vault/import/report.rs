//! What an import tells: one line for each thing that it found.

use serde::Serialize;

/// What became of a thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Fate {
    /// It was missing and was made.
    Made,
    /// It is this program's now, as it was.
    Taken,
    /// It is this program's now, and something in it reads otherwise.
    Changed,
    /// It is this program's as it lies there: taken by an earlier import, or read by both programs.
    There,
    /// It stays as it is, for whoever has a use for it.
    Left,
    /// It should have been taken, and could not be read.
    Failed,
}

impl Fate {
    /// For people.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Made => "made",
            Self::Taken => "taken",
            Self::Changed => "changed",
            Self::There => "there",
            Self::Left => "left",
            Self::Failed => "failed",
        }
    }
}

/// One thing of a vault.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Line {
    /// What became of it.
    pub fate: Fate,
    /// What it is: `plan`, `ticket`, `job`, …
    pub kind: &'static str,
    /// Where it lies, relative to the vault; an entry of a file stands behind `#`.
    pub source: String,
    /// What it is called here, if it is this program's now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// What there is to know.
    pub note: String,
    /// Whether a daemon runs it without being asked again.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub runs: bool,
    /// Whether it came by itself until now, and does not any more.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub stops: bool,
}

impl Line {
    /// A line about `source`.
    #[must_use]
    pub fn new(
        fate: Fate,
        kind: &'static str,
        source: impl Into<String>,
        note: impl Into<String>,
    ) -> Self {
        Self {
            fate,
            kind,
            source: source.into(),
            id: None,
            note: note.into(),
            runs: false,
            stops: false,
        }
    }

    /// The same line of something that has a name here.
    #[must_use]
    pub fn named(self, id: &impl std::fmt::Display) -> Self {
        Self {
            id: Some(id.to_string()),
            ..self
        }
    }
}
