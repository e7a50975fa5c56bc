//! A handle on one log's file: its position, and whether what it has read is still there.

use std::path::PathBuf;
use std::sync::Arc;

use super::store::Stamp;
use crate::disk::{Disk, DiskFile, read_full};
use crate::frame::{self, PREFIX, Record};
use crate::lock::{ClaimLock, Held};
use crate::walk::{End, Position, Source};
use crate::{Anchor, CatchUp, Draft, Error, FORMAT_VERSION, Frame, Log, LogName, Result, TornTail};

pub(super) struct FileLog {
    pub(super) disk: Arc<dyn Disk>,
    pub(super) path: PathBuf,
    pub(super) file: Arc<dyn DiskFile>,
    /// None for a handle that only reads.
    lock: Option<ClaimLock>,
    anchor: Option<Anchor>,
    pub(super) stamp: Stamp,
    pub(super) at: Position,
    pub(super) poisoned: bool,
    /// The format version that frame 0 names, once looked up.
    version: Option<u32>,
    /// Kept between appends for its memory.
    pub(super) lines: Vec<u8>,
}

impl FileLog {
    pub(super) fn new(
        disk: Arc<dyn Disk>,
        name: &LogName,
        path: PathBuf,
        file: Arc<dyn DiskFile>,
        lock: Option<ClaimLock>,
        anchor: Option<Anchor>,
        stamp: Stamp,
    ) -> FileLog {
        let at = Position::start(name);
        FileLog {
            disk,
            path,
            file,
            lock,
            anchor,
            stamp,
            at,
            poisoned: false,
            version: None,
            lines: Vec::new(),
        }
    }

    /// Takes the claim lock, for a handle that may write.
    pub(super) fn hold(&mut self) -> Result<Option<Held>> {
        self.lock.as_mut().map(ClaimLock::hold).transpose()
    }

    pub(super) fn writes(&self) -> bool {
        self.lock.is_some()
    }

    pub(super) fn source(&self) -> Source<'_> {
        Source {
            path: &self.path,
            file: &*self.file,
            anchor: self.anchor,
        }
    }

    /// What this handle has read must still be there: the chain vouches for all of it through the last frame's
    /// recorded hash. Tells the file's length.
    pub(super) fn refresh(&self) -> Result<u64> {
        let io = |error| Error::io("read", &self.path, error);
        let diverged = || Error::Diverged {
            path: self.path.clone(),
        };
        if !self.file.is_at(&self.path).map_err(io)? {
            return Err(diverged());
        }
        let len = self.file.len().map_err(io)?;
        let Some(tail) = self.at.tail() else {
            return Ok(len);
        };
        let mut prefix = [0; PREFIX];
        let whole = len >= self.at.end
            && read_full(&*self.file, &mut prefix, self.at.last).map_err(io)? == PREFIX;
        if whole && frame::recorded_hash(&prefix) == Some(tail.b3) {
            Ok(len)
        } else {
            Err(diverged())
        }
    }

    pub(super) fn alive(&self) -> Result<()> {
        if self.poisoned {
            Err(Error::Poisoned {
                path: self.path.clone(),
            })
        } else {
            Ok(())
        }
    }

    /// A log of a newer format is not written to: its rules are not known here.
    pub(super) fn check_version(&mut self) -> Result<()> {
        let version = match self.version {
            Some(version) => version,
            None => self.read_version()?,
        };
        self.version = Some(version);
        if version > FORMAT_VERSION {
            return Err(Error::NewerFormat {
                path: self.path.clone(),
                found: version,
                known: FORMAT_VERSION,
            });
        }
        Ok(())
    }

    fn read_version(&self) -> Result<u32> {
        let mut lines = crate::lines::Lines::new(&*self.file, 0);
        let first = lines.next().map_err(|e| Error::io("read", &self.path, e))?;
        let record = first
            .and_then(|line| frame::decode(line.bytes).map(|r| frame::format_version(r.events)));
        Ok(record.flatten().unwrap_or(FORMAT_VERSION))
    }

    /// From the position to the end, visiting; judges and settles the end under the lock (if there is one).
    pub(super) fn settle(&mut self, visit: &mut dyn FnMut(&Record<'_>)) -> Result<CatchUp> {
        let mut at = self.at.clone();
        let from = at.chain.next();
        let walked = self.walk(&mut at, visit);
        self.at = at;
        let torn = match walked? {
            End::Clean => None,
            End::Torn if self.writes() => Some(self.move_torn_tail()?),
            End::Torn => Some(self.in_flight()?),
        };
        let frames = self.at.chain.next() - from;
        Ok(CatchUp {
            tail: self.at.tail(),
            frames,
            torn,
        })
    }

    /// Without the lock, a line may be half written when its first half is read, be rolled back, and be another
    /// when the rest is read. So a reader believes in damage only when it finds it twice.
    fn walk(&self, at: &mut Position, visit: &mut dyn FnMut(&Record<'_>)) -> Result<End> {
        let first = self.source().walk(at, visit);
        match first {
            Err(Error::Damaged(_)) if !self.writes() => self.source().walk(at, visit),
            settled => settled,
        }
    }

    /// Bytes behind the last good frame that a writer may be about to finish.
    fn in_flight(&self) -> Result<TornTail> {
        let len = self
            .file
            .len()
            .map_err(|e| Error::io("read", &self.path, e))?;
        Ok(TornTail {
            bytes: len.saturating_sub(self.at.end),
            kept_as: None,
        })
    }

    /// Frames of a process that died between its write and its sync are made durable before anyone renders them
    /// elsewhere: an anchor must never outlive its frame.
    fn secure(&mut self) -> Result<()> {
        self.secure_name()?;
        self.file.sync_data().map_err(|error| {
            self.poisoned = true;
            Error::io("sync", &self.path, error)
        })
    }

    /// A creator that dies between its rename and its directory sync leaves a log whose name a power cut may take
    /// back. So who builds on frame 0 makes the name durable first; any later frame proves that someone did.
    pub(super) fn secure_name(&self) -> Result<()> {
        if self.at.chain.next() != 1 {
            return Ok(());
        }
        let dir = self.path.parent().expect("a log's file has a directory");
        self.disk
            .sync_dir(dir)
            .map_err(|e| Error::io("sync", dir, e))
    }
}

impl Log for FileLog {
    fn position(&self) -> Option<Anchor> {
        self.at.tail()
    }

    fn catch_up(&mut self, visit: &mut dyn FnMut(Frame)) -> Result<CatchUp> {
        self.alive()?;
        let _held = self.hold()?;
        let len = self.refresh()?;
        if len == self.at.end && self.at.tail().is_some() {
            self.source().check_anchor(&self.at)?;
            return Ok(CatchUp {
                tail: self.at.tail(),
                frames: 0,
                torn: None,
            });
        }
        let found = self.settle(&mut |record| visit(record.to_frame()))?;
        if self.writes() && found.frames > 0 {
            self.secure()?;
        }
        Ok(found)
    }

    fn seek_tail(&mut self) -> Result<CatchUp> {
        self.alive()?;
        let _held = self.hold()?;
        let len = self.refresh()?;
        self.jump_to_tail(len)
    }

    fn append(&mut self, expected: u64, drafts: &[Draft]) -> Result<Anchor> {
        self.append_drafts(expected, drafts)
    }
}
