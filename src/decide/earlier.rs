//! Tickets of an earlier program, taken over as the plan's own: under their ids, to be answered here.

use projections::{
    event::{FoundTicket, StatusName, TicketSubject},
    found::ticket::{Standing, Ticket},
    ids::{Epoch, TicketId},
    payload::Digest,
};

use super::{Decided, Decision, Refusal, question};

/// Opens `ticket` as it was found; `file` is the BLAKE3 of its file.
pub(super) fn take(
    decision: &mut Decision<'_>,
    id: &TicketId,
    ticket: &Ticket,
    file: Digest,
) -> Decided {
    if decision.plan.tickets.contains_key(id) || ticket.standing == Standing::Closed {
        return Err(Refusal::Moot);
    }
    let subject = subject(decision, ticket)?;
    let mut opened = question::worded(
        &decision.plan.id,
        id.clone(),
        ticket.priority,
        subject,
        ticket.title.clone(),
        &told(ticket),
    );
    opened.found = Some(FoundTicket {
        opened_at: ticket.opened_at,
        file,
    });
    decision.push(opened);
    Ok(())
}

/// What an answer does: an earlier program asked about drafts, and about pauses of its own. Of a plan that goes on
/// nothing is asked any more, nor of one that an operator has paused since; and what was answered has been heard.
fn subject(decision: &Decision<'_>, ticket: &Ticket) -> Result<TicketSubject, Refusal> {
    let untouched = decision.plan.epoch == Epoch::default();
    let asks = ticket.asks && untouched;
    match (decision.status(), &ticket.standing) {
        (StatusName::Draft, _) if ticket.asks => Ok(question::about_draft(&decision.plan)),
        (StatusName::Paused, _) => Ok(TicketSubject::Earlier { asks }),
        (StatusName::Draft | StatusName::Approved | StatusName::Executing, Standing::Open) => {
            Ok(TicketSubject::Earlier { asks: false })
        }
        (
            StatusName::Draft
            | StatusName::Approved
            | StatusName::Executing
            | StatusName::Declined
            | StatusName::Cancelled
            | StatusName::Aborted
            | StatusName::Done,
            _,
        ) => Err(decision.refuse("asked about", "")),
    }
}

fn told(ticket: &Ticket) -> String {
    let answered = match &ticket.standing {
        Standing::Answered { decision, by } => format!(
            " It was answered `{decision}` there, by {by}, and nothing had come of it: please answer once more."
        ),
        Standing::Open | Standing::Closed => String::new(),
    };
    let opened = ticket.opened_at.guide_form();
    format!(
        "{}\n\nAn earlier program opened this ticket on {opened}.{answered}",
        ticket.body
    )
}
