//! Appending: lock ▸ refresh ▸ check ▸ one write ▸ one sync ▸ unlock.

use super::log::FileLog;
use crate::disk::append_all;
use crate::{Anchor, Draft, Error, Result, frame};

impl FileLog {
    pub(super) fn append_drafts(&mut self, expected: u64, drafts: &[Draft]) -> Result<Anchor> {
        self.alive()?;
        self.check_request(drafts)?;
        let _held = self.hold()?;
        self.catch_race(expected)?;
        self.check_version()?;
        check_epochs(self.at.chain.epoch(), drafts)?;
        let after = self.encode(drafts);
        self.secure_name()?;
        self.write()?;
        self.sync()?;
        self.at = after;
        Ok(self.at.tail().expect("a frame was just appended"))
    }

    fn check_request(&self, drafts: &[Draft]) -> Result<()> {
        if !self.writes() {
            return Err(Error::invalid("handle", "it was opened for reading"));
        }
        if drafts.is_empty() {
            return Err(Error::invalid("batch", "it holds no draft"));
        }
        drafts.iter().try_for_each(frame::check)
    }

    /// Whether the log ends where the caller thinks. The position does not move, but a torn tail is settled.
    fn catch_race(&mut self, expected: u64) -> Result<()> {
        let len = self.refresh()?;
        let mut tail = self.at.tail();
        if len > self.at.end {
            let before = self.at.clone();
            let settled = self.settle(&mut |_| {});
            self.at = before;
            tail = settled?.tail;
            if tail != self.at.tail() {
                return Err(Error::Conflict { expected, tail });
            }
        }
        if tail.is_none() || expected != self.at.chain.next() {
            return Err(Error::Conflict { expected, tail });
        }
        // A log that was cut is not written to, whatever the caller made of the report.
        self.source().check_anchor(&self.at)
    }

    /// All lines into one buffer; tells the position behind them.
    fn encode(&mut self, drafts: &[Draft]) -> crate::walk::Position {
        let mut at = self.at.clone();
        self.lines.clear();
        for draft in drafts {
            let start = self.lines.len();
            let seq = at.chain.next();
            let b3 = frame::encode_into(&mut self.lines, at.chain.key(), seq, draft);
            at.step(
                Anchor { seq, b3 },
                draft.epoch,
                (self.lines.len() - start) as u64,
            );
        }
        at
    }

    /// A write that fails half way is rolled back while nobody else can see it; what cannot be rolled back must
    /// not be written behind.
    fn write(&mut self) -> Result<()> {
        append_all(&*self.file, &self.lines).map_err(|error| {
            self.poisoned = self.file.truncate(self.at.end).is_err();
            Error::io("append to", &self.path, error)
        })
    }

    /// After a failed sync nobody knows what is on disk, and a second sync would lie. The bytes are cut off as
    /// far as possible, so that no other process takes them for acknowledged; this handle is done either way.
    fn sync(&mut self) -> Result<()> {
        self.file.sync_data().map_err(|error| {
            self.poisoned = true;
            let _ = self.file.truncate(self.at.end);
            Error::io("sync", &self.path, error)
        })
    }
}

fn check_epochs(tail: u64, drafts: &[Draft]) -> Result<()> {
    let mut tail_epoch = tail;
    for draft in drafts {
        if draft.epoch < tail_epoch {
            return Err(Error::Fenced {
                epoch: draft.epoch,
                tail_epoch,
            });
        }
        tail_epoch = draft.epoch;
    }
    Ok(())
}
