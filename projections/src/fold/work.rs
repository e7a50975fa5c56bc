//! Events of the work on a sub-objective.

use serde_json::json;

use super::{Entry, Refused};
use crate::{
    body,
    event::{
        ArtifactWritten, DecomposeRequested, QualityReported, ReflectionRecorded,
        SubObjectiveDecomposed, SubObjectiveFinished, SubObjectiveStarted, TaskBlocked,
        TaskProduced, TaskRedone, TaskReviewed, TaskUnblocked, TasksPlanned, TeamStateWritten,
    },
    ids::TaskId,
    plan::{Artifact, Finished, Plan, Run, RunStage, Status, Task, TaskRecord, TaskStage},
    work::{Redo, TaskSpec},
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
    plan.run = Some(Run::at(e.index, RunStage::Planning));
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
        routed: None,
        asked: None,
        rehearsed: false,
        stage: TaskStage::Producing,
        attempt: 1,
        redos: 0,
        how: Redo::Anew,
        defects: Vec::new(),
        claim: String::new(),
        artifacts: Vec::new(),
        found_in: None,
        verdict: None,
        told: Vec::new(),
        talk: Vec::new(),
    }
}

pub(super) fn task_produced(plan: &mut Plan, e: &TaskProduced) -> Result<(), Refused> {
    let (call, reply) = plan
        .calls
        .last_reply
        .take()
        .ok_or("no reply came before it")?;
    let task = task_at(plan, &e.task, |stage| *stage == TaskStage::Producing)?;
    if call.step != task.producing() || task.attempt != e.attempt {
        return Err("the reply before it is to another step");
    }
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
    let (seq, folded) = (entry.mark.anchor.seq, plan.head_frame.anchor.seq);
    let task = task_at(plan, &e.task, |stage| {
        matches!(stage, TaskStage::Writing { .. } | TaskStage::Reviewing)
    })?;
    // Of several artifacts of one task the first ends the writing; the others stand in the same frame.
    let same_frame = task.found_in == Some(seq) && folded != seq;
    if task.stage == TaskStage::Reviewing && !same_frame {
        return Err("the task is at another stage");
    }
    task.found_in = Some(seq);
    task.artifacts.retain(|artifact| artifact.path != e.path);
    task.artifacts.push(Artifact {
        path: e.path.clone(),
        b3: e.b3,
        bytes: e.bytes,
        content: e.content.clone(),
    });
    task.stage = TaskStage::Reviewing;
    plan.barren_claims = 0;
    plan.last_progress = entry.mark.at;
    Ok(())
}

pub(super) fn task_reviewed(plan: &mut Plan, e: &TaskReviewed) -> Result<(), Refused> {
    let fits: fn(&TaskStage) -> bool = if e.by_engine {
        |stage| !matches!(stage, TaskStage::Passed | TaskStage::Blocked { .. })
    } else {
        |stage| *stage == TaskStage::Reviewing
    };
    let task = task_at(plan, &e.task, fits)?;
    if task.attempt != e.attempt {
        return Err("another production is current");
    }
    task.stage = if e.verdict.accepts() {
        TaskStage::Passed
    } else {
        task.told.push((e.attempt, e.verdict.summary.clone()));
        TaskStage::Reviewing
    };
    task.verdict = Some(e.verdict.clone());
    task.talk.clear();
    *plan.judged.entry((e.task.clone(), e.attempt)).or_default() += 1;
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
    task.how = e.how;
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
    // What is missing outside is no fault of the artifact: what there is is gone on with.
    task.how = if task.artifacts.is_empty() {
        Redo::Anew
    } else {
        Redo::Edit
    };
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
    let title = plan.item(e.index).map(|item| item.title.clone());
    let tasks = plan.run.take().map_or_else(Vec::new, |run| run.tasks);
    plan.finished.push(Finished {
        index: e.index,
        title: title.unwrap_or_default(),
        tasks: tasks.into_iter().map(record).collect(),
    });
    plan.calls.last_reply = None;
    plan.kickoffs.push(json!({
        "sub_objective_index": e.index,
        "summary": e.summary,
        "at": entry.mark.at.guide_form(),
    }));
    Ok(())
}

fn record(task: Task) -> TaskRecord {
    TaskRecord {
        id: task.spec.id,
        title: task.spec.title,
        artifacts: task.artifacts.into_iter().map(|a| a.path).collect(),
        attempts: task.attempt,
        fixed: task.how == Redo::Fix,
        claim: task.claim,
        verdict: task.verdict.map_or_else(String::new, |v| v.summary),
    }
}

pub(super) fn quality_reported(plan: &mut Plan, e: &QualityReported) -> Result<(), Refused> {
    plan.quality_report = Some(e.text.clone());
    Ok(())
}

pub(super) fn decompose_requested(plan: &mut Plan, e: &DecomposeRequested) -> Result<(), Refused> {
    let run = plan.run.as_mut().filter(|run| run.index == e.index);
    let run = run.ok_or("its sub-objective is not in work")?;
    run.stage = RunStage::Decomposing;
    run.troubles.clear();
    Ok(())
}

pub(super) fn sub_objective_decomposed(
    plan: &mut Plan,
    e: &SubObjectiveDecomposed,
) -> Result<(), Refused> {
    let decomposing = |run: &Run| run.index == e.index && run.stage == RunStage::Decomposing;
    if !plan.run.as_ref().is_some_and(decomposing) {
        return Err("its sub-objective is not to be divided");
    }
    plan.items = body::sub_objectives(&e.body);
    plan.body.clone_from(&e.body);
    plan.run = None;
    plan.calls.last_reply = None;
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
