//! Which files a plan projects, and their bytes. Paths are relative to the project's directory and built from
//! validated ids alone.

use crate::{
    audit,
    event::Event,
    fold::Entry,
    frontmatter,
    ids::{CallId, PlanId, TicketId},
    payload::Payload,
    plan::Plan,
    ticket, usage,
};

/// A file that is rendered whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Whole {
    /// Relative to the project's directory.
    pub path: String,
    /// Its content.
    pub text: String,
}

/// A file that grows by lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Ledger {
    /// `plans/<plan>.usage.jsonl`.
    Usage,
    /// `runs/<plan>/audit.jsonl`.
    Audit,
}

impl Ledger {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Usage, Self::Audit];

    /// Relative to the project's directory.
    #[must_use]
    pub fn path(self, plan: &PlanId) -> String {
        match self {
            Self::Usage => format!("plans/{plan}.usage.jsonl"),
            Self::Audit => format!("runs/{plan}/audit.jsonl"),
        }
    }

    /// What `event` adds to it; `plan` is the state right after the event.
    #[must_use]
    pub fn addition(self, plan: &Plan, entry: &Entry, event: &Event) -> Option<Payload> {
        match self {
            Self::Usage => usage::before(event)
                .cloned()
                .or_else(|| usage::line(plan, entry, event).map(Payload::Text)),
            Self::Audit => audit::line(plan, entry, event).map(Payload::Text),
        }
    }
}

/// The plan's Markdown file.
#[must_use]
pub fn plan_path(plan: &PlanId) -> String {
    format!("plans/{plan}.md")
}

/// A ticket's Markdown file.
#[must_use]
pub fn ticket_path(ticket: &TicketId) -> String {
    format!("tickets/{ticket}.md")
}

/// The team's state document.
#[must_use]
pub fn team_state_path(plan: &PlanId) -> String {
    format!("runs/{plan}/current_state.md")
}

/// Where a plan's artifacts lie.
#[must_use]
pub fn artifacts_path(plan: &PlanId) -> String {
    format!("runs/{plan}/artifacts")
}

/// Where the conversation before a call that did not fit its model is kept.
#[must_use]
pub fn checkpoint_path(plan: &PlanId, call: &CallId) -> String {
    format!("runs/{plan}/checkpoints/{call}.json")
}

/// Every file that is rendered whole from the state, the plan's own first.
#[must_use]
pub fn whole(plan: &Plan) -> Vec<Whole> {
    let own = Whole {
        path: plan_path(&plan.id),
        text: frontmatter::render(plan),
    };
    let tickets = plan.tickets.iter().map(|(id, t)| Whole {
        path: ticket_path(id),
        text: ticket::render(&plan.id, id, t),
    });
    let state = plan.team_state.iter().map(|text| Whole {
        path: team_state_path(&plan.id),
        text: text.clone(),
    });
    std::iter::once(own).chain(tickets).chain(state).collect()
}
