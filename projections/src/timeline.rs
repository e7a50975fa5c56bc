//! One line for people on each event.

use crate::{event::Event, work::Redo};

/// What happened, without its time and writer: on one line, and without anything that a terminal obeys,
/// whatever a model wrote into it.
#[must_use]
pub fn describe(event: &Event) -> String {
    on_one_line(&describe_plan(event))
}

/// A text without anything that a terminal obeys.
pub(crate) fn on_one_line(text: &str) -> String {
    let shown = |c: char| if c.is_control() { ' ' } else { c };
    text.chars().map(shown).collect()
}

fn describe_plan(event: &Event) -> String {
    match event {
        Event::PlanDrafted(e) => format!("plan {} written down", e.plan),
        Event::PlanImported(e) => format!("plan {} imported as found, {}", e.plan, e.found.status),
        Event::PlanRevised(e) => format!("plan revised: {}", e.why),
        Event::PlanApproved(e) => noted("approved", &e.note),
        Event::PlanDeclined(e) => noted("declined", &e.note),
        Event::PlanClaimed(e) if e.recovered => {
            format!("claimed at epoch {} after its runner was lost", e.epoch)
        }
        Event::PlanClaimed(e) => format!("claimed at epoch {}", e.epoch),
        Event::PlanReleased(e) => noted("released", &e.why),
        Event::PlanPaused(e) => noted("paused", &e.note),
        Event::PlanResumed(e) => noted("resumed", &e.note),
        Event::PlanCancelled(e) if e.cut => {
            noted("cancelled, and what is under way is cut", &e.note)
        }
        Event::PlanCancelled(e) => noted("cancelled", &e.note),
        Event::PlanAborted(e) => noted("aborted", &e.summary),
        Event::PlanCompleted(e) => noted("done", &e.summary),
        Event::CapsChanged(_) => "caps changed".to_owned(),
        Event::EditRejected(e) => format!("edit of {} refused: {}", e.file, e.why),
        Event::BudgetWarned(e) => format!(
            "budget warning, {}: {}",
            e.cap,
            e.cap.measured(e.used, e.limit)
        ),
        Event::BudgetExhausted(e) => {
            format!(
                "budget exhausted, {}: {}",
                e.cap,
                e.cap.measured(e.used, e.limit)
            )
        }
        Event::TicketOpened(e) => format!("ticket {} opened: {}", e.ticket, e.title),
        Event::TicketWithdrawn(e) => format!("ticket {} withdrawn: {}", e.ticket, e.why),
        Event::DraftFailed(e) => format!("draft {} failed: {}", e.revision, e.why),
        Event::DraftRequested(e) => format!("draft {} asked of the Leader: {}", e.revision, e.wish),
        Event::TicketDecided(e) => noted(
            &format!("ticket {} {}", e.ticket, e.decision.as_str()),
            &e.note,
        ),
        Event::Unknown(e) => format!("{} v{} (of a newer program)", e.kind, e.v),
        Event::SubObjectiveStarted(_)
        | Event::TasksPlanned(_)
        | Event::TaskProduced(_)
        | Event::ArtifactWritten(_)
        | Event::TaskReviewed(_)
        | Event::TaskRedone(_)
        | Event::TaskBlocked(_)
        | Event::TaskUnblocked(_)
        | Event::TaskFixed(_)
        | Event::SubObjectiveFinished(_)
        | Event::ReflectionRecorded(_)
        | Event::DivergenceFlagged(_)
        | Event::TaskRouted(_)
        | Event::NoteWritten(_)
        | Event::NoteProposed(_)
        | Event::NoteJudged(_)
        | Event::QualityReported(_)
        | Event::DecomposeRequested(_)
        | Event::SubObjectiveDecomposed(_)
        | Event::TeamStateWritten(_) => describe_work(event),
        Event::ModelCallStarted(_)
        | Event::ModelCallCompleted(_)
        | Event::ModelCallFailed(_)
        | Event::ModelCallAbandoned(_)
        | Event::ReplyRejected(_)
        | Event::ModelFellBack(_)
        | Event::ReservationReleased(_) => describe_call(event),
        Event::ToolCallStarted(_)
        | Event::ToolCallFinished(_)
        | Event::ContextSoftWarned(_)
        | Event::ContextCompressed(_)
        | Event::ContextExhausted(_) => describe_talk(event),
    }
}

fn describe_work(event: &Event) -> String {
    match event {
        Event::SubObjectiveStarted(e) => format!("sub-objective {} started: {}", e.index, e.title),
        Event::TasksPlanned(e) => format!(
            "sub-objective {} divided into {} task(s)",
            e.index,
            e.tasks.len()
        ),
        Event::TaskProduced(e) => noted(
            &format!("{} produced (production {})", e.task, e.attempt),
            &e.claim,
        ),
        Event::ArtifactWritten(e) => format!("artifact {} written, {} bytes", e.path, e.bytes),
        Event::TaskReviewed(e) => {
            let verdict = if e.verdict.accepts() {
                "passed"
            } else {
                "rejected"
            };
            let judge = if e.by_engine { "the engine" } else { "QC" };
            noted(
                &format!("{} {verdict} by {judge}", e.task),
                &e.verdict.summary,
            )
        }
        Event::TaskRedone(e) => {
            let how = match e.how {
                Redo::Anew => "goes back for",
                Redo::Edit => "goes back to be edited, as",
                Redo::Fix => "is mended by QC itself, as",
            };
            format!("{} {how} production {}", e.task, e.attempt)
        }
        Event::TaskFixed(e) => noted(&format!("{} was mended by QC", e.task), &e.claim),
        Event::TaskBlocked(e) => format!("{} blocked: {}", e.task, e.why),
        Event::TaskUnblocked(e) => format!("{} sent back to work", e.task),
        Event::SubObjectiveFinished(e) => {
            noted(&format!("sub-objective {} finished", e.index), &e.summary)
        }
        Event::ReflectionRecorded(e) => {
            let reflection = &e.reflection;
            let after = reflection.after_sub_objective;
            noted(
                &format!("reflection after {after}: {}", reflection.outcome.as_str()),
                &reflection.rationale,
            )
        }
        Event::DivergenceFlagged(e) => {
            format!("divergence after {}: {}", e.after_sub_objective, e.note)
        }
        Event::TeamStateWritten(_) => "team state written".to_owned(),
        Event::QualityReported(_) => "quality report written".to_owned(),
        Event::TaskRouted(e) => {
            format!("{} goes to {}, by {}", e.task, e.producer, e.rule.as_str())
        }
        Event::NoteWritten(e) => noted(
            &format!("{} noted by {}", e.note.id, e.note.writer),
            &e.note.text,
        ),
        Event::NoteProposed(e) => noted(
            &format!("{} proposed by {}", e.note.id, e.note.writer),
            &e.note.text,
        ),
        Event::NoteJudged(e) => {
            let verdict = if e.promoted {
                "taken into the team's memory"
            } else {
                "not taken into the team's memory"
            };
            format!("{} {verdict} by QC", e.note)
        }
        Event::DecomposeRequested(e) => {
            format!(
                "sub-objective {} is to be divided into smaller ones",
                e.index
            )
        }
        Event::SubObjectiveDecomposed(e) => noted(
            &format!("sub-objective {} divided into {}", e.index, e.parts),
            &e.why,
        ),
        other => other.kind().to_owned(),
    }
}

fn describe_call(event: &Event) -> String {
    match event {
        Event::ModelCallStarted(e) => {
            let recalled = e
                .recalled
                .as_ref()
                .map_or_else(String::new, |recalled| recalled.told());
            format!(
                "call {} to {} for {}{recalled}",
                e.call_id,
                e.model,
                e.step.label()
            )
        }
        Event::ModelCallCompleted(e) => {
            let cost = e
                .cost
                .map_or_else(|| "cost unknown".to_owned(), |cost| format!("${cost}"));
            let (read, written) = (e.usage.input_tokens, e.usage.output_tokens);
            format!(
                "call {} completed: {read} + {written} tokens, {cost}, {} ms",
                e.call_id, e.latency_ms
            )
        }
        Event::ModelCallFailed(e) => format!("call {} failed: {}", e.call_id, e.message),
        Event::ModelCallAbandoned(e) => format!("call {} abandoned: {}", e.call_id, e.why),
        Event::ReplyRejected(e) => format!("reply of {} refused: {}", e.call_id, e.why),
        Event::ModelFellBack(e) => format!(
            "{} falls back from {} to {}: {}",
            e.step.seat(),
            e.from,
            e.to,
            e.why
        ),
        Event::ReservationReleased(e) => {
            noted(&format!("reservation of {} released", e.call_id), &e.why)
        }
        other => other.kind().to_owned(),
    }
}

fn describe_talk(event: &Event) -> String {
    match event {
        Event::ToolCallStarted(e) => {
            format!("{}: tool call {} started: {}", e.task, e.tool_call, e.tool)
        }
        Event::ToolCallFinished(e) => format!(
            "{}: tool call {} {}",
            e.task,
            e.tool_call,
            e.outcome.as_str()
        ),
        Event::ContextSoftWarned(e) => format!(
            "the prompt of {} takes about {} of {} tokens of {}",
            e.step.label(),
            e.estimated_tokens,
            e.window_tokens,
            e.model
        ),
        Event::ContextCompressed(e) => format!(
            "{} result(s) of tools left out of {}: about {} tokens instead of {}",
            e.replaced.len(),
            e.step.label(),
            e.after_tokens,
            e.before_tokens
        ),
        Event::ContextExhausted(e) => format!(
            "{} does not fit {}: about {} of {} tokens; kept in {}",
            e.step.label(),
            e.model,
            e.estimated_tokens,
            e.window_tokens,
            e.checkpoint
        ),
        other => other.kind().to_owned(),
    }
}

fn noted(what: &str, note: &str) -> String {
    if note.is_empty() {
        what.to_owned()
    } else {
        format!("{what}: {note}")
    }
}
