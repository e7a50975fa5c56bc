//! The hash chain: which line may follow. It knows nothing of files; a line comes in without its newline.

use crate::frame::{self, PREFIX, Record};
use crate::{Anchor, DamageKind, Hash, LogName};

/// The state after the last good frame: all that is needed to accept or to write the next.
#[derive(Clone, Debug)]
pub(crate) struct Chain {
    key: Hash,
    next: u64,
    epoch: u64,
}

/// Why a line does not follow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) kind: DamageKind,
    pub(crate) detail: String,
}

impl Chain {
    /// Before frame 0 of log `name`.
    pub(crate) fn start(name: &LogName) -> Chain {
        Chain {
            key: Hash::root(name),
            next: 0,
            epoch: 0,
        }
    }

    /// After a frame that is trusted for another reason (its successor is to be verified). Its number may be
    /// anything, so it must not overflow here.
    pub(crate) fn after(anchor: Anchor, epoch: u64) -> Chain {
        Chain {
            key: anchor.b3,
            next: anchor.seq + 1,
            epoch,
        }
    }

    pub(crate) fn key(&self) -> &Hash {
        &self.key
    }

    pub(crate) fn next(&self) -> u64 {
        self.next
    }

    /// The highest epoch so far: that of the tail.
    pub(crate) fn epoch(&self) -> u64 {
        self.epoch
    }

    pub(crate) fn tail(&self) -> Option<Anchor> {
        self.next
            .checked_sub(1)
            .map(|seq| Anchor { seq, b3: self.key })
    }

    /// Verifies that `line` is the next frame. The chain itself moves only by [`Chain::advance`].
    pub(crate) fn accept<'l>(&self, line: &'l [u8]) -> Result<Record<'l>, Fault> {
        let Some(record) = frame::decode(line) else {
            return Err(fault(
                DamageKind::NotAFrame,
                "the line has not the shape of a frame",
            ));
        };
        let found = self.key.link(&line[PREFIX..]);
        if record.anchor.seq == self.next && found == record.anchor.b3 {
            return Ok(record);
        }
        Err(self.misfit(&record, found))
    }

    /// As [`Chain::accept`] for callers that need no content: the frame's place and epoch, `None` for anything but
    /// the next frame.
    pub(crate) fn follow(&self, line: &[u8]) -> Option<(Anchor, u64)> {
        let Some((seq, epoch)) = frame::header(line) else {
            return self
                .accept(line)
                .ok()
                .map(|record| (record.anchor, record.epoch));
        };
        let b3 = self.key.link(&line[PREFIX..]);
        (seq == self.next && frame::records(line, &b3)).then_some((Anchor { seq, b3 }, epoch))
    }

    pub(crate) fn advance(&mut self, anchor: Anchor, epoch: u64) {
        *self = Chain::after(anchor, epoch);
    }

    fn misfit(&self, record: &Record<'_>, found: Hash) -> Fault {
        let (seq, next) = (record.anchor.seq, self.next);
        let numbers = || format!("the line says frame {seq}, expected is {next}");
        let hashes = || {
            format!(
                "the line says {}, its content makes {found}",
                record.anchor.b3
            )
        };
        match seq.cmp(&next) {
            std::cmp::Ordering::Greater => fault(DamageKind::Gap, numbers()),
            std::cmp::Ordering::Less => fault(DamageKind::Repeated, numbers()),
            std::cmp::Ordering::Equal if next == 0 => fault(DamageKind::ChainBreak, hashes()),
            std::cmp::Ordering::Equal => fault(DamageKind::BadHash, hashes()),
        }
    }
}

fn fault(kind: DamageKind, detail: impl Into<String>) -> Fault {
    Fault {
        kind,
        detail: detail.into(),
    }
}
