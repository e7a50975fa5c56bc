//! The contract of a log store: what the rest of the program may rely on, whatever keeps the bytes.
//!
//! A [`Log`] is a handle with a position. It starts before frame 0; [`Log::catch_up`] moves it over verified
//! frames to the tail. Opening after a crash and following a live log are therefore the same path, and it
//! runs every single time.

use std::fmt;

use crate::Error;

/// The 32 bytes of a frame's keyed BLAKE3.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Hash(pub [u8; 32]);

/// The position of one frame: its number and its hash. Keeping it elsewhere makes truncation detectable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Anchor {
    /// Number of the frame, from 0, without gaps.
    pub seq: u64,
    /// The frame's recorded hash.
    pub b3: Hash,
}

/// The name of a log: letters, digits, `-`, `_` and `.`, 1 to 64 bytes, not starting with a dot.
///
/// It is also the key material of frame 0, so a journal cannot be passed off as another plan's.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LogName(String);

impl LogName {
    /// Takes `name` if it can be a log's.
    ///
    /// # Errors
    /// [`Error::Invalid`] with the rule it breaks.
    pub fn parse(name: &str) -> Result<LogName, Error> {
        let legal = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
        let why = match name.len() {
            0 => "it is empty",
            65.. => "it is longer than 64 bytes",
            _ if name.starts_with('.') => "it starts with a dot",
            _ if !name.bytes().all(legal) => {
                "only letters, digits, '-', '_' and '.' may stand in it"
            }
            _ => return Ok(LogName(name.to_owned())),
        };
        Err(Error::invalid("log name", format!("{name:?}: {why}")))
    }

    /// The name as it was given.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for LogName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl std::str::FromStr for LogName {
    type Err = Error;

    fn from_str(name: &str) -> Result<LogName, Error> {
        LogName::parse(name)
    }
}

/// A frame that has not been appended yet. The store adds `seq` and `b3`.
#[derive(Clone, Debug)]
pub struct Draft {
    /// UTC RFC 3339 with microseconds, exactly `2026-11-23T20:15:00.123456Z` (27 bytes).
    pub at: String,
    /// The fencing epoch of the writer; the store refuses one lower than the tail's.
    pub epoch: u64,
    /// Who writes, for people: `cli:alice`, `daemon:host:4711`.
    pub by: String,
    /// A JSON array on one line. Opaque to the store beyond being valid JSON without a raw newline.
    pub events: String,
}

/// One verified frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// Position and hash.
    pub anchor: Anchor,
    /// When it was decided, as in [`Draft::at`].
    pub at: String,
    /// The writer's epoch.
    pub epoch: u64,
    /// The writer's name, unescaped.
    pub by: String,
    /// The JSON array as it stands in the log.
    pub events: String,
}

/// Bytes after the last good frame that were never acknowledged, moved aside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TornTail {
    /// How many bytes were moved.
    pub bytes: u64,
    /// The file that keeps them, if the store has files.
    pub kept_as: Option<std::path::PathBuf>,
}

/// What one [`Log::catch_up`] found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CatchUp {
    /// The tail after it; `None` only for a log without a frame.
    pub tail: Option<Anchor>,
    /// How many frames were visited.
    pub frames: u64,
    /// A torn tail that was judged and moved aside on the way.
    pub torn: Option<TornTail>,
}

/// What a lease's holder says of itself, for people and for `doctor`. The default is a holder that has said nothing yet:
/// the lock comes first, its label a moment after.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct LeaseNote {
    /// `daemon:host:4711`.
    pub holder: String,
    /// UTC RFC 3339.
    pub since: String,
    /// The epoch of its claim, once claimed.
    pub epoch: u64,
}

impl LeaseNote {
    /// Who holds it, in words.
    pub fn who(&self) -> &str {
        match self.holder.as_str() {
            "" => "somebody who has not said who",
            named => named,
        }
    }
}

impl std::fmt::Display for LeaseNote {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.who())?;
        match self.since.as_str() {
            "" => Ok(()),
            since => write!(f, " since {since}"),
        }
    }
}

/// A store of logs.
pub trait LogStore: Send + Sync {
    /// Makes log `name` with `first` as frame 0, whole or not at all.
    ///
    /// # Errors
    /// [`Error::Exists`] when there is one already; nothing is overwritten.
    fn create(&self, name: &LogName, first: &Draft) -> Result<Anchor, Error>;

    /// Opens `name` for reading and appending. `anchor` is what a projection remembers as acknowledged;
    /// [`Log::catch_up`] reports a log that falls short of it, or differs at it, as damaged.
    ///
    /// # Errors
    /// [`Error::Missing`] when there is none.
    fn open(&self, name: &LogName, anchor: Option<Anchor>) -> Result<Box<dyn Log>, Error>;

    /// Opens `name` for reading: takes no lock, writes nothing, works on a read-only vault and a damaged log.
    ///
    /// # Errors
    /// [`Error::Missing`] when there is none.
    fn read(&self, name: &LogName, anchor: Option<Anchor>) -> Result<Box<dyn Log>, Error>;

    /// Takes the lease of `name` if nobody holds it; never waits. The kernel (or the server) frees it when the
    /// holder dies.
    ///
    /// # Errors
    /// The environment's, as [`Error::Io`].
    fn lease(&self, name: &LogName) -> Result<Option<Box<dyn Lease>>, Error>;

    /// What the present holder of the lease last said, `None` when nobody holds it.
    ///
    /// # Errors
    /// The environment's, as [`Error::Io`].
    fn leased(&self, name: &LogName) -> Result<Option<LeaseNote>, Error>;

    /// The names of all logs, sorted.
    ///
    /// # Errors
    /// The environment's, as [`Error::Io`].
    fn names(&self) -> Result<Vec<LogName>, Error>;
}

/// A handle on one log, with a position.
pub trait Log: Send {
    /// The last frame this handle has seen.
    fn position(&self) -> Option<Anchor>;

    /// Reads, verifies and visits every frame after the position, in order, streaming, and moves to the tail.
    ///
    /// # Errors
    /// [`Error::Damaged`] names what was found and where; the frames before the damage have been visited.
    fn catch_up(&mut self, visit: &mut dyn FnMut(Frame)) -> Result<CatchUp, Error>;

    /// Moves to the tail by reading only the last frame, for callers that need no state.
    ///
    /// # Errors
    /// As [`Log::catch_up`], as far as the tail shows it.
    fn seek_tail(&mut self) -> Result<CatchUp, Error>;

    /// Appends `drafts` as frames `expected`, `expected + 1`, … with one write and one sync, all acknowledged
    /// together; each is atomic by itself. Returns the new tail only when they are durable.
    ///
    /// # Errors
    /// [`Error::Conflict`] when the log has moved on: catch up, decide again. [`Error::Fenced`] when a draft's
    /// epoch is below the tail's. [`Error::Poisoned`] after a failed sync: re-open. After any error no
    /// acknowledged frame is lost and none of `drafts` is acknowledged.
    fn append(&mut self, expected: u64, drafts: &[Draft]) -> Result<Anchor, Error>;
}

/// A held lease; dropped, it is free.
pub trait Lease: Send + fmt::Debug {
    /// Says who holds it, for people.
    ///
    /// # Errors
    /// The environment's, as [`Error::Io`].
    fn note(&mut self, note: &LeaseNote) -> Result<(), Error>;

    /// Whether this is still the lease that others see (its file was not deleted or replaced).
    fn is_current(&self) -> bool;
}
