//! Events of an agent's talk with its tools, and of the room that it takes in the model's window.

use super::{Entry, Refused};
use crate::{
    event::{
        ContextCompressed, ContextSoftWarned, ModelCallCompleted, ToolCallFinished, ToolCallStarted,
    },
    ids::{TaskId, ToolCallId},
    plan::{Exchange, InFlight, Plan, Used},
};

/// A reply that called tools: the step goes on once all of them have returned.
pub(super) fn called(plan: &mut Plan, call: &InFlight, e: &ModelCallCompleted) {
    plan.calls.tools += e.tool_calls.len() as u64;
    let Some((task, _)) = call.step.task().filter(|_| !e.tool_calls.is_empty()) else {
        return;
    };
    // Whoever answers a task that the plan has moved past talks to nobody.
    let task = plan.run.as_mut().and_then(|run| run.task_mut(task));
    let Some(task) = task.filter(|task| task.talking().as_ref() == Some(&call.step)) else {
        return;
    };
    let used = |call: &crate::event::ToolUse| Used {
        call: call.clone(),
        started: None,
        result: None,
        whole: None,
        hidden: false,
    };
    task.talk.push(Exchange {
        text: e.reply.clone(),
        uses: e.tool_calls.iter().map(used).collect(),
    });
}

pub(super) fn tool_started(
    plan: &mut Plan,
    entry: &Entry,
    e: &ToolCallStarted,
) -> Result<(), Refused> {
    let used = used(plan, &e.task, &e.tool_call)?;
    if used.result.is_some() {
        return Err("the tool returned before");
    }
    if used.started.is_some_and(|(epoch, _)| epoch == entry.epoch) {
        return Err("the tool is running already");
    }
    used.started = Some((entry.epoch, e.repeatable));
    Ok(())
}

pub(super) fn tool_finished(
    plan: &mut Plan,
    entry: &Entry,
    e: &ToolCallFinished,
) -> Result<(), Refused> {
    let used = used(plan, &e.task, &e.tool_call)?;
    if used.result.is_some() {
        return Err("the tool returned before");
    }
    let (shown, whole) = match &e.shown {
        Some(shown) => (shown, Some(e.result.clone())),
        None => (&e.result, None),
    };
    used.result = Some((e.outcome, shown.clone()));
    used.whole = whole;
    plan.last_progress = entry.mark.at;
    Ok(())
}

pub(super) fn soft_warned(plan: &mut Plan, e: &ContextSoftWarned) -> Result<(), Refused> {
    let run = plan.run.as_mut().ok_or("no sub-objective is in work")?;
    run.context_warned.push(e.step.seat());
    Ok(())
}

pub(super) fn compressed(plan: &mut Plan, e: &ContextCompressed) -> Result<(), Refused> {
    let Some((task, _)) = e.step.task() else {
        return Err("only who works on a task talks with tools");
    };
    for id in &e.replaced {
        used(plan, task, id)?.hidden = true;
    }
    Ok(())
}

fn used<'a>(plan: &'a mut Plan, task: &TaskId, id: &ToolCallId) -> Result<&'a mut Used, Refused> {
    let run = plan.run.as_mut().ok_or("no sub-objective is in work")?;
    let task = run.task_mut(task).ok_or("no such task was planned")?;
    let mut all = task.talk.iter_mut().flat_map(|turn| &mut turn.uses);
    all.find(|used| used.call.id == *id)
        .ok_or("no such tool was called")
}
