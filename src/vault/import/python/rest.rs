//! All else in a vault: told of, and left alone.

use std::{collections::BTreeSet, path::Path};

use projections::{ids::PlanId, memory::Store};

use super::{
    super::{
        super::{Part, Project},
        known,
    },
    Fate, Import, Line, is_known_in_vault,
    plans::source,
    projects,
};
use crate::error::Result;

/// Parts of a project that are told of elsewhere, or are this program's.
const OWN: [&str; 6] = [
    "index.md",
    "project.yaml",
    "tickets",
    "blobs",
    "prompts",
    "archive",
];

impl Import<'_> {
    pub(super) fn rest_of_project(&mut self, project: &Project) {
        let names = match self.names(project.dir()) {
            Ok(names) => names,
            Err(error) => return self.failed("file", &project.code().directory(), &error),
        };
        for name in names.iter().filter(|name| !OWN.contains(&name.as_str())) {
            if let Some(store) = Store::ALL.into_iter().find(|store| store.as_str() == name) {
                self.memory(project, store);
                continue;
            }
            let told = match name.as_str() {
                "plans" => self.rest_of_plans(project),
                "runs" => self.rest_of_runs(project),
                name => self.leave(&source(project, name), known::in_project(name)),
            };
            if let Err(error) = told {
                self.failed("file", &source(project, name), &error);
            }
        }
    }

    pub(super) fn rest_of_vault(&mut self, names: &[String]) {
        for name in names.iter().filter(|name| !is_known_in_vault(name)) {
            let is_project = projects::is_one(&self.vault.root().join(name));
            if is_project && !name.starts_with('.') {
                continue;
            }
            if let Err(error) = self.leave(name, known::in_vault(name)) {
                self.failed("file", name, &error);
            }
        }
    }

    /// What lies beside the plans and belongs to none of them.
    fn rest_of_plans(&mut self, project: &Project) -> Result<()> {
        let plans: BTreeSet<String> = project.plan_ids()?.iter().map(PlanId::to_string).collect();
        for name in self.names(&project.plans_dir())? {
            if belongs(&name, project, &plans) {
                continue;
            }
            let why = if name.ends_with(".md") {
                format!(
                    "no plan's name of this project, such as {}-PLAN-001.md",
                    project.code()
                )
            } else {
                "it belongs to no plan here".to_owned()
            };
            let source = source(project, &format!("plans/{name}"));
            self.tell(Line::new(Fate::Left, "file", source, why));
        }
        Ok(())
    }

    /// Runs of that program; those of this one bear the names of plans.
    fn rest_of_runs(&mut self, project: &Project) -> Result<()> {
        let names = self.names(&project.dir().join("runs"))?;
        let foreign = names.iter().filter(|name| name.parse::<PlanId>().is_err());
        let (count, source) = (foreign.count(), source(project, "runs"));
        if count > 0 {
            let note = format!("{}: {}", entries(count), known::in_project("runs"));
            self.tell(Line::new(Fate::Left, "directory", source, note));
        }
        Ok(())
    }

    /// What is remembered is read where it lies.
    fn memory(&mut self, project: &Project, store: Store) {
        let (kept, proposed) = (
            project.memory_files(store, Part::Kept),
            project.memory_files(store, Part::Proposed),
        );
        for why in kept.troubles {
            let (place, why) = why.split_once(": ").unwrap_or(("", &why));
            self.tell(Line::new(
                Fate::Failed,
                "memory",
                source(project, place),
                why,
            ));
        }
        let more = match proposed.files.len() {
            0 => String::new(),
            many => format!(
                "; {many} proposed: `modulatio memory list --proposals` shows them, `memory promote` takes them over"
            ),
        };
        let note = format!(
            "{}: read where it lies, as it is{more}",
            entries(kept.files.len())
        );
        let source = source(project, store.as_str());
        self.tell(Line::new(Fate::There, "memory", source, note));
    }

    fn leave(&mut self, source: &str, why: &str) -> Result<()> {
        let path = self.vault.root().join(source);
        if !is_directory(&path) {
            self.tell(Line::new(Fate::Left, "file", source, why));
            return Ok(());
        }
        let note = format!("{}: {why}", entries(self.names(&path)?.len()));
        self.tell(Line::new(Fate::Left, "directory", source, note));
        Ok(())
    }
}

fn entries(count: usize) -> String {
    match count {
        1 => "1 entry".to_owned(),
        many => format!("{many} entries"),
    }
}

fn is_directory(path: &Path) -> bool {
    std::fs::symlink_metadata(path).is_ok_and(|meta| meta.is_dir())
}

/// Whether a file in `plans/` is a plan's: its text, or one of what lies beside it.
fn belongs(name: &str, project: &Project, plans: &BTreeSet<String>) -> bool {
    // What a writer, or its editor, has not finished.
    if name.starts_with('.') || name.contains(".rejected-") || name.contains(".torn-") {
        return true;
    }
    let beside = [".lock", ".lease", ".usage.jsonl"];
    let stem = beside.iter().find_map(|end| name.strip_suffix(end));
    project.plan_of_file(name).is_some() || stem.is_some_and(|stem| plans.contains(stem))
}
