//! What can be named in a vault, for hints and for a shell's completion. Directories are listed and, for who wants to
//! see more, the heads of files read: no journal is, however many plans there are. Nothing is written, and what cannot be
//! read is not there.

use std::{
    ffi::{OsStr, OsString},
    path::{Path, PathBuf},
};

use projections::{
    ids::{PlanId, TicketId},
    memory::Store,
};

use crate::vault::{MemoryPath, Part, Project, Vault};

/// A plan and the file that says more of it.
pub(super) struct KnownPlan {
    pub(super) id: PlanId,
    pub(super) file: PathBuf,
    pub(super) is_archived: bool,
}

/// A ticket and its file.
pub(super) struct KnownTicket {
    pub(super) id: TicketId,
    pub(super) file: PathBuf,
}

/// The vault that a command line names, or that it would be run in.
pub(super) fn vault_of_line(words: &[OsString]) -> Option<Vault> {
    let named = words.iter().enumerate().find_map(|(at, word)| {
        let rest = word.to_str()?.strip_prefix("--vault")?;
        // Bash divides a line at `=` too.
        let next = words[at + 1..].iter().find(|word| *word != "=");
        match rest {
            "" => next.cloned(),
            rest => rest.strip_prefix('=').map(OsString::from),
        }
    });
    let named = named.or_else(|| std::env::var_os("MODULATIO_VAULT"));
    match named.filter(|dir| !dir.is_empty()) {
        Some(dir) => Vault::open(&home(&dir)).ok(),
        None => Vault::find(&std::env::current_dir().ok()?).ok(),
    }
}

/// A shell that completes a line has not yet put the home directory in the place of `~`.
fn home(dir: &OsStr) -> PathBuf {
    let below = Path::new(dir).strip_prefix("~").ok();
    match (below, std::env::home_dir()) {
        (Some(below), Some(home)) => home.join(below),
        _ => PathBuf::from(dir),
    }
}

/// All projects that can be used.
pub(super) fn projects(vault: &Vault) -> Vec<Project> {
    vault
        .projects()
        .map(|(projects, _)| projects)
        .unwrap_or_default()
}

/// All plans, archived ones too.
pub(super) fn plans(vault: &Vault) -> Vec<KnownPlan> {
    let mut found = Vec::new();
    for project in projects(vault) {
        let here = project.plan_ids().unwrap_or_default();
        found.extend(here.into_iter().map(|id| KnownPlan {
            file: project.plan_path(&id),
            is_archived: false,
            id,
        }));
        for id in project.archived_ids().unwrap_or_default() {
            if let Ok(archive) = vault.reader_of(&id) {
                found.push(KnownPlan {
                    file: archive.plan_path(&id),
                    is_archived: true,
                    id,
                });
            }
        }
    }
    found
}

/// All tickets that lie in their place.
pub(super) fn tickets(vault: &Vault) -> Vec<KnownTicket> {
    let mut found = Vec::new();
    for project in projects(vault) {
        let entries = std::fs::read_dir(project.dir().join("tickets"));
        for entry in entries.into_iter().flatten().flatten() {
            let name = entry.file_name();
            let id = name.to_str().and_then(|name| name.strip_suffix(".md"));
            let id = id.and_then(|id| id.parse::<TicketId>().ok());
            found.extend(id.map(|id| KnownTicket {
                id,
                file: entry.path(),
            }));
        }
    }
    found.sort_by(|one, other| one.id.cmp(&other.id));
    found
}

/// The files of these parts of the memory.
pub(super) fn memory(projects: &[Project], parts: &[Part]) -> Vec<(Project, MemoryPath)> {
    let mut found = Vec::new();
    for project in projects {
        for store in Store::ALL {
            for part in parts {
                let files = project.memory_files(store, *part).files;
                found.extend(files.into_iter().map(|file| (project.clone(), file)));
            }
        }
    }
    found
}

/// Where a ticket lies that went into the archive with its plan, from the vault's directory.
pub(super) fn archived_ticket(vault: &Vault, id: &TicketId) -> Option<String> {
    let project = vault.project(id.project()).ok()?;
    let file = PathBuf::from(projections::files::ticket_path(id));
    let plans = project.archived_ids().ok()?.into_iter();
    let mut dirs = plans.map(|plan| project.archive_name(&plan));
    let dir = dirs.find(|dir| vault.root().join(dir).join(&file).exists())?;
    Some(dir.join(file).display().to_string())
}
