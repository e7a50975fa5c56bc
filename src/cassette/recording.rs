//! Frames of a journal as a recording: which calls were completed, what they were asked by digest, what came back.

use std::collections::BTreeMap;

use projections::{
    event::{Event, ModelCallCompleted, ModelCallStarted},
    fold::{self, Entry},
    ids::{CallId, PlanId},
    plan::Plan,
    time::MicroUsd,
};
use serde::Serialize;

/// A completed call.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// The frame in which it was asked.
    pub seq: u64,
    /// What was asked: the step, the model, the prompt's digest.
    pub asked: ModelCallStarted,
    /// What came back: the reply, called tools, usage, cost, latency.
    pub answered: ModelCallCompleted,
}

/// What calls used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Bill {
    /// How many there were.
    pub calls: u64,
    /// Tokens, read and written.
    pub tokens: u64,
    /// Micro-dollars of the calls whose cost is known.
    #[serde(rename = "cost_micro_usd", serialize_with = "micros")]
    pub cost: MicroUsd,
    /// Calls of unknown cost.
    pub unpriced: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks by reference")]
fn micros<S: serde::Serializer>(cost: &MicroUsd, out: S) -> Result<S::Ok, S::Error> {
    out.serialize_u64(cost.0)
}

impl Bill {
    /// What is left of it without a part of it.
    #[must_use]
    pub fn minus(&self, part: &Self) -> Self {
        Self {
            calls: self.calls.saturating_sub(part.calls),
            tokens: self.tokens.saturating_sub(part.tokens),
            cost: MicroUsd(self.cost.0.saturating_sub(part.cost.0)),
            unpriced: self.unpriced.saturating_sub(part.unpriced),
        }
    }

    /// Books one more call.
    pub(super) fn add(&mut self, call: &ModelCallCompleted) {
        self.calls += 1;
        self.tokens = self.tokens.saturating_add(call.usage.total());
        match call.cost {
            Some(cost) => self.cost = self.cost.plus(cost),
            None => self.unpriced += 1,
        }
    }
}

/// A history that folds, as far as it does.
#[derive(Clone, Debug)]
pub struct Recording {
    frames: Vec<Entry>,
    calls: Vec<Call>,
    /// Where each completed call stands in `calls`.
    places: BTreeMap<CallId, usize>,
    plan: Option<PlanId>,
    unknown: Option<String>,
    fault: Option<String>,
}

impl Recording {
    /// The recording in these frames, from frame 0 on. What follows a frame that cannot have happened is left out.
    #[must_use]
    pub fn of(entries: impl IntoIterator<Item = Entry>) -> Self {
        let mut state: Option<Plan> = None;
        let (mut frames, mut plan, mut unknown, mut fault) = (Vec::new(), None, None, None);
        for entry in entries {
            match fold::apply(state.take(), &entry) {
                Ok(after) => {
                    plan.get_or_insert_with(|| after.id.clone());
                    unknown.clone_from(&after.unknown);
                    state = Some(after);
                }
                Err(corrupt) => {
                    fault = Some(corrupt.to_string());
                    break;
                }
            }
            frames.push(entry);
        }
        let calls = completed(&frames);
        let ids = calls.iter().map(|call| call.asked.call_id.clone());
        Self {
            places: ids.zip(0..).collect(),
            frames,
            calls,
            plan,
            unknown,
            fault,
        }
    }

    /// The same, known to be cut: what followed could not be read.
    #[must_use]
    pub fn cut_by(mut self, damage: Option<String>) -> Self {
        self.fault = self.fault.or(damage);
        self
    }

    /// Whose journal it is; `None` of an empty one.
    #[must_use]
    pub fn plan(&self) -> Option<&PlanId> {
        self.plan.as_ref()
    }

    /// The frames, in order.
    #[must_use]
    pub fn frames(&self) -> &[Entry] {
        &self.frames
    }

    /// The completed calls, in the order in which they were answered.
    #[must_use]
    pub fn calls(&self) -> &[Call] {
        &self.calls
    }

    /// The completed call of this id.
    #[must_use]
    pub fn call(&self, id: &CallId) -> Option<&Call> {
        self.places.get(id).map(|place| &self.calls[*place])
    }

    /// Why it ends where it does, if not because the journal does.
    #[must_use]
    pub fn fault(&self) -> Option<&str> {
        self.fault.as_deref()
    }

    /// A kind of event that only a newer program knows; such events are passed over.
    #[must_use]
    pub fn unknown(&self) -> Option<&str> {
        self.unknown.as_deref()
    }

    /// What all its completed calls used.
    #[must_use]
    pub fn bill(&self) -> Bill {
        let mut bill = Bill::default();
        self.calls.iter().for_each(|call| bill.add(&call.answered));
        bill
    }
}

/// Pairs each completed call with its start; failed and cut ones have no pair.
fn completed(frames: &[Entry]) -> Vec<Call> {
    let mut open: BTreeMap<&CallId, (u64, &ModelCallStarted)> = BTreeMap::new();
    let mut calls = Vec::new();
    for entry in frames {
        for event in &entry.events {
            if let Event::ModelCallStarted(asked) = event {
                open.insert(&asked.call_id, (entry.mark.anchor.seq, asked));
            }
            if let Event::ModelCallCompleted(answered) = event
                && let Some((seq, asked)) = open.remove(&answered.call_id)
            {
                calls.push(Call {
                    seq,
                    asked: asked.clone(),
                    answered: answered.clone(),
                });
            }
        }
    }
    calls
}
