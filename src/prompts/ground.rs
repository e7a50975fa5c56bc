//! What prompts are made of besides the plan's state: what holds for a whole team, and what is at hand for one step.

use std::sync::Arc;

use projections::{
    memory::Recalled,
    payload::Payload,
    plan::Plan,
    work::{Step, TaskKind},
};

use super::{Heard, Templates};

/// What holds for all of a team's prompts while its runner lives.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ground {
    /// The project's objective.
    pub objective: String,
    /// The texts in force.
    pub templates: Templates,
    /// Standards, the widest first.
    pub standards: Vec<Standard>,
    /// Who produces.
    pub producers: Vec<Card>,
    /// Folders besides the run's workspace: name, and whether they may be written.
    pub folders: Vec<(String, bool)>,
    /// Names of the tools that this machine and its operator let agents use.
    pub tools: Vec<String>,
    /// Tasks of one sub-objective.
    pub max_tasks: u32,
    /// Calls of one production or judgement.
    pub max_iters: u32,
    /// What models cost, for who plans; empty where nobody knows.
    pub prices: String,
    /// Whether agents note what later plans should know, and are shown it.
    pub team_memory: bool,
}

/// One producer, for the planner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Card {
    /// Its name.
    pub name: String,
    /// What it is good at; may be empty.
    pub good_at: String,
}

/// What good work is, as an operator wrote it down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standard {
    /// The file, for people and models.
    pub source: String,
    /// Only for artifacts of this kind.
    pub kind: Option<TaskKind>,
    /// The text.
    pub text: String,
}

/// What a prompt needs besides the plan's state.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Briefing {
    /// What holds for all prompts of the team.
    pub ground: Arc<Ground>,
    /// Artifacts of the step's task, as they lie on disk.
    pub artifacts: Vec<Exhibit>,
    /// The reply to be repaired; [`super::excerpt`] of one that is long.
    pub rejected: Option<String>,
    /// The agent's talk with its tools.
    pub talk: Vec<Heard>,
    /// Material that came with the wish for a plan: name and text.
    pub attachments: Vec<(String, String)>,
    /// Whether the model is one that cannot call tools, so that none are offered.
    pub no_tools: bool,
    /// What is shown of the team's memory.
    pub recalled: Option<Recalled>,
}

/// A file as a model is shown it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exhibit {
    /// Below the run's `artifacts/`.
    pub path: String,
    /// Its text, or what stands for it.
    pub shown: Shown,
}

/// What is shown of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shown {
    /// All of it.
    Text(String),
    /// Nothing, since it is no text; its length.
    Binary(u64),
}

impl Ground {
    /// Standards for artifacts of this kind, the widest first.
    pub(super) fn standards_for(&self, kind: TaskKind) -> impl Iterator<Item = &Standard> {
        self.standards
            .iter()
            .filter(move |standard| standard.kind.is_none_or(|only| only == kind))
    }
}

impl Briefing {
    /// What `step` of `plan` is asked with: its talk, a refused reply and material, their texts found by `resolve`;
    /// `artifacts` are the files of its task. Fails as `resolve` does.
    ///
    /// # Errors
    /// Those of `resolve`.
    pub fn of<E>(
        plan: &Plan,
        step: &Step,
        ground: &Arc<Ground>,
        artifacts: Vec<Exhibit>,
        resolve: &mut dyn FnMut(&Payload) -> Result<String, E>,
    ) -> Result<Self, E> {
        let run = plan.run.as_ref();
        let task = step.task().and_then(|(id, _)| run?.task(id));
        let turns = task.into_iter().flat_map(|task| &task.talk);
        let talk: Result<Vec<Heard>, E> = turns.map(|turn| Heard::of(turn, resolve)).collect();
        let trouble = run.and_then(|run| run.troubles.get(&step.label()));
        let rejected = trouble.and_then(|trouble| trouble.rejected.as_ref());
        let rejected = rejected.map(|(reply, _)| resolve(reply)).transpose()?;
        let mut attachments = Vec::new();
        if let Step::Draft { .. } = step {
            for (name, attachment) in plan.attachments() {
                attachments.push((name.to_owned(), resolve(&attachment.text)?));
            }
        }
        Ok(Self {
            ground: ground.clone(),
            artifacts,
            rejected,
            talk: talk?,
            attachments,
            no_tools: false,
            recalled: run.and_then(|run| run.recalled.get(&step.label()).cloned()),
        })
    }
}

impl Exhibit {
    /// A file as it lies there.
    #[must_use]
    pub fn of(path: &str, bytes: Vec<u8>) -> Self {
        let length = bytes.len() as u64;
        let shown = String::from_utf8(bytes).map_or(Shown::Binary(length), Shown::Text);
        Self {
            path: path.to_owned(),
            shown,
        }
    }
}

/// Who is asked in `step`, by name: the Leader, the planner, quality control, or a producer. One that is not there any
/// more is stood in for by the first.
#[must_use]
pub fn agent<'a>(plan: &Plan, step: &Step, ground: &'a Ground) -> &'a str {
    match step {
        Step::Draft { .. } | Step::Reflect { .. } | Step::Decompose { .. } => "leader",
        Step::PlanTasks { .. } => "planner",
        Step::Review { .. } | Step::Fix { .. } => "qc",
        Step::Produce { task, .. } => {
            let task = plan.run.as_ref().and_then(|run| run.task(task));
            let chosen = task.and_then(|task| task.producer().or(task.asked.as_deref()));
            let mut names = ground.producers.iter().map(|card| card.name.as_str());
            let first = names.clone().next().unwrap_or("producer");
            names.find(|name| Some(*name) == chosen).unwrap_or(first)
        }
    }
}

/// Whether the files of the step's task are shown with the request.
#[must_use]
pub fn shows_artifacts(plan: &Plan, step: &Step) -> bool {
    let task = step.task().and_then(|(id, _)| plan.run.as_ref()?.task(id));
    match step {
        Step::Review { .. } | Step::Fix { .. } => true,
        Step::Produce { .. } => task.is_some_and(|task| task.how == projections::work::Redo::Edit),
        Step::Draft { .. }
        | Step::PlanTasks { .. }
        | Step::Reflect { .. }
        | Step::Decompose { .. } => false,
    }
}
