//! Forensics: walking a damaged log to its end, line by line, without ever failing on what stands in it.

use std::path::Path;

use crate::chain::{Chain, Fault};
use crate::disk::{Access, Disk, DiskFile, RealDisk};
use crate::frame::{self, PREFIX, Record};
use crate::lines::{Ending, Line, Lines};
use crate::{DamageKind, Error, Frame, Hash, LogName, Result};

/// What one line is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It follows from the frame before, and so on down to frame 0.
    Good,
    /// It follows from the line before it (or, first after unreadable bytes, from the last good frame), but
    /// something before that is damaged.
    Follows,
    /// It does not follow.
    Bad {
        /// The rule it breaks.
        kind: DamageKind,
        /// What was found.
        detail: String,
    },
    /// The file ends within it.
    Unfinished,
}

/// One line of a log, whatever its state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inspected {
    /// Where it starts.
    pub offset: u64,
    /// Its length, without newline.
    pub bytes: u64,
    /// What it is.
    pub verdict: Verdict,
    /// What can be read of it, if it has the shape of a frame; trust it only as far as the verdict goes.
    pub frame: Option<Frame>,
}

/// Visits every line of the file at `path` as one of the log `name`.
///
/// # Errors
/// Only the environment's, as [`Error::Io`].
pub fn inspect(path: &Path, name: &LogName, visit: &mut dyn FnMut(Inspected)) -> Result<()> {
    let file = RealDisk
        .open(path, Access::Read)
        .map_err(|e| Error::io("open", path, e))?;
    inspect_open(path, &*file, name, visit)
}

/// As [`inspect`], for an open file; `path` is for messages.
///
/// # Errors
/// Only the environment's, as [`Error::Io`].
pub fn inspect_open(
    path: &Path,
    file: &dyn DiskFile,
    name: &LogName,
    visit: &mut dyn FnMut(Inspected),
) -> Result<()> {
    let mut lines = Lines::new(file, 0);
    let mut inspector = Inspector {
        good: Chain::start(name),
        before: None,
        whole: true,
    };
    while let Some(line) = lines.next().map_err(|e| Error::io("read", path, e))? {
        visit(inspector.look(&line));
    }
    Ok(())
}

struct Inspector {
    /// The chain from frame 0, as far as it is whole.
    good: Chain,
    /// The recorded hash of the line before, if it had any: all that the next line's key depends on.
    before: Option<Hash>,
    whole: bool,
}

impl Inspector {
    fn look(&mut self, line: &Line<'_>) -> Inspected {
        let record = frame::decode(line.bytes);
        let verdict = match line.ending {
            Ending::Newline => self.judge(line.bytes, record.as_ref()),
            Ending::Eof => Verdict::Unfinished,
            Ending::TooLong => bad(DamageKind::TooLong, "no newline in sight"),
        };
        self.whole &= verdict == Verdict::Good;
        self.before = frame::recorded_hash(line.bytes);
        let frame = record.map(|record| record.to_frame());
        Inspected {
            offset: line.offset,
            bytes: line.bytes.len() as u64,
            verdict,
            frame,
        }
    }

    fn judge(&mut self, line: &[u8], record: Option<&Record<'_>>) -> Verdict {
        match self.good.accept(line) {
            Ok(record) => {
                self.good.advance(record.anchor, record.epoch);
                if self.whole {
                    Verdict::Good
                } else {
                    Verdict::Follows
                }
            }
            Err(fault) => self.second_chance(line, record, fault),
        }
    }

    fn second_chance(&self, line: &[u8], record: Option<&Record<'_>>, fault: Fault) -> Verdict {
        match (self.before, record) {
            (Some(key), Some(record)) if key.link(&line[PREFIX..]) == record.anchor.b3 => {
                Verdict::Follows
            }
            _ => Verdict::Bad {
                kind: fault.kind,
                detail: fault.detail,
            },
        }
    }
}

fn bad(kind: DamageKind, detail: &str) -> Verdict {
    Verdict::Bad {
        kind,
        detail: detail.to_owned(),
    }
}
