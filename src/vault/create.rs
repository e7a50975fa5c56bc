//! Making vaults, projects and plans.

use std::path::Path;

use projections::{
    document::{self, Document},
    event::{Attachment, Caps, Mandate},
    ids::ProjectCode,
    yaml,
};

use super::{Actor, CONFIG_FILE, PlanLog, Project, Vault, set_mode};
use crate::{
    decide,
    error::{Error, Result},
};

impl Vault {
    /// Makes `dir` a vault with this configuration; an existing directory keeps what it holds.
    ///
    /// # Errors
    /// [`Error::Failed`] when it is a vault already, [`Error::Io`] when it cannot be made.
    pub fn init(dir: &Path, config: &str) -> Result<Self> {
        let file = dir.join(CONFIG_FILE);
        if file.exists() {
            return Err(Error::Failed(format!(
                "{} is a vault already",
                dir.display()
            )));
        }
        if !dir.is_dir() {
            make_private(dir).map_err(Error::io("make directory", dir))?;
        }
        std::fs::write(&file, config).map_err(Error::io("write", file))?;
        Self::open(dir)
    }

    /// Adds a project.
    ///
    /// # Errors
    /// [`Error::Failed`] when it is there already, [`Error::Usage`] without an objective, [`Error::Io`].
    pub fn add_project(&self, code: &ProjectCode, objective: &str) -> Result<Project> {
        if objective.trim().is_empty() {
            return Err(Error::Usage(
                "the objective is empty; say in a sentence what the project is for".to_owned(),
            ));
        }
        let file = self.root().join(code.directory()).join("project.yaml");
        if file.exists() {
            return Err(Error::Failed(format!(
                "project {code} is there already: {}",
                file.display()
            )));
        }
        let project = Project::open(self, code.clone())?;
        project.make_dir("plans")?;
        project.make_dir("tickets")?;
        let text = format!(
            "# Written by hand; the program never rewrites it.\nobjective: {}\n",
            yaml::scalar(objective)
        );
        std::fs::write(&file, text).map_err(Error::io("write", &file))?;
        set_mode(self.root(), &file, 0o666);
        Ok(project)
    }
}

impl Project {
    /// Writes down a plan that the Leader is to write, as a draft.
    ///
    /// # Errors
    /// The log's, and the file system's.
    pub fn add_wish(
        &self,
        wish: &str,
        attachments: Vec<Attachment>,
        caps: Caps,
        mandate: &Mandate,
        actor: &Actor,
    ) -> Result<PlanLog> {
        loop {
            let id = self.take_plan_id(actor)?;
            let events = decide::wished(&id, wish, attachments.clone(), caps, mandate.clone());
            match PlanLog::create(self, &id, events, actor) {
                // A file of that name came from elsewhere in the same instant.
                Err(Error::Journal(journal::Error::Exists { .. })) => {}
                made => return made,
            }
        }
    }

    /// Writes down a plan from an operator's Markdown file, as a draft. Returns it with those keys of the file
    /// that were not taken over because they are the engine's.
    ///
    /// # Errors
    /// [`Error::BadFile`] when the file cannot be read as a plan.
    pub fn add_plan(&self, file: &Path, actor: &Actor) -> Result<(PlanLog, Vec<&'static str>)> {
        let bad = |why: String| Error::BadFile {
            file: file.to_path_buf(),
            why,
        };
        let bytes = super::regular::read(file).map_err(Error::io("read", file))?;
        let document = document::read(&bytes).map_err(|e| bad(e.to_string()))?;
        loop {
            let id = self.take_plan_id(actor)?;
            let events = decide::draft(&id, &document).map_err(|e| bad(e.to_string()))?;
            match PlanLog::create(self, &id, events, actor) {
                // A file of that name came from elsewhere in the same instant.
                Err(Error::Journal(journal::Error::Exists { .. })) => {}
                made => return Ok((made?, engine_keys(&document))),
            }
        }
    }
}

/// Caps are the operator's to set, the rest follows from the journal.
fn engine_keys(document: &Document) -> Vec<&'static str> {
    let given = |key: &&&str| document.values.contains_key(**key) && !key.starts_with("max_");
    document::ENGINE_KEYS
        .iter()
        .filter(given)
        .copied()
        .collect()
}

#[cfg(unix)]
fn make_private(dir: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(dir)
}

#[cfg(not(unix))]
fn make_private(dir: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(dir)
}
