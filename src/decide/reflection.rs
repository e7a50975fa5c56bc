//! What follows from the Leader's reflection. The reflection is logged and `current_index` advances in one
//! frame, whatever the outcome: the sub-objective's work is done and is never repeated.

use projections::{
    body,
    document::MAX_BODY,
    event::{
        DivergenceFlagged, PauseReason, PlanAborted, QualityReported, ReflectionRecorded,
        SubObjectiveFinished, TeamStateWritten, TicketSubject,
    },
    plan::Plan,
    work::{Outcome, Reflection},
};

use super::{Decided, Decision, claim, question};
use crate::prompts::{
    one_line,
    reply::{Revision, Thought},
};

pub(super) fn reflected(decision: &mut Decision<'_>, index: u32, thought: Thought) -> Decided {
    record(decision, index, &thought);
    let rationale = one_line(&thought.rationale);
    match thought.outcome {
        Outcome::Continue | Outcome::ReviseMinor => {
            claim::go_on(decision);
            Ok(())
        }
        Outcome::Pause => {
            let what = format!("the Leader pauses after sub-objective {index}: {rationale}");
            question::ask(
                decision,
                PauseReason::Reflection,
                TicketSubject::Reflection,
                &what,
            )
        }
        Outcome::ReviseMajor => {
            let (subject, proposal) = proposal(&decision.plan, index, thought.revision.as_ref());
            let what = format!(
                "the Leader asks for a major revision after sub-objective {index}: {rationale}{proposal}"
            );
            question::ask(decision, PauseReason::MajorRevision, subject, &what)
        }
        Outcome::Abort => {
            decision.push(PlanAborted {
                summary: format!("the Leader aborts after sub-objective {index}: {rationale}"),
            });
            Ok(())
        }
    }
}

fn record(decision: &mut Decision<'_>, index: u32, thought: &Thought) {
    let reflection = Reflection {
        after_sub_objective: index,
        outcome: thought.outcome,
        rationale: thought.rationale.clone(),
        timestamp: decision.context.now,
        note: thought.note.clone(),
        more: serde_json::Map::new(),
    };
    decision.push(ReflectionRecorded { reflection });
    for note in &thought.divergences {
        decision.push(DivergenceFlagged {
            after_sub_objective: index,
            note: note.clone(),
        });
    }
    if let Some(text) = &thought.team_state {
        decision.push(TeamStateWritten { text: text.clone() });
    }
    if let Some(text) = &thought.quality_report {
        decision.push(QualityReported { text: text.clone() });
    }
    let summary = summary(&decision.plan);
    decision.push(SubObjectiveFinished { index, summary });
}

/// One line on what the sub-objective in work made.
fn summary(plan: &Plan) -> String {
    let tasks = plan.run.iter().flat_map(|run| &run.tasks);
    let (mut count, mut productions, mut artifacts) = (0, 0, Vec::new());
    for task in tasks {
        count += 1;
        productions += task.attempt;
        artifacts.extend(task.artifacts.iter().map(|artifact| artifact.path.clone()));
    }
    format!(
        "tasks={count}; productions={productions}; artifacts={}",
        artifacts.join(", ")
    )
}

/// What approving would do: apply the proposed rest of the plan, if one was given that can be applied.
fn proposal(plan: &Plan, index: u32, revision: Option<&Revision>) -> (TicketSubject, String) {
    let Some(revision) = revision else {
        return (TicketSubject::Reflection, String::new());
    };
    let finished = usize::try_from(index).unwrap_or(usize::MAX);
    let items: Vec<(String, String)> = revision
        .sub_objectives
        .iter()
        .map(|item| (item.title.clone(), item.description.clone()))
        .collect();
    let said = format!("\n\nIt proposes:\n\n{}", question::quote(&revision.summary));
    if items.is_empty() {
        return (TicketSubject::Reflection, said);
    }
    match body::replace_from(&plan.body, finished, &items) {
        Ok(body) if body.len() <= MAX_BODY => (question::about_revision(plan, body), said),
        Ok(_) => inapplicable(&said, "it would be too long"),
        Err(fault) => inapplicable(&said, &fault.to_string()),
    }
}

fn inapplicable(said: &str, why: &str) -> (TicketSubject, String) {
    let text = format!(
        "{said}\n\nIts list of sub-objectives could not be put into the plan ({why}); edit the plan yourself."
    );
    (TicketSubject::Reflection, text)
}
