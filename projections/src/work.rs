//! What work is made of: steps, tasks, verdicts, reflections. Shared by events, state and prompts.

use serde::{Deserialize, Serialize};

use crate::{event::StatusName, ids::TaskId, time::Timestamp};

/// A step of the plan machine that asks a model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", try_from = "FlatStep")]
pub enum Step {
    /// Write the plan itself.
    Draft {
        /// Which draft, from 1.
        revision: u32,
    },
    /// Divide the sub-objective into tasks.
    PlanTasks {
        /// The sub-objective, from 1.
        index: u32,
    },
    /// Produce a task's artifact.
    Produce {
        /// The task.
        task: TaskId,
        /// Which production, from 1.
        attempt: u32,
    },
    /// Mend, as quality control, what producers did not.
    Fix {
        /// The task.
        task: TaskId,
        /// Which production, from 1.
        attempt: u32,
    },
    /// Judge a task's artifacts.
    Review {
        /// The task.
        task: TaskId,
        /// Which production.
        attempt: u32,
    },
    /// Reflect after the sub-objective.
    Reflect {
        /// The sub-objective, from 1.
        index: u32,
    },
    /// Divide the sub-objective itself into smaller ones.
    Decompose {
        /// The sub-objective, from 1.
        index: u32,
    },
}

/// A step as it is read: in one pass, where serde's tagged enums buffer every field first.
#[derive(Deserialize)]
struct FlatStep {
    kind: StepKind,
    index: Option<u32>,
    task: Option<TaskId>,
    attempt: Option<u32>,
    revision: Option<u32>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
enum StepKind {
    Draft,
    PlanTasks,
    Produce,
    Fix,
    Review,
    Reflect,
    Decompose,
}

impl TryFrom<FlatStep> for Step {
    type Error = &'static str;

    fn try_from(flat: FlatStep) -> Result<Self, &'static str> {
        const INDEX: &str = "missing field `index`";
        const TASK: &str = "missing field `task` or `attempt`";
        let (index, of_task) = (
            flat.index.ok_or(INDEX),
            flat.task.zip(flat.attempt).ok_or(TASK),
        );
        Ok(match flat.kind {
            StepKind::Draft => Self::Draft {
                revision: flat.revision.ok_or("missing field `revision`")?,
            },
            StepKind::PlanTasks => Self::PlanTasks { index: index? },
            StepKind::Reflect => Self::Reflect { index: index? },
            StepKind::Decompose => Self::Decompose { index: index? },
            StepKind::Produce => {
                let (task, attempt) = of_task?;
                Self::Produce { task, attempt }
            }
            StepKind::Fix => {
                let (task, attempt) = of_task?;
                Self::Fix { task, attempt }
            }
            StepKind::Review => {
                let (task, attempt) = of_task?;
                Self::Review { task, attempt }
            }
        })
    }
}

impl Step {
    /// The role in this piece of work, over all its attempts: `s1-plan`, `s1-t2-produce`, `s1-t2-qc`, `s1-reflect`.
    /// A model that is given up is given up for a seat.
    #[must_use]
    pub fn seat(&self) -> String {
        match self {
            Self::Draft { .. }
            | Self::PlanTasks { .. }
            | Self::Reflect { .. }
            | Self::Decompose { .. } => self.label(),
            Self::Produce { task, .. } => format!("{task}-produce"),
            Self::Fix { task, .. } => format!("{task}-fix"),
            Self::Review { task, .. } => format!("{task}-qc"),
        }
    }

    /// The task and the production that the step belongs to.
    #[must_use]
    pub fn task(&self) -> Option<(&TaskId, u32)> {
        match self {
            Self::Produce { task, attempt }
            | Self::Fix { task, attempt }
            | Self::Review { task, attempt } => Some((task, *attempt)),
            Self::Draft { .. }
            | Self::PlanTasks { .. }
            | Self::Reflect { .. }
            | Self::Decompose { .. } => None,
        }
    }

    /// The step within its plan, for ids, logs and people: `s1-plan`, `s1-t2-produce-1`, `s1-t2-qc-1`,
    /// `s1-reflect`.
    #[must_use]
    pub fn label(&self) -> String {
        match self {
            Self::Draft { revision } => format!("draft-{revision}"),
            Self::PlanTasks { index } => format!("s{index}-plan"),
            Self::Decompose { index } => format!("s{index}-decompose"),
            Self::Produce { task, attempt } => format!("{task}-produce-{attempt}"),
            Self::Fix { task, attempt } => format!("{task}-fix-{attempt}"),
            Self::Review { task, attempt } => format!("{task}-qc-{attempt}"),
            Self::Reflect { index } => format!("s{index}-reflect"),
        }
    }
}

/// What kind of artifact a task makes.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum TaskKind {
    /// Prose.
    #[default]
    Document,
    /// A program or a part of one.
    Code,
    /// Data.
    Data,
    /// Findings.
    Research,
}

impl TaskKind {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Document, Self::Code, Self::Data, Self::Research];

    /// The spelling in files.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Document => "document",
            Self::Code => "code",
            Self::Data => "data",
            Self::Research => "research",
        }
    }
}

/// A task as the planner defined it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskSpec {
    /// Its id.
    pub id: TaskId,
    /// One line.
    pub title: String,
    /// What to do.
    pub brief: String,
    /// What it makes.
    pub kind: TaskKind,
    /// Where its artifacts go, below the run's `artifacts/`; never empty. Vocabularies before 2 had one.
    #[serde(alias = "artifact", deserialize_with = "one_or_many")]
    pub artifacts: Vec<String>,
    /// When it is good enough.
    pub acceptance: Vec<String>,
    /// The tasks that must have passed before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub needs: Vec<TaskId>,
    /// The producer that the planner chose, by name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub producer: Option<String>,
}

fn one_or_many<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum OneOrMany {
        One(String),
        Many(Vec<String>),
    }
    Ok(match OneOrMany::deserialize(from)? {
        OneOrMany::One(path) => vec![path],
        OneOrMany::Many(paths) => paths,
    })
}

/// How a rejected task is made good.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Redo {
    /// It is written anew.
    #[default]
    Anew,
    /// What there is is edited.
    Edit,
    /// Quality control mends it itself.
    Fix,
}

/// How bad a defect is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// A matter of taste.
    Style,
    /// Worth mending, not worth failing.
    Minor,
    /// Fails the task.
    Major,
    /// Fails the task.
    Critical,
}

/// What kind of work mends a defect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DefectClass {
    /// An edit of the artifact.
    Mechanical,
    /// A new artifact.
    Substantive,
    /// Something outside: a tool, a dependency, a credential.
    Environmental,
    /// The production used up its calls without handing in; found by the engine.
    #[serde(rename = "max-iters")]
    MaxIters,
}

impl Severity {
    /// The spelling in files.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Style => "style",
            Self::Minor => "minor",
            Self::Major => "major",
            Self::Critical => "critical",
        }
    }
}

impl DefectClass {
    /// The spelling in files.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Mechanical => "mechanical",
            Self::Substantive => "substantive",
            Self::Environmental => "environmental",
            Self::MaxIters => "max-iters",
        }
    }
}

/// One thing wrong with an artifact.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Defect {
    /// How bad.
    pub severity: Severity,
    /// What kind.
    pub class: DefectClass,
    /// Where in the artifact.
    #[serde(default)]
    pub location: String,
    /// What is wrong.
    pub what: String,
}

/// Quality control's judgement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// Whether the task is good enough.
    pub passed: bool,
    /// One or two lines.
    #[serde(default)]
    pub summary: String,
    /// What is wrong.
    #[serde(default)]
    pub defects: Vec<Defect>,
}

impl Verdict {
    /// Whether the artifact stands: QC says so and names no critical or major defect.
    #[must_use]
    pub fn accepts(&self) -> bool {
        self.passed
            && self
                .defects
                .iter()
                .all(|defect| defect.severity < Severity::Major)
    }

    /// The defects that fail the task: the critical and major ones, or all where none is named so.
    #[must_use]
    pub fn failing(&self) -> Vec<&Defect> {
        let grave = |defect: &&Defect| defect.severity >= Severity::Major;
        let failing: Vec<&Defect> = self.defects.iter().filter(grave).collect();
        if failing.is_empty() {
            self.defects.iter().collect()
        } else {
            failing
        }
    }
}

/// What the Leader decides after a sub-objective.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// Go on.
    Continue,
    /// Go on, with a note to the next sub-objective.
    ReviseMinor,
    /// Stop and ask: the rest of the plan should change.
    ReviseMajor,
    /// Stop and ask.
    Pause,
    /// End the plan.
    Abort,
}

impl Outcome {
    /// The spelling in files.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Continue => "continue",
            Self::ReviseMinor => "revise-minor",
            Self::ReviseMajor => "revise-major",
            Self::Pause => "pause",
            Self::Abort => "abort",
        }
    }

    /// Reads the spelling in files.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [
            Self::Continue,
            Self::ReviseMinor,
            Self::ReviseMajor,
            Self::Pause,
            Self::Abort,
        ]
        .into_iter()
        .find(|outcome| outcome.as_str() == text)
    }
}

/// One entry of `reflection_log`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reflection {
    /// After which sub-objective, from 1.
    pub after_sub_objective: u32,
    /// The decision.
    pub outcome: Outcome,
    /// Why.
    pub rationale: String,
    /// When.
    pub timestamp: Timestamp,
    /// A note to the next sub-objective.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Keys that an imported entry held besides.
    #[serde(default, skip_serializing_if = "serde_json::Map::is_empty")]
    pub more: serde_json::Map<String, serde_json::Value>,
}

/// One entry of `status_transitions`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transition {
    /// The new status.
    pub to: StatusName,
    /// Who.
    pub decided_by: String,
    /// When.
    pub decided_at: Timestamp,
    /// Why.
    pub note: String,
}
