//! What can go wrong, in four kinds that callers treat differently: the caller's mistake or a lost race
//! ([`Error::Exists`], [`Error::Conflict`] …), the environment ([`Error::Io`], [`Error::Busy`]), corruption
//! ([`Error::Damaged`]), and our own bug ([`Error::Invalid`]).

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::{Anchor, LogName};

/// A result of this crate.
pub type Result<T> = std::result::Result<T, Error>;

/// Why the log could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is a log of that name; nothing was overwritten.
    #[error("log {name} exists already")]
    Exists {
        /// The name asked for.
        name: LogName,
    },
    /// There is no log of that name.
    #[error("there is no log {name}")]
    Missing {
        /// The name asked for.
        name: LogName,
    },
    /// The log has moved on: catch up and decide again.
    #[error("frame {expected} cannot be appended: the log {}", TailOf(tail))]
    Conflict {
        /// The number the caller wanted to write.
        expected: u64,
        /// The tail as it is.
        tail: Option<Anchor>,
    },
    /// The writer's epoch is below the tail's: another runner has claimed the plan.
    #[error("epoch {epoch} is fenced off: the log is at epoch {tail_epoch}")]
    Fenced {
        /// The draft's epoch.
        epoch: u64,
        /// The tail's epoch.
        tail_epoch: u64,
    },
    /// A sync (or the roll-back of a write) failed through this handle; what is on disk is unknown to it.
    #[error("{} is not written to any more after a failed sync: reopen it", path.display())]
    Poisoned {
        /// The log's file.
        path: PathBuf,
    },
    /// The log is damaged; nothing was written.
    #[error(transparent)]
    Damaged(Box<Damage>),
    /// The log no longer holds what this handle has read; reopen it.
    #[error("{} no longer holds what was read from it: reopen it", path.display())]
    Diverged {
        /// The log's file.
        path: PathBuf,
    },
    /// A newer program wrote this log: it may be read, never written.
    #[error("{} is of format {found}, newer than {known}: it may be read, not written", path.display())]
    NewerFormat {
        /// The log's file.
        path: PathBuf,
        /// The version in frame 0.
        found: u32,
        /// The newest version this program writes.
        known: u32,
    },
    /// Somebody (perhaps a stopped process) holds the lock for longer than we wait.
    #[error("lock {} was not free within {waited:?}", path.display())]
    Busy {
        /// The lock file.
        path: PathBuf,
        /// How long we tried.
        waited: Duration,
    },
    /// The caller's bug: a name or a draft that must not reach a log.
    #[error("invalid {what}: {why}")]
    Invalid {
        /// The part at fault.
        what: &'static str,
        /// The rule it breaks.
        why: String,
    },
    /// The environment's refusal.
    #[error("cannot {act} {}", path.display())]
    Io {
        /// The file concerned.
        path: PathBuf,
        /// What was tried.
        act: &'static str,
        /// The system's word; `ENOSPC` is [`io::ErrorKind::StorageFull`].
        source: io::Error,
    },
}

impl Error {
    /// Whether the log itself is at fault, so that a person must look at it.
    pub fn is_damage(&self) -> bool {
        matches!(self, Error::Damaged(_))
    }

    /// Whether the disk is full.
    pub fn is_full(&self) -> bool {
        matches!(self, Error::Io { source, .. }
            if matches!(source.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded))
    }

    /// What was found, when the log is damaged.
    pub fn damage(&self) -> Option<&Damage> {
        match self {
            Error::Damaged(damage) => Some(damage),
            _ => None,
        }
    }

    pub(crate) fn io(act: &'static str, path: &Path, source: io::Error) -> Error {
        Error::Io {
            path: path.to_path_buf(),
            act,
            source,
        }
    }

    pub(crate) fn invalid(what: &'static str, why: impl Into<String>) -> Error {
        Error::Invalid {
            what,
            why: why.into(),
        }
    }

    /// The same news once more, for every waiter of a shared commit.
    pub(crate) fn again(&self) -> Error {
        match self {
            Error::Exists { name } => Error::Exists { name: name.clone() },
            Error::Missing { name } => Error::Missing { name: name.clone() },
            Error::Conflict { expected, tail } => Error::Conflict {
                expected: *expected,
                tail: *tail,
            },
            Error::Fenced { epoch, tail_epoch } => Error::Fenced {
                epoch: *epoch,
                tail_epoch: *tail_epoch,
            },
            Error::Poisoned { path } => Error::Poisoned { path: path.clone() },
            Error::Damaged(damage) => Error::Damaged(damage.clone()),
            Error::Diverged { path } => Error::Diverged { path: path.clone() },
            Error::NewerFormat { path, found, known } => Error::NewerFormat {
                path: path.clone(),
                found: *found,
                known: *known,
            },
            Error::Busy { path, waited } => Error::Busy {
                path: path.clone(),
                waited: *waited,
            },
            Error::Invalid { what, why } => Error::Invalid {
                what,
                why: why.clone(),
            },
            Error::Io { path, act, source } => Error::io(act, path, same_io(source)),
        }
    }
}

/// `io::Error` is not `Clone`; its number (or kind and words) is what a waiter needs.
fn same_io(error: &io::Error) -> io::Error {
    match error.raw_os_error() {
        Some(number) => io::Error::from_raw_os_error(number),
        None => io::Error::new(error.kind(), error.to_string()),
    }
}

/// What is wrong with a log, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{} is damaged at frame {seq} (byte {offset}): {kind}: {detail}", path.display())]
pub struct Damage {
    /// The file.
    pub path: PathBuf,
    /// The rule it breaks.
    pub kind: DamageKind,
    /// The first frame that is not trusted; those before it are.
    pub seq: u64,
    /// Where its line starts.
    pub offset: u64,
    /// What was found, for people.
    pub detail: String,
}

impl From<Damage> for Error {
    fn from(damage: Damage) -> Error {
        Error::Damaged(Box::new(damage))
    }
}

/// The rules by which a log is found damaged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DamageKind {
    /// The line is not what its hash says, at the number where it is expected.
    BadHash,
    /// A frame's number is higher than expected: frames are missing before it.
    Gap,
    /// A frame's number is lower than expected: it is repeated or out of order.
    Repeated,
    /// Frame 0 does not follow from the log's name: another log's file, or an altered first frame.
    ChainBreak,
    /// A complete line that is not a frame.
    NotAFrame,
    /// A line longer than [`crate::MAX_LINE`].
    TooLong,
    /// Unreadable bytes with a complete frame after them.
    Hole,
    /// No frame at all, though a log is born with frame 0.
    Empty,
    /// The log ends before a frame that is known to have been acknowledged.
    AnchorBeyondTail,
    /// The log holds another frame than the one known to have been acknowledged.
    AnchorDiffers,
    /// A blob's content is not what its name says.
    BlobDiffers,
}

impl fmt::Display for DamageKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            DamageKind::BadHash => "bad hash",
            DamageKind::Gap => "gap",
            DamageKind::Repeated => "repeated or reordered frame",
            DamageKind::ChainBreak => "chain break",
            DamageKind::NotAFrame => "not a frame",
            DamageKind::TooLong => "line too long",
            DamageKind::Hole => "unreadable bytes before a frame",
            DamageKind::Empty => "no frame",
            DamageKind::AnchorBeyondTail => "acknowledged frame missing",
            DamageKind::AnchorDiffers => "acknowledged frame differs",
            DamageKind::BlobDiffers => "blob differs",
        })
    }
}

struct TailOf<'a>(&'a Option<Anchor>);

impl fmt::Display for TailOf<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(tail) => write!(f, "ends with frame {}", tail.seq),
            None => f.write_str("has not been read"),
        }
    }
}
