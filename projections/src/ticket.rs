//! `tickets/<CODE>-<n>.md`: a question to a person, and the answer once it is given.

use serde_json::{Value, json};

use crate::{
    document,
    event::{Decision, TicketSubject},
    frontmatter::push_entry,
    ids::{PlanId, TicketId},
    plan::Ticket,
};

/// The ticket's Markdown file.
#[must_use]
pub fn render(plan: &PlanId, id: &TicketId, ticket: &Ticket) -> String {
    let mut out = String::from("---\n");
    for (key, value) in fields(plan, id, ticket) {
        push_entry(&mut out, 0, key, &value);
    }
    out.push_str(&document::anchor_line(ticket.changed.anchor));
    out.push_str("---\n");
    out.push_str(&ticket.body);
    document::seal(&out, ticket.changed.anchor)
}

fn fields(plan: &PlanId, id: &TicketId, ticket: &Ticket) -> Vec<(&'static str, Value)> {
    let answer = ticket.answer.as_ref();
    vec![
        ("id", json!(id)),
        ("priority", json!(ticket.priority)),
        (
            "status",
            json!(match (answer, &ticket.withdrawn) {
                (Some(_), _) => "closed",
                (None, Some(_)) => "withdrawn",
                (None, None) => "open",
            }),
        ),
        ("title", json!(ticket.title)),
        ("kind", json!(kind(&ticket.subject))),
        ("affected_plan_id", json!(plan)),
        ("approval_required", json!(!ticket.for_information)),
        (
            "decision",
            answer.map_or(Value::Null, |a| json!(a.decision)),
        ),
        ("decided_by", answer.map_or(Value::Null, |a| json!(a.by))),
        (
            "decided_at",
            answer.map_or(Value::Null, |a| json!(a.at.guide_form())),
        ),
        (
            "note",
            json!(match (answer, &ticket.withdrawn) {
                (Some(answer), _) => answer.note.as_str(),
                (None, Some(why)) => why.as_str(),
                (None, None) => "",
            }),
        ),
        ("created_at", json!(ticket.opened_at.guide_form())),
        ("updated_at", json!(ticket.changed.at.guide_form())),
        ("digest", json!(ticket.digest)),
    ]
}

/// What a ticket is about, in one word.
#[must_use]
pub fn kind(subject: &TicketSubject) -> &'static str {
    match subject {
        TicketSubject::Body => "body",
        TicketSubject::Reflection => "reflection",
        TicketSubject::Revision { .. } => "revision",
        TicketSubject::BlockedTask { .. } => "blocked-task",
        TicketSubject::Draft { .. } => "draft",
        TicketSubject::Unwritten => "unwritten",
        TicketSubject::Fixed { .. } => "fixed",
        TicketSubject::Reply => "reply",
        TicketSubject::Model => "model",
        TicketSubject::Budget => "budget",
        TicketSubject::Quarantine => "quarantine",
        TicketSubject::Environment => "environment",
        TicketSubject::Earlier { .. } => "earlier",
        TicketSubject::Context { .. } => "context",
    }
}

impl Decision {
    /// The spelling in files.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Approved => "approved",
            Self::Declined => "declined",
        }
    }
}
