//! What should be done next, as inert values. Pure: resuming after a crash is folding the journal and asking
//! [`due`] again.

use projections::{
    event::ToolUse,
    ids::TaskId,
    payload::Payload,
    plan::{Plan, Run, RunStage, Status, Task, TaskStage},
    time::Timestamp,
    work::Step,
};

/// Something for the edge to perform. Its outcome comes back as a command; performing it twice is harmless.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Ask a model.
    CallModel {
        /// For what.
        step: Step,
    },
    /// Run a tool that a producer called.
    RunTool {
        /// Whose.
        task: TaskId,
        /// Which, with which arguments.
        call: ToolUse,
    },
    /// Put a produced artifact on disk, whole.
    WriteArtifact {
        /// Whose.
        task: TaskId,
        /// Below the run's `artifacts/`.
        path: String,
        /// The producer's reply that holds the content.
        reply: Payload,
    },
}

/// What is due.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Due {
    /// To be performed now.
    pub effects: Vec<Effect>,
    /// When to ask again, if something waits for a time.
    pub wake_at: Option<Timestamp>,
}

/// Tasks of a sub-objective in work at the same time.
const TASKS_AT_ONCE: usize = 1;

/// What `plan` needs next. Nothing unless it is executing.
#[must_use]
pub fn due(plan: &Plan, now: Timestamp) -> Due {
    let Status::Executing { .. } = plan.status else {
        return Due::default();
    };
    let mut due = Due::default();
    for effect in plan.run.iter().flat_map(awaited) {
        match waits_until(plan, &effect) {
            Some(time) if time > now => {
                due.wake_at = Some(due.wake_at.map_or(time, |known| known.min(time)))
            }
            Some(_) | None => due.effects.push(effect),
        }
    }
    due.effects.retain(|effect| !is_under_way(plan, effect));
    due
}

/// Whether `step` is due and not under way.
#[must_use]
pub fn awaits(plan: &Plan, step: &Step, now: Timestamp) -> bool {
    due(plan, now)
        .effects
        .iter()
        .any(|effect| matches!(effect, Effect::CallModel { step: s } if s == step))
}

/// Whether the work stands at `step`, so that an answer to it still has a consequence.
#[must_use]
pub fn stands_at(plan: &Plan, step: &Step) -> bool {
    plan.run
        .iter()
        .flat_map(awaited)
        .any(|effect| matches!(effect, Effect::CallModel { step: s } if s == *step))
}

/// What the sub-objective in work waits for.
fn awaited(run: &Run) -> Vec<Effect> {
    match run.stage {
        RunStage::Planning => vec![Effect::CallModel {
            step: Step::PlanTasks { index: run.index },
        }],
        RunStage::Reflecting => vec![Effect::CallModel {
            step: Step::Reflect { index: run.index },
        }],
        RunStage::Working => {
            let open = run
                .tasks
                .iter()
                .filter(|task| task.stage != TaskStage::Passed);
            open.take(TASKS_AT_ONCE).filter_map(of_task).collect()
        }
    }
}

fn of_task(task: &Task) -> Option<Effect> {
    let (id, attempt) = (task.spec.id.clone(), task.attempt);
    match &task.stage {
        TaskStage::Producing => Some(match task.open_tool() {
            Some(call) => Effect::RunTool {
                task: id,
                call: call.clone(),
            },
            None => Effect::CallModel {
                step: Step::Produce { task: id, attempt },
            },
        }),
        TaskStage::Writing { reply } => Some(Effect::WriteArtifact {
            task: id,
            path: task.spec.artifact.clone(),
            reply: reply.clone(),
        }),
        TaskStage::Reviewing => Some(Effect::CallModel {
            step: Step::Review { task: id, attempt },
        }),
        // Neither waits for the machine: one is finished, the other waits for a person.
        TaskStage::Passed | TaskStage::Blocked { .. } => None,
    }
}

fn waits_until(plan: &Plan, effect: &Effect) -> Option<Timestamp> {
    match effect {
        Effect::CallModel { step } => plan.run.as_ref()?.troubles.get(&step.label())?.not_before,
        Effect::RunTool { .. } | Effect::WriteArtifact { .. } => None,
    }
}

fn is_under_way(plan: &Plan, effect: &Effect) -> bool {
    match effect {
        Effect::CallModel { step } => plan.calls.in_flight.values().any(|call| call.step == *step),
        Effect::RunTool { .. } | Effect::WriteArtifact { .. } => false,
    }
}
