//! Every fault of a vault's configuration at once: its own file and each project's, one not hiding the others.

use std::path::{Path, PathBuf};

use super::{
    Config, Error, Fault, Folder, PROJECT_FILE, ProjectConfig, VAULT_FILE, effective::Written,
    load::read,
};

/// What came of looking at all files.
#[derive(Debug, Default)]
pub struct Checked {
    /// The files that were there, in the order of looking.
    pub files: Vec<PathBuf>,
    /// All faults, file by file, each with its line if it has one.
    pub faults: Vec<(Fault, Option<usize>)>,
    /// The vault's configuration, if it has no fault.
    pub vault: Option<Config>,
    /// The projects whose own file can be read.
    pub projects: Vec<CheckedProject>,
}

/// A project whose own file, if there is one, has no fault by itself.
#[derive(Debug)]
pub struct CheckedProject {
    /// Its directory.
    pub directory: String,
    /// What holds for it, if neither file has a fault.
    pub config: Option<Config>,
    /// The folders that it works with.
    pub folders: Vec<Folder>,
}

/// Looks at `modulatio.yaml` and at the `project.yaml` of each of these directories.
#[must_use]
pub fn check(vault: &Path, projects: &[String]) -> Checked {
    let mut checked = Checked::default();
    let config = checked.vault(vault);
    for directory in projects {
        checked.project(vault, directory, config.as_ref());
    }
    checked
}

impl Checked {
    /// The vault's configuration as far as it can be read, for what projects build on it.
    fn vault(&mut self, vault: &Path) -> Option<Config> {
        let file = Path::new(VAULT_FILE);
        let Some(text) = self.read(vault, file)? else {
            self.vault = Some(Config::default());
            return self.vault.clone();
        };
        let (config, faults) = Config::read_all(&text, file);
        match faults.is_empty() {
            true => self.vault.clone_from(&config),
            false => self.note(faults, &Written::of(file, text)),
        }
        config
    }

    fn project(&mut self, vault: &Path, directory: &str, config: Option<&Config>) {
        let file = Path::new(directory).join(PROJECT_FILE);
        let (config, folders) = match self.read(vault, &file) {
            None => return,
            // Without a file of its own it goes by the vault's.
            Some(None) => (self.vault.clone(), Vec::new()),
            Some(Some(text)) => {
                let own = ProjectConfig::parse(&text, &file);
                let written = Written::of(&file, text);
                match own {
                    Ok(own) => (self.together(&own, config, &written), own.folders),
                    Err(faults) => return self.note(faults.0, &written),
                }
            }
        };
        self.projects.push(CheckedProject {
            directory: directory.to_owned(),
            config,
            folders,
        });
    }

    /// What holds for a project. The names in it cannot be looked up in a vault's file that is no YAML.
    fn together(
        &mut self,
        own: &ProjectConfig,
        config: Option<&Config>,
        written: &Written,
    ) -> Option<Config> {
        match config?.for_project(own) {
            Ok(config) => self.vault.is_some().then_some(config),
            Err(faults) => {
                // A role of the vault's that is at fault has been told of with the vault's file.
                let vault_is_sound = self.vault.is_some();
                let is_own =
                    |fault: &Fault| vault_is_sound || written.value(&fault.field).is_some();
                let own = faults.0.into_iter().filter(is_own).collect();
                self.note(own, written);
                None
            }
        }
    }

    /// The text of a file; the outer `None` when it could not be read, which is noted.
    fn read(&mut self, vault: &Path, file: &Path) -> Option<Option<String>> {
        let read = read(&vault.join(file));
        if !matches!(read, Ok(None)) {
            self.files.push(file.to_owned());
        }
        let problem = match read {
            Ok(text) => return Some(text),
            Err(Error::Unreadable { source, .. }) => format!("cannot be read: {source}"),
            Err(error @ Error::Faulty(_)) => error.to_string(),
        };
        let fault = Fault {
            file: file.to_owned(),
            field: String::new(),
            problem,
        };
        self.faults.push((fault, None));
        None
    }

    fn note(&mut self, faults: Vec<Fault>, written: &Written) {
        let line = |fault: &Fault| match fault.field.as_str() {
            "" => None,
            field => written.line_near(field),
        };
        let located = faults.into_iter().map(|fault| {
            let line = line(&fault);
            (fault, line)
        });
        self.faults.extend(located);
    }
}
