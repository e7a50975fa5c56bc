//! Events of the team's memory: what prompts were given, who does a task, what agents noted.

use super::{Entry, Refused};
use crate::{
    event::{ModelCallStarted, NoteJudged, NoteProposed, NoteWritten, TaskRouted},
    memory::Note,
    payload::Digest,
    plan::{self, Plan, Proposal, RunStage},
    work::Step,
};

/// What the first call of a step shows of the memory, be it nothing, stays with the step; who is asked to produce stays with the task.
pub(super) fn asked(plan: &mut Plan, e: &ModelCallStarted) {
    let Some(run) = plan.run.as_mut() else {
        return;
    };
    let recalled = run.recalled.entry(e.step.label());
    recalled.or_insert_with(|| e.recalled.clone().unwrap_or_default());
    let task = e.step.task().and_then(|(task, _)| run.task_mut(task));
    let Some(task) = task else {
        return;
    };
    task.rehearsed = plan::is_rehearsal(&e.model);
    if let Step::Produce { .. } | Step::Fix { .. } = &e.step {
        task.asked = Some(e.agent_id.clone());
    }
}

pub(super) fn task_routed(plan: &mut Plan, e: &TaskRouted) -> Result<(), Refused> {
    let run = plan.run.as_mut();
    let run = run.filter(|run| run.stage == RunStage::Working);
    let task = run.and_then(|run| run.task_mut(&e.task));
    let task = task.ok_or("there is no such task in work")?;
    if task.producer().is_some() {
        return Err("its task was given to somebody before");
    }
    task.routed = Some(e.producer.clone());
    Ok(())
}

pub(super) fn note_written(plan: &mut Plan, e: &NoteWritten) -> Result<(), Refused> {
    noted(plan, &e.note)
}

pub(super) fn note_proposed(
    plan: &mut Plan,
    entry: &Entry,
    e: &NoteProposed,
) -> Result<(), Refused> {
    noted(plan, &e.note)?;
    plan.notes.proposed.push(Proposal {
        note: e.note.clone(),
        at: entry.mark.at,
        promoted: None,
    });
    Ok(())
}

fn noted(plan: &mut Plan, note: &Note) -> Result<(), Refused> {
    let serial = u32::try_from(plan.notes.known.len() + 1).unwrap_or(u32::MAX);
    if note.id != Note::id_of(&plan.id, serial) {
        return Err("its note is not the next one of the plan");
    }
    plan.notes.known.push(Digest::of(note.text.as_bytes()));
    Ok(())
}

pub(super) fn note_judged(plan: &mut Plan, e: &NoteJudged) -> Result<(), Refused> {
    let mut proposed = plan.notes.proposed.iter_mut();
    let proposal = proposed.find(|proposal| proposal.note.id == e.note);
    let proposal = proposal.ok_or("no note of this id was proposed")?;
    match proposal.promoted.replace(e.promoted) {
        None => Ok(()),
        Some(_) => Err("its note was decided on before"),
    }
}
