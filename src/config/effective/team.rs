//! The team, and what only a project has.

use projections::yaml::Value;

use super::{Scope, Settings, Source, list};
use crate::config::{Config, Folder, ModelChoice, ProjectConfig};

impl Settings {
    pub(super) fn project(&mut self, own: &ProjectConfig) {
        let objective = own.objective.as_str();
        self.note(Scope::Project, "objective", objective, Source::Default);
        for (index, folder) in own.folders.iter().enumerate() {
            self.folder(&format!("folders[{index}]"), folder);
        }
    }

    /// A folder that is a path alone is written where its entry is.
    fn folder(&mut self, at: &str, folder: &Folder) {
        let entry = self.written_by_project(at);
        let alone = |written: Option<super::Place>| {
            written.map_or(Source::Default, |place| Source::Written(vec![place]))
        };
        let is_path = self
            .project
            .as_ref()
            .and_then(|project| project.value(at))
            .is_some_and(Value::is_string);
        let path = folder.path.to_string_lossy();
        let path_from = if is_path {
            alone(entry)
        } else {
            Source::Default
        };
        let named = Source::Follows("path");
        let mode = if folder.writable { "rw" } else { "ro" };
        let name = folder.name.as_str();
        self.note(Scope::Project, &format!("{at}.name"), name, named);
        self.note(
            Scope::Project,
            &format!("{at}.path"),
            path.as_ref(),
            path_from,
        );
        self.note(Scope::Project, &format!("{at}.mode"), mode, Source::Default);
    }

    pub(super) fn team(&mut self, config: &Config) {
        let team = &config.team;
        let leader = choice(&team.leader);
        self.note(Scope::Either, "team.leader", leader, Source::Default);
        for (field, model) in [("team.planner", &team.planner), ("team.qc", &team.qc)] {
            let follows = Source::Follows("team.leader");
            self.note(Scope::Either, field, choice(model), follows);
        }
        self.producers(config);
    }

    /// A project's producers take the place of the vault's, all of them.
    fn producers(&mut self, config: &Config) {
        let scope = match self.written_by_project("team.producers") {
            Some(_) => Scope::Project,
            None => Scope::Vault,
        };
        for (index, producer) in config.team.producers().iter().enumerate() {
            let field = |key: &str| format!("team.producers[{index}].{key}");
            let name = producer.name.as_str();
            self.note(scope, &field("name"), name, Source::Default);
            let follows = Source::Follows("team.leader");
            self.note(scope, &field("model"), choice(&producer.model), follows);
            if !producer.good_at.is_empty() {
                let good_at = producer.good_at.as_str();
                self.note(scope, &field("good_at"), good_at, Source::Default);
            }
            if !producer.kinds.is_empty() {
                let kinds = list(producer.kinds.iter().map(|kind| kind.as_str()));
                self.note(scope, &field("kinds"), kinds, Source::Default);
            }
        }
    }
}

fn choice(choice: &ModelChoice) -> Value {
    match choice.fallbacks.is_empty() {
        true => choice.primary.as_str().into(),
        false => list(choice.names()),
    }
}
