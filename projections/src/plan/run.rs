//! The sub-objective in work: its tasks, their talk with tools, and what went wrong.

use std::collections::BTreeMap;

use crate::{
    event::{ToolOutcome, ToolUse},
    ids::TaskId,
    payload::{Digest, Payload},
    time::Timestamp,
    work::{Defect, Step, TaskSpec, Verdict},
};

/// The sub-objective in work.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    /// Its number, from 1.
    pub index: u32,
    /// How far it is.
    pub stage: RunStage,
    /// Its tasks, in order.
    pub tasks: Vec<Task>,
    /// Steps that went wrong and are to be tried again, by label.
    pub troubles: BTreeMap<String, Trouble>,
    /// How many of a role's models were given up, by seat ([`crate::work::Step::seat`]).
    pub fallen_back: BTreeMap<String, u32>,
    /// Seats whose prompt has come near the model's window.
    pub context_warned: Vec<String>,
}

/// How far a sub-objective is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunStage {
    /// The planner is to be asked.
    Planning,
    /// Tasks are in work.
    Working,
    /// The Leader is to reflect.
    Reflecting,
}

/// A task in work.
#[derive(Clone, Debug, PartialEq)]
pub struct Task {
    /// As planned.
    pub spec: TaskSpec,
    /// How far it is.
    pub stage: TaskStage,
    /// Which production is current, from 1.
    pub attempt: u32,
    /// Redos since it was planned or unblocked.
    pub redos: u32,
    /// What the current production must mend.
    pub defects: Vec<Defect>,
    /// What its producer claims.
    pub claim: String,
    /// The last artifact on disk.
    pub artifact: Option<Artifact>,
    /// The last judgement.
    pub verdict: Option<Verdict>,
    /// What its producer has asked of tools in the current production, oldest first.
    pub talk: Vec<Exchange>,
}

/// One turn of a producer that called tools.
#[derive(Clone, Debug, PartialEq)]
pub struct Exchange {
    /// What the model said beside it; may be empty.
    pub text: Payload,
    /// The tools it called; never empty.
    pub uses: Vec<Used>,
}

/// A called tool and what came of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Used {
    /// The call.
    pub call: ToolUse,
    /// How it ended and what it returned, once it has.
    pub result: Option<(ToolOutcome, Payload)>,
    /// Whether a placeholder stands for the result in prompts.
    pub hidden: bool,
}

/// How far a task is.
#[derive(Clone, Debug, PartialEq)]
pub enum TaskStage {
    /// A producer is to be asked.
    Producing,
    /// The artifact in this reply is to be written.
    Writing {
        /// The producer's reply.
        reply: Payload,
    },
    /// Quality control is to be asked.
    Reviewing,
    /// Good enough.
    Passed,
    /// Waits for a person.
    Blocked {
        /// Why.
        why: String,
    },
}

/// An artifact on disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Artifact {
    /// Below the run's `artifacts/`.
    pub path: String,
    /// BLAKE3 of its bytes.
    pub b3: Digest,
    /// Its length.
    pub bytes: u64,
}

/// A step that went wrong.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Trouble {
    /// Failed calls in a row.
    pub failures: u32,
    /// Of them, answers that were not what the protocol promises.
    pub malformed: u32,
    /// When the first of them failed.
    pub since: Option<Timestamp>,
    /// Bytes of a prompt that the provider refused as too long.
    pub too_long: Option<u64>,
    /// Not to be tried before.
    pub not_before: Option<Timestamp>,
    /// Replies without the asked-for form, in a row.
    pub rejections: u32,
    /// The last such reply and what was wrong with it.
    pub rejected: Option<(Payload, String)>,
}

impl Task {
    /// The step that produces it.
    #[must_use]
    pub fn producing(&self) -> Step {
        Step::Produce {
            task: self.spec.id.clone(),
            attempt: self.attempt,
        }
    }

    /// The next called tool that has not returned.
    #[must_use]
    pub fn open_tool(&self) -> Option<&ToolUse> {
        let mut all = self.talk.iter().flat_map(|turn| &turn.uses);
        all.find(|used| used.result.is_none())
            .map(|used| &used.call)
    }
}

impl Run {
    /// How many of its role's models were given up for `step`'s piece of work.
    #[must_use]
    pub fn given_up(&self, step: &Step) -> u32 {
        self.fallen_back.get(&step.seat()).copied().unwrap_or(0)
    }

    /// The task named `id`.
    #[must_use]
    pub fn task(&self, id: &TaskId) -> Option<&Task> {
        self.tasks.iter().find(|task| &task.spec.id == id)
    }

    /// The task named `id`.
    pub fn task_mut(&mut self, id: &TaskId) -> Option<&mut Task> {
        self.tasks.iter_mut().find(|task| &task.spec.id == id)
    }
}
