//! Naming the first difference, as far as it can be known from a recording that holds digests of prompts.

use projections::{event::Event, plan::Plan, work::Step};

use super::{Rehearsal, Stop};
use crate::{
    cassette::{
        recording::Call,
        report::{Differs, Divergence, What, parts},
        stage::Next,
    },
    command::Command,
    decide::Refusal,
    prompts::{self, Prompt},
};

impl<E> Rehearsal<'_, E> {
    pub(super) fn elsewhere(&self, next: &Next, recorded: &Step) -> Stop<E> {
        let step = step_of(next.clone());
        let prompt = step.and_then(|step| self.prompt(&step));
        let what = What::OtherStep {
            today: next.told(),
            recorded: recorded.label(),
        };
        self.diverge(Some(recorded), what, prompt)
    }

    pub(super) fn pauses(&self, step: Option<&Step>) -> Stop<E> {
        let why = standing(self.stage.plan());
        self.diverge(step, What::Pauses { why }, None)
    }

    pub(super) fn ends(&self) -> Stop<E> {
        let plan = self.stage.plan();
        let what = What::Ends {
            status: plan.status.name().to_string(),
            why: standing(plan),
        };
        self.diverge(None, what, None)
    }

    pub(super) fn goes_on(&mut self) -> Stop<E> {
        let next = self.stage.next(None);
        let what = What::GoesOn {
            recorded: standing(&self.recorded),
            today: next.told(),
        };
        let step = step_of(next);
        let prompt = step.as_ref().and_then(|step| self.prompt(step));
        self.diverge(step.as_ref(), what, prompt)
    }

    pub(super) fn diverge(
        &self,
        step: Option<&Step>,
        what: What,
        prompt: Option<Prompt>,
    ) -> Stop<E> {
        let plan = self.stage.plan();
        let index = plan.run.as_ref().map(|run| run.index);
        let title = |index: u32| plan.item(index).map(|item| (index, item.title.clone()));
        Stop::Diverged(Box::new(Divergence {
            seq: self.seq,
            step: step.map(Step::label),
            sub_objective: index.and_then(title),
            what,
            prompt,
        }))
    }

    /// Does what was done to the recorded plan.
    pub(super) fn act(&mut self, wish: &str, command: &Command) -> Result<(), Stop<E>> {
        let done = self.stage.submit(command).map(drop);
        self.done(wish, done)
    }

    pub(super) fn done(&self, wish: &str, done: Result<(), Refusal>) -> Result<(), Stop<E>> {
        self.made(wish, done.map(|()| Vec::new())).map(drop)
    }

    /// What has no consequence any more has none here either; other refusals are a difference.
    pub(super) fn made(
        &self,
        wish: &str,
        made: Result<Vec<Event>, Refusal>,
    ) -> Result<Vec<Event>, Stop<E>> {
        match made {
            Ok(events) => Ok(events),
            Err(Refusal::Moot) => Ok(Vec::new()),
            Err(refusal) => Err(self.refuses(wish, &refusal)),
        }
    }

    pub(super) fn refuses(&self, wish: &str, refusal: &Refusal) -> Stop<E> {
        let what = What::Refuses {
            wish: wish.to_owned(),
            why: refusal.to_string(),
        };
        self.diverge(None, what, None)
    }

    /// Two prompts to one step, of which one is a digest: put together from the recorded state, it may come back.
    pub(super) fn compare(&mut self, today: &Prompt, call: &Call) -> Result<Differs, E> {
        let step = &call.asked.step;
        let artifacts = self.exhibits(step);
        let briefing = self
            .stage
            .briefing(&self.recorded, step, artifacts, self.resolve)?;
        let Ok(rebuilt) = prompts::prompt(&self.recorded, step, &briefing) else {
            return Ok(Differs::Outside);
        };
        let parts = parts(today, &rebuilt);
        Ok(if rebuilt.digest() == call.asked.prompt_b3 {
            Differs::State { parts }
        } else if parts.is_empty() {
            Differs::Outside
        } else {
            Differs::Both { parts }
        })
    }

    /// Today's prompt to `step`.
    pub(super) fn prompt(&self, step: &Step) -> Option<Prompt> {
        self.stage.prompt(step, self.exhibits(step))
    }
}

pub(super) fn step_of(next: Next) -> Option<Step> {
    match next {
        Next::Ask(step) => Some(step),
        Next::Tool(_) | Next::Rest => None,
    }
}

/// The status, and the last word on it.
pub(super) fn standing(plan: &Plan) -> String {
    let status = plan.status.name();
    match plan.transitions.last() {
        Some(last) if !last.note.is_empty() && last.to == status => {
            format!("{status}: {}", last.note)
        }
        Some(_) | None => status.to_string(),
    }
}
