//! `modulatio plan …`: an operator's word on plans.

use std::path::Path;

use projections::{
    event::{Event, StatusName},
    files,
    ids::{CallId, PlanId, ProjectCode},
    plan::Plan,
};

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
    vault::{Actor, PlanLog, Reconciled, Settling, Vault},
};

pub(super) fn run(vault: &Vault, command: &PlanCommand, args: &Args) -> Result<()> {
    let json = args.json;
    match command {
        PlanCommand::Add { project, file } => add(vault, project, file),
        PlanCommand::Draft {
            project,
            objective,
            options,
        } => draft::draft(vault, project, objective, options),
        PlanCommand::Revise {
            plan,
            feedback,
            attach,
        } => draft::revise(vault, plan, feedback.as_deref(), attach),
        PlanCommand::List { project } => show::list(vault, project.as_ref(), json),
        PlanCommand::Show { plan, follow: true } => follow::run(vault, plan, json),
        PlanCommand::Show { plan, .. } => show::one(vault, plan, json),
        PlanCommand::Artifacts(options) => artifacts::run(vault, options, json),
        PlanCommand::Approve(word) => say(vault, word, |note| Command::Approve { note }),
        PlanCommand::Decline(word) => {
            say(vault, word, |note| Command::Decline { note })?;
            cancel::settle_orphans(vault, &word.plan)
        }
        PlanCommand::Pause(word) => say(vault, word, |note| Command::Pause { note }),
        PlanCommand::Resume(word) => resume(vault, word),
        PlanCommand::Cancel(options) => cancel::run(vault, options),
        PlanCommand::EditBudget(edit) => edit_budget(vault, edit),
        PlanCommand::Release { plan, call, note } => release(vault, plan, call.as_ref(), note),
        PlanCommand::Rehearse(options) => rehearse::run(vault, options, args),
    }
}

fn add(vault: &Vault, project: &ProjectCode, file: &Path) -> Result<()> {
    let (log, not_taken) = vault.project(project)?.add_plan(file, &actor())?;
    let plan = log.plan();
    output::report(&plan.id.to_string());
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

pub(super) fn resume(vault: &Vault, word: &Word) -> Result<()> {
    say(vault, word, |note| Command::Resume { note })
}

fn say(vault: &Vault, word: &Word, command: impl Fn(String) -> Command) -> Result<()> {
    submit(vault, &word.plan, &command(word.note.clone()), &actor())
}

/// Takes in what the operator wrote into the plan's file, then what they say here.
pub(super) fn submit(vault: &Vault, id: &PlanId, command: &Command, actor: &Actor) -> Result<()> {
    let mut log = open(vault, id)?;
    let events = log.submit(command, actor)?;
    asked_again(&events)?;
    output::report(&format!("{id} {}", log.plan().status.name()));
    for (ticket, _) in log.plan().open_tickets() {
        output::tell(&format!("open: tickets/{ticket}.md"));
    }
    Ok(())
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

fn edit_budget(vault: &Vault, edit: &BudgetEdit) -> Result<()> {
    let command = Command::EditBudget {
        tokens: edit.caps.tokens.unwrap_or_default(),
        cost: edit.caps.cost.unwrap_or_default(),
        minutes: edit.caps.minutes.unwrap_or_default(),
    };
    let mut log = open(vault, &edit.plan)?;
    match log.submit(&command, &actor()) {
        Ok(_) => {}
        Err(Error::Refused {
            refusal: Refusal::Moot,
            ..
        }) => output::tell("the caps were that already"),
        Err(error) => return Err(error),
    }
    output::report(&format!("{} {}", edit.plan, show::caps(log.plan())));
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
fn release(vault: &Vault, id: &PlanId, call: Option<&CallId>, note: &str) -> Result<()> {
    let command = Command::ReleaseReservations {
        call: call.cloned(),
        note: note.to_owned(),
    };
    let mut log = open(vault, id)?;
    let released = log.submit(&command, &actor());
    for event in released.iter().flatten() {
        if let Event::ReservationReleased(e) = event {
            output::report(&format!("{id} released {}", e.call_id));
        }
    }
    log.project().balance_ended(id, clock::now(), &actor())?;
    released.map(drop)
}
