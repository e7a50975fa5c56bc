//! What a daemon that claimed a project's plan now would go by, for commands that only ask.

use projections::work::Step;

use super::team::policy;
use crate::{
    config::{self, Config, ModelChoice},
    decide::Policy,
    error::Result,
    vault::Project,
};

/// What holds for a project's plans, besides what they say themselves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Orders {
    /// The project's objective; empty where no `project.yaml` says one.
    pub objective: String,
    /// Whether the first producer is a model that calls no tools of its own choice.
    pub no_lookups: bool,
    /// The rules that the configuration sets.
    pub policy: Policy,
    /// Labels of the models of planner, producer, QC and Leader, in the order in which they are asked.
    models: [Vec<String>; 4],
}

impl Orders {
    /// Reads the vault's and the project's configuration as they are now; no key is looked for.
    ///
    /// # Errors
    /// [`crate::error::Error::Config`] with every fault.
    pub fn of(project: &Project) -> Result<Self> {
        let (config, objective) =
            config::load_for_project(project.vault().root(), &project.code().directory())?;
        let producer = config.team.producer().model.names().next();
        let producer = producer.and_then(|name| config.models.get(name));
        Ok(Self {
            objective,
            no_lookups: producer.is_some_and(|model| model.json_schema),
            policy: policy(&config),
            models: models(&config),
        })
    }

    /// Labels of the models that may be asked `step`.
    #[must_use]
    pub fn models(&self, step: &Step) -> &[String] {
        let [planner, producer, qc, leader] = &self.models;
        match step {
            Step::PlanTasks { .. } => planner,
            Step::Produce { .. } => producer,
            Step::Review { .. } => qc,
            Step::Reflect { .. } => leader,
        }
    }
}

fn models(config: &Config) -> [Vec<String>; 4] {
    let team = &config.team;
    [
        &team.planner,
        &team.producer().model,
        &team.qc,
        &team.leader,
    ]
    .map(|role| labels(config, role))
}

fn labels(config: &Config, role: &ModelChoice) -> Vec<String> {
    let known = role.names().filter_map(|name| config.models.get(name));
    known.map(|model| model.label.clone()).collect()
}
