//! The heartbeat of one daemon: a line for monitors, `last_tick` and `active_plan` first.

use serde::{Deserialize, Serialize};

use crate::{
    ids::{Epoch, PlanId},
    plan::{Plan, Status},
    time::Timestamp,
};

/// What a daemon says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heartbeat {
    /// The last tick, RFC 3339. Goes on while a plan executes.
    pub last_tick: String,
    /// The plan in work.
    pub active_plan: Option<PlanId>,
    /// The daemon's name in journals, `daemon:host:pid`.
    pub daemon: String,
    /// Its process.
    pub pid: u32,
    /// Its machine.
    pub host: String,
    /// The claim it works under.
    pub epoch: Option<Epoch>,
    /// The last completed step of the active plan: tells a hung plan from a busy one.
    pub last_progress: Option<String>,
    /// The calls under way, by the labels of their steps, divided by commas.
    pub step: Option<String>,
    /// Tokens that the plan's cap leaves.
    pub tokens_left: Option<u64>,
    /// Until when the plan waits before it tries a failed call again.
    pub waiting_until: Option<String>,
}

impl Heartbeat {
    /// An idle daemon's.
    #[must_use]
    pub fn idle(daemon: &str, host: &str, pid: u32, tick: Timestamp) -> Self {
        Self {
            last_tick: tick.guide_form(),
            active_plan: None,
            daemon: daemon.to_owned(),
            pid,
            host: host.to_owned(),
            epoch: None,
            last_progress: None,
            step: None,
            tokens_left: None,
            waiting_until: None,
        }
    }

    /// The same daemon at work on `plan`, as far as the journal tells; idle when it is not executing there.
    #[must_use]
    pub fn with_plan(self, plan: &Plan) -> Self {
        let Status::Executing { by, .. } = &plan.status else {
            return self;
        };
        if *by != self.daemon {
            return self;
        }
        let run = plan.run.as_ref();
        // A step that is being tried waits for nothing.
        let run = run.filter(|_| plan.calls.in_flight.is_empty());
        let waits = run.and_then(|run| {
            run.troubles
                .values()
                .filter_map(|trouble| trouble.not_before)
                .min()
        });
        Self {
            active_plan: Some(plan.id.clone()),
            epoch: Some(plan.epoch),
            last_progress: (plan.last_progress != Timestamp::default())
                .then(|| plan.last_progress.guide_form()),
            step: steps(plan),
            tokens_left: plan
                .caps
                .max_tokens
                .map(|cap| cap.saturating_sub(plan.committed().tokens)),
            waiting_until: waits.map(Timestamp::guide_form),
            ..self
        }
    }

    /// One line of JSON with its newline.
    ///
    /// # Panics
    /// Never: a heartbeat is strings and integers.
    #[must_use]
    pub fn line(&self) -> String {
        format!(
            "{}\n",
            serde_json::to_string(self).expect("a heartbeat is strings and integers")
        )
    }
}

fn steps(plan: &Plan) -> Option<String> {
    let calls = plan.calls.in_flight.values();
    let labels: Vec<String> = calls.map(|call| call.step.label()).collect();
    (!labels.is_empty()).then(|| labels.join(","))
}
