//! Asking a person: the ticket that explains a pause and says what an answer does.

use std::mem::discriminant;

use projections::{
    event::{PauseReason, Priority, StatusName, TicketOpened, TicketSubject},
    ids::{PlanId, TicketId},
    payload::Digest,
    plan::{Plan, Status, Ticket},
};

use super::{Decided, Decision, Refusal, drafting};

/// Longest quotation inside a ticket, in characters.
const QUOTE: usize = 2_000;

/// Longest title, in characters.
const TITLE: usize = 120;

/// Longest note on a pause, in characters: it stands in the plan's frontmatter, the rest in the ticket.
const NOTE: usize = 400;

/// Pauses the plan and opens the ticket that says why. `what` is what happened, in one sentence.
pub(super) fn ask(
    decision: &mut Decision<'_>,
    reason: PauseReason,
    subject: TicketSubject,
    what: &str,
) -> Decided {
    // Whoever lets the Leader write a plan sits before it.
    if decision.status() == StatusName::Draft && decision.plan.is_being_drafted() {
        return drafting::failed(decision, what);
    }
    // Several tasks may come to the same halt at once; one question is enough.
    if is_asked(&decision.plan, &subject) {
        return Ok(());
    }
    let ticket = open(decision, subject, what)?;
    decision.pause(
        reason,
        &format!("{} (ticket {ticket})", first_line(what, NOTE)),
    );
    Ok(())
}

/// Whether a plan waits for this answer already.
fn is_asked(plan: &Plan, subject: &TicketSubject) -> bool {
    let paused = matches!(plan.status, Status::Paused { .. });
    let alike = |ticket: &Ticket| discriminant(&ticket.subject) == discriminant(subject);
    paused && plan.open_tickets().any(|(_, ticket)| alike(ticket))
}

/// The question whether a draft may run, as it reads now.
pub(super) fn about_draft(plan: &Plan) -> TicketSubject {
    TicketSubject::Draft {
        body: Digest::of(plan.body.as_bytes()),
    }
}

/// The question whether `body` may take the place of the plan's, as it reads now.
pub(super) fn about_revision(plan: &Plan, body: String) -> TicketSubject {
    TicketSubject::Revision {
        body,
        over: Some(Digest::of(plan.body.as_bytes())),
    }
}

/// Whether nothing waits for an answer.
fn is_told(subject: &TicketSubject) -> bool {
    matches!(
        subject,
        TicketSubject::Fixed { .. } | TicketSubject::Earlier { asks: false }
    )
}

/// Opens a ticket, and pauses nothing.
pub(super) fn open(
    decision: &mut Decision<'_>,
    subject: TicketSubject,
    what: &str,
) -> Result<TicketId, Refusal> {
    let ticket = decision
        .context
        .ticket
        .clone()
        .ok_or(Refusal::NeedsTicket)?;
    let plan = &decision.plan.id;
    let title = format!("{plan}: {}", first_line(what, TITLE));
    let priority = priority(&subject);
    let opened = worded(plan, ticket.clone(), priority, subject, title, what);
    decision.push(opened);
    Ok(ticket)
}

/// The ticket in full, with what an answer does.
pub(super) fn worded(
    plan: &PlanId,
    ticket: TicketId,
    priority: Priority,
    subject: TicketSubject,
    title: String,
    what: &str,
) -> TicketOpened {
    let body = body(&ticket, &plan.to_string(), &subject, what);
    let for_information = is_told(&subject);
    let shown = serde_json::to_string(&(&title, &body, &subject)).expect("a ticket is text");
    let digest = Digest::of(shown.as_bytes());
    TicketOpened {
        ticket,
        priority,
        subject,
        title,
        body,
        digest,
        for_information,
        found: None,
    }
}

fn priority(subject: &TicketSubject) -> Priority {
    match subject {
        TicketSubject::Reflection
        | TicketSubject::Revision { .. }
        | TicketSubject::Draft { .. } => Priority::Blocker,
        TicketSubject::Fixed { .. } | TicketSubject::Earlier { asks: false } => Priority::Minor,
        TicketSubject::Unwritten
        | TicketSubject::Body
        | TicketSubject::BlockedTask { .. }
        | TicketSubject::Reply
        | TicketSubject::Model
        | TicketSubject::Budget
        | TicketSubject::Quarantine
        | TicketSubject::Environment
        | TicketSubject::Earlier { asks: true }
        | TicketSubject::Context { .. } => Priority::Critical,
    }
}

fn body(ticket: &TicketId, plan: &str, subject: &TicketSubject, what: &str) -> String {
    let (matters, approving) = meaning(subject);
    let proposal = match subject {
        TicketSubject::Revision { body, .. } => {
            format!("\n## The plan as it would be\n\n{}\n", body.trim())
        }
        TicketSubject::Body
        | TicketSubject::Draft { .. }
        | TicketSubject::Unwritten
        | TicketSubject::Fixed { .. }
        | TicketSubject::Reflection
        | TicketSubject::BlockedTask { .. }
        | TicketSubject::Reply
        | TicketSubject::Model
        | TicketSubject::Budget
        | TicketSubject::Quarantine
        | TicketSubject::Environment
        | TicketSubject::Earlier { .. }
        | TicketSubject::Context { .. } => String::new(),
    };
    let answers = if is_told(subject) {
        format!("- take note of it: `modulatio ticket approve {ticket}`. {approving}")
    } else {
        let declining = match subject {
            TicketSubject::Draft { .. } | TicketSubject::Unwritten => {
                "The plan is declined, and nothing is run."
            }
            _ => "The plan is aborted; what is finished stays.",
        };
        format!(
            "- approve: `modulatio ticket approve {ticket}`, or write `decision: approved` above. {approving}\n\
             - decline: `modulatio ticket decline {ticket}`, or write `decision: declined` above. {declining}"
        )
    };
    format!(
        "\n## What happened\n\n{what}\n\n## Why it matters\n\n{matters}\n\n## What you can do\n\n{answers}\n\
         - look closer: `modulatio plan show {plan}`, `modulatio replay {plan}`\n{proposal}"
    )
}

/// Why it matters, and what approving does.
fn meaning(subject: &TicketSubject) -> (&'static str, &'static str) {
    match subject {
        TicketSubject::Body => (
            "A list of sub-objectives that is read only in part would run a shorter plan than the approved one.",
            "Mend the list in the plan's file first; the list is read again.",
        ),
        TicketSubject::Reflection => (
            "The Leader sees a reason not to go on without you.",
            "The plan goes on with the next sub-objective; finished work is not repeated.",
        ),
        TicketSubject::Revision { .. } => (
            "The Leader no longer believes in the rest of the plan as it stands.",
            "The plan below replaces the present one; finished work is not repeated.",
        ),
        TicketSubject::Draft { .. } => (
            "Nothing is run, and nothing further is spent, before you approve it.",
            "The plan runs as it reads in its file; edit it there first, and you are asked again with the new text.",
        ),
        TicketSubject::Unwritten => (
            "Nobody sits before this plan, and without a text of it nothing runs.",
            "Mend first what is named above; the Leader is asked to write it once more.",
        ),
        TicketSubject::Fixed { .. } => (
            "Who judges the work has done a part of it: nobody else has looked at the result.",
            "Nothing waits for it.",
        ),
        TicketSubject::BlockedTask { .. } => (
            "A plan is never called done over work that failed.",
            "Mend first what is missing; the task is then sent back to work, with a fresh redo budget.",
        ),
        TicketSubject::Reply => (
            "Without a reply of the right form the step cannot be finished; each try costs a call.",
            "The step is asked again.",
        ),
        TicketSubject::Model => (
            "No work is possible without the model.",
            "The step is tried again.",
        ),
        TicketSubject::Budget => (
            "The cap is yours; the call that would have passed it was not made.",
            "Raise the cap first, or the plan pauses again: a plan's own with `modulatio plan edit-budget` or in its file, \
             a default or the vault's in modulatio.yaml.",
        ),
        TicketSubject::Quarantine => (
            "A plan that brings its runner down would do so for ever.",
            "The plan is tried again, with a fresh count.",
        ),
        TicketSubject::Environment => (
            "The step cannot be finished until the machine lets it.",
            "Mend what is named above first; the step is tried again.",
        ),
        TicketSubject::Earlier { asks: true } => (
            "An earlier program asked this, and the plan waits for the answer.",
            "The plan goes on with its next sub-objective, by its text as it stands then; finished work is not repeated. \
             What is proposed above is in no text but this one: write it into the plan's file first if you want it.",
        ),
        TicketSubject::Earlier { asks: false } => (
            "An earlier program told this of the plan.",
            "Nothing waits for it; a plan that is paused goes on with `modulatio plan approve`.",
        ),
        TicketSubject::Context { .. } => (
            "Sending less than the whole would let the model answer from a part without knowing it.",
            "The Leader divides the sub-objective into two to six smaller ones, which take its place in the plan. If \
             you divide it yourself in the plan's file first, yours are run.",
        ),
    }
}

/// The first line of a text, cut to `most` characters.
fn first_line(text: &str, most: usize) -> String {
    let line = text.lines().next().unwrap_or_default();
    let cut: String = line.chars().take(most).collect();
    if cut.len() < line.len() {
        format!("{cut}…")
    } else {
        cut
    }
}

/// A reply as a ticket quotes it: cut, and fenced so that it cannot pass for the ticket's own text.
pub(super) fn quote(reply: &str) -> String {
    if reply.trim().is_empty() {
        return "(nothing)".to_owned();
    }
    let cut: String = reply.chars().take(QUOTE).collect();
    let more = if cut.len() < reply.len() {
        "\n> […]"
    } else {
        ""
    };
    let lines: Vec<String> = cut.lines().map(|line| format!("> {line}")).collect();
    format!("{}{more}", lines.join("\n"))
}
