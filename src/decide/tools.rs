//! Tools that a model called: told before they run, so that one whose runner is lost is known, and after.

use projections::{
    event::{ToolCallFinished, ToolCallStarted, ToolOutcome},
    ids::{TaskId, ToolCallId},
    payload::Payload,
    plan::Used,
};

use super::{Decided, Decision, Refusal};
use crate::command::Report;

/// Longest name of a tool that is told again, in characters: a model may write anything there.
const TOOL_NAME: usize = 64;

/// What a model hears of a tool whose runner was lost.
const INTERRUPTED: &str = "This call was interrupted: whether it took effect, and how far, is not known. Look before \
                           you make it again.";

pub(super) fn starting(decision: &mut Decision<'_>, report: &Report) -> Decided {
    let Report::ToolStarting {
        task,
        tool_call,
        repeatable,
    } = report
    else {
        return Err(Refusal::Moot);
    };
    let runs = |used: &Used| {
        used.started
            .is_some_and(|(epoch, _)| epoch == decision.plan.epoch)
    };
    let free = open(decision, task, tool_call).filter(|used| !runs(used));
    let Some(used) = free.filter(|_| decision.is_executing()) else {
        return Err(Refusal::Moot);
    };
    let tool = used.call.tool.chars().take(TOOL_NAME).collect();
    decision.push(ToolCallStarted {
        task: task.clone(),
        tool_call: tool_call.clone(),
        tool,
        repeatable: *repeatable,
    });
    Ok(())
}

pub(super) fn returned(decision: &mut Decision<'_>, report: &Report) -> Decided {
    let Report::ToolReturned {
        task,
        tool_call,
        outcome,
        result,
        shown,
    } = report
    else {
        return Err(Refusal::Moot);
    };
    if decision.status().is_terminal() || open(decision, task, tool_call).is_none() {
        return Err(Refusal::Moot);
    }
    decision.push(ToolCallFinished {
        task: task.clone(),
        tool_call: tool_call.clone(),
        outcome: *outcome,
        result: Payload::Text(result.clone()),
        shown: shown.clone().map(Payload::Text),
    });
    Ok(())
}

/// Tools that a lost runner had begun and that may not be run again by themselves: the model is told, and decides.
pub(super) fn interrupt(decision: &mut Decision<'_>) {
    let tasks = decision.plan.run.iter().flat_map(|run| &run.tasks);
    let lost = |used: &&Used| used.result.is_none() && matches!(used.started, Some((_, false)));
    let of_task = |task: &projections::plan::Task| {
        let all = task.talk.iter().flat_map(|turn| &turn.uses);
        let lost = all.filter(lost).map(|used| used.call.id.clone());
        lost.map(|id| (task.spec.id.clone(), id))
            .collect::<Vec<_>>()
    };
    let lost: Vec<(TaskId, ToolCallId)> = tasks.flat_map(of_task).collect();
    for (task, tool_call) in lost {
        decision.push(ToolCallFinished {
            task,
            tool_call,
            outcome: ToolOutcome::Interrupted,
            result: Payload::Text(INTERRUPTED.to_owned()),
            shown: None,
        });
    }
}

/// The call, if it is one that has not returned.
fn open<'a>(decision: &'a Decision<'_>, task: &TaskId, call: &ToolCallId) -> Option<&'a Used> {
    let run = decision.plan.run.as_ref()?;
    let used = run.task(task)?.used(call)?;
    used.result.is_none().then_some(used)
}
