//! One model call, from prompt to journaled outcome. The reservation is durable before the provider is asked,
//! and the answer before anything follows from it.

use std::time::{Duration, Instant};

use projections::{
    body::SubObjective,
    event::{Event, FailureClass, Usage},
    ids::{CallId, TaskId},
    plan::{Plan, Task},
    work::Step,
};

use super::{execute::Runner, team::Member};
use crate::{
    command::Report,
    error::Result,
    models::{self, About, Answer, AnswerTool, Message, Purpose, Request, Role},
    prompts::{self, Briefing, Prompt, Turn},
};

/// Between two tries to make a paid answer durable on a disk that refuses.
const PERSIST_EVERY: Duration = Duration::from_secs(1);

impl Runner<'_> {
    /// Asks the step's model, unless a cap forbids it. Ends early when the process is asked to stop.
    pub(super) async fn call_model(&mut self, step: &Step) -> Result<()> {
        let briefing = self.briefing(step)?;
        let prompt = match prompts::prompt(self.log.plan(), step, &briefing) {
            Ok(prompt) => prompt,
            Err(fault) => {
                return self.obstructed(format!("{} cannot be asked: {fault}", step.label()));
            }
        };
        let member = self.team.member(step).clone();
        let mut request = request(self.log.plan(), step, &prompt, member.max_output_tokens);
        let Some(call_id) = self.start(step, &member, &request, &prompt)? else {
            return Ok(());
        };
        request.call_id = idempotency_key(self.log.plan(), &call_id);
        self.beat.at_work(self.log.plan());
        tracing::debug!(plan = %self.id, call = %call_id, model = member.label, "asking");
        let asked = Instant::now();
        let outcome = tokio::select! {
            outcome = member.provider().call(&request) => outcome,
            () = self.shutdown.asked() => return Ok(()),
        };
        let report = report(call_id, &member, outcome, asked.elapsed());
        self.persist(report).await
    }

    /// Reserves the worst case; `None` when the call may not be made.
    fn start(
        &mut self,
        step: &Step,
        member: &Member,
        request: &Request,
        prompt: &Prompt,
    ) -> Result<Option<CallId>> {
        let starting = Report::CallStarting {
            step: step.clone(),
            model: member.label.clone(),
            agent_id: member.agent_id.clone(),
            reserved: member.worst_case(request.prompt_bytes()),
            prompt_b3: prompt.digest(),
        };
        let events = self.report(starting)?;
        Ok(events.into_iter().find_map(|event| match event {
            Event::ModelCallStarted(started) => Some(started.call_id),
            _ => None,
        }))
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

    fn briefing(&self, step: &Step) -> Result<Briefing> {
        let plan = self.log.plan();
        let artifact = match step {
            Step::Review { task, .. } => self.artifact_text(task)?,
            Step::PlanTasks { .. } | Step::Produce { .. } | Step::Reflect { .. } => None,
        };
        let trouble = plan
            .run
            .as_ref()
            .and_then(|run| run.troubles.get(&step.label()));
        let rejected = trouble
            .and_then(|trouble| trouble.rejected.as_ref())
            .map(|(reply, _)| reply);
        let rejected = rejected
            .map(|reply| self.log.project().resolve(reply))
            .transpose()?;
        Ok(Briefing {
            objective: self.team.objective.clone(),
            artifact,
            rejected: rejected.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()),
        })
    }

    /// The artifact as it lies on disk; one that was changed or deleted meanwhile is restored from the journal.
    fn artifact_text(&self, task: &TaskId) -> Result<Option<String>> {
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
                self.restore(task)
            }
        }
    }

    fn restore(&self, task: &Task) -> Result<Option<String>> {
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

fn report(
    call_id: CallId,
    member: &Member,
    outcome: std::result::Result<models::Reply, models::Failure>,
    latency: Duration,
) -> Report {
    match outcome {
        Ok(reply) => {
            let usage = usage(&reply.usage);
            let (Answer::ToolCall(text) | Answer::Text(text)) = reply.answer;
            let latency_ms = u64::try_from(latency.as_millis()).unwrap_or(u64::MAX);
            Report::CallCompleted {
                call_id,
                reply: text,
                usage,
                cost: member.cost(&usage),
                latency_ms,
            }
        }
        Err(failure) => Report::CallFailed {
            call_id,
            class: class(failure.class),
            message: failure.message,
            retry_after_s: failure.retry_after.map(|wait| wait.as_secs() + 1),
        },
    }
}

fn usage(usage: &models::Usage) -> Usage {
    Usage {
        input_tokens: usage.input_tokens,
        output_tokens: usage.output_tokens,
        cached_input_tokens: usage.cached_input_tokens,
        estimated: usage.estimated,
    }
}

fn class(class: models::FailureClass) -> FailureClass {
    match class {
        models::FailureClass::Connection => FailureClass::Connection,
        models::FailureClass::Timeout => FailureClass::Timeout,
        models::FailureClass::RateLimited => FailureClass::RateLimited,
        models::FailureClass::Server => FailureClass::Server,
        models::FailureClass::Authentication => FailureClass::Authentication,
        models::FailureClass::ContextTooLong => FailureClass::ContextTooLong,
        models::FailureClass::Refused => FailureClass::Refused,
        models::FailureClass::Malformed => FailureClass::Malformed,
    }
}

fn request(plan: &Plan, step: &Step, prompt: &Prompt, max_output_tokens: u32) -> Request {
    let message = |turn: &Turn| match turn {
        Turn::Asked(text) => Message {
            role: Role::User,
            text: text.clone(),
        },
        Turn::Answered(text) => Message {
            role: Role::Assistant,
            text: text.clone(),
        },
    };
    let tool = &prompt.tool;
    Request {
        call_id: String::new(),
        about: about(plan, step),
        system: prompt.system.clone(),
        messages: prompt.turns.iter().map(message).collect(),
        answer_with: Some(AnswerTool {
            name: tool.name,
            description: tool.description,
            schema: tool.schema.clone(),
        }),
        max_output_tokens,
    }
}

fn about(plan: &Plan, step: &Step) -> About {
    let run = plan.run.as_ref();
    let index = run.map_or(0, |run| run.index);
    let item = plan.item(index);
    let task = |id: &TaskId| run.and_then(|run| run.task(id)).map(|task| &task.spec);
    let (purpose, spec, attempt) = match step {
        Step::PlanTasks { .. } => (Purpose::PlanTasks, None, 1),
        Step::Produce { task: id, attempt } => (Purpose::Produce, task(id), *attempt),
        Step::Review { task: id, attempt } => (Purpose::Review, task(id), *attempt),
        Step::Reflect { .. } => (Purpose::Reflect, None, 1),
    };
    let of_item = |item: &SubObjective| item.files.clone();
    let files = spec.map_or_else(
        || item.map(of_item).unwrap_or_default(),
        |spec| vec![spec.artifact.clone()],
    );
    About {
        purpose,
        sub_objective: index,
        title: item.map(|item| item.title.clone()).unwrap_or_default(),
        files,
        task: spec.map(|spec| spec.title.clone()),
        attempt,
    }
}
