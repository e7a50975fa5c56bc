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
    plan::{Artifact, Plan, Run, RunStage, Task, TaskStage},
    work::TaskSpec,
};

pub(super) fn sub_objective_started(
    plan: &mut Plan,
    e: &SubObjectiveStarted,
) -> Result<(), Refused> {
    if plan.run.is_some() {
        return Err("another sub-objective is in work");
    }
    plan.run = Some(Run {
        index: e.index,
        stage: RunStage::Planning,
        tasks: Vec::new(),
        troubles: std::collections::BTreeMap::new(),
    });
    Ok(())
}

pub(super) fn tasks_planned(plan: &mut Plan, e: &TasksPlanned) -> Result<(), Refused> {
    let run = plan
        .run
        .as_mut()
        .filter(|run| run.index == e.index)
        .ok_or("its sub-objective is not in work")?;
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
    }
}

pub(super) fn task_produced(plan: &mut Plan, e: &TaskProduced) -> Result<(), Refused> {
    let (_, reply) = plan
        .calls
        .last_reply
        .take()
        .ok_or("no reply came before it")?;
    let task = task(plan, &e.task)?;
    task.claim.clone_from(&e.claim);
    task.stage = TaskStage::Writing { reply };
    Ok(())
}

pub(super) fn artifact_written(
    plan: &mut Plan,
    entry: &Entry,
    e: &ArtifactWritten,
) -> Result<(), Refused> {
    let task = task(plan, &e.task)?;
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
    let task = task(plan, &e.task)?;
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
    let task = task(plan, &e.task)?;
    task.attempt = e.attempt;
    task.redos += 1;
    task.defects.clone_from(&e.defects);
    task.stage = TaskStage::Producing;
    Ok(())
}

pub(super) fn task_blocked(plan: &mut Plan, e: &TaskBlocked) -> Result<(), Refused> {
    task(plan, &e.task)?.stage = TaskStage::Blocked { why: e.why.clone() };
    Ok(())
}

pub(super) fn task_unblocked(plan: &mut Plan, e: &TaskUnblocked) -> Result<(), Refused> {
    let task = task(plan, &e.task)?;
    task.defects = task
        .verdict
        .take()
        .map_or_else(Vec::new, |verdict| verdict.defects);
    task.attempt += 1;
    task.redos = 0;
    task.stage = TaskStage::Producing;
    Ok(())
}

pub(super) fn sub_objective_finished(
    plan: &mut Plan,
    entry: &Entry,
    e: &SubObjectiveFinished,
) -> Result<(), Refused> {
    if e.index != plan.current_index + 1 {
        return Err("it does not follow the last finished one");
    }
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
    plan.reflections.push(e.reflection.clone());
    Ok(())
}

pub(super) fn team_state_written(plan: &mut Plan, e: &TeamStateWritten) -> Result<(), Refused> {
    plan.team_state = Some(e.text.clone());
    Ok(())
}

fn task<'a>(plan: &'a mut Plan, id: &TaskId) -> Result<&'a mut Task, Refused> {
    let run = plan.run.as_mut().ok_or("no sub-objective is in work")?;
    run.task_mut(id).ok_or("no such task was planned")
}
