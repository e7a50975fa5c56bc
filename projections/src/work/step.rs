//! The steps of the plan machine that ask a model, and what they are called.

use serde::{Deserialize, Serialize};

use crate::ids::TaskId;

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
