//! A runner's reports: calls that start, complete or fail, artifacts on disk, and its leaving.

use projections::{
    event::{
        ArtifactWritten, ModelCallCompleted, ModelCallStarted, PauseReason, PlanReleased,
        TicketSubject, ToolCallFinished, ToolUse,
    },
    ids::{CallId, TaskId, ToolCallId},
    payload::Payload,
    plan::{Status, TaskStage},
};

use super::{Decided, Decision, Refusal, budget, claim, context, failure, outcome, question};
use crate::{
    command::{Called, Report},
    effect,
};

pub(super) fn report(decision: &mut Decision<'_>, report: &Report) -> Decided {
    fence(decision)?;
    match report {
        Report::CallStarting { .. } => starting(decision, report),
        Report::CallCompleted { .. } => completed(decision, report),
        Report::CallFailed { call_id, .. } => failure::failed(decision, call_id, report),
        Report::FallingBack { .. } => failure::falling_back(decision, report),
        Report::OverDailyCap { cap, used, limit } => {
            budget::over_daily_cap(decision, *cap, *used, *limit)
        }
        Report::Unpriced { models, daily } => budget::unpriced_models(decision, models, *daily),
        Report::ToolReturned { .. } => tool_returned(decision, report),
        Report::ContextNear { .. } | Report::ContextTight { .. } | Report::ContextFull { .. } => {
            context::report(decision, report)
        }
        Report::ArtifactWritten { task, .. } => artifact_written(decision, task, report),
        Report::Obstructed { .. } if decision.status().is_terminal() => Err(Refusal::Moot),
        Report::Obstructed { why } => question::ask(
            decision,
            PauseReason::Environment,
            TicketSubject::Environment,
            why,
        ),
        Report::Releasing { why } => releasing(decision, why),
    }
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
    } = report
    else {
        return Err(Refusal::Moot);
    };
    if !effect::awaits(&decision.plan, step, decision.context.now) {
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
    outcome::of_reply(decision, call_id, &call.step, reply, *cut)
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

fn tool_returned(decision: &mut Decision<'_>, report: &Report) -> Decided {
    let Report::ToolReturned {
        task,
        tool_call,
        outcome,
        result,
    } = report
    else {
        return Err(Refusal::Moot);
    };
    let run = decision.plan.run.as_ref();
    let open = run
        .and_then(|run| run.task(task))
        .into_iter()
        .flat_map(|task| task.talk.iter().flat_map(|turn| &turn.uses))
        .any(|used| used.call.id == *tool_call && used.result.is_none());
    if decision.status().is_terminal() || !open {
        return Err(Refusal::Moot);
    }
    decision.push(ToolCallFinished {
        task: task.clone(),
        tool_call: tool_call.clone(),
        outcome: *outcome,
        result: Payload::Text(result.clone()),
    });
    Ok(())
}

fn artifact_written(decision: &mut Decision<'_>, task: &TaskId, report: &Report) -> Decided {
    let Report::ArtifactWritten {
        path, b3, bytes, ..
    } = report
    else {
        return Err(Refusal::Moot);
    };
    let stage = decision
        .plan
        .run
        .as_ref()
        .and_then(|run| run.task(task))
        .map(|task| &task.stage);
    if decision.status().is_terminal() || !matches!(stage, Some(TaskStage::Writing { .. })) {
        return Err(Refusal::Moot);
    }
    decision.push(ArtifactWritten {
        task: task.clone(),
        path: path.clone(),
        b3: *b3,
        bytes: *bytes,
    });
    Ok(())
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
