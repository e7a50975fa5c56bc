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
    ticket, transcript, usage,
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
    /// `runs/<plan>/tool_calls/calls.jsonl`.
    Tools,
}

/// A part of what a file grows by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// These bytes.
    Text(String),
    /// The bytes that lie there.
    Bytes(Payload),
    /// The text that lies there, as a JSON string.
    Quoted(Payload),
}

impl Piece {
    /// Its bytes; `resolve` finds those of a payload. Fails as `resolve` does.
    ///
    /// # Errors
    /// Those of `resolve`.
    pub fn resolved<E>(
        self,
        resolve: &mut dyn FnMut(&Payload) -> Result<Vec<u8>, E>,
    ) -> Result<Vec<u8>, E> {
        match self {
            Self::Text(text) => Ok(text.into_bytes()),
            Self::Bytes(payload) => resolve(&payload),
            Self::Quoted(payload) => {
                let bytes = resolve(&payload)?;
                let text = String::from_utf8_lossy(&bytes);
                Ok(serde_json::Value::from(text).to_string().into_bytes())
            }
        }
    }
}

impl Ledger {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Usage, Self::Audit, Self::Tools];

    /// Whether it is for its owner's eyes only (0600), however open the vault is.
    #[must_use]
    pub fn is_private(self) -> bool {
        self == Self::Tools
    }

    /// Relative to the project's directory.
    #[must_use]
    pub fn path(self, plan: &PlanId) -> String {
        match self {
            Self::Usage => format!("plans/{plan}.usage.jsonl"),
            Self::Audit => format!("runs/{plan}/audit.jsonl"),
            Self::Tools => format!("runs/{plan}/tool_calls/calls.jsonl"),
        }
    }

    /// What `event` adds to it, in order; `plan` is the state right after the event.
    #[must_use]
    pub fn addition(self, plan: &Plan, entry: &Entry, event: &Event) -> Vec<Piece> {
        let text = |line: Option<String>| line.map(Piece::Text).into_iter().collect();
        match self {
            Self::Usage => match usage::before(event) {
                Some(found) => vec![Piece::Bytes(found.clone())],
                None => text(usage::line(plan, entry, event)),
            },
            Self::Audit => text(audit::line(plan, entry, event)),
            Self::Tools => transcript::line(plan, entry, event),
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

/// What the Leader says of the whole plan, beside its artifacts.
#[must_use]
pub fn quality_report_path(plan: &PlanId) -> String {
    format!("runs/{plan}/quality_report.md")
}

/// Where a plan's artifacts lie.
#[must_use]
pub fn artifacts_path(plan: &PlanId) -> String {
    format!("runs/{plan}/artifacts")
}

/// Where the material of a plan that the Leader wrote lies.
#[must_use]
pub fn attachments_path(plan: &PlanId) -> String {
    format!("runs/{plan}/attachments")
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
    let report = plan.quality_report.iter().map(|text| Whole {
        path: quality_report_path(&plan.id),
        text: text.clone(),
    });
    std::iter::once(own)
        .chain(tickets)
        .chain(state)
        .chain(report)
        .collect()
}
