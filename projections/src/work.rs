//! What work is made of: steps, tasks, verdicts, reflections. Shared by events, state and prompts.

mod step;

use serde::{Deserialize, Serialize};

use crate::{event::StatusName, ids::TaskId, time::Timestamp};

pub use step::Step;

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
