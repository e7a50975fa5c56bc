//! `modulatio plan cancel`: the plan ends for good. What is under way is awaited and booked, or cut.

use std::time::{Duration, Instant};

use projections::{
    ids::{CallId, PlanId},
    plan::Plan,
};
use serde_json::json;

use super::{actor, args::CancelOptions, output, plan};
use crate::{
    command::Command,
    decide::Refusal,
    error::{Error, Result},
    vault::{PlanLog, Vault},
};

/// Longest that a runner is waited for that was told to cut what is under way: it looks four times a second, and
/// gives tools a second to end.
const PATIENCE: Duration = Duration::from_secs(5);

/// Between two looks.
const EVERY: Duration = Duration::from_millis(25);

pub(super) fn run(vault: &Vault, options: &CancelOptions, json: bool) -> Result<()> {
    let (id, cut) = (&options.word.plan, options.force);
    let mut log = plan::open(vault, id)?;
    let note = options.word.note.clone();
    match log.submit(&Command::Cancel { note, cut }, &actor()) {
        // It is being cut already, and its runner has not let go yet.
        Ok(_)
        | Err(Error::Refused {
            refusal: Refusal::Moot,
            ..
        }) => {}
        Err(error) => return Err(error),
    }
    let under_way: Vec<&CallId> = log.plan().calls.in_flight.keys().collect();
    let mut object = plan::standing(log.plan());
    object["under_way"] = json!(under_way);
    let text = format!("{id} {}", log.plan().status.name());
    output::done(json, &text, &object);
    if cut {
        await_cut(&mut log)
    } else {
        tell_of_calls(&mut log)
    }
}

/// What is under way is cut by its runner; if that is gone, nobody but us is left to settle it.
fn await_cut(log: &mut PlanLog) -> Result<()> {
    let flying: Vec<CallId> = log.plan().calls.in_flight.keys().cloned().collect();
    let since = Instant::now();
    let mut at = None;
    while !settle_if_alone(log)? {
        at = holder(log)?.or(at);
        if since.elapsed() > PATIENCE {
            let at = at.unwrap_or_else(|| "its runner".to_owned());
            return Err(Error::Daemon(format!(
                "{} is cancelled, but {at} has not let go of it yet; it cuts what is under way as soon as it looks at the journal",
                log.plan().id
            )));
        }
        std::thread::sleep(EVERY);
    }
    log.refresh()?;
    tell_of_cut(log.plan(), &flying, at.as_deref());
    Ok(())
}

fn tell_of_cut(plan: &Plan, flying: &[CallId], at: Option<&str>) {
    let (id, place) = (
        &plan.id,
        at.map_or_else(String::new, |at| format!(" at {at}")),
    );
    let cut = flying
        .iter()
        .filter(|call| plan.calls.in_doubt.contains_key(*call))
        .count();
    match (cut, at) {
        (0, None) => {}
        (0, Some(at)) => output::tell(&format!("{at} has let go of it; no call had to be cut")),
        (1, _) => output::tell(&format!(
            "1 call under way was cut{place}; what it may have cost stays booked (modulatio plan release {id})"
        )),
        (count, _) => output::tell(&format!(
            "{count} calls under way were cut{place}; what they may have cost stays booked (modulatio plan release {id})"
        )),
    }
}

/// A call under way is awaited by its runner: who cancelled is told where, and how not to wait.
fn tell_of_calls(log: &mut PlanLog) -> Result<()> {
    if settle_if_alone(log)? {
        return Ok(());
    }
    log.refresh()?;
    let (plan, at) = (log.plan(), holder(log)?);
    let at = at.unwrap_or_else(|| "its runner".to_owned());
    for (call, flying) in &plan.calls.in_flight {
        output::tell(&format!(
            "call {call} to {} is still under way at {at}; its answer is awaited and booked",
            flying.model
        ));
    }
    if !plan.calls.in_flight.is_empty() {
        output::tell(&format!(
            "to cut it instead: modulatio plan cancel {} --force",
            plan.id
        ));
    }
    Ok(())
}

/// Who holds its lease, if they have said so.
fn holder(log: &PlanLog) -> Result<Option<String>> {
    let note = PlanLog::leased(log.project(), &log.plan().id)?;
    Ok(note.map(|note| note.holder).filter(|name| !name.is_empty()))
}

/// Settles the calls of a plan that has ended, as far as its runner is not alive to do it.
pub(super) fn settle_orphans(vault: &Vault, id: &PlanId) -> Result<()> {
    let project = vault.project_of(id)?;
    settle_if_alone(&mut project.open_plan(id)?).map(drop)
}

/// Says whether nobody else has the plan.
fn settle_if_alone(log: &mut PlanLog) -> Result<bool> {
    let Some(_lease) = PlanLog::lease(log.project(), &log.plan().id)? else {
        return Ok(false);
    };
    match log.submit(&Command::SettleOrphans, &actor()) {
        // Nothing to settle, or settled by somebody else since.
        Ok(_)
        | Err(Error::Refused {
            refusal: Refusal::Moot,
            ..
        }) => Ok(true),
        Err(error) => Err(error),
    }
}
