//! One model call, from prompt to journaled outcome. The reservation is durable before the provider is asked,
//! and the answer before anything follows from it.
//!
//! ```text
//!  step ─▶ prompt ─▶ room in the window? ─▶ endpoint alive? ─▶ reserve (day, plan) ─▶ ask ─▶ report ─▶ settle day
//!                     └ leave results out,   └ wait, or the
//!                       or ask a person        next model
//! ```

use std::time::{Duration, Instant};

use projections::{
    event::{Event, Reserved},
    ids::{CallId, TaskId},
    payload::Payload,
    plan::{Plan, Task},
    work::Step,
};

use super::{execute::Runner, speak, team::Member};
use crate::{
    clock,
    command::{Fallback, Report},
    error::Result,
    models::{Admission, Failure, Reply, Request},
    prompts::{self, Briefing, Fit, Heard, NotThere, Prompt},
};

/// Between two tries to make a paid answer durable on a disk that refuses.
const PERSIST_EVERY: Duration = Duration::from_secs(1);

/// A call whose worst case is reserved.
struct Started {
    id: CallId,
    reserved: Reserved,
}

/// What came of a call.
struct Answered {
    outcome: std::result::Result<Reply, Failure>,
    latency: Duration,
}

impl Runner<'_> {
    /// Asks the step's model, unless a cap, a dead endpoint or the window forbids it; then the plan knows, or what is
    /// due has changed. Ends early when the process is asked to stop.
    pub(super) async fn call_model(&mut self, step: &Step) -> Result<()> {
        let member = self.team.member(self.log.plan(), step).clone();
        let mut briefing = Briefing {
            no_lookups: !member.calls_tools,
            ..self.briefing(step)?
        };
        let (prompt, mut request) = match self.composed(step, &member, &mut briefing) {
            Ok(composed) => composed,
            Err(fault) => {
                return self.obstructed(format!("{} cannot be asked: {fault}", step.label()));
            }
        };
        if !self.has_room(step, &member, &request, &briefing)?
            || !self.endpoint_admits(step, &member, &request).await?
        {
            return Ok(());
        }
        let Some(started) = self.start(step, &member, &request, &prompt).await? else {
            return Ok(());
        };
        request.call_id = idempotency_key(self.log.plan(), &started.id);
        self.show_beat();
        tracing::debug!(plan = %self.id, call = %started.id, model = member.label, "asking");
        let asked = Instant::now();
        // An answer that is there is taken, whatever else is asked at the same moment: it is paid.
        let outcome = tokio::select! {
            biased;
            outcome = member.provider().call(&request) => outcome,
            () = self.shutdown.asked() => return Ok(()),
        };
        let heard = Answered {
            outcome,
            latency: asked.elapsed(),
        };
        self.heard(step, &member, (&prompt, &request), started, heard)
            .await
    }

    /// What is sent. A refused reply that is too long to be shown to its author whole is shown in part.
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
        let whole: (Prompt, Request) = compose(briefing)?;
        match &briefing.rejected {
            Some(reply)
                if matches!(self.fitted(step, member, &whole.1, briefing), Fit::Full(_)) =>
            {
                let part = prompts::excerpt(reply, member.window.bytes_of_a_quarter());
                briefing.rejected = Some(part);
                compose(briefing)
            }
            Some(_) | None => Ok(whole),
        }
    }

    /// Whether the model's endpoint may be asked. A dead one is waited for, or given up for the role's next model.
    async fn endpoint_admits(
        &mut self,
        step: &Step,
        member: &Member,
        request: &Request,
    ) -> Result<bool> {
        self.waiting = None;
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
        self.waiting = Some(until);
        self.show_beat();
        self.wait_until(until).await?;
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
    async fn start(
        &mut self,
        step: &Step,
        member: &Member,
        request: &Request,
        prompt: &Prompt,
    ) -> Result<Option<Started>> {
        let reserved = member.worst_case(request);
        let serial = self.log.plan().calls.started + 1;
        let expected = CallId::nth(serial, &step.label());
        if !self.reserve_day(member, &expected, reserved).await? {
            return Ok(None);
        }
        let events = self.report(Report::CallStarting {
            step: step.clone(),
            model: member.label.clone(),
            agent_id: member.agent_id.clone(),
            reserved,
            prompt_b3: prompt.digest(),
            prompt_bytes: request.prompt_bytes() as u64,
        })?;
        let id = events.into_iter().find_map(|event| match event {
            Event::ModelCallStarted(started) => Some(started.call_id),
            _ => None,
        });
        if id.is_none() {
            self.release_day(&expected);
        }
        Ok(id.map(|id| Started { id, reserved }))
    }

    async fn heard(
        &mut self,
        step: &Step,
        member: &Member,
        (prompt, request): (&Prompt, &Request),
        started: Started,
        heard: Answered,
    ) -> Result<()> {
        let Answered { outcome, latency } = heard;
        let dead = self.endpoints.heard(&member.endpoint, &outcome);
        let Started { id, reserved } = started;
        let report = match outcome {
            Ok(reply) => speak::completed(id.clone(), member, prompt, reserved, reply, latency),
            Err(failure) => {
                tracing::warn!(plan = %self.id, call = %id, "{failure}");
                let plan = self.log.plan();
                // Behind a dead endpoint the role's other models are dead too.
                let alive = |other: &Member| !dead || other.endpoint != member.endpoint;
                let fit = |other: &Member| alive(other) && other.has_room_for(plan, request);
                let next = self.team.next(plan, step, fit);
                speak::failed(id.clone(), failure, next, dead)
            }
        };
        self.persist(report.clone()).await?;
        self.settle_day(&id, &report);
        Ok(())
    }

    /// A paid answer is not given up because a disk is full: it is kept in memory and tried again, until it is
    /// durable or the process is asked to stop.
    async fn persist(&mut self, report: Report) -> Result<()> {
        loop {
            let error = match self.report(report.clone()) {
                Ok(_) => return Ok(()),
                Err(error) if !error.is_passing() || self.shutdown.is_asked() => {
                    return Err(error);
                }
                Err(error) => error,
            };
            tracing::error!(plan = %self.id, "an answer cannot be made durable yet, trying again: {}", error.told());
            tokio::select! {
                () = tokio::time::sleep(PERSIST_EVERY) => {}
                () = self.shutdown.asked() => {}
            }
            if let Err(error) = self.log.reopen() {
                tracing::error!(plan = %self.id, "the journal cannot be opened: {}", error.told());
            }
        }
    }

    fn briefing(&mut self, step: &Step) -> Result<Briefing> {
        let artifact = match step {
            Step::Review { task, .. } => self.artifact_text(task)?,
            Step::PlanTasks { .. } | Step::Produce { .. } | Step::Reflect { .. } => None,
        };
        let run = self.log.plan().run.as_ref();
        let talk = match step {
            Step::Produce { task, .. } => self.talk(run.and_then(|run| run.task(task)))?,
            Step::PlanTasks { .. } | Step::Review { .. } | Step::Reflect { .. } => Vec::new(),
        };
        let trouble = run.and_then(|run| run.troubles.get(&step.label()));
        let rejected = trouble
            .and_then(|trouble| trouble.rejected.as_ref())
            .map(|(reply, _)| self.text(reply))
            .transpose()?;
        Ok(Briefing {
            objective: self.team.objective.clone(),
            artifact,
            rejected,
            talk,
            no_lookups: false,
        })
    }

    fn talk(&self, task: Option<&Task>) -> Result<Vec<Heard>> {
        let turns = task.into_iter().flat_map(|task| &task.talk);
        turns
            .map(|turn| Heard::of(turn, &mut |text| self.text(text)))
            .collect()
    }

    /// A text of the journal, wherever it lies.
    pub(super) fn text(&self, payload: &Payload) -> Result<String> {
        let bytes = self.log.project().resolve(payload)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// The artifact as it lies on disk; one that was changed or deleted meanwhile is restored from the journal.
    fn artifact_text(&mut self, task: &TaskId) -> Result<Option<String>> {
        let plan = self.log.plan();
        let Some(task) = plan.run.as_ref().and_then(|run| run.task(task)) else {
            return Ok(None);
        };
        let Some(artifact) = &task.artifact else {
            return Ok(None);
        };
        match self
            .log
            .project()
            .read_artifact(&self.id, &artifact.path, &artifact.b3)?
        {
            Ok(text) => Ok(Some(text)),
            Err(fault) => {
                tracing::warn!(plan = %self.id, "{fault}; restored from the journal");
                let task = task.clone();
                self.restore(&task)
            }
        }
    }

    fn restore(&mut self, task: &Task) -> Result<Option<String>> {
        let wanted = Step::Produce {
            task: task.spec.id.clone(),
            attempt: task.attempt,
        };
        let Some(reply) = self.log.project().reply_to(&self.id, &wanted)? else {
            return Ok(None);
        };
        let Ok(produced) = prompts::reply::artifact(&reply) else {
            return Ok(None);
        };
        self.fence()?;
        self.log
            .project()
            .write_artifact(&self.id, &task.spec.artifact, &produced.content)?;
        Ok(Some(produced.content))
    }
}

/// A key that no other plan's call has, in this vault or another that shares the provider's account.
fn idempotency_key(plan: &Plan, call: &CallId) -> String {
    format!("{}.{:x}.{call}", plan.id, plan.created_at.micros())
}
