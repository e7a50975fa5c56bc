//! Who writes to a journal, as its frames name them.

use projections::ids::Epoch;

/// Who asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    /// As frames name them: `cli:alice`, `daemon:host:4711`, `file-edit`.
    pub by: String,
    /// The claim of a runner.
    pub runner: Option<Epoch>,
}

impl Actor {
    /// Somebody who is not a runner.
    #[must_use]
    pub fn named(by: impl Into<String>) -> Self {
        Self {
            by: by.into(),
            runner: None,
        }
    }

    /// The same one under a claim.
    #[must_use]
    pub fn under(&self, epoch: Epoch) -> Self {
        Self {
            by: self.by.clone(),
            runner: Some(epoch),
        }
    }
}
