//! One simulated file: what programs see, what is durable, and what a crash may leave of the difference.

use super::image::{Content, Lots};
use crate::disk::LockKind;

#[derive(Clone, Debug, Default)]
pub(super) struct Inode {
    /// What programs see.
    pub(super) bytes: Vec<u8>,
    durable: Vec<u8>,
    /// The same with its hash, once somebody has asked.
    known: Option<Content>,
    /// The contents since the last sync, the oldest first, the present one last.
    since: Vec<Vec<u8>>,
    /// Bytes that a failed sync dropped: no later sync writes them, though programs still see them.
    lost: Vec<(usize, usize)>,
    pub(super) holders: Vec<(u64, LockKind)>,
}

impl Inode {
    /// A file as it is after a restart.
    pub(super) fn settled(bytes: Vec<u8>) -> Inode {
        Inode {
            durable: bytes.clone(),
            bytes,
            ..Inode::default()
        }
    }

    /// Other content, durably; locks stay.
    pub(super) fn tamper(&mut self, bytes: Vec<u8>) {
        let holders = std::mem::take(&mut self.holders);
        *self = Inode {
            holders,
            ..Inode::settled(bytes)
        };
    }

    pub(super) fn append(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
        self.since.push(self.bytes.clone());
    }

    pub(super) fn replace(&mut self, bytes: &[u8]) {
        self.bytes = bytes.to_vec();
        self.lost.clear();
        self.since.push(self.bytes.clone());
    }

    pub(super) fn truncate(&mut self, len: usize) {
        self.bytes.resize(len, 0);
        self.lost.retain_mut(|(from, to)| {
            *to = len.min(*to);
            from < to
        });
        self.since.push(self.bytes.clone());
    }

    pub(super) fn sync(&mut self) {
        self.durable.clone_from(&self.bytes);
        self.known = None;
        self.since.clear();
    }

    /// Whether a power cut may leave something else than what programs see.
    pub(super) fn is_dirty(&self) -> bool {
        !self.since.is_empty() || !self.lost.is_empty()
    }

    /// What programs wrote is durable, but for what a failed sync has dropped.
    pub(super) fn write_back(&mut self) {
        if self.lost.is_empty() && !self.since.is_empty() {
            self.sync();
        }
    }

    /// What is durable.
    pub(super) fn durable_content(&mut self) -> Content {
        let durable = &self.durable;
        self.known
            .get_or_insert_with(|| Content::of(durable))
            .clone()
    }

    /// The contents before and after one of the changes since the last sync.
    pub(super) fn step(&self, lots: Lots<'_>) -> (Vec<u8>, Vec<u8>) {
        match self.since.len() {
            0 => (self.durable.clone(), self.bytes.clone()),
            changes => {
                let at = lots(changes);
                let before = at
                    .checked_sub(1)
                    .map_or(&self.durable, |at| &self.since[at]);
                (before.clone(), self.since[at].clone())
            }
        }
    }

    /// The system reports the failure once and takes the pages for clean from then on.
    pub(super) fn fail_sync(&mut self) {
        if self.durable.len() < self.bytes.len() {
            self.lost.push((self.durable.len(), self.bytes.len()));
        }
    }

    /// Everything that may be found after a power cut.
    pub(super) fn survivors(&self) -> Vec<Vec<u8>> {
        let mut all = vec![self.durable.clone()];
        let mut before = &self.durable;
        for after in &self.since {
            all.extend(torn(before, after));
            all.push(after.clone());
            before = after;
        }
        let forgotten: Vec<_> = all.iter().map(|bytes| self.without_lost(bytes)).collect();
        all.extend(forgotten);
        all.sort();
        all.dedup();
        all
    }

    pub(super) fn without_lost(&self, bytes: &[u8]) -> Vec<u8> {
        let mut bytes = bytes.to_vec();
        for &(from, to) in &self.lost {
            let to = to.min(bytes.len());
            bytes.get_mut(from..to).unwrap_or_default().fill(0);
        }
        bytes
    }
}

/// What an append may leave half done: a prefix, a prefix and zeros, zeros only.
fn torn(before: &[u8], after: &[u8]) -> Vec<Vec<u8>> {
    if after.len() <= before.len() || !after.starts_with(before) {
        return Vec::new();
    }
    let added = after.len() - before.len();
    let mut cuts = vec![
        0,
        1,
        72,
        73,
        added / 3,
        added / 2,
        added.saturating_sub(2),
        added - 1,
    ];
    cuts.extend(memchr::memchr_iter(b'\n', &after[before.len()..]).flat_map(|at| [at, at + 1]));
    cuts.retain(|&cut| cut < added);
    let prefix = |cut: usize| after[..before.len() + cut].to_vec();
    let zeroed = |cut: usize| {
        let mut bytes = prefix(cut);
        bytes.resize(after.len(), 0);
        bytes
    };
    cuts.iter()
        .flat_map(|&cut| [prefix(cut), zeroed(cut)])
        .collect()
}
