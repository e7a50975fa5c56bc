//! `modulatio project …`.

mod clean;
mod runs;
mod show;

use serde_json::json;

use super::{args::ProjectCommand, output, plan, ticket};
use crate::{
    error::Result,
    vault::{Project, Vault},
};

pub(super) fn run(vault: &Vault, command: &ProjectCommand, json: bool) -> Result<()> {
    match command {
        ProjectCommand::Add { code, objective } => {
            let project = vault.add_project(code, objective)?;
            let code = project.code();
            let directory = code.directory();
            let object = json!({"project": code, "directory": directory, "objective": objective});
            output::done(json, &code.to_string(), &object);
            Ok(())
        }
        ProjectCommand::List => list(vault, json),
        ProjectCommand::Resume(word) => plan::resume(vault, word, json),
        ProjectCommand::Show { code } => show::run(vault, code, json),
        ProjectCommand::Runs { code, archived } => runs::run(vault, code.as_ref(), *archived, json),
        ProjectCommand::Tickets { code, all } => ticket::list(vault, Some(code), *all, json),
        ProjectCommand::Clean(options) => clean::run(vault, options, json),
    }
}

fn list(vault: &Vault, json: bool) -> Result<()> {
    let (projects, faults) = vault.projects()?;
    for project in &projects {
        let plans = project.plan_ids().map_or(0, |ids| ids.len());
        let objective = objective(project);
        if json {
            output::print_json(
                &json!({"code": project.code(), "plans": plans, "objective": objective}),
            );
        } else {
            output::print(&format!(
                "{:<12} {plans:>5} plan(s)  {objective}",
                project.code().to_string()
            ));
        }
    }
    for fault in &faults {
        output::tell(&format!("warning: {}: {}", fault.name, fault.why));
    }
    Ok(())
}

fn objective(project: &Project) -> String {
    let config = crate::config::load_project(project.vault().root(), &project.code().directory());
    match config {
        Ok(Some(config)) => config.objective,
        Ok(None) => "(no project.yaml)".to_owned(),
        Err(error) => format!("({error})"),
    }
}
