//! An operator's word on the plan as a whole.

use projections::event::{
    Decision as Answer, PauseReason, PlanAborted, PlanApproved, PlanCancelled, PlanDeclined,
    PlanPaused, PlanResumed, StatusName, TicketSubject,
};
use projections::{
    ids::TicketId,
    plan::{Status, Ticket},
};

use super::{Decided, Decision, Refusal, drafting, ticket};

pub(super) fn approve(decision: &mut Decision<'_>, note: &str) -> Decided {
    match decision.status() {
        StatusName::Draft => {
            let asked = ticket::answer_open(decision, Answer::Approved, note);
            // There is no text yet that could run: what is approved is another try.
            if asked.contains(&TicketSubject::Unwritten) && decision.plan.items.is_err() {
                drafting::once_more(decision);
                return Ok(());
            }
            decision.push(PlanApproved {
                note: note.to_owned(),
            });
            Ok(())
        }
        StatusName::Paused => resume(decision, note),
        StatusName::Approved
        | StatusName::Executing
        | StatusName::Declined
        | StatusName::Cancelled
        | StatusName::Aborted
        | StatusName::Done => Err(decision.refuse("approved", "")),
    }
}

pub(super) fn decline(decision: &mut Decision<'_>, note: &str) -> Decided {
    match decision.status() {
        StatusName::Draft => {
            ticket::answer_open(decision, Answer::Declined, note);
            decision.push(PlanDeclined {
                note: note.to_owned(),
            });
            Ok(())
        }
        StatusName::Paused if decision.plan.open_tickets().next().is_some() => {
            ticket::answer_open(decision, Answer::Declined, note);
            abort(decision, note);
            Ok(())
        }
        StatusName::Paused
        | StatusName::Approved
        | StatusName::Executing
        | StatusName::Declined
        | StatusName::Cancelled
        | StatusName::Aborted
        | StatusName::Done => Err(decision.refuse("declined", &cancel_hint(decision))),
    }
}

fn cancel_hint(decision: &Decision<'_>) -> String {
    if decision.status().is_terminal() {
        String::new()
    } else {
        format!(
            ": to end it, run `modulatio plan cancel {}`",
            decision.plan.id
        )
    }
}

pub(super) fn cancel(decision: &mut Decision<'_>, note: &str, cut: bool) -> Decided {
    let flies = !decision.plan.calls.in_flight.is_empty();
    match decision.plan.status {
        // Only what is under way is left to decide on.
        Status::Cancelled { cut: true } if cut && flies => return Err(Refusal::Moot),
        Status::Cancelled { cut: false } if cut && flies => {}
        Status::Cancelled { cut: false } if flies => {
            let hint = ": a call under way is awaited; add --force to cut it";
            return Err(decision.refuse("cancelled", hint));
        }
        Status::Declined | Status::Cancelled { .. } | Status::Aborted | Status::Done => {
            return Err(decision.refuse("cancelled", ""));
        }
        Status::Draft | Status::Approved | Status::Executing { .. } | Status::Paused { .. } => {
            ticket::answer_open(decision, Answer::Declined, "the plan was cancelled");
        }
    }
    decision.push(PlanCancelled {
        note: note.to_owned(),
        cut,
    });
    Ok(())
}

pub(super) fn pause(decision: &mut Decision<'_>, note: &str) -> Decided {
    match decision.status() {
        StatusName::Approved | StatusName::Executing => {
            decision.push(PlanPaused {
                reason: PauseReason::Operator,
                note: note.to_owned(),
            });
            Ok(())
        }
        StatusName::Draft
        | StatusName::Paused
        | StatusName::Declined
        | StatusName::Cancelled
        | StatusName::Aborted
        | StatusName::Done => Err(decision.refuse("paused", "")),
    }
}

/// A paused plan goes on: whatever it asked is answered with yes.
pub(super) fn resume(decision: &mut Decision<'_>, note: &str) -> Decided {
    if decision.status() != StatusName::Paused {
        return Err(decision.refuse("resumed", &resume_hint(decision)));
    }
    ticket::withdraw_gone(decision);
    if let Some((id, stale)) = stale(decision) {
        return ticket::ask_again(decision, &id, &stale);
    }
    for subject in ticket::answer_open(decision, Answer::Approved, note) {
        ticket::apply_approval(decision, subject);
    }
    decision.push(PlanResumed {
        note: note.to_owned(),
    });
    Ok(())
}

/// An open ticket whose question is about a text that is another now, unless this very edit wrote it.
fn stale(decision: &Decision<'_>) -> Option<(TicketId, Ticket)> {
    if ticket::rewrites_body(decision) {
        return None;
    }
    let mut open = decision.plan.open_tickets();
    let (id, ticket) = open.find(|(_, t)| ticket::is_stale(&decision.plan, &t.subject))?;
    Some((id.clone(), ticket.clone()))
}

fn resume_hint(decision: &Decision<'_>) -> String {
    match decision.status() {
        StatusName::Executing => {
            ": if its runner is gone, the next tick of any daemon resumes it by itself".to_owned()
        }
        StatusName::Draft => format!(
            ": approve it with `modulatio plan approve {}`",
            decision.plan.id
        ),
        StatusName::Approved
        | StatusName::Paused
        | StatusName::Declined
        | StatusName::Cancelled
        | StatusName::Aborted
        | StatusName::Done => String::new(),
    }
}

pub(super) fn abort(decision: &mut Decision<'_>, note: &str) {
    let why = if note.is_empty() {
        String::new()
    } else {
        format!(": {note}")
    };
    decision.push(PlanAborted {
        summary: format!("its ticket was declined{why}"),
    });
}
