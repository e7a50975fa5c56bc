//! Its projects: a directory each, with an `index.md` that says what the project is for.

use std::path::Path;

use projections::{document, ids::ProjectCode};

use super::{
    super::super::{Project, regular},
    Fate, Import, Line,
};
use crate::error::{Error, Result};

/// Says what a project is for, among other things.
const INDEX: &str = "index.md";

/// Begins what it is for.
const OBJECTIVE: &str = "**Objective:**";

/// Whether a directory is a project: of this program, or of that one.
pub(super) fn is_one(dir: &Path) -> bool {
    dir.join("plans").is_dir() || dir.join("project.yaml").is_file() || code_in_index(dir).is_some()
}

/// The code that its index gives to a project.
fn code_in_index(dir: &Path) -> Option<String> {
    let document = document::read(&regular::read(&dir.join(INDEX)).ok()?).ok()?;
    Some(document.values.get("code")?.as_str()?.to_owned())
}

impl Import<'_> {
    /// Every directory that is a project.
    pub(super) fn projects(&mut self, names: &[String]) {
        for name in names {
            let dir = self.vault.root().join(name);
            if name.starts_with('.') || !is_one(&dir) {
                continue;
            }
            match self.open(name) {
                Ok(project) => self.project(&project),
                Err(error) => self.failed("project", name, &error),
            }
        }
    }

    fn open(&self, name: &str) -> Result<Project> {
        let code: ProjectCode = name.parse()?;
        if code.directory() == *name {
            return Project::open(self.vault, code);
        }
        let why = format!("its directory {name:?} is not in lower case; rename it");
        Err(Error::BadProject { code, why })
    }

    fn project(&mut self, project: &Project) {
        self.index(project);
        self.plans(project);
        self.tickets(project);
        self.rest_of_project(project);
    }

    /// What the project is for goes into its `project.yaml`, if it has none.
    fn index(&mut self, project: &Project) {
        let source = format!("{}/{INDEX}", project.code().directory());
        let Ok(bytes) = regular::read(&project.dir().join(INDEX)) else {
            return;
        };
        let own = format!("{}/project.yaml", project.code().directory());
        if project.dir().join("project.yaml").exists() {
            let note = format!("a view of that program; {own} says what the project is for");
            return self.tell(Line::new(Fate::Left, "project", source, note));
        }
        let Some(objective) = objective(&bytes) else {
            let note = format!("it names no objective; write `objective: …` into {own}");
            return self.tell(Line::new(Fate::Left, "project", source, note));
        };
        let made = match self.options.dry_run {
            true => Ok(()),
            false => self.vault.add_project(project.code(), &objective).map(drop),
        };
        match made {
            Ok(()) => {
                let note = format!("its objective stands in {own} now: {objective}");
                self.tell(Line::new(Fate::Taken, "project", source, note).named(project.code()));
            }
            Err(error) => self.failed("project", &source, &error),
        }
    }
}

/// The objective in an index, on one line.
fn objective(bytes: &[u8]) -> Option<String> {
    let body = document::read(bytes).ok()?.body;
    let (_, rest) = body.split_once(OBJECTIVE)?;
    let lines = rest.lines().take_while(|line| !line.starts_with('#'));
    let words: Vec<&str> = lines.flat_map(str::split_whitespace).collect();
    (!words.is_empty()).then(|| words.join(" "))
}
