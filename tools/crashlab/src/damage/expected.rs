//! What a harm must be found as.

use journal::DamageKind;

/// Where a damaged journal stops being trusted, and by which rules that may be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) seq: u64,
    pub(super) offset: u64,
    pub(super) kinds: Vec<DamageKind>,
}

/// What must be found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Expected {
    /// Damage, there and by one of these rules.
    Damaged(Place),
    /// Bytes behind the last frame that were never acknowledged, as far as anybody can know.
    Torn { frames: u64, bytes: u64 },
    /// Nothing: so many frames, each whole. What was cut off is told by nothing that is left.
    Unseen { frames: u64 },
}

impl Place {
    /// Whether this is what was found.
    pub(super) fn is(&self, damage: &journal::Damage) -> bool {
        (damage.seq, damage.offset) == (self.seq, self.offset) && self.kinds.contains(&damage.kind)
    }

    /// As messages name it.
    pub(super) fn told(&self) -> String {
        format!("at frame {} (byte {})", self.seq, self.offset)
    }
}

/// A changed journal and what it must be found as.
#[derive(Clone, Debug)]
pub(super) struct Harm {
    /// What was done, for a finding.
    pub(super) what: String,
    /// The journal's bytes.
    pub(super) bytes: Vec<u8>,
    pub(super) expected: Expected,
}
