//! `modulatio memory …`: what the team remembers, as an operator looks at it and changes it.

mod add;
mod change;
mod list;
mod names;
mod reindex;
mod search;
mod show;

use projections::{ids::ProjectCode, memory::Entry};
use serde_json::{Value, json};

use super::args::MemoryCommand;
use crate::{
    error::Result,
    vault::{MemoryPath, Part, Project, Vault, proposed_note},
};

pub(super) fn run(vault: &Vault, command: &MemoryCommand, json: bool) -> Result<()> {
    match command {
        MemoryCommand::List(options) => list::run(vault, options, json),
        MemoryCommand::Show { entry, project } => show::run(vault, entry, project.as_ref(), json),
        MemoryCommand::Search(options) => search::run(vault, options, json),
        MemoryCommand::Add(options) => add::run(vault, options, json),
        MemoryCommand::Remove {
            entries,
            project,
            note,
        } => change::remove(vault, entries, project.as_ref(), note, json),
        MemoryCommand::Promote { entries, project } => {
            change::promote(vault, entries, project.as_ref(), json)
        }
        MemoryCommand::Reindex(options) => reindex::run(vault, options, json),
    }
}

/// The project that was named, or all of them.
fn projects(vault: &Vault, only: Option<&ProjectCode>) -> Result<Vec<Project>> {
    match only {
        Some(code) => Ok(vec![vault.project(code)?]),
        None => Ok(vault.projects()?.0),
    }
}

/// What a file says of itself, and its bytes.
///
/// # Errors
/// For people: why it cannot be read.
fn entry(project: &Project, file: &MemoryPath) -> std::result::Result<(Entry, Vec<u8>), String> {
    let bytes = project.memory_bytes(file)?;
    let text = String::from_utf8_lossy(&bytes);
    let entry = match file.is_json {
        true => {
            let (note, at) = proposed_note(file.stem(), &text)?;
            let text = note.render(at.unwrap_or_default(), None);
            Entry {
                at,
                ..Entry::read(file.store, &file.id, &text)
            }
        }
        false => Entry::read(file.store, &file.id, &text),
    };
    Ok((entry, bytes))
}

/// An entry for scripts.
fn object(project: &Project, file: &MemoryPath, entry: &Entry) -> Value {
    let part = match file.part {
        Part::Kept => "kept",
        Part::Proposed => "proposed",
        Part::Removed => "removed",
    };
    json!({
        "project": project.code(),
        "id": file.to_string(),
        "file": place(project, file),
        "store": file.store,
        "part": part,
        "artifact_kind": entry.kind,
        "label": entry.label,
        "agent": entry.agent,
        "passed": entry.passed,
        "timestamp": entry.at.map(|at| at.guide_form()),
        "title": entry.title,
    })
}

/// The file, from the vault's directory.
fn place(project: &Project, file: &MemoryPath) -> String {
    format!("{}/{}", project.code().directory(), file.below())
}

/// On one line: agents write what they like, and a terminal must not obey it.
fn one_line(text: &str) -> String {
    let shown = |c: char| if c.is_control() { ' ' } else { c };
    text.chars().map(shown).collect()
}

/// An entry for people: id, day, label, agent, title; of several projects, the id says which one's it is.
fn row(project: &Project, file: &MemoryPath, entry: &Entry, several: bool) -> [String; 5] {
    let or_none = |text: &str| match text {
        "" => "-".to_owned(),
        text => one_line(text),
    };
    let id = match several {
        true => format!("{}/{file}", project.code().directory()),
        false => file.to_string(),
    };
    let day = entry.at.map(|at| at.to_string().chars().take(10).collect());
    [
        one_line(&id),
        day.unwrap_or_else(|| "-".to_owned()),
        or_none(&entry.label),
        or_none(entry.agent.as_deref().unwrap_or_default()),
        or_none(&entry.title),
    ]
}
