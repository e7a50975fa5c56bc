//! The team's memory: who does a task, and what agents note. A paid answer never fails over a note.

use projections::{
    event::{NoteJudged, NoteProposed, NoteWritten, TaskRouted},
    ids::TaskId,
    memory::{Note, Standing, Tier, choose},
    payload::Digest,
    work::Step,
};

use super::{Decided, Decision, Refusal};
use crate::{
    effect,
    prompts::reply::{self, Noted},
};

/// Gives a task to a producer.
pub(super) fn routing(
    decision: &mut Decision<'_>,
    task: &TaskId,
    among: &[Standing],
    embedder: Option<&str>,
) -> Decided {
    let known = |standing: &Standing| {
        let mut names = decision.context.policy.producers.iter();
        names.any(|name| *name == standing.producer)
    };
    if !effect::is_unrouted(&decision.plan, task) || !among.iter().all(known) {
        return Err(Refusal::Moot);
    }
    let (chosen, rule) = choose(among).ok_or(Refusal::Moot)?;
    decision.push(TaskRouted {
        task: task.clone(),
        producer: chosen.producer.clone(),
        rule,
        among: among.to_vec(),
        embedder: embedder.map(str::to_owned),
    });
    Ok(())
}

/// Takes up what the answer to `step`, which `agent` gave, says for the team's memory.
pub(super) fn noted(decision: &mut Decision<'_>, step: &Step, agent: &str, text: &str) {
    if !decision.context.policy.team_memory {
        return;
    }
    let said = reply::notes(text);
    let Some((tier, writes)) = standing_of(step) else {
        return;
    };
    if let Step::Review { task, .. } = step {
        judge(decision, task, &said.promote, true);
        judge(decision, task, &said.decline, false);
    }
    for noted in said.notes {
        let Some(note) = next(decision, step, tier, agent, noted) else {
            continue;
        };
        if writes {
            decision.push(NoteWritten { note });
        } else {
            decision.push(NoteProposed { note });
        }
    }
}

/// As who the agent of a step writes, and whether its notes count without being judged.
fn standing_of(step: &Step) -> Option<(Tier, bool)> {
    match step {
        Step::Review { .. } | Step::Fix { .. } => Some((Tier::Qc, true)),
        Step::Reflect { .. } => Some((Tier::Leader, true)),
        Step::PlanTasks { .. } => Some((Tier::Planner, false)),
        Step::Produce { .. } => Some((Tier::Producer, false)),
        // Who writes a plan has not seen any work yet.
        Step::Draft { .. } | Step::Decompose { .. } => None,
    }
}

/// The plan's next note; `None` for a text that it has noted before.
fn next(
    decision: &Decision<'_>,
    step: &Step,
    tier: Tier,
    agent: &str,
    noted: Noted,
) -> Option<Note> {
    let plan = &decision.plan;
    let known = &plan.notes.known;
    if known.contains(&Digest::of(noted.text.as_bytes())) {
        return None;
    }
    let serial = u32::try_from(known.len()).ok()?.checked_add(1)?;
    Some(Note {
        id: Note::id_of(&plan.id, serial),
        kind: noted.kind,
        text: noted.text,
        tags: noted.tags,
        artifact_kind: None,
        writer: agent.to_owned(),
        tier,
        plan: Some(plan.id.clone()),
        task: step.task().map(|(task, _)| task.clone()),
    })
}

/// Ids that nothing bears which this judge decides on are passed over.
fn judge(decision: &mut Decision<'_>, task: &TaskId, ids: &[String], promoted: bool) {
    for id in ids {
        let is_open = {
            let mut open = decision.plan.proposed_to_judge_of(task);
            open.any(|open| open.note.id == *id)
        };
        if is_open {
            decision.push(NoteJudged {
                note: id.clone(),
                promoted,
            });
        }
    }
}
