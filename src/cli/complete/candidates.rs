//! What there is to be offered, from the names in the vault's directories and the heads of its files.

use std::{fs::File, io::Read, path::Path};

use clap_complete::engine::CompletionCandidate;
use projections::{
    document,
    event::StatusName,
    files,
    ids::{PlanId, ProjectCode},
    memory::Entry,
    schedule::Standing,
};

use super::{rules::Subject, words};
use crate::{
    cli::known,
    config,
    prompts::Template,
    vault::{Part, Vault, schedule},
};

/// So much of a file is read for its status and title.
const HEAD: u64 = 16 * 1024;

/// Longest help beside a candidate, in characters.
const LONGEST: usize = 60;

/// Most names of artifacts.
const MOST: usize = 500;

/// The candidates that begin like what is typed, in whichever case.
pub(super) fn of(subject: &Subject, typed: &str) -> Vec<CompletionCandidate> {
    let typed = typed.to_lowercase();
    let begins = |name: &str| name.to_lowercase().starts_with(&typed);
    if let Subject::Prompt = subject {
        let names = Template::ALL.map(Template::name).into_iter();
        return names
            .filter(|name| begins(name))
            .map(|n| offer(n, ""))
            .collect();
    }
    let Some(vault) = known::vault_of_line(&words()) else {
        return Vec::new();
    };
    match subject {
        Subject::Plan { wanted, archived } => plans(&vault, *wanted, *archived, &begins),
        Subject::Ticket { open } => tickets(&vault, *open, &begins),
        Subject::Project => projects(&vault, &begins),
        Subject::Job { wanted } => jobs(&vault, *wanted, &begins),
        Subject::Model => models(&vault, &begins),
        Subject::Artifact => artifacts(&vault, &begins),
        Subject::Memory { parts } => memory(&vault, parts, &begins),
        Subject::Prompt => Vec::new(),
    }
}

fn offer(name: &str, help: &str) -> CompletionCandidate {
    let help: String = help
        .chars()
        .filter(|c| !c.is_control())
        .take(LONGEST)
        .collect();
    let help = help.trim();
    let candidate = CompletionCandidate::new(name);
    match help {
        "" => candidate,
        help => candidate.help(Some(help.to_owned().into())),
    }
}

fn plans(
    vault: &Vault,
    wanted: fn(StatusName) -> bool,
    archived: bool,
    begins: &dyn Fn(&str) -> bool,
) -> Vec<CompletionCandidate> {
    let known = known::plans(vault).into_iter();
    let known = known.filter(|plan| archived || !plan.is_archived);
    let known = known.filter(|plan| begins(&plan.id.to_string()));
    known
        .filter_map(|plan| {
            let head = head(&plan.file);
            let stated = document::stated(&head, "status").unwrap_or_default();
            // One whose file cannot be read is still a plan; whether it can be approved, nobody knows.
            let fits = StatusName::parse(stated).map_or_else(|| is_any(wanted), wanted);
            let mark = if plan.is_archived { " (archived)" } else { "" };
            let help = format!("{stated}{mark}  {}", title(&head));
            fits.then(|| offer(&plan.id.to_string(), &help))
        })
        .collect()
}

/// Whether plans are wanted however they stand.
fn is_any(wanted: fn(StatusName) -> bool) -> bool {
    wanted(StatusName::Draft) && wanted(StatusName::Done)
}

fn tickets(vault: &Vault, open: bool, begins: &dyn Fn(&str) -> bool) -> Vec<CompletionCandidate> {
    let known = known::tickets(vault).into_iter();
    let known = known.filter(|ticket| begins(&ticket.id.to_string()));
    known
        .filter_map(|ticket| {
            let head = head(&ticket.file);
            let status = document::stated(&head, "status").unwrap_or_default();
            let help = format!("{status}  {}", stated(&head, "title"));
            let fits = !open || status == "open";
            fits.then(|| offer(&ticket.id.to_string(), &help))
        })
        .collect()
}

fn projects(vault: &Vault, begins: &dyn Fn(&str) -> bool) -> Vec<CompletionCandidate> {
    let known = known::projects(vault).into_iter();
    known
        .filter(|project| begins(&project.code().to_string()))
        .map(|project| {
            let own = config::load_project(vault.root(), &project.code().directory());
            let objective = own.ok().flatten().map(|own| own.objective);
            offer(&project.code().to_string(), &objective.unwrap_or_default())
        })
        .collect()
}

/// A job's objective tells what it is for; what cannot be read offers nothing.
fn jobs(
    vault: &Vault,
    wanted: fn(&Standing) -> bool,
    begins: &dyn Fn(&str) -> bool,
) -> Vec<CompletionCandidate> {
    let read = schedule::read(vault).unwrap_or_default();
    let present = read.present().filter(|job| wanted(&job.standing));
    present
        .filter(|job| begins(&job.id.to_string()))
        .map(|job| offer(&job.id.to_string(), &job.definition.objective))
        .collect()
}

/// The project that the line names by an option.
fn project_of_line() -> Option<ProjectCode> {
    let words = words();
    let of_line = words.windows(2).find(|pair| pair[0] == "--project");
    of_line.and_then(|pair| pair[1].to_str()?.parse().ok())
}

/// Those of the project that the line names, else the vault's.
fn models(vault: &Vault, begins: &dyn Fn(&str) -> bool) -> Vec<CompletionCandidate> {
    let config = match project_of_line() {
        Some(code) => config::load_for_project(vault.root(), &code.directory()).map(|(c, _)| c),
        None => config::load(vault.root()),
    };
    let models = config.map(|config| config.models).unwrap_or_default();
    let models = models.iter().filter(|(name, _)| begins(name));
    models
        .map(|(name, model)| offer(name, &model.label))
        .collect()
}

/// Files of the memory of the project that the line names, else of all.
fn memory(
    vault: &Vault,
    parts: &[Part],
    begins: &dyn Fn(&str) -> bool,
) -> Vec<CompletionCandidate> {
    let only = project_of_line();
    let mut projects = known::projects(vault);
    projects.retain(|project| only.as_ref().is_none_or(|code| code == project.code()));
    let files = known::memory(&projects, parts).into_iter();
    let fitting = files.filter(|(_, file)| begins(&file.to_string()));
    fitting
        .take(MOST)
        .map(|(project, file)| {
            let text = head(&project.dir().join(file.below()));
            let title = Entry::read(file.store, &file.id, &text).title;
            offer(&file.to_string(), &title)
        })
        .collect()
}

/// Files below the run of the first plan that the line names.
fn artifacts(vault: &Vault, begins: &dyn Fn(&str) -> bool) -> Vec<CompletionCandidate> {
    let words = words();
    let plan = words
        .iter()
        .find_map(|word| word.to_str()?.parse::<PlanId>().ok());
    let Some((plan, reader)) =
        plan.and_then(|plan| Some((plan.clone(), vault.reader_of(&plan).ok()?)))
    else {
        return Vec::new();
    };
    let mut names = Vec::new();
    collect(
        &reader.dir().join(files::artifacts_path(&plan)),
        "",
        &mut names,
    );
    names.sort();
    let names = names.iter().filter(|name| begins(name));
    names.map(|name| offer(name, "")).collect()
}

fn collect(dir: &Path, below: &str, names: &mut Vec<String>) {
    let entries = std::fs::read_dir(dir).into_iter().flatten().flatten();
    for entry in entries {
        let (Ok(kind), Ok(name)) = (entry.file_type(), entry.file_name().into_string()) else {
            continue;
        };
        if names.len() >= MOST || name.starts_with('.') || name.contains(char::is_control) {
            continue;
        }
        let name = format!("{below}{name}");
        if kind.is_dir() {
            collect(&entry.path(), &format!("{name}/"), names);
        } else if kind.is_file() {
            names.push(name);
        }
    }
}

/// The beginning of a file; a pipe under a file's name is none.
fn head(path: &Path) -> String {
    let read = |path: &Path| {
        let is_file = path.metadata().is_ok_and(|meta| meta.is_file());
        let file = is_file.then(|| File::open(path).ok()).flatten()?;
        let mut bytes = Vec::new();
        file.take(HEAD).read_to_end(&mut bytes).ok()?;
        Some(String::from_utf8_lossy(&bytes).into_owned())
    };
    read(path).unwrap_or_default()
}

/// What the frontmatter states under a key, in one line.
fn stated<'a>(head: &'a str, key: &str) -> &'a str {
    let lines = head.lines().skip(1).take_while(|line| *line != "---");
    let found = lines
        .filter_map(|line| line.strip_prefix(key)?.strip_prefix(": "))
        .next();
    found.unwrap_or_default().trim_matches(['"', '\''])
}

/// The first heading behind the frontmatter.
fn title(head: &str) -> &str {
    let body = head.split_once("\n---\n").map_or("", |(_, body)| body);
    let heading = body.lines().find_map(|line| line.strip_prefix('#'));
    heading.map_or("", |line| line.trim_start_matches('#').trim())
}
