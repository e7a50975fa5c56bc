//! What became of calls, as their plan's own journal tells it: the one reading of it, for a day that is opened, for one
//! that is balanced after a crash, and for one from which an operator releases what was in doubt.

use std::collections::BTreeMap;

use projections::{
    event::{Event, Reserved},
    ids::CallId,
    plan::is_rehearsal,
};

use super::Spent;

/// What became of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// It is under way, or whether it was billed is unknown: its worst case stays reserved.
    Open(Reserved),
    /// It was paid: what its provider counted, and what it did not.
    Paid { counted: Spent, in_doubt: Reserved },
    /// It was not billed, or an operator said so.
    Free,
}

/// The fates of a plan's calls.
#[derive(Debug, Default)]
pub(super) struct Fates(BTreeMap<CallId, Fate>);

impl Fates {
    /// Takes one event. Calls that are not known here are passed over, unless the event begins one.
    pub(super) fn observe(&mut self, event: &Event) {
        match event {
            // What asks nobody costs nobody anything.
            Event::ModelCallStarted(e) if is_rehearsal(&e.model) => {}
            Event::ModelCallStarted(e) => {
                self.0.insert(e.call_id.clone(), Fate::Open(e.reserved));
            }
            Event::ModelCallCompleted(e) => self.turn(&e.call_id, |_| Fate::Paid {
                counted: Spent::on_call(e.usage.total(), e.cost),
                in_doubt: e.in_doubt,
            }),
            Event::ModelCallFailed(e) if !e.in_doubt => self.turn(&e.call_id, |_| Fate::Free),
            Event::ReservationReleased(e) => self.turn(&e.call_id, Fate::released),
            // Cut, or failed after it may have been billed: possible spend, until an operator releases it.
            _ => {}
        }
    }

    /// As [`Fates::observe`], for an event before the time of interest: no call begins by it.
    pub(super) fn observe_end(&mut self, event: &Event) {
        if !matches!(event, Event::ModelCallStarted(_)) {
            self.observe(event);
        }
    }

    /// What became of `call`, if the journal knows it.
    pub(super) fn of(&self, call: &CallId) -> Option<Fate> {
        self.0.get(call).copied()
    }

    /// All of them.
    pub(super) fn into_iter(self) -> impl Iterator<Item = (CallId, Fate)> {
        self.0.into_iter()
    }

    fn turn(&mut self, call: &CallId, to: impl FnOnce(Fate) -> Fate) {
        if let Some(fate) = self.0.get_mut(call) {
            *fate = to(*fate);
        }
    }
}

impl Fate {
    /// What was counted stays paid, whatever an operator says of the rest.
    fn released(self) -> Self {
        match self {
            Self::Paid { counted, .. } => Self::Paid {
                counted,
                in_doubt: Reserved::default(),
            },
            Self::Open(_) | Self::Free => Self::Free,
        }
    }
}
