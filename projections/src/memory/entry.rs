//! Reading a file of the memory, whoever wrote it: this program, the earlier one, or a person.

use super::Store;
use crate::{time::Timestamp, work::TaskKind};

/// A file of the memory, as far as it says anything of itself. Everything but the text is optional: a hand-written
/// note may be a single sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Where it is from.
    pub store: Store,
    /// The file below the store's directory, without `.md`.
    pub id: String,
    /// Only for artifacts of this kind; `None` for all.
    pub kind: Option<TaskKind>,
    /// What kind of note it is, or how the verdict was, in one word: `fact`, `technique`, `pass`, `fail`; may be empty.
    pub label: String,
    /// Who wrote a note; whose production a verdict judges.
    pub agent: Option<String>,
    /// Of a verdict: whether the production passed.
    pub passed: Option<bool>,
    /// When it was written, if it says so.
    pub at: Option<Timestamp>,
    /// One line: what it is about.
    pub title: String,
    /// What a model is shown of it, at most [`MAX_SHOWN`] bytes, cut at a character and marked so.
    pub shown: String,
    /// What it is found by, at most [`MAX_SOUGHT`] bytes.
    pub sought: String,
}

/// Most that a model is shown of one file, bytes.
pub const MAX_SHOWN: usize = 1_200;

/// Most of a file that it is found by, bytes.
pub const MAX_SOUGHT: usize = 4_000;
