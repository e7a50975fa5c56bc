//! Opening by the tail: only the end of the file is read, whatever its length.

use super::log::FileLog;
use crate::chain::Chain;
use crate::disk::read_full;
use crate::frame::{self, MAX_LINE};
use crate::walk::Position;
use crate::{CatchUp, Error, Result};

/// Two frames of the usual size fit in; for larger ones more is read.
const FIRST_LOOK: u64 = 16 << 10;

impl FileLog {
    /// Moves to the tail if the end of the file is plainly good; anything else is judged by the full walk.
    pub(super) fn jump_to_tail(&mut self, len: u64) -> Result<CatchUp> {
        match self.last_frame(len)? {
            Some(at) if at.chain.next() >= self.at.chain.next() => {
                let frames = at.chain.next() - self.at.chain.next();
                self.source().check_tail_anchor(&at)?;
                self.at = at;
                Ok(CatchUp {
                    tail: self.at.tail(),
                    frames,
                    torn: None,
                })
            }
            _ => self.walk_to_tail(),
        }
    }

    fn walk_to_tail(&mut self) -> Result<CatchUp> {
        let before = self.at.clone();
        // Frames that nobody visited are not skipped when the walk fails.
        self.settle(&mut |_| {}).inspect_err(|_| self.at = before)
    }

    /// The position behind the last line, if that line verifies from the recorded hash of the line before it.
    fn last_frame(&self, len: u64) -> Result<Option<Position>> {
        let mut look = FIRST_LOOK;
        loop {
            let from = len.saturating_sub(look);
            let mut end =
                vec![0; usize::try_from(len - from).expect("a look at the tail fits into memory")];
            let read = read_full(&*self.file, &mut end, from)
                .map_err(|e| Error::io("read", &self.path, e))?;
            if read < end.len() || end.last() != Some(&b'\n') {
                return Ok(None);
            }
            match split_last(&end) {
                Some((before, last)) => return Ok(verified(before, last, len)),
                None if from == 0 || look > 2 * MAX_LINE as u64 => return Ok(None),
                None => look *= 8,
            }
        }
    }
}

/// The last two lines of a piece of file, without their newlines; the first must be whole, so the piece starts
/// with it or holds a newline before it.
fn split_last(end: &[u8]) -> Option<(&[u8], &[u8])> {
    let body = &end[..end.len() - 1];
    let cut = memchr::memrchr(b'\n', body)?;
    let before = memchr::memrchr(b'\n', &body[..cut])?;
    Some((&body[before + 1..cut], &body[cut + 1..]))
}

fn verified(before: &[u8], last: &[u8], len: u64) -> Option<Position> {
    let before = frame::decode(before)?;
    let mut chain = Chain::after(before.anchor, before.epoch);
    let record = chain.accept(last).ok()?;
    let start = len - last.len() as u64 - 1;
    chain.advance(record.anchor, record.epoch);
    Some(Position {
        chain,
        last: start,
        end: len,
    })
}
