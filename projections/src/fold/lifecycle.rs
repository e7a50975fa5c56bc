//! Events of the plan itself: text, status, claims, caps, tickets.

use super::{Entry, Refused};
use crate::{
    body,
    document::Head,
    event::{
        CapsChanged, DraftRequested, Found, PauseReason, PlanCancelled, PlanClaimed, PlanPaused,
        PlanRevised, StatusName, TicketDecided, TicketOpened, TicketWithdrawn,
    },
    ids::TicketId,
    payload::Digest,
    plan::{Answer, Plan, Revision, Run, RunStage, Status, Ticket, Wish},
    work::Transition,
};

pub(super) fn revised(plan: &mut Plan, entry: &Entry, e: &PlanRevised) -> Result<(), Refused> {
    plan.revisions.push(Revision {
        seq: entry.mark.anchor.seq,
        by: entry.mark.by.clone(),
        head: e.head.as_ref().map(Head::own_digest),
        body: e
            .body
            .as_ref()
            .map(|body| Digest::of(body.trim_end().as_bytes())),
        caps: None,
    });
    if let Some(head) = &e.head {
        plan.head = head.clone();
    }
    if let Some(body) = &e.body {
        let before = plan
            .run
            .as_ref()
            .and_then(|run| plan.item(run.index))
            .map(|item| item.text.clone());
        plan.items = body::sub_objectives(body);
        plan.body = body.clone();
        let after = plan
            .run
            .as_ref()
            .and_then(|run| plan.item(run.index))
            .map(|item| &item.text);
        // Work on a sub-objective that now reads otherwise starts anew; and a text that is there is not written.
        if before.as_ref() != after || plan.is_being_drafted() {
            plan.run = None;
        }
    }
    Ok(())
}

pub(super) fn draft_requested(plan: &mut Plan, e: &DraftRequested) -> Result<(), Refused> {
    if plan.status != Status::Draft {
        return Err("only a draft is written");
    }
    if usize::try_from(e.revision) != Ok(plan.wishes.len() + 1) {
        return Err("its revision does not follow the last one");
    }
    plan.wishes.push(Wish {
        text: e.wish.clone(),
        attachments: e.attachments.clone(),
        mandate: e.mandate.clone(),
        failed: None,
    });
    plan.barren_claims = 0;
    plan.run = Some(Run::at(0, RunStage::Drafting));
    Ok(())
}

pub(super) fn draft_failed(plan: &mut Plan, why: &str) -> Result<(), Refused> {
    if !plan.is_being_drafted() {
        return Err("the Leader was not asked to write the plan");
    }
    plan.run = None;
    if let Some(wish) = plan.wishes.last_mut() {
        wish.failed = Some(why.to_owned());
    }
    Ok(())
}

pub(super) fn approved(plan: &mut Plan, entry: &Entry, note: &str) -> Result<(), Refused> {
    if matches!(plan.status, Status::Executing { .. }) {
        return Err("a plan that is executing is released, not approved");
    }
    let afresh = asks_for_other_models(&plan.status);
    turn(plan, entry, Status::Approved, note)?;
    plan.barren_claims = 0;
    // The text is good enough as it is.
    if plan.is_being_drafted() {
        plan.run = None;
    }
    if let Some(run) = &mut plan.run {
        run.troubles.clear();
        begin_with_the_first(run, afresh);
    }
    Ok(())
}

/// Whether the pause was about the models themselves: then every one of them is tried again.
fn asks_for_other_models(status: &Status) -> bool {
    matches!(
        status,
        Status::Paused {
            reason: PauseReason::Model | PauseReason::Context,
            ..
        }
    )
}

/// Every role begins with its first model again. A producer in the middle of a talk keeps its model, since another one
/// would begin the task anew and what was paid for the talk would be lost; unless all are to be tried `afresh`.
fn begin_with_the_first(run: &mut Run, afresh: bool) {
    let mut kept = Vec::new();
    for task in run.tasks.iter_mut().filter(|task| !task.talk.is_empty()) {
        let Some(seat) = task.talking().map(|step| step.seat()) else {
            continue;
        };
        if !afresh {
            kept.push(seat);
        } else if run.fallen_back.contains_key(&seat) {
            task.talk.clear();
        }
    }
    run.fallen_back.retain(|seat, _| kept.contains(seat));
}

pub(super) fn ended(
    plan: &mut Plan,
    entry: &Entry,
    status: Status,
    note: &str,
) -> Result<(), Refused> {
    if status == Status::Done && plan.run.is_some() {
        return Err("a sub-objective is still in work");
    }
    turn(plan, entry, status, note)
}

pub(super) fn cancelled(plan: &mut Plan, entry: &Entry, e: &PlanCancelled) -> Result<(), Refused> {
    let status = Status::Cancelled { cut: e.cut };
    // What was to be awaited is cut after all: the plan does not end twice.
    if plan.status == (Status::Cancelled { cut: false }) && e.cut {
        plan.status = status;
        return Ok(());
    }
    ended(plan, entry, status, &e.note)
}

pub(super) fn claimed(plan: &mut Plan, entry: &Entry, e: &PlanClaimed) -> Result<(), Refused> {
    if e.epoch != plan.epoch.next() {
        return Err("its epoch does not follow the last claim's");
    }
    // Whoever writes the plan works on a draft, which stays one.
    if plan.is_at_work() && plan.status == Status::Draft {
        plan.epoch = e.epoch;
        plan.barren_claims = if e.recovered {
            plan.barren_claims + 1
        } else {
            1
        };
        return Ok(());
    }
    let note = if e.recovered {
        "resumed after its runner was lost"
    } else {
        "execution started"
    };
    turn(
        plan,
        entry,
        Status::Executing {
            by: entry.mark.by.clone(),
            since: entry.mark.at,
        },
        note,
    )?;
    plan.epoch = e.epoch;
    plan.barren_claims += 1;
    plan.execution_started_at.get_or_insert(entry.mark.at);
    Ok(())
}

pub(super) fn released(plan: &mut Plan, entry: &Entry, why: &str) -> Result<(), Refused> {
    if !matches!(plan.status, Status::Executing { .. }) {
        return Err("no runner has the plan");
    }
    plan.barren_claims = 0;
    // Nobody tries while nobody has it: what is tried again by the next runner begins its limit anew.
    if let Some(run) = &mut plan.run {
        run.troubles.values_mut().for_each(|t| t.since = None);
    }
    turn(plan, entry, Status::Approved, why)
}

pub(super) fn paused(plan: &mut Plan, entry: &Entry, e: &PlanPaused) -> Result<(), Refused> {
    turn(
        plan,
        entry,
        Status::Paused {
            reason: e.reason,
            note: e.note.clone(),
        },
        &e.note,
    )
}

pub(super) fn caps_changed(plan: &mut Plan, entry: &Entry, e: &CapsChanged) -> Result<(), Refused> {
    plan.revisions.push(Revision {
        seq: entry.mark.anchor.seq,
        by: entry.mark.by.clone(),
        head: None,
        body: None,
        caps: Some(e.caps),
    });
    plan.caps = e.caps;
    plan.calls.warned.clear();
    Ok(())
}

pub(super) fn ticket_opened(
    plan: &mut Plan,
    entry: &Entry,
    e: &TicketOpened,
) -> Result<(), Refused> {
    let ticket = Ticket {
        priority: e.priority,
        subject: e.subject.clone(),
        title: e.title.clone(),
        body: e.body.clone(),
        digest: e.digest,
        opened_at: e.found.map_or(entry.mark.at, |found| found.opened_at),
        found_as: e.found.map(|found| found.file),
        changed: entry.mark.clone(),
        for_information: e.for_information,
        withdrawn: None,
        answer: None,
    };
    match plan.tickets.insert(e.ticket.clone(), ticket) {
        None => Ok(()),
        Some(_) => Err("a ticket of this id was opened before"),
    }
}

pub(super) fn ticket_withdrawn(
    plan: &mut Plan,
    entry: &Entry,
    e: &TicketWithdrawn,
) -> Result<(), Refused> {
    let ticket = open_ticket(plan, &e.ticket)?;
    ticket.changed = entry.mark.clone();
    ticket.withdrawn = Some(e.why.clone());
    Ok(())
}

fn open_ticket<'a>(plan: &'a mut Plan, id: &TicketId) -> Result<&'a mut Ticket, Refused> {
    let ticket = plan
        .tickets
        .get_mut(id)
        .ok_or("no such ticket was opened")?;
    match (&ticket.answer, &ticket.withdrawn) {
        (None, None) => Ok(ticket),
        (Some(_), _) => Err("the ticket was decided before"),
        (None, Some(_)) => Err("the ticket was withdrawn before"),
    }
}

pub(super) fn ticket_decided(
    plan: &mut Plan,
    entry: &Entry,
    e: &TicketDecided,
) -> Result<(), Refused> {
    let ticket = open_ticket(plan, &e.ticket)?;
    if ticket.digest != e.digest {
        return Err("the decision is bound to another text");
    }
    ticket.changed = entry.mark.clone();
    ticket.answer = Some(Answer {
        decision: e.decision,
        by: entry.mark.by.clone(),
        at: entry.mark.at,
        note: e.note.clone(),
    });
    Ok(())
}

/// The status that an imported file states, as this program holds it.
pub(super) fn status_as_found(found: &Found, entry: &Entry) -> Status {
    match found.status {
        StatusName::Draft => Status::Draft,
        StatusName::Approved => Status::Approved,
        StatusName::Executing => Status::Executing {
            by: "an earlier program".to_owned(),
            since: found.execution_started_at.unwrap_or(entry.mark.at),
        },
        StatusName::Paused => {
            let note = found
                .transitions
                .last()
                .map_or_else(String::new, |last| last.note.clone());
            Status::Paused {
                reason: PauseReason::Operator,
                note,
            }
        }
        StatusName::Declined => Status::Declined,
        StatusName::Cancelled => Status::Cancelled { cut: false },
        StatusName::Aborted => Status::Aborted,
        StatusName::Done => Status::Done,
    }
}

/// The only way that a status changes.
fn turn(plan: &mut Plan, entry: &Entry, status: Status, note: &str) -> Result<(), Refused> {
    if !leads_to(plan.status.name(), status.name()) {
        return Err("the plan's status does not lead there");
    }
    plan.transitions.push(Transition {
        to: status.name(),
        decided_by: entry.mark.by.clone(),
        decided_at: entry.mark.at,
        note: note.to_owned(),
    });
    plan.status = status;
    Ok(())
}

/// Statuses that one event can follow another with. Whatever policy decides, nothing follows an end, only an
/// approved plan is executed, and only an executed one is done.
fn leads_to(from: StatusName, to: StatusName) -> bool {
    use StatusName::{Aborted, Approved, Cancelled, Declined, Done, Draft, Executing, Paused};
    match from {
        Draft => matches!(to, Approved | Declined | Cancelled),
        Approved => matches!(to, Executing | Paused | Cancelled | Aborted),
        Executing => matches!(
            to,
            Executing | Approved | Paused | Cancelled | Aborted | Done
        ),
        Paused => matches!(to, Approved | Cancelled | Aborted),
        Declined | Cancelled | Aborted | Done => false,
    }
}
