//! `modulatio plan …`: an operator's word on plans.

use std::path::Path;

use projections::{
    event::{Event, StatusName},
    files,
    ids::{CallId, PlanId, ProjectCode},
    plan::Plan,
};
use serde_json::{Value, json};

use super::{
    actor,
    args::{Args, BudgetEdit, PlanCommand, Word},
    artifacts, cancel, draft, follow, output, rehearse, show,
};
use crate::{
    clock,
    command::Command,
    decide::Refusal,
    error::{Error, Result},
    vault::{PlanLog, Reconciled, Settling, Vault},
};

pub(super) fn run(vault: &Vault, command: &PlanCommand, args: &Args) -> Result<()> {
    let json = args.json;
    match command {
        PlanCommand::Add { project, file } => add(vault, project, file, json),
        PlanCommand::Draft {
            project,
            objective,
            options,
        } => draft::draft(vault, project, objective, options, json),
        PlanCommand::Revise {
            plan,
            feedback,
            attach,
        } => draft::revise(vault, plan, feedback.as_deref(), attach, json),
        PlanCommand::List { project } => show::list(vault, project.as_ref(), json),
        PlanCommand::Show { plan, follow: true } => follow::run(vault, plan, json),
        PlanCommand::Show { plan, .. } => show::one(vault, plan, json),
        PlanCommand::Artifacts(options) => artifacts::run(vault, options, json),
        PlanCommand::Approve(word) => say(vault, word, json, |note| Command::Approve { note }),
        PlanCommand::Decline(word) => {
            say(vault, word, json, |note| Command::Decline { note })?;
            cancel::settle_orphans(vault, &word.plan)
        }
        PlanCommand::Pause(word) => say(vault, word, json, |note| Command::Pause { note }),
        PlanCommand::Resume(word) => resume(vault, word, json),
        PlanCommand::Cancel(options) => cancel::run(vault, options, json),
        PlanCommand::EditBudget(edit) => edit_budget(vault, edit, json),
        PlanCommand::Release { plan, call, note } => {
            release(vault, plan, call.as_ref(), note, json)
        }
        PlanCommand::Rehearse(options) => rehearse::run(vault, options, args),
    }
}

fn add(vault: &Vault, project: &ProjectCode, file: &Path, json: bool) -> Result<()> {
    let (log, not_taken) = vault.project(project)?.add_plan(file, &actor())?;
    let plan = log.plan();
    let mut object = standing(plan);
    object["file"] = json!(file_of(plan));
    object["fault"] = json!(plan.items.as_ref().err().map(ToString::to_string));
    object["no_caps"] = json!(looks_like_a_cap(plan).collect::<Vec<_>>());
    object["not_taken"] = json!(not_taken);
    output::done(json, &plan.id.to_string(), &object);
    if let Err(fault) = &plan.items {
        output::tell(&format!(
            "warning: the plan cannot be run as it stands: {fault}"
        ));
    }
    for key in looks_like_a_cap(plan) {
        output::tell(&format!(
            "warning: {key} is no cap and limits nothing; the caps are max_cost_usd, max_tokens, max_wall_clock_min"
        ));
    }
    if !not_taken.is_empty() {
        output::tell(&format!(
            "note: the engine writes {} itself; the file's were not taken over",
            not_taken.join(", ")
        ));
    }
    output::tell(&format!(
        "a draft; to let it run: modulatio plan approve {}",
        plan.id
    ));
    Ok(())
}

/// Keys of the operator's own that were probably meant to limit what the plan may spend.
fn looks_like_a_cap(plan: &Plan) -> impl Iterator<Item = &str> {
    let own = plan.head.0.iter().filter(|entry| entry.own.is_some());
    own.map(|entry| entry.key.as_str())
        .filter(|key| key.to_lowercase().starts_with("max"))
}

pub(super) fn resume(vault: &Vault, word: &Word, json: bool) -> Result<()> {
    say(vault, word, json, |note| Command::Resume { note })
}

/// Takes in what the operator wrote into the plan's file, then what they say here.
fn say(vault: &Vault, word: &Word, json: bool, command: impl Fn(String) -> Command) -> Result<()> {
    let id = &word.plan;
    let mut log = open(vault, id)?;
    let events = log.submit(&command(word.note.clone()), &actor())?;
    asked_again(&events)?;
    let text = format!("{id} {}", log.plan().status.name());
    output::done(json, &text, &standing(log.plan()));
    for (ticket, _) in log.plan().open_tickets() {
        output::tell(&format!("open: tickets/{ticket}.md"));
    }
    Ok(())
}

/// Where a plan stands after a word on it, in JSON.
pub(super) fn standing(plan: &Plan) -> Value {
    let open: Vec<_> = plan.open_tickets().map(|(id, _)| id).collect();
    json!({"plan": plan.id, "status": plan.status.name(), "open_tickets": open})
}

/// A plan's file, from the vault's directory.
pub(super) fn file_of(plan: &Plan) -> String {
    let (dir, file) = (plan.project.directory(), files::plan_path(&plan.id));
    format!("{dir}/{file}")
}

/// Whether what was answered asks again, since the plan's text has changed.
pub(super) fn asked_again(events: &[Event]) -> Result<()> {
    let withdrawn = events.iter().find_map(|event| match event {
        Event::TicketWithdrawn(e) => Some(e),
        _ => None,
    });
    let opened = events.iter().find_map(|event| match event {
        Event::TicketOpened(e) => Some(&e.ticket),
        _ => None,
    });
    match (withdrawn, opened) {
        (Some(old), Some(new)) => Err(Error::AskedAgain(format!(
            "{} was not answered: {}; look at {} and answer {new}",
            old.ticket,
            old.why,
            files::ticket_path(new)
        ))),
        (Some(_) | None, _) => Ok(()),
    }
}

pub(super) fn open(vault: &Vault, id: &PlanId) -> Result<PlanLog> {
    let mut log = vault.project_of(id)?.open_plan(id)?;
    log.reconcile_tickets(Settling::Now)?;
    if let Reconciled::Rejected { why, kept_as } = log.reconcile(Settling::Now)? {
        let kept = kept_as.map_or_else(String::new, |name| format!(" (kept as {name})"));
        output::tell(&format!(
            "warning: the plan's file had been edited and the edit was refused{kept}: {why}"
        ));
    }
    Ok(log)
}

fn edit_budget(vault: &Vault, edit: &BudgetEdit, json: bool) -> Result<()> {
    let command = Command::EditBudget {
        tokens: edit.caps.tokens.unwrap_or_default(),
        cost: edit.caps.cost.unwrap_or_default(),
        minutes: edit.caps.minutes.unwrap_or_default(),
    };
    let mut log = open(vault, &edit.plan)?;
    let changed = match log.submit(&command, &actor()) {
        Ok(_) => true,
        Err(Error::Refused {
            refusal: Refusal::Moot,
            ..
        }) => false,
        Err(error) => return Err(error),
    };
    if !changed {
        output::tell("the caps were that already");
    }
    let mut object = standing(log.plan());
    object["caps"] = json!(log.plan().caps);
    object["changed"] = json!(changed);
    let text = format!("{} {}", edit.plan, show::caps(log.plan()));
    output::done(json, &text, &object);
    if log.plan().status.name() == StatusName::Paused {
        output::tell(&format!(
            "still paused; to let it go on: modulatio plan approve {}",
            edit.plan
        ));
    }
    Ok(())
}

/// The plan's books first; the day's account of the same calls follows, also of those that were released before and
/// whose day was not told.
fn release(
    vault: &Vault,
    id: &PlanId,
    call: Option<&CallId>,
    note: &str,
    json: bool,
) -> Result<()> {
    let command = Command::ReleaseReservations {
        call: call.cloned(),
        note: note.to_owned(),
    };
    let mut log = open(vault, id)?;
    let released = log.submit(&command, &actor());
    for event in released.iter().flatten() {
        if let Event::ReservationReleased(e) = event {
            let object = json!({"plan": id, "released": e.call_id});
            output::done(json, &format!("{id} released {}", e.call_id), &object);
        }
    }
    log.project().balance_ended(id, clock::now(), &actor())?;
    released.map(drop)
}
