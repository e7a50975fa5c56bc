//! `runs/<plan>/audit.jsonl`: what an auditor looks for first — divergences, rejections, blocks, lost calls,
//! refused edits, questions and answers. One line each: `{"timestamp","after_sub_objective","kind","note"}`.

use serde_json::json;

use crate::{
    event::{Event, ToolOutcome},
    fold::Entry,
    plan::Plan,
};

/// The line that `event` adds; `plan` is the state right after it.
#[must_use]
pub fn line(plan: &Plan, entry: &Entry, event: &Event) -> Option<String> {
    let (kind, note) = finding(event)?;
    let after = match event {
        Event::DivergenceFlagged(e) => e.after_sub_objective,
        _ => plan.current_index,
    };
    let line = json!({
        "timestamp": entry.mark.at.guide_form(),
        "after_sub_objective": after,
        "kind": kind,
        "note": note,
    });
    Some(format!("{line}\n"))
}

fn finding(event: &Event) -> Option<(&'static str, String)> {
    let found = match event {
        Event::DivergenceFlagged(e) => ("team_state_divergence", e.note.clone()),
        Event::TaskReviewed(e) if !e.verdict.accepts() => (
            "task_rejected",
            format!("{} production {}: {}", e.task, e.attempt, e.verdict.summary),
        ),
        Event::TaskFixed(e) => (
            "task_fixed_by_qc",
            format!("{} production {}: {}", e.task, e.attempt, e.claim),
        ),
        Event::SubObjectiveDecomposed(e) => (
            "sub_objective_decomposed",
            format!("{} into {}: {}", e.index, e.parts, e.why),
        ),
        Event::ToolCallFinished(e) if e.outcome == ToolOutcome::Interrupted => (
            "tool_call_interrupted",
            format!("{}: {}", e.task, e.tool_call),
        ),
        Event::DraftFailed(e) => ("draft_failed", format!("{}: {}", e.revision, e.why)),
        Event::TicketWithdrawn(e) => ("ticket_withdrawn", format!("{}: {}", e.ticket, e.why)),
        Event::TaskBlocked(e) => ("task_blocked", format!("{}: {}", e.task, e.why)),
        Event::ReplyRejected(e) => ("reply_rejected", format!("{}: {}", e.call_id, e.why)),
        Event::ModelCallFailed(e) => ("model_call_failed", format!("{}: {}", e.call_id, e.message)),
        Event::ModelCallAbandoned(e) => {
            ("model_call_abandoned", format!("{}: {}", e.call_id, e.why))
        }
        Event::EditRejected(e) => ("edit_rejected", format!("{}: {}", e.file, e.why)),
        Event::BudgetExhausted(e) => (
            "budget_exhausted",
            format!("{}: {}", e.cap, e.cap.measured(e.used, e.limit)),
        ),
        Event::BudgetWarned(e) => (
            "budget_warned",
            format!("{}: {}", e.cap, e.cap.measured(e.used, e.limit)),
        ),
        Event::TicketOpened(e) => ("ticket_opened", format!("{}: {}", e.ticket, e.title)),
        Event::TicketDecided(e) => (
            "ticket_decided",
            format!("{}: {}: {}", e.ticket, e.decision.as_str(), e.note),
        ),
        Event::ModelFellBack(e) => (
            "model_fell_back",
            format!("{}: {} to {}: {}", e.step.seat(), e.from, e.to, e.why),
        ),
        Event::ReservationReleased(e) => {
            ("reservation_released", format!("{}: {}", e.call_id, e.why))
        }
        Event::ContextCompressed(e) => (
            "context_compressed",
            format!(
                "{}: {} result(s) left out",
                e.step.label(),
                e.replaced.len()
            ),
        ),
        Event::ContextExhausted(e) => (
            "context_exhausted",
            format!("{}: {}", e.step.label(), e.checkpoint),
        ),
        Event::PlanClaimed(e) if e.recovered => {
            ("runner_lost", format!("claimed again at epoch {}", e.epoch))
        }
        _ => return None,
    };
    Some(found)
}
