//! An operator's word on the plan and on its tickets.

use projections::{
    event::{
        Decision as Answer, Event, PauseReason, PlanAborted, PlanApproved, PlanCancelled,
        PlanDeclined, PlanPaused, PlanResumed, PlanRevised, StatusName, TaskUnblocked,
        TicketDecided, TicketSubject,
    },
    ids::TicketId,
    payload::Digest,
    plan::TaskStage,
};

use super::{Decided, Decision, Refusal};

pub(super) fn approve(decision: &mut Decision<'_>, note: &str) -> Decided {
    match decision.status() {
        StatusName::Draft => {
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
            decision.push(PlanDeclined {
                note: note.to_owned(),
            });
            Ok(())
        }
        StatusName::Paused if decision.plan.open_tickets().next().is_some() => {
            answer_open_tickets(decision, Answer::Declined, note);
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

pub(super) fn cancel(decision: &mut Decision<'_>, note: &str) -> Decided {
    if decision.status().is_terminal() {
        return Err(decision.refuse("cancelled", ""));
    }
    answer_open_tickets(decision, Answer::Declined, "the plan was cancelled");
    decision.push(PlanCancelled {
        note: note.to_owned(),
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
    for subject in answer_open_tickets(decision, Answer::Approved, note) {
        apply_approval(decision, subject);
    }
    decision.push(PlanResumed {
        note: note.to_owned(),
    });
    Ok(())
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

/// Answers one ticket; the plan goes on once its last open ticket is approved, and ends with one declined.
pub(super) fn decide_ticket(
    decision: &mut Decision<'_>,
    id: &TicketId,
    digest: &Digest,
    answer: Answer,
    note: &str,
) -> Decided {
    let refused = |why| Refusal::Ticket {
        ticket: id.clone(),
        why,
    };
    let ticket = decision
        .plan
        .tickets
        .get(id)
        .ok_or_else(|| refused("was never opened"))?;
    if ticket.answer.is_some() {
        return Err(refused("was answered before"));
    }
    if decision.status().is_terminal() {
        return Err(decision.refuse("decided upon", ""));
    }
    if ticket.digest != *digest {
        return Err(refused("is not what was shown; look at it again"));
    }
    let subject = ticket.subject.clone();
    let note = note.to_owned();
    decision.push(TicketDecided {
        ticket: id.clone(),
        decision: answer,
        note: note.clone(),
        digest: *digest,
    });
    match answer {
        Answer::Declined => {
            answer_open_tickets(decision, Answer::Declined, &note);
            abort(decision, &note);
        }
        Answer::Approved => {
            apply_approval(decision, subject);
            if decision.plan.open_tickets().next().is_none()
                && decision.status() == StatusName::Paused
            {
                decision.push(PlanResumed { note });
            }
        }
    }
    Ok(())
}

fn abort(decision: &mut Decision<'_>, note: &str) {
    let why = if note.is_empty() {
        String::new()
    } else {
        format!(": {note}")
    };
    decision.push(PlanAborted {
        summary: format!("its ticket was declined{why}"),
    });
}

fn answer_open_tickets(
    decision: &mut Decision<'_>,
    answer: Answer,
    note: &str,
) -> Vec<TicketSubject> {
    let open: Vec<_> = decision
        .plan
        .open_tickets()
        .map(|(id, t)| (id.clone(), t.digest, t.subject.clone()))
        .collect();
    let tell = |(ticket, digest, subject)| {
        decision.push(TicketDecided {
            ticket,
            decision: answer,
            note: note.to_owned(),
            digest,
        });
        subject
    };
    open.into_iter().map(tell).collect()
}

fn apply_approval(decision: &mut Decision<'_>, subject: TicketSubject) {
    match subject {
        // Text that the operator wrote in this very edit is a later word than the Leader's.
        TicketSubject::Revision { .. } if rewrites_body(decision) => {}
        TicketSubject::Revision { body } => {
            let why = "the Leader's revision was approved".to_owned();
            decision.push(PlanRevised {
                head: None,
                body: Some(body),
                why,
            });
        }
        TicketSubject::BlockedTask { task } => {
            let blocked = decision.plan.run.as_ref().and_then(|run| run.task(&task));
            // The body may have been edited meanwhile, and the task gone with it.
            if blocked.is_some_and(|t| matches!(t.stage, TaskStage::Blocked { .. })) {
                decision.push(TaskUnblocked { task });
            }
        }
        // Going on is all that these ask.
        TicketSubject::Body
        | TicketSubject::Reflection
        | TicketSubject::Reply
        | TicketSubject::Model
        | TicketSubject::Budget
        | TicketSubject::Quarantine
        | TicketSubject::Environment
        | TicketSubject::Context { .. } => {}
    }
}

fn rewrites_body(decision: &Decision<'_>) -> bool {
    let rewrites = |event: &Event| matches!(event, Event::PlanRevised(e) if e.body.is_some());
    decision.events.iter().any(rewrites)
}
