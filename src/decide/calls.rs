//! A runner's reports: calls that start, complete or fail, artifacts on disk, and its leaving.

use projections::{
    event::{
        ArtifactWritten, ModelCallCompleted, ModelCallStarted, PauseReason, PlanReleased,
        TicketSubject, ToolUse,
    },
    ids::{CallId, TaskId, ToolCallId},
    payload::Payload,
    plan::{Artifact, Status, TaskStage},
    work::Step,
};

use super::{
    Decided, Decision, Refusal, budget, claim, context, failure, memory, outcome, question, stuck,
    tools,
};
use crate::{
    command::{Called, Report},
    effect,
};

pub(super) fn report(decision: &mut Decision<'_>, report: &Report) -> Decided {
    fence(decision)?;
    heard(decision, report)?;
    stuck::pause_if_stuck(decision);
    Ok(())
}

fn heard(decision: &mut Decision<'_>, report: &Report) -> Decided {
    match report {
        Report::CallStarting { .. } => starting(decision, report),
        Report::Routing {
            task,
            among,
            embedder,
        } => memory::routing(decision, task, among, embedder.as_deref()),
        Report::CallCompleted { .. } => completed(decision, report),
        Report::CallFailed { call_id, .. } => failure::failed(decision, call_id, report),
        Report::FallingBack { .. } => failure::falling_back(decision, report),
        Report::OverDailyCap { cap, used, limit } => {
            budget::over_daily_cap(decision, *cap, *used, *limit)
        }
        Report::Unpriced { models, daily } => budget::unpriced_models(decision, models, *daily),
        Report::ToolStarting { .. } => tools::starting(decision, report),
        Report::ToolReturned { .. } => tools::returned(decision, report),
        Report::ContextNear { .. } | Report::ContextTight { .. } | Report::ContextFull { .. } => {
            context::report(decision, report)
        }
        Report::ArtifactsCollected {
            task,
            artifacts,
            missing,
        } => collected(decision, task, artifacts, missing),
        Report::Obstructed { .. } if !may_be_obstructed(decision) => Err(Refusal::Moot),
        Report::Obstructed { why } => question::ask(
            decision,
            PauseReason::Environment,
            TicketSubject::Environment,
            why,
        ),
        Report::Releasing { why } => releasing(decision, why),
    }
}

/// Whether it matters to the plan that the machine does not let its runner work.
fn may_be_obstructed(decision: &Decision<'_>) -> bool {
    let waits = matches!(
        decision.plan.status,
        Status::Approved | Status::Paused { .. }
    );
    waits || decision.plan.is_at_work()
}

/// Only the last claim's runner is heard.
fn fence(decision: &Decision<'_>) -> Decided {
    let current = decision.plan.epoch;
    match decision.context.runner {
        Some(epoch) if epoch == current => Ok(()),
        Some(epoch) => Err(Refusal::StaleEpoch { epoch, current }),
        None => Err(Refusal::StaleEpoch {
            epoch: projections::ids::Epoch::default(),
            current,
        }),
    }
}

fn starting(decision: &mut Decision<'_>, report: &Report) -> Decided {
    let Report::CallStarting {
        step,
        model,
        agent_id,
        reserved,
        prompt_b3,
        prompt_bytes,
        recalled,
    } = report
    else {
        return Err(Refusal::Moot);
    };
    let (now, parallel) = (decision.context.now, decision.context.policy.parallel);
    if !effect::awaits(&decision.plan, step, now, parallel) {
        return Err(Refusal::Moot);
    }
    if budget::admits(decision, model, *reserved)? {
        let call_id = CallId::nth(decision.plan.calls.started + 1, &step.label());
        decision.push(ModelCallStarted {
            call_id,
            step: step.clone(),
            model: model.clone(),
            agent_id: agent_id.clone(),
            reserved: *reserved,
            prompt_b3: *prompt_b3,
            prompt_bytes: *prompt_bytes,
            recalled: recalled.clone(),
        });
    }
    Ok(())
}

/// A paid answer is always booked; what follows from it depends on whether anyone still waits for it.
fn completed(decision: &mut Decision<'_>, report: &Report) -> Decided {
    let Report::CallCompleted {
        call_id,
        reply,
        calls,
        cut,
        usage,
        cost,
        in_doubt,
        latency_ms,
    } = report
    else {
        return Err(Refusal::Moot);
    };
    let call = decision
        .plan
        .calls
        .in_flight
        .get(call_id)
        .cloned()
        .ok_or(Refusal::Moot)?;
    let awaited = effect::stands_at(&decision.plan, &call.step);
    // Nobody runs the tools of a step that has used up its calls.
    let last = !calls.is_empty() && is_last_call(decision, &call.step);
    let calls: &[Called] = if last { &[] } else { calls };
    decision.push(ModelCallCompleted {
        call_id: call_id.clone(),
        usage: *usage,
        cost: *cost,
        latency_ms: *latency_ms,
        reply: Payload::Text(reply.clone()),
        tool_calls: named(calls, decision.plan.calls.tools),
        cut: *cut,
        in_doubt: *in_doubt,
    });
    budget::warn_near(decision);
    // With tools called, the step goes on once they have returned.
    if !awaited || !calls.is_empty() || decision.status().is_terminal() {
        return Ok(());
    }
    if last {
        return outcome::used_up(decision, call_id, &call.step, reply);
    }
    outcome::of_reply(decision, call_id, &call.step, reply, *cut)
}

/// Whether the step's talk with tools is as long as it may be. Who works on no task holds none.
fn is_last_call(decision: &Decision<'_>, step: &Step) -> bool {
    let Some((id, _)) = step.task() else {
        return true;
    };
    let run = decision.plan.run.as_ref();
    let task = run.and_then(|run| run.task(id));
    let turns = task.map_or(0, |task| task.talk.len());
    let most = usize::try_from(decision.context.policy.max_iters).unwrap_or(usize::MAX);
    turns.saturating_add(1) >= most
}

/// Calls of tools with ids of our own, unique in the plan.
fn named(calls: &[Called], before: u64) -> Vec<ToolUse> {
    let named = |(serial, call): (u64, &Called)| ToolUse {
        id: ToolCallId::nth(serial),
        tool: call.tool.clone(),
        arguments: Payload::Text(call.arguments.clone()),
    };
    (before + 1..).zip(calls).map(named).collect()
}

/// What was handed in is on disk; what was promised and is not there fails the production.
fn collected(
    decision: &mut Decision<'_>,
    task: &TaskId,
    artifacts: &[Artifact],
    missing: &[String],
) -> Decided {
    let run = decision.plan.run.as_ref();
    let stage = run.and_then(|run| run.task(task)).map(|task| &task.stage);
    if decision.status().is_terminal() || !matches!(stage, Some(TaskStage::Writing { .. })) {
        return Err(Refusal::Moot);
    }
    for artifact in artifacts {
        decision.push(ArtifactWritten {
            task: task.clone(),
            path: artifact.path.clone(),
            b3: artifact.b3,
            bytes: artifact.bytes,
            content: artifact.content.clone(),
        });
    }
    if missing.is_empty() {
        return Ok(());
    }
    outcome::not_handed_in(decision, task, missing)
}

/// The runner leaves: its calls are cut, and the plan is anyone's to claim.
fn releasing(decision: &mut Decision<'_>, why: &str) -> Decided {
    claim::abandon_calls(decision, why);
    if matches!(decision.plan.status, Status::Executing { .. }) {
        decision.push(PlanReleased {
            why: why.to_owned(),
        });
    }
    if decision.events.is_empty() {
        Err(Refusal::Moot)
    } else {
        Ok(())
    }
}
