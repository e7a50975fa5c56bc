//! `modulatio memory list`.

use projections::{
    memory::{Entry, Store},
    work::TaskKind,
};

use super::{entry, object, one_line, place, row};
use crate::{
    cli::{
        args::{ListOptions, WhichStore},
        output,
    },
    error::{Error, Result},
    vault::{MemoryPath, Part, Project, Vault},
};

struct Listed {
    project: Project,
    file: MemoryPath,
    entry: Entry,
}

pub(super) fn run(vault: &Vault, options: &ListOptions, json: bool) -> Result<()> {
    let (projects, faults) = match &options.project {
        Some(code) => (vec![vault.project(code)?], Vec::new()),
        None => vault.projects()?,
    };
    let mut troubles = Vec::new();
    let mut found = Vec::new();
    for project in &projects {
        for store in WhichStore::of(options.store) {
            for part in parts(options) {
                gather(
                    project,
                    store,
                    part,
                    options.kind,
                    &mut found,
                    &mut troubles,
                );
            }
        }
    }
    found.sort_by(|one, other| key(one).cmp(&key(other)));
    tell(&found, projects.len() > 1, json);
    for fault in faults {
        output::tell(&format!("warning: {}: {}", fault.name, fault.why));
    }
    tell_of_none(&found, options, &projects);
    for trouble in &troubles {
        output::tell(&format!("error: {}", one_line(trouble)));
    }
    match troubles.len() {
        0 => Ok(()),
        many => Err(Error::Failed(format!(
            "{many} of the memory cannot be read; all else is listed"
        ))),
    }
}

fn parts(options: &ListOptions) -> Vec<Part> {
    match (options.proposals, options.removed) {
        (false, false) => vec![Part::Kept],
        (proposals, removed) => {
            let parts = [(proposals, Part::Proposed), (removed, Part::Removed)];
            let wanted = parts.into_iter().filter(|(wanted, _)| *wanted);
            wanted.map(|(_, part)| part).collect()
        }
    }
}

fn gather(
    project: &Project,
    store: Store,
    part: Part,
    kind: Option<TaskKind>,
    found: &mut Vec<Listed>,
    troubles: &mut Vec<String>,
) {
    let files = project.memory_files(store, part);
    let directory = project.code().directory();
    troubles.extend(
        files
            .troubles
            .iter()
            .map(|why| format!("{directory}/{why}")),
    );
    for file in files.files {
        match entry(project, &file) {
            Ok((entry, _)) => {
                if kind.is_none() || entry.kind.is_none() || entry.kind == kind {
                    found.push(Listed {
                        project: project.clone(),
                        file,
                        entry,
                    });
                }
            }
            Err(why) => troubles.push(format!("{}: {why}", place(project, &file))),
        }
    }
}

/// By project, store and part; the newest last.
fn key(listed: &Listed) -> impl Ord {
    let file = &listed.file;
    let project = listed.project.code().clone();
    (
        project,
        file.store,
        file.part,
        listed.entry.at,
        file.id.clone(),
    )
}

fn tell(found: &[Listed], several: bool, json: bool) {
    if json {
        for listed in found {
            output::print_json(&object(&listed.project, &listed.file, &listed.entry));
        }
        return;
    }
    let rows: Vec<[String; 5]> = found
        .iter()
        .map(|listed| row(&listed.project, &listed.file, &listed.entry, several))
        .collect();
    output::print(&output::table(&rows));
}

/// Nothing to see may be a matter of where one looks.
fn tell_of_none(found: &[Listed], options: &ListOptions, projects: &[Project]) {
    if !found.is_empty() || options.proposals || options.removed {
        return;
    }
    let proposed: usize = projects
        .iter()
        .map(|project| project.memory_files(Store::TeamMemory, Part::Proposed))
        .map(|files| files.files.len())
        .sum();
    if proposed > 0 && options.store != Some(WhichStore::QcHistory) {
        output::tell(&format!(
            "nothing is remembered yet; {proposed} note(s) are proposed: `modulatio memory list --proposals`"
        ));
    }
}
