//! The Leader writes the plan: asked for by an operator, answered with a body, approved like any draft.

use projections::event::{Attachment, DraftFailed, DraftRequested, PlanRevised, StatusName};

use super::{Decided, Decision, question, ticket};
use crate::prompts::reply::Drafted;

/// An operator wants the draft written, or written anew.
pub(super) fn request(
    decision: &mut Decision<'_>,
    wish: &str,
    attachments: &[Attachment],
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
    let revision = decision.plan.wishes.len() + 1;
    decision.push(DraftRequested {
        revision: u32::try_from(revision).unwrap_or(u32::MAX),
        wish: wish.to_owned(),
        attachments: attachments.to_vec(),
    });
    Ok(())
}

/// The Leader has written it: the text is the draft's, and a person is asked.
pub(super) fn written(decision: &mut Decision<'_>, drafted: &Drafted) -> Decided {
    decision.push(PlanRevised {
        head: None,
        body: Some(drafted.body.clone()),
        why: "written by the Leader".to_owned(),
    });
    let subject = question::about_draft(&decision.plan);
    let count = decision.plan.item_count();
    let what = format!(
        "the Leader has written a plan of {count} sub-objective(s): {}",
        drafted.title
    );
    question::open(decision, subject, &what).map(drop)
}

/// Nothing came of it; the operator who asked is told, and may ask again.
pub(super) fn failed(decision: &mut Decision<'_>, why: &str) {
    let revision = u32::try_from(decision.plan.wishes.len()).unwrap_or(u32::MAX);
    decision.push(DraftFailed {
        revision,
        why: why.to_owned(),
    });
}
