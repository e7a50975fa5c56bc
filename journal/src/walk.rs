//! Walking a log from a position to its end, and the one place where that end is judged.
//!
//! ```text
//!  good frame │ good frame │ first bad byte …                                    verdict
//!             │            │ nothing                                            clean
//!             │            │ no newline up to the end of the file               torn
//!             │            │ a line with zero-filled bytes, no frame after it   torn
//!             │            │ any other line                                     damage, by its kind
//!             │            │ torn bytes, then a complete frame                  damage: hole
//! ```
//! A torn write leaves a prefix of what was written, or a prefix and zeros. It cannot make a complete line of
//! other bytes, so such a line was altered after it was written: it may have been acknowledged, and is never
//! moved aside.

use std::path::Path;

use crate::chain::{Chain, Fault};
use crate::disk::DiskFile;
use crate::frame::{self, Record};
use crate::lines::{Ending, Line, Lines};
use crate::{Anchor, Damage, DamageKind, Error, LogName};

/// A place in a file: behind the last good frame.
#[derive(Clone, Debug)]
pub(crate) struct Position {
    pub(crate) chain: Chain,
    /// Where the last good frame starts.
    pub(crate) last: u64,
    /// Where the next frame starts.
    pub(crate) end: u64,
}

impl Position {
    pub(crate) fn start(name: &LogName) -> Position {
        Position {
            chain: Chain::start(name),
            last: 0,
            end: 0,
        }
    }

    pub(crate) fn tail(&self) -> Option<Anchor> {
        self.chain.tail()
    }

    /// Moves behind a frame of `len` bytes (newline included).
    pub(crate) fn step(&mut self, anchor: Anchor, epoch: u64, len: u64) {
        self.last = self.end;
        self.end += len;
        self.chain.advance(anchor, epoch);
    }
}

/// How a walk ended, when not with damage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// Behind a good frame.
    Clean,
    /// Before bytes that were never acknowledged.
    Torn,
}

/// A log's file together with what is known about it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Source<'a> {
    pub(crate) path: &'a Path,
    pub(crate) file: &'a dyn DiskFile,
    /// A frame that is known to have been acknowledged.
    pub(crate) anchor: Option<Anchor>,
}

impl Source<'_> {
    /// Verifies and visits every frame behind `position`, and moves it. On damage it stands before the damage.
    pub(crate) fn walk(
        &self,
        at: &mut Position,
        visit: &mut dyn FnMut(&Record<'_>),
    ) -> Result<End, Error> {
        let mut lines = Lines::new(self.file, at.end);
        while let Some(line) = lines.next().map_err(|e| self.io(e))? {
            match self.accept(at, &line) {
                Ok(record) => {
                    visit(&record);
                    at.step(record.anchor, record.epoch, line.bytes.len() as u64 + 1);
                }
                Err(fault) => return self.judge(at, Suspect::of(&line), fault, &mut lines),
            }
        }
        self.check_anchor(at)?;
        if at.tail().is_none() {
            return Err(self.damage(
                at,
                Fault {
                    kind: DamageKind::Empty,
                    detail: "the file is empty".into(),
                },
            ));
        }
        Ok(End::Clean)
    }

    fn accept<'l>(&self, at: &Position, line: &Line<'l>) -> Result<Record<'l>, Fault> {
        let record = match line.ending {
            Ending::Newline => at.chain.accept(line.bytes)?,
            Ending::Eof => return Err(unfinished()),
            Ending::TooLong => {
                let detail = format!("no newline within {} bytes", line.bytes.len());
                return Err(Fault {
                    kind: DamageKind::TooLong,
                    detail,
                });
            }
        };
        match self.anchor {
            Some(known) if known.seq == record.anchor.seq && known.b3 != record.anchor.b3 => {
                let detail = format!(
                    "acknowledged was {}, the log holds {}",
                    known.b3, record.anchor.b3
                );
                Err(Fault {
                    kind: DamageKind::AnchorDiffers,
                    detail,
                })
            }
            _ => Ok(record),
        }
    }

    /// The verdict on the first bad line: torn, or damage by name.
    fn judge(
        &self,
        at: &Position,
        bad: Suspect,
        fault: Fault,
        rest: &mut Lines<'_>,
    ) -> Result<End, Error> {
        if fault.kind == DamageKind::AnchorDiffers || !bad.could_be_torn() {
            return Err(self.damage(at, fault));
        }
        while let Some(line) = rest.next().map_err(|e| self.io(e))? {
            if line.ending == Ending::Newline && frame::decode(line.bytes).is_some() {
                let detail = format!(
                    "a complete frame stands behind them, at byte {}",
                    line.offset
                );
                return Err(self.damage(
                    at,
                    Fault {
                        kind: DamageKind::Hole,
                        detail,
                    },
                ));
            }
        }
        self.check_anchor(at)?;
        // A log is renamed into place with frame 0 synced: without it, nothing was torn, something was lost.
        if at.tail().is_none() {
            Err(self.damage(at, fault))
        } else {
            Ok(End::Torn)
        }
    }

    /// The log must reach the acknowledged frame.
    pub(crate) fn check_anchor(&self, at: &Position) -> Result<(), Error> {
        match self.anchor {
            Some(known) if known.seq >= at.chain.next() => {
                let detail = format!("frame {} ({}) was acknowledged", known.seq, known.b3);
                Err(self.damage(
                    at,
                    Fault {
                        kind: DamageKind::AnchorBeyondTail,
                        detail,
                    },
                ))
            }
            _ => Ok(()),
        }
    }

    /// For a position that was reached without walking: the anchor can only be compared at the tail.
    pub(crate) fn check_tail_anchor(&self, at: &Position) -> Result<(), Error> {
        match (self.anchor, at.tail()) {
            (Some(known), Some(tail)) if known.seq == tail.seq && known.b3 != tail.b3 => {
                let detail = format!("acknowledged was {}, the log holds {}", known.b3, tail.b3);
                Err(self.damage_at(
                    tail.seq,
                    at.last,
                    Fault {
                        kind: DamageKind::AnchorDiffers,
                        detail,
                    },
                ))
            }
            _ => self.check_anchor(at),
        }
    }

    fn damage(&self, at: &Position, fault: Fault) -> Error {
        self.damage_at(at.chain.next(), at.end, fault)
    }

    fn damage_at(&self, seq: u64, offset: u64, fault: Fault) -> Error {
        Damage {
            path: self.path.to_path_buf(),
            kind: fault.kind,
            seq,
            offset,
            detail: fault.detail,
        }
        .into()
    }

    pub(crate) fn io(&self, source: std::io::Error) -> Error {
        Error::io("read", self.path, source)
    }
}

fn unfinished() -> Fault {
    Fault {
        kind: DamageKind::NotAFrame,
        detail: "the last line is unfinished".into(),
    }
}

/// What of a bad line matters for the verdict.
#[derive(Clone, Copy, Debug)]
struct Suspect {
    ending: Ending,
    zeros: bool,
}

impl Suspect {
    /// Two zeros, not one: a single flipped bit can make one zero out of a space.
    fn of(line: &Line<'_>) -> Suspect {
        Suspect {
            ending: line.ending,
            zeros: memchr::memmem::find(line.bytes, b"\0\0").is_some(),
        }
    }

    fn could_be_torn(&self) -> bool {
        match self.ending {
            Ending::Eof => true,
            Ending::Newline | Ending::TooLong => self.zeros,
        }
    }
}
