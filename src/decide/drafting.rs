//! The Leader writes the plan: asked for by an operator, answered with a body, approved like any draft.

use projections::event::{
    Attachment, DraftFailed, DraftRequested, Mandate, PlanApproved, PlanRevised, StatusName,
    TicketSubject,
};

use super::{Decided, Decision, Refusal, question, ticket};
use crate::prompts::reply::Drafted;

/// An operator wants the draft written, or written anew.
pub(super) fn request(
    decision: &mut Decision<'_>,
    wish: &str,
    attachments: &[Attachment],
    mandate: &Mandate,
) -> Decided {
    if decision.status() != StatusName::Draft {
        let hint = match decision.status() {
            StatusName::Paused => ": edit its text in the plan's file",
            StatusName::Approved | StatusName::Executing => {
                ": pause it first, then edit its text in the plan's file"
            }
            StatusName::Draft
            | StatusName::Declined
            | StatusName::Cancelled
            | StatusName::Aborted
            | StatusName::Done => ": draft a new plan",
        };
        return Err(decision.refuse("written anew", hint));
    }
    ticket::withdraw_open(decision, |_, _| true, "the plan is written anew");
    ask_for(decision, wish, attachments, mandate);
    Ok(())
}

fn ask_for(decision: &mut Decision<'_>, wish: &str, attachments: &[Attachment], mandate: &Mandate) {
    let revision = decision.plan.wishes.len() + 1;
    decision.push(DraftRequested {
        revision: u32::try_from(revision).unwrap_or(u32::MAX),
        wish: wish.to_owned(),
        attachments: attachments.to_vec(),
        mandate: mandate.clone(),
    });
}

/// What could not be written is asked for again as it was.
pub(super) fn once_more(decision: &mut Decision<'_>) {
    if let Some(wish) = decision.plan.wishes.last().cloned() {
        ask_for(decision, &wish.text, &wish.attachments, &wish.mandate);
    }
}

/// The Leader has written it: the text is the draft's. A person is asked, unless they said before that it may run.
pub(super) fn written(decision: &mut Decision<'_>, drafted: &Drafted) -> Decided {
    decision.push(PlanRevised {
        head: None,
        body: Some(drafted.body.clone()),
        why: "written by the Leader".to_owned(),
    });
    if let Some(note) = mandate(decision).approved {
        decision.push(PlanApproved { note });
        return Ok(());
    }
    let subject = question::about_draft(&decision.plan);
    let count = decision.plan.item_count();
    let what = format!(
        "the Leader has written a plan of {count} sub-objective(s): {}",
        drafted.title
    );
    question::open(decision, subject, &what).map(drop)
}

/// A draft that nobody wrote by hand just now is put before a person.
pub(super) fn propose(decision: &mut Decision<'_>, what: &str) -> Decided {
    if decision.status() != StatusName::Draft || decision.plan.open_tickets().next().is_some() {
        return Err(Refusal::Moot);
    }
    let subject = question::about_draft(&decision.plan);
    question::open(decision, subject, what).map(drop)
}

/// Nothing came of it; the operator who asked is told, and may ask again. Where nobody sits before it, a ticket tells.
pub(super) fn failed(decision: &mut Decision<'_>, why: &str) -> Decided {
    let revision = u32::try_from(decision.plan.wishes.len()).unwrap_or(u32::MAX);
    let unattended = mandate(decision).unattended;
    decision.push(DraftFailed {
        revision,
        why: why.to_owned(),
    });
    if unattended {
        let what = format!("the Leader could not write the plan: {why}");
        question::open(decision, TicketSubject::Unwritten, &what)?;
    }
    Ok(())
}

fn mandate(decision: &Decision<'_>) -> Mandate {
    let last = decision.plan.wishes.last();
    last.map(|wish| wish.mandate.clone()).unwrap_or_default()
}
