//! One model call, from prompt to journaled outcome. The reservation is durable before the provider is asked,
//! and the answer before anything follows from it.
//!
//! ```text
//!  step ─▶ prompt ─▶ room in the window? ─▶ endpoint alive? ─▶ reserve (day, plan) ─▶ sent off … report ─▶ settle day
//!                     └ leave results out,   └ later, or the
//!                       or ask a person        next model
//! ```

use std::time::{Duration, Instant};

use projections::{
    event::{Event, Reserved},
    ids::CallId,
    memory::Recalled,
    plan::Plan,
    work::Step,
};

use super::{
    execute::{Done, Runner},
    speak,
    team::Member,
};
use crate::{
    clock,
    command::{Fallback, Report},
    decide::{self, Refusal},
    error::{Error, Result},
    models::{Admission, Failure, Reply, Request},
    prompts::{self, Briefing, Fit, NotThere, Prompt},
    vault::DayKey,
};

/// How soon a step that a cap has no room for is looked at again while other calls are under way.
const FOR_ROOM_MS: u64 = 200;

/// A call under way: all that is needed to make sense of its answer.
pub(super) struct Sent {
    step: Step,
    member: Member,
    prompt: Prompt,
    request: Request,
    id: CallId,
    reserved: Reserved,
    day: Option<DayKey>,
}

/// What came of a call.
pub(super) struct Answered {
    sent: Sent,
    outcome: std::result::Result<Reply, Failure>,
    latency: Duration,
}

impl Runner<'_> {
    /// Asks the step's model, unless a cap, a dead endpoint or the window forbids it; then the plan knows, or what is
    /// due has changed, or the step is left alone for a while.
    pub(super) fn begin_call(&mut self, step: &Step) -> Result<()> {
        let Some(fresh) = self.recalled(step)? else {
            return Ok(());
        };
        self.restore_passed(step)?;
        let member = self.team.member(self.log.plan(), step).clone();
        let mut briefing = Briefing {
            no_tools: !member.calls_tools,
            ..self.briefing(step)?
        };
        let remembers = briefing.recalled.is_none() && fresh.is_some();
        if remembers {
            briefing.recalled = fresh;
        }
        let composed = self.composed(step, &member, &mut briefing);
        let (prompt, request) = match composed {
            Ok(composed) => composed,
            Err(fault) => {
                return self.obstructed(format!("{} cannot be asked: {fault}", step.label()));
            }
        };
        if !self.has_room(step, &member, &request, &briefing)?
            || !self.endpoint_admits(step, &member, &request)?
        {
            return Ok(());
        }
        let recalled = briefing.recalled.filter(|_| remembers);
        if let Some(sent) = self.reserved(step, member, request, prompt, recalled)? {
            self.lookups.remove(&step.label());
            self.send(sent);
        }
        Ok(())
    }

    fn send(&mut self, sent: Sent) {
        self.show_beat();
        tracing::debug!(plan = %self.id, call = %sent.id, model = sent.member.label, "asking");
        let provider = sent.member.provider();
        self.work.spawn(async move {
            let asked = Instant::now();
            let outcome = provider.call(&sent.request).await;
            Done::Answered(Box::new(Answered {
                sent,
                outcome,
                latency: asked.elapsed(),
            }))
        });
    }

    /// What is sent. Where it does not fit otherwise, without what was recalled. A refused reply that is too long to be shown to its author whole is shown in part.
    fn composed(
        &self,
        step: &Step,
        member: &Member,
        briefing: &mut Briefing,
    ) -> std::result::Result<(Prompt, Request), NotThere> {
        let plan = self.log.plan();
        let compose = |briefing: &Briefing| {
            let prompt = prompts::prompt(plan, step, briefing)?;
            let request = speak::request(plan, step, &prompt, member.max_output_tokens);
            Ok((prompt, request))
        };
        let mut whole: (Prompt, Request) = compose(briefing)?;
        let is_full = |request: &Request, briefing: &Briefing| {
            matches!(self.fitted(step, member, request, briefing), Fit::Full(_))
        };
        // The work itself comes before what is only like it, also where a smaller model takes over.
        if briefing.recalled.is_some() && is_full(&whole.1, briefing) {
            briefing.recalled = None;
            whole = compose(briefing)?;
        }
        match &briefing.rejected {
            Some(reply) if is_full(&whole.1, briefing) => {
                let part = prompts::excerpt(reply, member.window.bytes_of_a_quarter());
                briefing.rejected = Some(part);
                compose(briefing)
            }
            Some(_) | None => Ok(whole),
        }
    }

    /// Whether the model's endpoint may be asked. A dead one is waited for, or given up for the role's next model.
    fn endpoint_admits(&mut self, step: &Step, member: &Member, request: &Request) -> Result<bool> {
        let Admission::Wait(wait) = self.endpoints.admits(&member.endpoint) else {
            return Ok(true);
        };
        let why = format!("{} has failed again and again", member.endpoint);
        let plan = self.log.plan();
        let fit =
            |other: &Member| other.endpoint != member.endpoint && other.has_room_for(plan, request);
        if let Some(to) = self.team.next(plan, step, fit) {
            self.fall_back(step, member, to, why)?;
            return Ok(false);
        }
        let until = self.log.now().plus_millis(clock::millis(wait));
        tracing::debug!(plan = %self.id, %until, "waiting: {why}");
        self.hold(step.label(), until);
        Ok(false)
    }

    /// Gives the step's model up before it is asked.
    pub(super) fn fall_back(
        &mut self,
        step: &Step,
        from: &Member,
        to: Fallback,
        why: String,
    ) -> Result<()> {
        self.report(Report::FallingBack {
            step: step.clone(),
            from: from.label.clone(),
            to,
            why,
        })
        .map(drop)
    }

    /// Reserves the worst case, with the vault's day first; `None` when the call may not be made.
    fn reserved(
        &mut self,
        step: &Step,
        member: Member,
        mut request: Request,
        prompt: Prompt,
        recalled: Option<Recalled>,
    ) -> Result<Option<Sent>> {
        let reserved = member.worst_case(&request);
        let policy = self.team.policy();
        if decide::must_wait(self.log.plan(), &policy, self.log.now(), reserved) {
            self.hold_for_room(step, FOR_ROOM_MS);
            return Ok(None);
        }
        let serial = self.log.plan().calls.started + 1;
        let expected = CallId::nth(serial, &step.label());
        let Some(day) = self.reserve_day(step, &member, &expected, reserved)? else {
            return Ok(None);
        };
        let starting = Report::CallStarting {
            step: step.clone(),
            model: member.label.clone(),
            agent_id: member.agent_id.clone(),
            reserved,
            prompt_b3: prompt.digest(),
            prompt_bytes: request.prompt_bytes() as u64,
            recalled,
        };
        let events = match self.report(starting) {
            Err(Error::Refused {
                refusal: Refusal::Later,
                ..
            }) => {
                self.hold_for_room(step, FOR_ROOM_MS);
                Vec::new()
            }
            reported => reported?,
        };
        let id = events.into_iter().find_map(|event| match event {
            Event::ModelCallStarted(started) => Some(started.call_id),
            _ => None,
        });
        let Some(id) = id else {
            self.release_day(day, &expected);
            return Ok(None);
        };
        request.call_id = idempotency_key(self.log.plan(), &id);
        Ok(Some(Sent {
            step: step.clone(),
            member,
            prompt,
            request,
            id,
            reserved,
            day,
        }))
    }

    /// Leaves a step alone until calls under way have made room under a cap, or ended without.
    pub(super) fn hold_for_room(&mut self, step: &Step, millis: u64) {
        self.hold(step.label(), self.log.now().plus_millis(millis));
    }

    pub(super) async fn heard(&mut self, answered: Answered) -> Result<()> {
        let Answered {
            sent,
            outcome,
            latency,
        } = answered;
        let member = &sent.member;
        let dead = self.endpoints.heard(&member.endpoint, &outcome);
        let report = match outcome {
            Ok(reply) => {
                let id = sent.id.clone();
                speak::completed(id, member, &sent.prompt, sent.reserved, reply, latency)
            }
            Err(failure) => {
                tracing::warn!(plan = %self.id, call = %sent.id, "{failure}");
                let plan = self.log.plan();
                // Behind a dead endpoint the role's other models are dead too.
                let alive = |other: &Member| !dead || other.endpoint != member.endpoint;
                let fit = |other: &Member| alive(other) && other.has_room_for(plan, &sent.request);
                let next = self.team.next(plan, &sent.step, fit);
                speak::failed(sent.id.clone(), failure, next, dead)
            }
        };
        if self.persist(report.clone()).await?.is_empty() {
            // Told by a frame that seemed to fail, or given up by somebody who found the lease free: the plan's journal
            // knows which, and the day's account must not say otherwise.
            self.balance_day();
        } else {
            self.settle_day(sent.day, &sent.id, &report);
        }
        Ok(())
    }

    fn briefing(&mut self, step: &Step) -> Result<Briefing> {
        let artifacts = if prompts::shows_artifacts(self.log.plan(), step) {
            self.exhibits(step)?
        } else {
            Vec::new()
        };
        Briefing::of(
            self.log.plan(),
            step,
            &self.team.ground,
            artifacts,
            &mut |text| self.text(text),
        )
    }
}

/// A key that no other plan's call has, in this vault or another that shares the provider's account.
fn idempotency_key(plan: &Plan, call: &CallId) -> String {
    format!("{}.{:x}.{call}", plan.id, plan.created_at.micros())
}
