//! `modulatio import --from-python`: takes in a vault of the existing Python program.

use std::path::{Path, PathBuf};

use super::{
    actor,
    args::{Args, ImportOptions},
    init::TEMPLATE,
    output,
};
use crate::{
    config::{self, Provider},
    error::{Error, Result},
    vault::{
        CONFIG_FILE, Vault,
        import::{Fate, IMPORTED, Line, python},
    },
};

pub(super) fn run(args: &Args, options: &ImportOptions) -> Result<()> {
    let dir = directory(args, options.dir.as_deref())?;
    let vault = Vault::open(&dir)?;
    python::check(&vault)?;
    let mut told = Told::new(args.json);
    if !vault.root().join(CONFIG_FILE).is_file() {
        if !options.dry_run {
            Vault::init(vault.root(), TEMPLATE)?;
        }
        let note = "every model and key is yours to name; until then all roles rehearse";
        told.tell(Line::new(Fate::Made, "vault", CONFIG_FILE, note));
    }
    let how = python::Options {
        dry_run: options.dry_run,
        actor: actor(),
    };
    python::import(&vault, &how, &mut |line| told.tell(line))?;
    told.end(&vault, options.dry_run)
}

/// The directory that was named; else the vault around the working directory, or that directory itself.
fn directory(args: &Args, named: Option<&Path>) -> Result<PathBuf> {
    let by_option = args.named_vault();
    // The environment names a vault for all commands; a directory that is typed is a later word.
    let typed = by_option
        .filter(|dir| std::env::var_os("MODULATIO_VAULT").as_deref() != Some(dir.as_os_str()));
    if let (Some(dir), Some(option)) = (named, typed) {
        return Err(Error::Usage(format!(
            "the vault is named twice, as {} and as --vault {}; name it once",
            dir.display(),
            option.display()
        )));
    }
    if let Some(dir) = named.or(by_option) {
        return Ok(dir.to_path_buf());
    }
    let here = std::env::current_dir().map_err(Error::io("find", "the working directory"))?;
    let around = Vault::find(&here).map(|vault| vault.root().to_path_buf());
    Ok(around.unwrap_or(here))
}

/// Whether work would be rehearsed instead of done.
fn rehearses(vault: &Vault) -> bool {
    let Ok(config) = config::load(vault.root()) else {
        return false;
    };
    let asked = config.models.get(&config.team.producer().model.primary);
    asked.is_some_and(|model| matches!(model.provider, Provider::Rehearsal(_)))
}

/// What has been told so far.
struct Told {
    json: bool,
    counts: [(Fate, usize); 6],
    runs: Vec<String>,
    stops: Vec<String>,
}

impl Told {
    fn new(json: bool) -> Self {
        let fates = [
            Fate::Made,
            Fate::Taken,
            Fate::Changed,
            Fate::There,
            Fate::Left,
            Fate::Failed,
        ];
        Self {
            json,
            counts: fates.map(|fate| (fate, 0)),
            runs: Vec::new(),
            stops: Vec::new(),
        }
    }

    fn tell(&mut self, line: Line) {
        if self.json {
            output::report_json(&line);
        } else {
            let fate = line.fate.as_str();
            let id = line.id.as_deref().filter(|id| !line.source.contains(id));
            let id = id.map_or_else(String::new, |id| format!("{id}: "));
            output::report(&format!("{fate:<8} {}: {id}{}", line.source, line.note));
        }
        for (fate, count) in &mut self.counts {
            *count += usize::from(*fate == line.fate);
        }
        if line.stops {
            self.stops.push(line.source);
        } else if line.runs {
            self.runs.push(line.id.unwrap_or(line.source));
        }
    }

    fn count(&self, wanted: Fate) -> usize {
        let mut counts = self.counts.iter();
        counts.find(|(fate, _)| *fate == wanted).map_or(0, |c| c.1)
    }

    fn end(self, vault: &Vault, dry_run: bool) -> Result<()> {
        let counts = self.counts.iter().filter(|(_, count)| *count > 0);
        let counts: Vec<String> = counts
            .map(|(fate, count)| format!("{count} {}", fate.as_str()))
            .collect();
        output::tell(&counts.join(", "));
        self.tell_what_runs(vault);
        self.tell_what_stops();
        if dry_run {
            output::tell("dry run: nothing was changed");
        } else if self.count(Fate::Taken) + self.count(Fate::Changed) > 0 {
            let kept = vault.own_dir().join(IMPORTED);
            output::tell(&format!("the files as they were: {}", kept.display()));
        }
        match self.count(Fate::Failed) {
            0 => Ok(()),
            failed => Err(Error::Failed(format!(
                "{failed} thing(s) could not be taken; mend them and import again: what is taken is not taken twice"
            ))),
        }
    }

    /// Who relies on them would miss them only when they do not come.
    fn tell_what_stops(&self) {
        if !self.stops.is_empty() {
            output::tell(&format!(
                "warning: nobody runs any more: {}; their lines say what comes nearest",
                self.stops.join(", ")
            ));
        }
    }

    /// Nobody is asked again before these run.
    fn tell_what_runs(&self, vault: &Vault) {
        if self.runs.is_empty() {
            return;
        }
        output::tell(&format!(
            "note: {} run as soon as a daemon does, or at their times; to hold one back: modulatio plan pause PLAN, modulatio cron disable JOB",
            self.runs.join(", ")
        ));
        if rehearses(vault) {
            output::tell(&format!(
                "warning: {CONFIG_FILE} names no models, so a daemon would only rehearse them, and end them so; name models before you start one"
            ));
        }
    }
}
