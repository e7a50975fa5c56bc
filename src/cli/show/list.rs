//! The list of plans, a line each.

use projections::{
    ids::{PlanId, ProjectCode},
    plan::Plan,
};
use serde_json::{Value, json};

use super::{in_advance, title};
use crate::{
    cli::output,
    error::{Error, Result},
    vault::{
        Project, Vault,
        replay::{self, Until},
    },
};

/// One plan as a list shows it.
enum Line {
    Whole(Box<Plan>),
    Damaged(PlanId, String),
    Unread(PlanId, String),
}

pub(in crate::cli) fn list(vault: &Vault, only: Option<&ProjectCode>, json: bool) -> Result<()> {
    let (projects, faults) = match only {
        Some(code) => (vec![vault.project(code)?], Vec::new()),
        None => vault.projects()?,
    };
    for project in &projects {
        for id in project.plan_ids()? {
            let line = look(project, &id);
            if json {
                output::print_json(&line_json(&line))
            } else {
                output::print(&line_text(&line))
            }
        }
    }
    for fault in faults {
        output::tell(&format!("warning: {}: {}", fault.name, fault.why));
    }
    Ok(())
}

fn look(project: &Project, id: &PlanId) -> Line {
    match replay::read(project, id, Until::Tail, &mut |_, _, _| ()) {
        Ok(reading) => match (reading.fault, reading.plan) {
            (Some(fault), _) => Line::Damaged(id.clone(), fault.told()),
            (None, Some(plan)) => Line::Whole(Box::new(plan)),
            (None, None) => Line::Damaged(id.clone(), "its journal is empty".to_owned()),
        },
        Err(Error::Journal(journal::Error::Missing { .. })) if project.is_archived(id) => {
            let dir = project.archive_name(id);
            let why = format!(
                "{id} is archived in {}: give this file another name",
                dir.display()
            );
            Line::Unread(id.clone(), why)
        }
        Err(Error::Journal(journal::Error::Missing { .. })) => Line::Unread(
            id.clone(),
            "not taken in yet: it has a file and no journal".to_owned(),
        ),
        Err(error) => Line::Damaged(id.clone(), error.told()),
    }
}

fn line_text(line: &Line) -> String {
    match line {
        Line::Whole(plan) => {
            let progress = format!("{}/{}", plan.current_index, plan.item_count());
            let in_advance = in_advance(plan);
            let note = in_advance.map_or_else(String::new, |who| {
                format!("(approved in advance, {who}; the Leader is to write it)")
            });
            let line = format!(
                "{:<14} {:<10} {progress:>6}  {}  {note}",
                plan.id.to_string(),
                plan.status.name(),
                title(plan)
            );
            line.trim_end().to_owned()
        }
        Line::Damaged(id, why) => {
            format!("{:<14} {:<10} {:>6}  {why}", id.to_string(), "damaged", "")
        }
        Line::Unread(id, why) => format!("{:<14} {:<10} {:>6}  {why}", id.to_string(), "-", ""),
    }
}

fn line_json(line: &Line) -> Value {
    match line {
        Line::Whole(plan) => json!({
            "id": plan.id, "project": plan.project, "status": plan.status.name(), "title": title(plan),
            "current_index": plan.current_index, "sub_objectives": plan.item_count(),
            "approved_in_advance": in_advance(plan),
        }),
        Line::Damaged(id, why) => {
            json!({"id": id, "project": id.project(), "status": "damaged", "why": why})
        }
        Line::Unread(id, why) => {
            json!({"id": id, "project": id.project(), "status": null, "why": why})
        }
    }
}
