//! A person's answer to one ticket: given once, to exactly what was shown. If what it was about has changed since,
//! the ticket is withdrawn and the question asked anew.

use projections::{
    body::{self, SubObjective},
    document::MAX_BODY,
    event::{
        Decision as Answer, DecomposeRequested, Event, PauseReason, PlanApproved, PlanDeclined,
        PlanResumed, PlanRevised, StatusName, TaskUnblocked, TicketDecided, TicketSubject,
        TicketWithdrawn,
    },
    ids::TicketId,
    payload::Digest,
    plan::{Plan, Run, Status, Ticket},
};

use super::{Decided, Decision, Refusal, approval, drafting, question, stuck};

/// Answers one ticket; the plan goes on as soon as it can, and ends with one declined.
pub(super) fn decide(
    decision: &mut Decision<'_>,
    id: &TicketId,
    digest: &Digest,
    answer: Answer,
    note: &str,
) -> Decided {
    let ticket = answerable(decision, id, digest)?;
    if answer == Answer::Approved && is_stale(&decision.plan, &ticket.subject) {
        return ask_again(decision, id, &ticket);
    }
    decision.push(TicketDecided {
        ticket: id.clone(),
        decision: answer,
        note: note.to_owned(),
        digest: *digest,
    });
    if ticket.for_information {
        return Ok(());
    }
    let note = note.to_owned();
    match (answer, decision.status()) {
        (Answer::Declined, StatusName::Draft) => decision.push(PlanDeclined { note }),
        (Answer::Approved, StatusName::Draft) => match ticket.subject {
            TicketSubject::Unwritten => drafting::once_more(decision),
            _ => decision.push(PlanApproved { note }),
        },
        (Answer::Declined, _) => {
            answer_open(decision, Answer::Declined, &note);
            approval::abort(decision, &note);
        }
        (Answer::Approved, _) => {
            let asked = ticket.subject.clone();
            apply_approval(decision, ticket.subject);
            if may_go_on(&decision.plan, &asked) {
                withdraw_gone(decision);
                decision.push(PlanResumed { note });
            }
        }
    }
    Ok(())
}

fn answerable(decision: &Decision<'_>, id: &TicketId, digest: &Digest) -> Result<Ticket, Refusal> {
    let refused = |why: String| Refusal::Ticket {
        ticket: id.clone(),
        why,
    };
    let ticket = decision.plan.tickets.get(id);
    let ticket = ticket.ok_or_else(|| refused("was never opened".to_owned()))?;
    if let Some(answer) = &ticket.answer {
        let (word, by) = (answer.decision.as_str(), &answer.by);
        return Err(refused(format!("was answered before: {word}, by {by}")));
    }
    if let Some(why) = &ticket.withdrawn {
        return Err(refused(format!("asks no longer: {why}")));
    }
    if decision.status().is_terminal() && !ticket.for_information {
        return Err(decision.refuse("decided upon", ""));
    }
    if ticket.digest != *digest {
        return Err(refused(
            "is not what was shown; look at it again".to_owned(),
        ));
    }
    Ok(ticket.clone())
}

/// Whether a paused plan goes on by itself: nothing that is left open keeps it, and no operator's word does. Why an
/// earlier program paused it is known by its ticket alone.
fn may_go_on(plan: &Plan, asked: &TicketSubject) -> bool {
    let earlier = matches!(asked, TicketSubject::Earlier { asks: true });
    match &plan.status {
        Status::Paused { reason, .. } if earlier || *reason != PauseReason::Operator => {}
        _ => return false,
    }
    let mut open = plan.open_tickets();
    let only_tasks = open.all(|(_, t)| matches!(t.subject, TicketSubject::BlockedTask { .. }));
    only_tasks && plan.run.as_ref().is_none_or(stuck::is_workable)
}

/// Whether a ticket is about a task that does not wait for an answer: the text was edited, the sub-objective divided.
/// Another task may bear its name by then.
fn is_gone(plan: &Plan, subject: &TicketSubject) -> bool {
    let TicketSubject::BlockedTask { task } = subject else {
        return false;
    };
    let mut blocked = plan.run.iter().flat_map(Run::blocked);
    !blocked.any(|blocked| blocked.spec.id == *task)
}

/// Withdraws every ticket whose task is gone, before another task can take its name: of a plan that goes on. While one
/// is paused its tickets say why.
pub(super) fn withdraw_gone(decision: &mut Decision<'_>) {
    withdraw_open(decision, is_gone, "the task that it was about is gone");
}

/// Withdraws the open tickets of which this is true.
pub(super) fn withdraw_open(
    decision: &mut Decision<'_>,
    which: impl Fn(&Plan, &TicketSubject) -> bool,
    why: &str,
) {
    let open = decision.plan.open_tickets();
    let meant = open.filter(|(_, ticket)| which(&decision.plan, &ticket.subject));
    let meant: Vec<TicketId> = meant.map(|(id, _)| id.clone()).collect();
    meant.into_iter().for_each(|id| withdraw(decision, id, why));
}

fn withdraw(decision: &mut Decision<'_>, ticket: TicketId, why: &str) {
    let why = why.to_owned();
    decision.push(TicketWithdrawn { ticket, why });
}

/// Whether the text that a ticket asks about is another now.
pub(super) fn is_stale(plan: &Plan, subject: &TicketSubject) -> bool {
    let other = |asked: &Digest| Digest::of(plan.body.as_bytes()) != *asked;
    match subject {
        TicketSubject::Draft { body } => other(body),
        TicketSubject::Revision { over, .. } => over.as_ref().is_some_and(other),
        TicketSubject::Body
        | TicketSubject::Unwritten
        | TicketSubject::Reflection
        | TicketSubject::BlockedTask { .. }
        | TicketSubject::Fixed { .. }
        | TicketSubject::Reply
        | TicketSubject::Model
        | TicketSubject::Budget
        | TicketSubject::Quarantine
        | TicketSubject::Environment
        | TicketSubject::Earlier { .. }
        | TicketSubject::Context { .. } => false,
    }
}

/// Withdraws a ticket whose question is not the one any more, and asks with the text as it is.
pub(super) fn ask_again(decision: &mut Decision<'_>, id: &TicketId, ticket: &Ticket) -> Decided {
    let why = "the plan's text has been changed since it was opened";
    withdraw(decision, id.clone(), why);
    let (subject, what) = match &ticket.subject {
        TicketSubject::Revision { body, .. } => renewed(&decision.plan, body),
        _ => (
            question::about_draft(&decision.plan),
            "the Leader's draft was edited".to_owned(),
        ),
    };
    let what = format!("{what}. {id} was withdrawn: {why}; this asks again.");
    question::open(decision, subject, &what).map(drop)
}

/// The proposed rest of the plan behind what is finished in the text as it is now.
fn renewed(plan: &Plan, proposed: &str) -> (TicketSubject, String) {
    let finished = usize::try_from(plan.current_index).unwrap_or(usize::MAX);
    let items = body::sub_objectives(proposed).unwrap_or_default();
    let rest: Vec<(String, String)> = items.iter().skip(finished).map(as_written).collect();
    match body::replace_from(&plan.body, finished, &rest) {
        Ok(body) if body.len() <= MAX_BODY => {
            let what = "the Leader's proposal stands, for a plan that was edited".to_owned();
            (question::about_revision(plan, body), what)
        }
        Ok(_) => (
            TicketSubject::Reflection,
            "the Leader's proposal would make the edited plan too long".to_owned(),
        ),
        Err(fault) => (
            TicketSubject::Reflection,
            format!("the Leader's proposal does not fit the edited plan ({fault})"),
        ),
    }
}

/// Title and description of an item, as they are put into another list.
pub(super) fn as_written(item: &SubObjective) -> (String, String) {
    let text = body::bulleted(
        &item.description,
        &item.files,
        &item.done_when,
        &item.out_of_scope,
    );
    (item.title.clone(), text)
}

/// Answers all open tickets alike; returns what they were about.
pub(super) fn answer_open(
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

pub(super) fn apply_approval(decision: &mut Decision<'_>, subject: TicketSubject) {
    match subject {
        // Text that the operator wrote in this very edit is a later word than the Leader's.
        TicketSubject::Revision { .. } if rewrites_body(decision) => {}
        TicketSubject::Revision { body, .. } => {
            let why = "the Leader's revision was approved".to_owned();
            decision.push(PlanRevised {
                head: None,
                body: Some(body),
                why,
            });
        }
        // The body may have been edited meanwhile, and the task gone with it.
        TicketSubject::BlockedTask { .. } if is_gone(&decision.plan, &subject) => {}
        TicketSubject::BlockedTask { task } => decision.push(TaskUnblocked { task }),
        // As it was asked by a program that divided nothing.
        TicketSubject::Context { divides: false, .. } => {}
        TicketSubject::Context { index, .. } => {
            // Work that an operator has divided meanwhile is gone, and the sub-objective begins anew.
            let still = |run: &Run| run.index == index;
            if decision.plan.run.as_ref().is_some_and(still) {
                decision.push(DecomposeRequested { index });
            }
        }
        // Going on is all that these ask.
        TicketSubject::Body
        | TicketSubject::Draft { .. }
        | TicketSubject::Unwritten
        | TicketSubject::Fixed { .. }
        | TicketSubject::Reflection
        | TicketSubject::Reply
        | TicketSubject::Model
        | TicketSubject::Budget
        | TicketSubject::Quarantine
        | TicketSubject::Earlier { .. }
        | TicketSubject::Environment => {}
    }
}

pub(super) fn rewrites_body(decision: &Decision<'_>) -> bool {
    let rewrites = |event: &Event| matches!(event, Event::PlanRevised(e) if e.body.is_some());
    decision.events.iter().any(rewrites)
}
