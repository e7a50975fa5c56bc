//! One day's events and what they come to.

use std::collections::{BTreeMap, BTreeSet};

use projections::{
    event::Reserved,
    ids::{CallId, PlanId},
    time::MicroUsd,
};
use serde::{Deserialize, Serialize};

/// A call within the vault.
pub(super) type Key = (PlanId, CallId);

/// Tokens and money that are gone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spent {
    /// Tokens, read and written.
    pub tokens: u64,
    /// Cost, as far as prices are known.
    pub cost: MicroUsd,
    /// Calls whose price is unknown; `cost` is without them.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub unpriced: u64,
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}

impl Spent {
    /// What one call has used; `None` when its price is unknown.
    #[must_use]
    pub fn on_call(tokens: u64, cost: Option<MicroUsd>) -> Self {
        Self {
            tokens,
            cost: cost.unwrap_or_default(),
            unpriced: u64::from(cost.is_none()),
        }
    }

    /// The sum, stopping at the largest amount: what passes that passes every cap.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            tokens: self.tokens.saturating_add(other.tokens),
            cost: self.cost.plus(other.cost),
            unpriced: self.unpriced.saturating_add(other.unpriced),
        }
    }
}

/// A worst case, as if it had come to pass.
impl From<Reserved> for Spent {
    fn from(worst: Reserved) -> Self {
        Self::on_call(worst.tokens, worst.cost)
    }
}

const NOT_RESERVED: &str = "the call has no reservation";

/// What one day comes to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Day {
    /// Paid.
    pub settled: Spent,
    /// Reserved by calls that are under way, or whose runner was lost: possible spend.
    pub open: BTreeMap<(PlanId, CallId), Reserved>,
    /// What paid calls may have used beyond what their provider counted: possible spend too.
    pub in_doubt: BTreeMap<(PlanId, CallId), Reserved>,
    /// Calls that were settled here. A runner that was stopped just before it reserved one, and replaced, may reserve it
    /// once more when it goes on, before its plan refuses it.
    pub(super) closed: BTreeSet<(PlanId, CallId)>,
}

impl Day {
    /// Paid and possible.
    #[must_use]
    pub fn committed(&self) -> Spent {
        self.sum(|_| true)
    }

    /// The same without one call's reservation.
    pub(super) fn besides(&self, key: &Key) -> Spent {
        self.sum(|other| other != key)
    }

    fn sum(&self, counts: impl Fn(&Key) -> bool) -> Spent {
        let possible = self.open.iter().chain(&self.in_doubt);
        possible
            .filter(|(key, _)| counts(key))
            .map(|(_, worst)| Spent::from(*worst))
            .fold(self.settled, Spent::plus)
    }

    /// Whether the call counts with more than what was paid for it.
    pub(super) fn holds(&self, key: &Key) -> bool {
        self.open.contains_key(key) || self.in_doubt.contains_key(key)
    }

    /// The first frame of a journal that begins with this.
    pub(super) fn opening(&self) -> Vec<DayEvent> {
        let opened = DayEvent::DayOpened {
            v: V1,
            earlier: self.settled,
        };
        let open = self.open.iter();
        let reserved = open.map(|((plan, call), worst)| DayEvent::CallReserved {
            v: V1,
            plan: plan.clone(),
            call: call.clone(),
            worst: *worst,
        });
        let doubted = self.in_doubt.iter().map(|(key, rest)| doubted(key, *rest));
        [opened]
            .into_iter()
            .chain(reserved)
            .chain(doubted)
            .collect()
    }

    /// The day after one more event; `None` before the first.
    ///
    /// # Errors
    /// Why the event cannot have happened then.
    pub(super) fn fold(day: Option<Self>, event: DayEvent) -> Result<Self, &'static str> {
        let Some(mut day) = day else {
            return match event {
                DayEvent::DayOpened { earlier, .. } => Ok(Self {
                    settled: earlier,
                    ..Self::default()
                }),
                DayEvent::CallReserved { .. }
                | DayEvent::CallSettled { .. }
                | DayEvent::CallDoubted { .. }
                | DayEvent::CallReleased { .. } => Err("the day was not opened before it"),
            };
        };
        match event {
            DayEvent::DayOpened { .. } => return Err("the day was opened before"),
            DayEvent::CallReserved {
                plan, call, worst, ..
            } => {
                day.open.insert((plan, call), worst);
            }
            DayEvent::CallSettled {
                plan, call, spent, ..
            } => {
                let key = (plan, call);
                day.take(&key)?;
                day.settled = day.settled.plus(spent);
                day.closed.insert(key);
            }
            DayEvent::CallDoubted {
                plan, call, rest, ..
            } => {
                day.in_doubt.insert((plan, call), rest);
            }
            DayEvent::CallReleased { plan, call, .. } => {
                // A paid call that was reserved once more keeps its doubt.
                let key = (plan, call);
                if day.take(&key).is_err() && day.in_doubt.remove(&key).is_none() {
                    return Err(NOT_RESERVED);
                }
            }
        }
        Ok(day)
    }

    fn take(&mut self, key: &Key) -> Result<(), &'static str> {
        match self.open.remove(key) {
            Some(_) => Ok(()),
            None => Err(NOT_RESERVED),
        }
    }
}

/// That a paid call may have used so much besides.
pub(super) fn doubted((plan, call): &Key, rest: Reserved) -> DayEvent {
    DayEvent::CallDoubted {
        v: V1,
        plan: plan.clone(),
        call: call.clone(),
        rest,
    }
}

/// What happens in a day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind")]
pub(super) enum DayEvent {
    /// The first event: what had been spent before anyone reserved.
    DayOpened { v: V1, earlier: Spent },
    /// A call is about to be made, or (in the first frame) was under way.
    CallReserved {
        v: V1,
        plan: PlanId,
        call: CallId,
        #[serde(flatten)]
        worst: Reserved,
    },
    /// It was paid.
    CallSettled {
        v: V1,
        plan: PlanId,
        call: CallId,
        #[serde(flatten)]
        spent: Spent,
    },
    /// What its provider counted is paid; this much may have been used besides.
    CallDoubted {
        v: V1,
        plan: PlanId,
        call: CallId,
        #[serde(flatten)]
        rest: Reserved,
    },
    /// It was not made, or not billed, or its doubt was lifted.
    CallReleased { v: V1, plan: PlanId, call: CallId },
}

/// The version of these events: 1. What a newer program wrote may be spend that this one cannot add up, so it is
/// an error and not passed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "u32", try_from = "u32")]
pub(super) struct V1;

impl From<V1> for u32 {
    fn from(_: V1) -> Self {
        1
    }
}

impl TryFrom<u32> for V1 {
    type Error = String;

    fn try_from(v: u32) -> Result<Self, String> {
        match v {
            1 => Ok(Self),
            newer => Err(format!(
                "version {newer} of a day's events is not known to this program"
            )),
        }
    }
}
