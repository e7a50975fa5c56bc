//! What keeps an inspection from answering at all.

use std::{io, path::PathBuf};

/// A result of the inspection.
pub type Result<T> = std::result::Result<T, Error>;

/// Why there is no answer. Damage is none of these.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The log's name does not follow from the file's.
    #[error("{}: the log's name does not follow from the file's, which is not like ESS-P-001.journal.jsonl", path.display())]
    Nameless {
        /// The file.
        path: PathBuf,
    },
    /// Not a file that can be read from end to end.
    #[error("{} is not a file", path.display())]
    NotAFile {
        /// What stands there instead.
        path: PathBuf,
    },
    /// A list of heads cannot be read.
    #[error("{}, line {line}: {why}", path.display())]
    BadHeads {
        /// The list.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong with it.
        why: String,
    },
    /// The file's own words, once the journal crate has met them.
    #[error(transparent)]
    Journal(#[from] journal::Error),
    /// The environment's refusal.
    #[error("cannot read {}", path.display())]
    Io {
        /// The file concerned.
        path: PathBuf,
        /// The system's word.
        source: io::Error,
    },
}

impl Error {
    pub(super) fn io(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Error {
        let path = path.into();
        move |source| Error::Io { path, source }
    }

    /// What to do next, where there is something.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Error::Nameless { .. } => Some("say which log it is with --name"),
            Error::BadHeads { .. } => Some("`modulatio-audit heads DIR` writes such a list"),
            Error::NotAFile { .. } | Error::Journal(_) | Error::Io { .. } => None,
        }
    }

    /// The error and its causes on one line.
    #[must_use]
    pub fn told(&self) -> String {
        let mut text = self.to_string();
        let mut cause = std::error::Error::source(self);
        while let Some(error) = cause {
            text.push_str(": ");
            text.push_str(&error.to_string());
            cause = error.source();
        }
        text
    }
}
