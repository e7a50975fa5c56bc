//! The plan's model calls: what is spent, under way and in doubt, and what they taught.

use std::collections::BTreeMap;

use crate::{
    event::{CapKind, FailureClass, Reserved},
    ids::{CallId, Epoch},
    payload::Payload,
    time::{MicroUsd, Timestamp},
    work::Step,
};

/// The plan's model calls.
#[derive(Clone, Debug, Default)]
pub struct Calls {
    /// Calls ever started; the next id follows from it.
    pub started: u64,
    /// Calls under way.
    pub in_flight: BTreeMap<CallId, InFlight>,
    /// The last completed one, until its consequence is folded.
    pub last_reply: Option<(InFlight, Payload)>,
    /// Calls completed.
    pub completed: u64,
    /// Calls cut, their reservations still booked.
    pub abandoned: u64,
    /// Tokens of completed calls.
    pub tokens: u64,
    /// Cost of completed calls with a known price.
    pub cost: MicroUsd,
    /// Completed calls whose price is unknown.
    pub unpriced: u64,
    /// Possible spend, by call: reservations of cut calls, and what a provider did not count.
    pub in_doubt: BTreeMap<CallId, Reserved>,
    /// Caps whose warning was given.
    pub warned: Vec<CapKind>,
    /// How many bytes a token of each model has, learned from its replies.
    pub learned: BTreeMap<String, Learned>,
    /// Tools ever called; the next id follows from it.
    pub tools: u64,
}

/// Bytes and tokens of the prompts that a model has counted, the last ones weighing most.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Learned {
    /// Bytes of the prompts as sent.
    pub bytes: u64,
    /// Tokens that the provider counted in them.
    pub tokens: u64,
}

/// A call under way.
#[derive(Clone, Debug, PartialEq)]
pub struct InFlight {
    /// What it is for.
    pub step: Step,
    /// The model's label, `provider/model`.
    pub model: String,
    /// The agent that asks.
    pub agent_id: String,
    /// Its worst case.
    pub reserved: Reserved,
    /// When it started.
    pub started_at: Timestamp,
    /// The claim under which it started.
    pub epoch: Epoch,
    /// Length of its prompt; 0 where it was not recorded.
    pub prompt_bytes: u64,
}

impl Calls {
    /// All possible spend: of calls that were cut, and what providers did not count.
    #[must_use]
    pub fn possible(&self) -> Reserved {
        let none = Reserved {
            tokens: 0,
            cost: Some(MicroUsd(0)),
        };
        self.in_doubt.values().copied().fold(none, Reserved::plus)
    }
}

impl Reserved {
    /// Whether it is nothing at all.
    #[must_use]
    pub fn is_none(&self) -> bool {
        self.tokens == 0 && self.cost.is_none_or(|cost| cost == MicroUsd(0))
    }

    /// The sum; an unknown cost counts as none.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        let cost = match (self.cost, other.cost) {
            (Some(a), Some(b)) => Some(a.plus(b)),
            (one, None) | (None, one) => one,
        };
        Self {
            tokens: self.tokens.saturating_add(other.tokens),
            cost,
        }
    }
}

impl FailureClass {
    /// Whether the same request may succeed later.
    #[must_use]
    pub fn is_passing(self) -> bool {
        match self {
            Self::Connection
            | Self::Timeout
            | Self::Stalled
            | Self::RateLimited
            | Self::Server
            | Self::Overloaded
            | Self::Malformed => true,
            Self::Authentication | Self::ContextTooLong | Self::Refused => false,
        }
    }
}
