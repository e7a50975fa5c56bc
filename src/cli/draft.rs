//! `modulatio plan draft` and `plan revise`: the Leader writes a plan, a person approves it.

use std::path::{Path, PathBuf};

use projections::{
    event::{Attachment, Caps, Mandate, StatusName},
    ids::{PlanId, ProjectCode},
    payload::Payload,
    plan::Plan,
};
use serde_json::json;

use super::{actor, args::DraftOptions, given, output, plan};
use crate::{
    command::Command,
    daemon,
    error::{Error, Result},
    vault::{PlanLog, Project, Settling, Vault},
};

/// Longest attachment, in bytes: its text stands in the Leader's prompt.
const LONGEST: u64 = 256 * 1024;

/// Most attachments.
const MOST: usize = 8;

pub(super) fn draft(
    vault: &Vault,
    code: &ProjectCode,
    objective: &str,
    options: &DraftOptions,
    json: bool,
) -> Result<()> {
    let project = vault.project(code)?;
    let id = wish(&project, objective, options, &Mandate::default())?;
    write(&project, &id, json)
}

/// Writes down a plan that the Leader is to write.
pub(super) fn wish(
    project: &Project,
    objective: &str,
    options: &DraftOptions,
    mandate: &Mandate,
) -> Result<PlanId> {
    if objective.trim().is_empty() {
        return Err(Error::Usage(
            "the objective is empty; say in a sentence or two what is to be reached".to_owned(),
        ));
    }
    let attachments = attachments(&options.attach)?;
    let caps = Caps {
        max_cost_usd: options.max_cost_usd,
        max_tokens: options.max_tokens,
        max_wall_clock_min: options.max_wall_clock_min,
    };
    let log = project.add_wish(objective, attachments, caps, mandate, &actor())?;
    Ok(log.plan().id.clone())
}

pub(super) fn revise(
    vault: &Vault,
    id: &PlanId,
    feedback: Option<&str>,
    attach: &[PathBuf],
    json: bool,
) -> Result<()> {
    let project = vault.project_of(id)?;
    let mut log = project.open_plan(id)?;
    log.reconcile(Settling::Now)?;
    match feedback.filter(|text| !text.trim().is_empty()) {
        Some(wish) => {
            let attachments = attachments(attach)?;
            let wish = wish.to_owned();
            let command = Command::RequestDraft {
                wish,
                attachments,
                mandate: Mandate::default(),
            };
            log.submit(&command, &actor())?;
        }
        None if log.plan().is_being_drafted() => {}
        None => {
            return Err(Error::Usage(format!(
                "say what is to be changed: modulatio plan revise {id} \"…\""
            )));
        }
    }
    drop(log);
    write(&project, id, json)
}

fn write(project: &Project, id: &PlanId, json: bool) -> Result<()> {
    output::tell(&format!("the Leader writes {id} …"));
    super::daemon::block_on(daemon::draft(project, id))?;
    let log = PlanLog::open(project, id)?;
    told(log.plan(), json)
}

/// What came of it.
fn told(plan: &Plan, json: bool) -> Result<()> {
    let id = &plan.id;
    if let Some(why) = plan.wishes.last().and_then(|wish| wish.failed.as_ref()) {
        return Err(Error::Failed(format!(
            "{id} could not be written: {why}\nit stays a draft; try again with modulatio plan revise {id} \"…\""
        )));
    }
    if plan.status.name().is_terminal() {
        let status = plan.status.name();
        return Err(Error::Failed(format!("{id} was {status}")));
    }
    if plan.is_being_drafted() {
        return Err(Error::Failed(format!(
            "{id} is not written yet; go on with modulatio plan revise {id}"
        )));
    }
    let file = plan::file_of(plan);
    let mut object = plan::standing(plan);
    object["file"] = json!(file);
    output::done(json, &id.to_string(), &object);
    match plan.open_tickets().next() {
        Some((ticket, _)) if plan.status.name() == StatusName::Draft => output::tell(&format!(
            "read {file}; then modulatio ticket approve {ticket}, or modulatio plan revise {id} \"what to change\""
        )),
        Some(_) | None => output::tell(&format!("{id} is {}", plan.status.name())),
    }
    Ok(())
}

fn attachments(files: &[PathBuf]) -> Result<Vec<Attachment>> {
    if files.len() > MOST {
        return Err(Error::Usage(format!(
            "at most {MOST} files can be attached, not {}",
            files.len()
        )));
    }
    let mut attachments: Vec<Attachment> = Vec::new();
    for file in files {
        let attachment = attachment(file)?;
        if attachments
            .iter()
            .any(|known| known.name == attachment.name)
        {
            return Err(Error::Usage(format!(
                "two attachments are called {}",
                attachment.name
            )));
        }
        attachments.push(attachment);
    }
    Ok(attachments)
}

fn attachment(file: &Path) -> Result<Attachment> {
    let advice =
        format!("attach at most {LONGEST}, or name its folder in project.yaml under `folders`");
    let text = given::text(file, given::read(file, LONGEST, &advice)?)?;
    let name = file.file_name().and_then(|name| name.to_str());
    let name = name.filter(|name| projections::body::is_safe_relative_path(name));
    let name = name.ok_or_else(|| {
        given::bad(
            file,
            "agents cannot be given a file of this name; rename it to letters, digits, - _ and .",
        )
    })?;
    Ok(Attachment {
        name: name.to_owned(),
        text: Payload::Text(text),
    })
}
