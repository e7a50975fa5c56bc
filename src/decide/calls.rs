//! A runner's reports: calls that start, complete or fail, artifacts on disk, and its leaving.

use projections::{
    event::{
        ArtifactWritten, FailureClass, ModelCallCompleted, ModelCallFailed, ModelCallStarted,
        PauseReason, PlanReleased, TicketSubject,
    },
    ids::{CallId, TaskId},
    payload::Payload,
    plan::{Status, TaskStage},
    time::Timestamp,
};

use super::{Decided, Decision, Refusal, budget, claim, outcome, question};
use crate::{command::Report, effect};

/// First pause after a failed call, seconds; doubled with each further failure.
const BACKOFF_S: i64 = 2;

pub(super) fn report(decision: &mut Decision<'_>, report: &Report) -> Decided {
    fence(decision)?;
    match report {
        Report::CallStarting { .. } => starting(decision, report),
        Report::CallCompleted { .. } => completed(decision, report),
        Report::CallFailed {
            call_id,
            class,
            message,
            retry_after_s,
        } => failed(decision, call_id, *class, message, *retry_after_s),
        Report::ArtifactWritten { task, .. } => artifact_written(decision, task, report),
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
        });
    }
    Ok(())
}

/// A paid answer is always booked; what follows from it depends on whether anyone still waits for it.
fn completed(decision: &mut Decision<'_>, report: &Report) -> Decided {
    let Report::CallCompleted {
        call_id,
        reply,
        usage,
        cost,
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
    decision.push(ModelCallCompleted {
        call_id: call_id.clone(),
        usage: *usage,
        cost: *cost,
        latency_ms: *latency_ms,
        reply: Payload::Text(reply.clone()),
    });
    if decision.status().is_terminal() || !effect::stands_at(&decision.plan, &call.step) {
        return Ok(());
    }
    outcome::of_reply(decision, call_id, &call.step, reply)
}

fn failed(
    decision: &mut Decision<'_>,
    call_id: &CallId,
    class: FailureClass,
    message: &str,
    retry_after_s: Option<u64>,
) -> Decided {
    let call = decision
        .plan
        .calls
        .in_flight
        .get(call_id)
        .cloned()
        .ok_or(Refusal::Moot)?;
    let trouble = decision
        .plan
        .run
        .as_ref()
        .and_then(|run| run.troubles.get(&call.step.label()));
    let failures = trouble.map_or(0, |trouble| trouble.failures) + 1;
    let again = class.is_passing() && failures < decision.context.policy.call_failures;
    let retry_at = again.then(|| retry_at(decision.context.now, failures, retry_after_s));
    decision.push(ModelCallFailed {
        call_id: call_id.clone(),
        class,
        message: message.to_owned(),
        retry_at,
    });
    if again || decision.status().is_terminal() {
        return Ok(());
    }
    let what = format!(
        "the model {} could not be used for {}: {message}",
        call.model,
        call.step.label()
    );
    question::ask(decision, PauseReason::Model, TicketSubject::Model, &what)
}

fn retry_at(now: Timestamp, failures: u32, retry_after_s: Option<u64>) -> Timestamp {
    let backoff = BACKOFF_S << (failures - 1).min(8);
    let asked = retry_after_s
        .and_then(|s| i64::try_from(s.min(3_600)).ok())
        .unwrap_or(0);
    now.plus_seconds(backoff.max(asked))
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
