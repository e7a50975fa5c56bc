//! What the demo proves at its end, each line from the files that the run left.

use std::collections::BTreeMap;

use projections::{event::Event, event::StatusName, ids::PlanId, plan::Plan};

use super::output;
use crate::{
    error::{Error, Result},
    vault::{
        Project,
        audit::{self, Verdict},
        replay::{self, Until},
    },
};

/// Model calls by what became of them.
#[derive(Default)]
struct Calls {
    paid: u64,
    cut: u64,
    /// Completed calls asked again although their answer had been usable.
    repeated: u64,
    answered: BTreeMap<String, bool>,
}

impl Calls {
    fn see(&mut self, plan: &Plan, event: &Event) {
        match event {
            Event::ModelCallStarted(e) => {
                self.repeated +=
                    u64::from(self.answered.get(&e.step.label()).copied().unwrap_or(false));
            }
            Event::ModelCallCompleted(_) => {
                self.paid += 1;
                if let Some((call, _)) = &plan.calls.last_reply {
                    self.answered.insert(call.step.label(), true);
                }
            }
            Event::ReplyRejected(e) => {
                let step = plan
                    .calls
                    .last_reply
                    .as_ref()
                    .map(|(call, _)| call.step.label());
                self.answered
                    .insert(step.unwrap_or_else(|| e.call_id.to_string()), false);
            }
            Event::ModelCallAbandoned(_) => self.cut += 1,
            _ => {}
        }
    }
}

/// Prints the proof; an error when something does not hold.
pub(super) fn show(project: &Project, id: &PlanId, heartbeat: &str) -> Result<()> {
    let mut calls = Calls::default();
    let reading = replay::read(project, id, Until::Tail, &mut |plan, _, event| {
        calls.see(plan, event)
    })?;
    let plan = reading.plan.ok_or_else(|| Error::NoPlan(id.clone()))?;
    output::report(&format!(
        "\n{id} is {}.\n\nReflection log:",
        plan.status.name()
    ));
    for entry in &plan.reflections {
        let outcome = entry.outcome.as_str();
        output::report(&format!(
            "  after {}: {outcome} ({})",
            entry.after_sub_objective, entry.rationale
        ));
    }
    let used = &plan.calls;
    output::report(&format!(
        "\nUsage: {} tokens, ${} in {} calls.",
        used.tokens, used.cost, used.completed
    ));
    output::report(&format!("Heartbeat: {}", heartbeat.trim_end()));
    let differing = replay::check(project, id)?;
    for difference in &differing {
        output::report(&format!(
            "  differs: {}: {}",
            difference.path, difference.why
        ));
    }
    output::report(&format!(
        "replay --check: {} of the files on disk differ from the journal.",
        differing.len()
    ));
    let verdict = audit::verify(project, id, None);
    output::report(&format!("audit verify: {}.", told(&verdict)));
    output::report(&format!(
        "Model calls paid: {}. Cut by the kill: {}. Completed calls that were asked again: {}.",
        calls.paid, calls.cut, calls.repeated
    ));
    judge(&plan, differing.len(), &verdict, &calls)
}

fn told(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Whole { frames, .. } => format!("whole, {frames} frames"),
        Verdict::Damaged { why } => format!("damaged: {why}"),
        Verdict::NoJournal => "no journal".to_owned(),
    }
}

fn judge(plan: &Plan, differing: usize, verdict: &Verdict, calls: &Calls) -> Result<()> {
    if plan.status.name() != StatusName::Done {
        return Err(Error::Failed(format!(
            "the plan ended {}, not done",
            plan.status.name()
        )));
    }
    if !verdict.is_whole() {
        return Err(Error::Damaged(1));
    }
    if calls.repeated > 0 {
        return Err(Error::Failed(format!(
            "{} completed call(s) were asked again",
            calls.repeated
        )));
    }
    if differing > 0 {
        Err(Error::Differs(differing))
    } else {
        Ok(())
    }
}
