//! What can be named in a vault, for hints. Directories are listed and no journal is read, however many plans there are.
//! Nothing is written, and what cannot be read is not there.

use std::{
    ffi::{OsStr, OsString},
    path::{Path, PathBuf},
};

use projections::ids::{PlanId, TicketId};

use crate::vault::{Project, Vault};

/// The vault that a command line names, or that it would be run in.
pub(super) fn vault_of_line(words: &[OsString]) -> Option<Vault> {
    let named = words.iter().enumerate().find_map(|(at, word)| {
        let word = word.to_str()?;
        match word.strip_prefix("--vault") {
            Some("") => words.get(at + 1).cloned(),
            Some(rest) => rest.strip_prefix('=').map(OsString::from),
            None => None,
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
pub(super) fn plans(vault: &Vault) -> Vec<PlanId> {
    let mut found = Vec::new();
    for project in projects(vault) {
        found.extend(project.plan_ids().unwrap_or_default());
        found.extend(project.archived_ids().unwrap_or_default());
    }
    found
}

/// All tickets that lie in their place.
pub(super) fn tickets(vault: &Vault) -> Vec<TicketId> {
    let mut found = Vec::new();
    for project in projects(vault) {
        let entries = std::fs::read_dir(project.dir().join("tickets"));
        for entry in entries.into_iter().flatten().flatten() {
            let name = entry.file_name();
            let id = name.to_str().and_then(|name| name.strip_suffix(".md"));
            found.extend(id.and_then(|id| id.parse::<TicketId>().ok()));
        }
    }
    found.sort();
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
