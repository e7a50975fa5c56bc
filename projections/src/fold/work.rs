//! Events of the work on a sub-objective.

use serde_json::json;

use super::{Entry, Refused};
use crate::{
    event::{
        ArtifactWritten, ReflectionRecorded, SubObjectiveFinished, SubObjectiveStarted,
        TaskBlocked, TaskProduced, TaskRedone, TaskReviewed, TaskUnblocked, TasksPlanned,
        TeamStateWritten,
    },
    ids::TaskId,
    plan::{Artifact, Plan, Run, RunStage, Status, Task, TaskStage},
    work::{Step, TaskSpec},
};

pub(super) fn sub_objective_started(
    plan: &mut Plan,
    e: &SubObjectiveStarted,
) -> Result<(), Refused> {
    if plan.run.is_some() {
        return Err("another sub-objective is in work");
    }
    if !matches!(plan.status, Status::Executing { .. }) {
        return Err("no runner has the plan");
    }
    if Some(e.index) != plan.current_index.checked_add(1) {
        return Err("it does not follow the last finished one");
    }
    plan.run = Some(Run {
        index: e.index,
        stage: RunStage::Planning,
        tasks: Vec::new(),
        troubles: std::collections::BTreeMap::new(),
        fallen_back: std::collections::BTreeMap::new(),
        context_warned: Vec::new(),
    });
    Ok(())
}

pub(super) fn tasks_planned(plan: &mut Plan, e: &TasksPlanned) -> Result<(), Refused> {
    let run = plan
        .run
        .as_mut()
        .filter(|run| run.index == e.index)
        .ok_or("its sub-objective is not in work")?;
    if run.stage != RunStage::Planning || e.tasks.is_empty() {
        return Err("it was divided before, or into nothing");
    }
    run.stage = RunStage::Working;
    run.tasks = e.tasks.iter().cloned().map(planned).collect();
    plan.calls.last_reply = None;
    Ok(())
}

fn planned(spec: TaskSpec) -> Task {
    Task {
        spec,
        stage: TaskStage::Producing,
        attempt: 1,
        redos: 0,
        defects: Vec::new(),
        claim: String::new(),
        artifact: None,
        verdict: None,
        talk: Vec::new(),
    }
}

pub(super) fn task_produced(plan: &mut Plan, e: &TaskProduced) -> Result<(), Refused> {
    let (call, reply) = plan
        .calls
        .last_reply
        .take()
        .ok_or("no reply came before it")?;
    let made_by = Step::Produce {
        task: e.task.clone(),
        attempt: e.attempt,
    };
    if call.step != made_by {
        return Err("the reply before it is to another step");
    }
    let task = task_at(plan, &e.task, |stage| *stage == TaskStage::Producing)?;
    task.claim.clone_from(&e.claim);
    task.stage = TaskStage::Writing { reply };
    task.talk.clear();
    Ok(())
}

pub(super) fn artifact_written(
    plan: &mut Plan,
    entry: &Entry,
    e: &ArtifactWritten,
) -> Result<(), Refused> {
    let task = task_at(plan, &e.task, |stage| {
        matches!(stage, TaskStage::Writing { .. })
    })?;
    task.artifact = Some(Artifact {
        path: e.path.clone(),
        b3: e.b3,
        bytes: e.bytes,
    });
    task.stage = TaskStage::Reviewing;
    plan.barren_claims = 0;
    plan.last_progress = entry.mark.at;
    Ok(())
}

pub(super) fn task_reviewed(plan: &mut Plan, e: &TaskReviewed) -> Result<(), Refused> {
    let task = task_at(plan, &e.task, |stage| *stage == TaskStage::Reviewing)?;
    if task.attempt != e.attempt {
        return Err("another production is current");
    }
    task.verdict = Some(e.verdict.clone());
    if e.verdict.accepts() {
        task.stage = TaskStage::Passed;
    }
    plan.calls.last_reply = None;
    let run = plan.run.as_mut().ok_or("no sub-objective is in work")?;
    if run.tasks.iter().all(|task| task.stage == TaskStage::Passed) {
        run.stage = RunStage::Reflecting;
    }
    Ok(())
}

pub(super) fn task_redone(plan: &mut Plan, e: &TaskRedone) -> Result<(), Refused> {
    let task = task_at(plan, &e.task, |stage| *stage == TaskStage::Reviewing)?;
    if Some(e.attempt) != task.attempt.checked_add(1) {
        return Err("its production does not follow the last one");
    }
    task.attempt = e.attempt;
    task.redos += 1;
    task.defects.clone_from(&e.defects);
    task.stage = TaskStage::Producing;
    Ok(())
}

pub(super) fn task_blocked(plan: &mut Plan, e: &TaskBlocked) -> Result<(), Refused> {
    let task = task_at(plan, &e.task, |stage| *stage != TaskStage::Passed)?;
    task.stage = TaskStage::Blocked { why: e.why.clone() };
    Ok(())
}

pub(super) fn task_unblocked(plan: &mut Plan, e: &TaskUnblocked) -> Result<(), Refused> {
    let task = task_at(plan, &e.task, |stage| {
        matches!(stage, TaskStage::Blocked { .. })
    })?;
    task.defects = task
        .verdict
        .take()
        .map_or_else(Vec::new, |verdict| verdict.defects);
    task.attempt += 1;
    task.redos = 0;
    task.talk.clear();
    task.stage = TaskStage::Producing;
    Ok(())
}

pub(super) fn sub_objective_finished(
    plan: &mut Plan,
    entry: &Entry,
    e: &SubObjectiveFinished,
) -> Result<(), Refused> {
    reflecting(plan, e.index)?;
    plan.current_index = e.index;
    plan.run = None;
    plan.calls.last_reply = None;
    plan.kickoffs.push(json!({
        "sub_objective_index": e.index,
        "summary": e.summary,
        "at": entry.mark.at.guide_form(),
    }));
    Ok(())
}

pub(super) fn reflection_recorded(plan: &mut Plan, e: &ReflectionRecorded) -> Result<(), Refused> {
    reflecting(plan, e.reflection.after_sub_objective)?;
    plan.reflections.push(e.reflection.clone());
    Ok(())
}

pub(super) fn team_state_written(plan: &mut Plan, e: &TeamStateWritten) -> Result<(), Refused> {
    plan.team_state = Some(e.text.clone());
    Ok(())
}

/// The task named `id`, at a stage where the event can happen to it.
fn task_at<'a>(
    plan: &'a mut Plan,
    id: &TaskId,
    fits: fn(&TaskStage) -> bool,
) -> Result<&'a mut Task, Refused> {
    let run = plan.run.as_mut().ok_or("no sub-objective is in work")?;
    let task = run.task_mut(id).ok_or("no such task was planned")?;
    if fits(&task.stage) {
        Ok(task)
    } else {
        Err("the task is at another stage")
    }
}

/// Whether sub-objective `index` is at its end: nothing is finished over work that is open or blocked.
fn reflecting(plan: &Plan, index: u32) -> Result<(), Refused> {
    let at_end = |run: &Run| run.index == index && run.stage == RunStage::Reflecting;
    if plan.run.as_ref().is_some_and(at_end) {
        Ok(())
    } else {
        Err("its sub-objective is not at its end")
    }
}
