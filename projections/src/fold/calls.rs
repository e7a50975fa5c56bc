//! Events of model calls: reservations, settlements, failures.

use super::{Entry, Refused, memory, talk};
use crate::{
    event::{
        BudgetWarned, FailureClass, ModelCallAbandoned, ModelCallCompleted, ModelCallFailed,
        ModelCallStarted, ModelFellBack, ReplyRejected, ReservationReleased,
    },
    ids::CallId,
    plan::{InFlight, Learned, Plan, Trouble},
    work::Step,
};

pub(super) fn started(plan: &mut Plan, entry: &Entry, e: &ModelCallStarted) -> Result<(), Refused> {
    let call = InFlight {
        step: e.step.clone(),
        model: e.model.clone(),
        agent_id: e.agent_id.clone(),
        reserved: e.reserved,
        started_at: entry.mark.at,
        epoch: entry.epoch,
        prompt_bytes: e.prompt_bytes,
    };
    if !plan.is_at_work() {
        return Err("no runner has the plan");
    }
    if plan
        .calls
        .in_flight
        .values()
        .any(|other| other.step == e.step)
    {
        return Err("a call for this step is under way already");
    }
    if waits_for_a_tool(plan, &e.step) {
        return Err("a tool that its step called has not returned");
    }
    plan.calls.started += 1;
    memory::asked(plan, e);
    match plan.calls.in_flight.insert(e.call_id.clone(), call) {
        None => Ok(()),
        Some(_) => Err("a call of this id is under way already"),
    }
}

/// A model is asked on once every tool that it called has returned.
fn waits_for_a_tool(plan: &Plan, step: &Step) -> bool {
    let run = plan.run.as_ref();
    let task = step.task().and_then(|(id, _)| run?.task(id));
    task.is_some_and(|task| task.talking().as_ref() == Some(step) && task.open_tool().is_some())
}

pub(super) fn completed(
    plan: &mut Plan,
    entry: &Entry,
    e: &ModelCallCompleted,
) -> Result<(), Refused> {
    let call = take(plan, &e.call_id)?;
    plan.calls.completed += 1;
    plan.calls.tokens = plan.calls.tokens.saturating_add(e.usage.total());
    match e.cost {
        Some(cost) => plan.calls.cost = plan.calls.cost.plus(cost),
        None => plan.calls.unpriced += 1,
    }
    if !e.in_doubt.is_none() {
        plan.calls.in_doubt.insert(e.call_id.clone(), e.in_doubt);
    }
    if let Some(trouble) = known_trouble(plan, &call) {
        trouble.failures = 0;
        trouble.malformed = 0;
        trouble.since = None;
        trouble.not_before = None;
    }
    learn(plan, &call, e);
    talk::called(plan, &call, e);
    plan.calls.last_reply = Some((call, e.reply.clone()));
    plan.barren_claims = 0;
    plan.last_progress = entry.mark.at;
    Ok(())
}

/// What the provider counted in a prompt of known length; each older count weighs half of the next.
fn learn(plan: &mut Plan, call: &InFlight, e: &ModelCallCompleted) {
    if e.usage.estimated || e.usage.input_tokens == 0 || call.prompt_bytes == 0 {
        return;
    }
    let known = plan.calls.learned.entry(call.model.clone()).or_default();
    *known = Learned {
        bytes: (known.bytes / 2).saturating_add(call.prompt_bytes),
        tokens: (known.tokens / 2).saturating_add(e.usage.input_tokens),
    };
}

pub(super) fn failed(plan: &mut Plan, entry: &Entry, e: &ModelCallFailed) -> Result<(), Refused> {
    let call = take(plan, &e.call_id)?;
    if e.in_doubt {
        plan.calls.in_doubt.insert(e.call_id.clone(), call.reserved);
    }
    if let Some(trouble) = trouble(plan, &call) {
        trouble.failures += 1;
        let (began, at) = (call.started_at, entry.mark.at);
        let since = trouble.counts_since(began, at);
        trouble.sleeps += u32::from(trouble.slept(began, at));
        trouble.since = Some(since);
        trouble.not_before = e.retry_at;
        if e.class == FailureClass::ContextTooLong {
            trouble.too_long = Some(call.prompt_bytes);
        }
        if e.class == FailureClass::Malformed {
            trouble.malformed += 1;
        }
    }
    Ok(())
}

/// The task begins anew with the next model: what the given-up one said in its middle is of no use to another, and
/// how full its window was says nothing of the other's.
pub(super) fn fell_back(plan: &mut Plan, e: &ModelFellBack) -> Result<(), Refused> {
    let run = plan.run.as_mut().ok_or("no sub-objective is in work")?;
    let seat = e.step.seat();
    run.context_warned.retain(|warned| *warned != seat);
    let given_up = run.fallen_back.entry(seat).or_default();
    if e.rank <= *given_up {
        return Err("as many of the role's models were given up before");
    }
    *given_up = e.rank;
    run.troubles.remove(&e.step.label());
    if let Some((task, _)) = e.step.task()
        && let Some(task) = run.task_mut(task)
    {
        task.talk.clear();
    }
    Ok(())
}

pub(super) fn reservation_released(
    plan: &mut Plan,
    e: &ReservationReleased,
) -> Result<(), Refused> {
    match plan.calls.in_doubt.remove(&e.call_id) {
        Some(_) => Ok(()),
        None => Err("no reservation of this call is in doubt"),
    }
}

pub(super) fn abandoned(plan: &mut Plan, e: &ModelCallAbandoned) -> Result<(), Refused> {
    let call = take(plan, &e.call_id)?;
    plan.calls.abandoned += 1;
    plan.calls.in_doubt.insert(e.call_id.clone(), call.reserved);
    Ok(())
}

pub(super) fn reply_rejected(plan: &mut Plan, e: &ReplyRejected) -> Result<(), Refused> {
    let (call, reply) = plan
        .calls
        .last_reply
        .clone()
        .ok_or("no reply came before it")?;
    if let Some(trouble) = trouble(plan, &call) {
        trouble.rejections += 1;
        trouble.rejected = Some((reply, e.why.clone()));
    }
    Ok(())
}

pub(super) fn budget_warned(plan: &mut Plan, e: &BudgetWarned) -> Result<(), Refused> {
    plan.calls.warned.push(e.cap);
    Ok(())
}

fn take(plan: &mut Plan, id: &CallId) -> Result<InFlight, Refused> {
    plan.calls
        .in_flight
        .remove(id)
        .ok_or("no such call is under way")
}

fn trouble<'a>(plan: &'a mut Plan, call: &InFlight) -> Option<&'a mut Trouble> {
    Some(
        plan.run
            .as_mut()?
            .troubles
            .entry(call.step.label())
            .or_default(),
    )
}

/// A step without trouble is not entered: the state must not grow by what went well.
fn known_trouble<'a>(plan: &'a mut Plan, call: &InFlight) -> Option<&'a mut Trouble> {
    let troubles = &mut plan.run.as_mut()?.troubles;
    if troubles.is_empty() {
        return None;
    }
    troubles.get_mut(&call.step.label())
}
