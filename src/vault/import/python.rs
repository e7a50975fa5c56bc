//! A vault of the existing Python program, walked from end to end: what is taken, what reads otherwise, what stays.
//!
//! Nothing is taken twice, and a dry run changes nothing: both decide exactly alike, one without writing.

mod entries;
mod jobs;
mod plans;
mod projects;
mod rest;
mod tasks;
mod tickets;

use std::path::Path;

use super::super::{Actor, CONFIG_FILE, Vault};
use super::report::{Fate, Line};
use crate::error::{Error, Result};

/// Its schedule.
pub(super) const CRON: &str = "cron-config.json";

/// Its queue of tasks.
pub(super) const QUEUE: &str = "heartbeat-queue.json";

/// What an import may do.
#[derive(Clone, Debug)]
pub struct Options {
    /// Only tell what would be done.
    pub dry_run: bool,
    /// Who imports.
    pub actor: Actor,
}

/// An import under way.
struct Import<'a> {
    vault: &'a Vault,
    options: &'a Options,
    tell: &'a mut dyn FnMut(Line),
}

/// Takes in what lies in `vault`, telling a line for each thing.
///
/// # Errors
/// [`Error::NoVault`] when nothing of that program lies there, [`Error::Io`] when the vault cannot be read. What fails
/// of a single thing is told in its line.
pub fn import(vault: &Vault, options: &Options, tell: &mut dyn FnMut(Line)) -> Result<()> {
    let mut import = Import {
        vault,
        options,
        tell,
    };
    let names = import.names(vault.root())?;
    import.projects(&names);
    // Behind the projects, which jobs and tasks are of.
    import.jobs();
    import.tasks();
    import.rest_of_vault(&names);
    Ok(())
}

/// Whether anything of that program lies in the directory.
///
/// # Errors
/// [`Error::NoVault`] when nothing does.
pub fn check(vault: &Vault) -> Result<()> {
    let root = vault.root();
    let entries = std::fs::read_dir(root).map_err(Error::io("read", root))?;
    let mut dirs = entries.flatten().map(|entry| entry.path());
    let is_there = |name: &str| root.join(name).is_file();
    if is_there(CRON) || is_there(QUEUE) || dirs.any(|dir| projects::is_one(&dir)) {
        return Ok(());
    }
    Err(Error::NoVault {
        what: format!(
            "nothing of the Python program lies in {}: no directory with plans/ or an index.md of a project, \
             no {CRON}, no {QUEUE}",
            root.display()
        ),
    })
}

impl Import<'_> {
    fn tell(&mut self, line: Line) {
        (self.tell)(line);
    }

    /// Tells of something that could not be taken.
    fn failed(&mut self, kind: &'static str, source: &str, error: &Error) {
        let why = error.told();
        // The line names the file itself.
        let whole = self.vault.root().join(source).display().to_string();
        let bare = why
            .strip_prefix(&whole)
            .and_then(|why| why.strip_prefix(": "));
        let note = bare.unwrap_or(&why).to_owned();
        self.tell(Line::new(Fate::Failed, kind, source, note));
    }

    /// The names in a directory, sorted; such as are not text are none of that program's.
    fn names(&self, dir: &Path) -> Result<Vec<String>> {
        let entries = match std::fs::read_dir(dir) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(Error::io("read", dir)(error)),
        };
        let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
        let mut names: Vec<String> = names.collect();
        names.sort();
        Ok(names)
    }
}

/// Files of the vault that are this program's, or told of elsewhere.
fn is_known_in_vault(name: &str) -> bool {
    let own = [CONFIG_FILE, super::super::OWN_DIR, "cron.yaml", "prompts"];
    own.contains(&name) || [CRON, QUEUE].contains(&name)
}
