//! The sub-objective in work: its tasks, their talk with tools, and what went wrong.

use std::collections::BTreeMap;

use crate::{
    event::{ToolOutcome, ToolUse},
    ids::{Epoch, TaskId, ToolCallId},
    memory::Recalled,
    payload::{Digest, Payload},
    time::Timestamp,
    work::{Defect, Redo, Step, TaskSpec, Verdict},
};

/// The sub-objective in work.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    /// Its number, from 1; 0 while the plan itself is written.
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
    /// What steps that were asked were given from the team's memory, by label; mostly nothing.
    pub recalled: BTreeMap<String, Recalled>,
}

/// How far a sub-objective is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunStage {
    /// The Leader is to write the plan.
    Drafting,
    /// The planner is to be asked.
    Planning,
    /// Tasks are in work.
    Working,
    /// The Leader is to reflect.
    Reflecting,
    /// The Leader is to divide it into smaller ones.
    Decomposing,
}

/// A task in work.
#[derive(Clone, Debug, PartialEq)]
pub struct Task {
    /// As planned.
    pub spec: TaskSpec,
    /// The producer that was chosen for it, where the planner chose none.
    pub routed: Option<String>,
    /// Who was asked last to produce it, by name.
    pub asked: Option<String>,
    /// Whether the model that was asked last for it was a rehearsal.
    pub rehearsed: bool,
    /// How far it is.
    pub stage: TaskStage,
    /// Which production is current, from 1.
    pub attempt: u32,
    /// Redos since it was planned or unblocked.
    pub redos: u32,
    /// How the current production makes good what the last one did not.
    pub how: Redo,
    /// What the current production must mend.
    pub defects: Vec<Defect>,
    /// What its producer claims.
    pub claim: String,
    /// The artifacts on disk, by path, as they were handed in last.
    pub artifacts: Vec<Artifact>,
    /// The frame that found the last of them: all of one production are found in one.
    pub found_in: Option<u64>,
    /// The last judgement.
    pub verdict: Option<Verdict>,
    /// What earlier productions were told, oldest first: number and summary.
    pub told: Vec<(u32, String)>,
    /// What its producer, or who judges it, has asked of tools in the current step, oldest first.
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
    /// The claim under which it last began to run, and whether it may be run again.
    pub started: Option<(Epoch, bool)>,
    /// How it ended and what of its result is shown, once it has.
    pub result: Option<(ToolOutcome, Payload)>,
    /// All that it returned, where that is more than is shown.
    pub whole: Option<Payload>,
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
    /// Its bytes, where no reply holds them.
    pub content: Option<Payload>,
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
    /// How often that was counted anew, because the machine had slept.
    pub sleeps: u32,
    /// Bytes of a prompt that the provider refused as too long.
    pub too_long: Option<u64>,
    /// Not to be tried before.
    pub not_before: Option<Timestamp>,
    /// Replies without the asked-for form, in a row.
    pub rejections: u32,
    /// The last such reply and what was wrong with it.
    pub rejected: Option<(Payload, String)>,
}

/// A longer gap between two tries, or in one, is taken for the sleep of the machine, or a clock that was set. Microseconds.
const ASLEEP: u64 = 3_600_000_000;

/// How often a gap is taken for that: a model that answers only after hours is given up as any other.
const MOST_SLEEPS: u32 = 3;

impl Trouble {
    /// Whether what lies before the failure at `failed`, of a call that began at `began`, was slept through.
    #[must_use]
    pub fn slept(&self, began: Timestamp, failed: Timestamp) -> bool {
        let due = self.not_before.unwrap_or(began);
        let gap = began.micros_since(due).max(failed.micros_since(began));
        gap > ASLEEP && self.sleeps < MOST_SLEEPS
    }

    /// Since when the limit of its tries counts, with that failure: what was slept through was no trying.
    #[must_use]
    pub fn counts_since(&self, began: Timestamp, failed: Timestamp) -> Timestamp {
        let slept = self.slept(began, failed);
        self.since.filter(|_| !slept).unwrap_or(failed)
    }
}

impl Task {
    /// The producer that it was given to, by whomever.
    #[must_use]
    pub fn producer(&self) -> Option<&str> {
        self.spec.producer.as_deref().or(self.routed.as_deref())
    }

    /// The step that produces it.
    #[must_use]
    pub fn producing(&self) -> Step {
        let (task, attempt) = (self.spec.id.clone(), self.attempt);
        match self.how {
            Redo::Anew | Redo::Edit => Step::Produce { task, attempt },
            Redo::Fix => Step::Fix { task, attempt },
        }
    }

    /// The step in which its talk with tools is held, if it is at one that has a talk.
    #[must_use]
    pub fn talking(&self) -> Option<Step> {
        match self.stage {
            TaskStage::Producing => Some(self.producing()),
            TaskStage::Reviewing => Some(Step::Review {
                task: self.spec.id.clone(),
                attempt: self.attempt,
            }),
            TaskStage::Writing { .. } | TaskStage::Passed | TaskStage::Blocked { .. } => None,
        }
    }

    /// The called tool of this id.
    #[must_use]
    pub fn used(&self, id: &ToolCallId) -> Option<&Used> {
        let mut all = self.talk.iter().flat_map(|turn| &turn.uses);
        all.find(|used| used.call.id == *id)
    }

    /// Whether somebody has begun to work on it. One that comes back from a person has lost its place to others.
    #[must_use]
    pub fn is_begun(&self) -> bool {
        self.redos > 0 || !self.talk.is_empty() || self.stage != TaskStage::Producing
    }

    /// The next called tool that has not returned.
    #[must_use]
    pub fn open_tool(&self) -> Option<&Used> {
        let mut all = self.talk.iter().flat_map(|turn| &turn.uses);
        all.find(|used| used.result.is_none())
    }
}

impl Run {
    /// Work at this stage, with nothing done yet.
    #[must_use]
    pub fn at(index: u32, stage: RunStage) -> Self {
        Self {
            index,
            stage,
            tasks: Vec::new(),
            troubles: BTreeMap::new(),
            fallen_back: BTreeMap::new(),
            context_warned: Vec::new(),
            recalled: BTreeMap::new(),
        }
    }

    /// Tasks that somebody can work on: not finished, not blocked, and all that they need has passed.
    pub fn workable(&self) -> impl Iterator<Item = &Task> {
        let passed = |id: &TaskId| {
            self.task(id)
                .is_some_and(|task| task.stage == TaskStage::Passed)
        };
        self.tasks.iter().filter(move |task| {
            let open = !matches!(task.stage, TaskStage::Passed | TaskStage::Blocked { .. });
            open && task.spec.needs.iter().all(passed)
        })
    }

    /// Tasks that wait for a person.
    pub fn blocked(&self) -> impl Iterator<Item = &Task> {
        self.tasks
            .iter()
            .filter(|task| matches!(task.stage, TaskStage::Blocked { .. }))
    }

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
