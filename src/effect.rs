//! What should be done next, as inert values. Pure: resuming after a crash is folding the journal and asking
//! [`due`] again.

use projections::{
    event::ToolUse,
    ids::TaskId,
    payload::Payload,
    plan::{Plan, Run, RunStage, Task, TaskStage, Used},
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
    /// Run a tool that a model called.
    RunTool {
        /// Whose.
        task: TaskId,
        /// Which, with which arguments.
        call: ToolUse,
    },
    /// See to it that a task's artifacts are on disk, whole, and say what they are.
    CollectArtifacts {
        /// Whose.
        task: TaskId,
        /// The reply that hands them in; it may hold the content of the first.
        reply: Payload,
    },
}

/// What is due.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Due {
    /// To be performed now, each beside the others.
    pub effects: Vec<Effect>,
    /// When to ask again, if something waits for a time.
    pub wake_at: Option<Timestamp>,
}

/// What `plan` needs next, with at most `parallel` tasks in work at once. Nothing unless somebody may work on it.
#[must_use]
pub fn due(plan: &Plan, now: Timestamp, parallel: u32) -> Due {
    let mut due = Due::default();
    if !plan.is_at_work() {
        return due;
    }
    for effect in plan.run.iter().flat_map(|run| awaited(plan, run, parallel)) {
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
pub fn awaits(plan: &Plan, step: &Step, now: Timestamp, parallel: u32) -> bool {
    due(plan, now, parallel)
        .effects
        .iter()
        .any(|effect| matches!(effect, Effect::CallModel { step: s } if s == step))
}

/// Whether the work stands at `step`, so that an answer to it still has a consequence.
#[must_use]
pub fn stands_at(plan: &Plan, step: &Step) -> bool {
    plan.run
        .iter()
        .flat_map(|run| awaited(plan, run, u32::MAX))
        .any(|effect| matches!(effect, Effect::CallModel { step: s } if s == *step))
}

/// Whether something that the work waits for has begun, with a runner or with one that was lost.
#[must_use]
pub fn has_begun(plan: &Plan) -> bool {
    let runs = plan.run.iter();
    let mut awaited = runs.flat_map(|run| awaited(plan, run, u32::MAX));
    !plan.calls.in_flight.is_empty() || awaited.any(|effect| is_under_way(plan, &effect))
}

/// Whether a task in work was given to no producer yet.
#[must_use]
pub fn is_unrouted(plan: &Plan, task: &TaskId) -> bool {
    let run = plan.run.as_ref();
    let run = run.filter(|run| plan.is_at_work() && run.stage == RunStage::Working);
    let task = run.and_then(|run| run.task(task));
    task.is_some_and(|task| {
        let is_given = task.producer().is_some() || task.asked.is_some();
        !is_given && task.stage == TaskStage::Producing
    })
}

/// What the sub-objective in work waits for.
fn awaited(plan: &Plan, run: &Run, parallel: u32) -> Vec<Effect> {
    let ask = |step| vec![Effect::CallModel { step }];
    let index = run.index;
    match run.stage {
        RunStage::Drafting => ask(Step::Draft {
            revision: u32::try_from(plan.wishes.len()).unwrap_or(u32::MAX),
        }),
        RunStage::Planning => ask(Step::PlanTasks { index }),
        RunStage::Reflecting => ask(Step::Reflect { index }),
        RunStage::Decomposing => ask(Step::Decompose { index }),
        RunStage::Working => in_work(plan, run, parallel)
            .into_iter()
            .filter_map(of_task)
            .collect(),
    }
}

/// The tasks that are worked on: those that somebody has begun with first, so that none loses its place to another.
fn in_work<'a>(plan: &'a Plan, run: &'a Run, parallel: u32) -> Vec<&'a Task> {
    let calls = |task: &Task| {
        let mut flying = plan.calls.in_flight.values();
        flying.any(|call| call.step.task().is_some_and(|(id, _)| *id == task.spec.id))
    };
    // One that waits for its next try has been begun as well.
    let tries = |task: &Task| {
        let step = task.talking();
        step.is_some_and(|step| run.troubles.contains_key(&step.label()))
    };
    let (begun, fresh): (Vec<&Task>, Vec<&Task>) = run
        .workable()
        .partition(|task| task.is_begun() || calls(task) || tries(task));
    let most = usize::try_from(parallel.max(1)).unwrap_or(usize::MAX);
    begun.into_iter().chain(fresh).take(most).collect()
}

fn of_task(task: &Task) -> Option<Effect> {
    let id = task.spec.id.clone();
    if let TaskStage::Writing { reply } = &task.stage {
        let reply = reply.clone();
        return Some(Effect::CollectArtifacts { task: id, reply });
    }
    // Neither finished nor blocked tasks wait for the machine.
    let step = task.talking()?;
    Some(match task.open_tool() {
        Some(used) => Effect::RunTool {
            task: id,
            call: used.call.clone(),
        },
        None => Effect::CallModel { step },
    })
}

fn waits_until(plan: &Plan, effect: &Effect) -> Option<Timestamp> {
    match effect {
        Effect::CallModel { step } => plan.run.as_ref()?.troubles.get(&step.label())?.not_before,
        Effect::RunTool { .. } | Effect::CollectArtifacts { .. } => None,
    }
}

fn is_under_way(plan: &Plan, effect: &Effect) -> bool {
    match effect {
        Effect::CallModel { step } => plan.calls.in_flight.values().any(|call| call.step == *step),
        Effect::RunTool { task, call } => {
            let run = plan.run.as_ref();
            let used = run.and_then(|run| run.task(task)?.used(&call.id));
            used.is_some_and(|used| is_running(plan, used))
        }
        Effect::CollectArtifacts { .. } => false,
    }
}

/// Whether the present runner has begun to run it.
fn is_running(plan: &Plan, used: &Used) -> bool {
    used.started.is_some_and(|(epoch, _)| epoch == plan.epoch) && used.result.is_none()
}
