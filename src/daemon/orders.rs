//! What a daemon that claimed a project's plan now would go by, for commands that only ask.

use std::sync::Arc;

use projections::work::Step;

use super::{bench, team::policy};
use crate::{
    config::{self, Config, ModelChoice},
    decide::Policy,
    error::Result,
    prompts::Ground,
    vault::Project,
};

/// What holds for a project's plans, besides what they say themselves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Orders {
    /// What holds for all prompts of the team.
    pub ground: Arc<Ground>,
    /// Agents whose first model calls no tools of its own choice.
    pub tool_less: Vec<String>,
    /// The rules that the configuration sets.
    pub policy: Policy,
    /// Labels of the models of planner, producers, QC and Leader, in the order in which they are asked.
    models: [Vec<String>; 4],
}

impl Orders {
    /// Reads the vault's and the project's configuration as they are now; no key is looked for.
    ///
    /// # Errors
    /// [`crate::error::Error::Config`] with every fault.
    pub fn of(project: &Project) -> Result<Self> {
        let (config, own) =
            config::load_for_project(project.vault().root(), &project.code().directory())?;
        let (ground, _) = bench::of(project, &config, own.as_ref())?;
        Ok(Self {
            ground: Arc::new(ground),
            tool_less: tool_less(&config),
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
            Step::Review { .. } | Step::Fix { .. } => qc,
            Step::Draft { .. } | Step::Reflect { .. } | Step::Decompose { .. } => leader,
        }
    }
}

fn models(config: &Config) -> [Vec<String>; 4] {
    let team = &config.team;
    let of_all = |role: &ModelChoice| labels(config, role);
    let producers = team.producers().iter().map(|producer| &producer.model);
    [
        of_all(&team.planner),
        producers.flat_map(of_all).collect(),
        of_all(&team.qc),
        of_all(&team.leader),
    ]
}

/// Quality control and producers that can only answer.
fn tool_less(config: &Config) -> Vec<String> {
    let team = &config.team;
    let producers = team.producers().iter().map(|p| (p.name.as_str(), &p.model));
    let agents = std::iter::once(("qc", &team.qc)).chain(producers);
    let only_answers = |choice: &ModelChoice| {
        let model = config.models.get(&choice.primary);
        model.is_some_and(|model| model.json_schema)
    };
    agents
        .filter(|(_, choice)| only_answers(choice))
        .map(|(name, _)| name.to_owned())
        .collect()
}

fn labels(config: &Config, role: &ModelChoice) -> Vec<String> {
    let known = role.names().filter_map(|name| config.models.get(name));
    known.map(|model| model.label.clone()).collect()
}
