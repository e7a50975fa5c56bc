//! `modulatio plan …`: an operator's word on plans.

use std::path::Path;

use projections::ids::{PlanId, ProjectCode};

use super::{
    actor,
    args::{PlanCommand, Word},
    output, show,
};
use crate::{
    command::Command,
    decide::Refusal,
    error::{Error, Result},
    vault::{Actor, PlanLog, Reconciled, Settling, Vault},
};

pub(super) fn run(vault: &Vault, command: &PlanCommand, json: bool) -> Result<()> {
    match command {
        PlanCommand::Add { project, file } => add(vault, project, file),
        PlanCommand::List { project } => show::list(vault, project.as_ref(), json),
        PlanCommand::Show { plan } => show::one(vault, plan, json),
        PlanCommand::Approve(word) => say(vault, word, |note| Command::Approve { note }),
        PlanCommand::Decline(word) => say(vault, word, |note| Command::Decline { note }),
        PlanCommand::Pause(word) => say(vault, word, |note| Command::Pause { note }),
        PlanCommand::Cancel(word) => cancel(vault, word),
    }
}

fn add(vault: &Vault, project: &ProjectCode, file: &Path) -> Result<()> {
    let (log, not_taken) = vault.project(project)?.add_plan(file, &actor())?;
    let plan = log.plan();
    output::print(&plan.id.to_string());
    if let Err(fault) = &plan.items {
        output::tell(&format!(
            "warning: the plan cannot be run as it stands: {fault}"
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

fn say(vault: &Vault, word: &Word, command: impl Fn(String) -> Command) -> Result<()> {
    submit(vault, &word.plan, &command(word.note.clone()), &actor())
}

/// Takes in what the operator wrote into the plan's file, then what they say here.
pub(super) fn submit(vault: &Vault, id: &PlanId, command: &Command, actor: &Actor) -> Result<()> {
    let mut log = open(vault, id)?;
    log.submit(command, actor)?;
    output::print(&format!("{id} {}", log.plan().status.name()));
    for (ticket, _) in log.plan().open_tickets() {
        output::tell(&format!("open: tickets/{ticket}.md"));
    }
    Ok(())
}

fn open(vault: &Vault, id: &PlanId) -> Result<PlanLog> {
    let mut log = vault.project_of(id)?.open_plan(id)?;
    if let Reconciled::Rejected { why, kept_as } = log.reconcile(Settling::Now)? {
        let kept = kept_as.map_or_else(String::new, |name| format!(" (kept as {name})"));
        output::tell(&format!(
            "warning: the plan's file had been edited and the edit was refused{kept}: {why}"
        ));
    }
    Ok(log)
}

/// A cancelled plan's cut calls have nobody left to settle them, unless its runner still lives.
fn cancel(vault: &Vault, word: &Word) -> Result<()> {
    submit(
        vault,
        &word.plan,
        &Command::Cancel {
            note: word.note.clone(),
        },
        &actor(),
    )?;
    let project = vault.project_of(&word.plan)?;
    if let Some(_lease) = PlanLog::lease(&project, &word.plan)? {
        let mut log = project.open_plan(&word.plan)?;
        match log.submit(&Command::SettleOrphans, &actor()) {
            // Nothing to settle, or settled by somebody else since: the plan is cancelled all the same.
            Ok(_)
            | Err(Error::Refused {
                refusal: Refusal::Moot,
                ..
            }) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
