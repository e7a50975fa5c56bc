//! Reading a ticket of the existing Python program: `<CODE>-<n>.md` with its history as JSON between two comments.

use super::{FieldFault, fault, instant, shown};
use crate::{
    document::Document,
    event::Priority,
    ids::{PlanId, TicketId},
    time::Timestamp,
    yaml::{Mapping, Value},
};

/// Its history stands behind this line, for that program's eyes.
const HISTORY: &str = "<!-- modulatio:transitions -->";

/// Longest title, in characters.
const TITLE: usize = 200;

/// What a ticket's file says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ticket {
    /// The plan that it is about, if it is about one.
    pub plan: Option<PlanId>,
    /// Where it stands.
    pub standing: Standing,
    /// How urgent.
    pub priority: Priority,
    /// One line.
    pub title: String,
    /// Its text, without its history.
    pub body: String,
    /// Whether it asks for a decision.
    pub asks: bool,
    /// When it was opened.
    pub opened_at: Timestamp,
}

/// Where a ticket stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Nobody has answered it.
    Open,
    /// Somebody has, and that program has not seen to it yet.
    Answered {
        /// The answer, as it spells it: `approved`, `denied`.
        decision: String,
        /// Who.
        by: String,
    },
    /// It is done with.
    Closed,
}

/// Reads ticket `id`.
///
/// # Errors
/// [`FieldFault`] names the first field that contradicts the file's name or cannot be read.
pub fn read(id: &TicketId, document: &Document) -> Result<Ticket, FieldFault> {
    let values = &document.values;
    check_identity(id, values)?;
    Ok(Ticket {
        plan: plan(id, values)?,
        standing: standing(values)?,
        priority: priority(values)?,
        title: title(values)?,
        body: without_history(&document.body),
        asks: flag(values, "approval_required")?,
        opened_at: opened_at(values)?,
    })
}

fn check_identity(id: &TicketId, values: &Mapping) -> Result<(), FieldFault> {
    let said = text(values, "id")?.unwrap_or_default();
    if said.parse::<TicketId>().ok().as_ref() == Some(id) {
        return Ok(());
    }
    let why = format!("it says {said:?}, but the file's name says {id}");
    Err(fault("id", why))
}

fn plan(id: &TicketId, values: &Mapping) -> Result<Option<PlanId>, FieldFault> {
    let Some(said) = text(values, "affected_plan_id")? else {
        return Ok(None);
    };
    let plan: PlanId = said
        .parse()
        .map_err(|e| fault("affected_plan_id", format!("{e}")))?;
    if plan.project() == id.project() {
        return Ok(Some(plan));
    }
    let why = format!("{plan} is of another project");
    Err(fault("affected_plan_id", why))
}

fn standing(values: &Mapping) -> Result<Standing, FieldFault> {
    let said = text(values, "status")?.unwrap_or_default();
    match (said, text(values, "approval_decision")?) {
        ("open" | "in_progress", None) => Ok(Standing::Open),
        ("open" | "in_progress" | "resolved", Some(decision)) => Ok(Standing::Answered {
            decision: decision.to_owned(),
            by: text(values, "approval_decided_by")?
                .unwrap_or("somebody")
                .to_owned(),
        }),
        ("resolved", None) | ("closed", _) => Ok(Standing::Closed),
        (other, _) => {
            let why = format!("{other:?} is none of open, in_progress, resolved, closed");
            Err(fault("status", why))
        }
    }
}

fn priority(values: &Mapping) -> Result<Priority, FieldFault> {
    match text(values, "priority")?.unwrap_or_default() {
        "blocker" => Ok(Priority::Blocker),
        "critical" => Ok(Priority::Critical),
        "minor" => Ok(Priority::Minor),
        other => {
            let why = format!("{other:?} is none of blocker, critical, minor");
            Err(fault("priority", why))
        }
    }
}

/// On one line, whatever line ends its YAML holds.
fn title(values: &Mapping) -> Result<String, FieldFault> {
    let said = text(values, "title")?.unwrap_or_default();
    let words: Vec<&str> = said.split_whitespace().collect();
    Ok(words.join(" ").chars().take(TITLE).collect())
}

fn opened_at(values: &Mapping) -> Result<Timestamp, FieldFault> {
    let said = text(values, "created_at")?.ok_or_else(|| fault("created_at", "it is missing"))?;
    instant("created_at", said)
}

fn without_history(body: &str) -> String {
    let text = body.split_once(HISTORY).map_or(body, |(text, _)| text);
    text.trim().to_owned()
}

/// A text; `None` when it is missing or null.
fn text<'a>(values: &'a Mapping, key: &str) -> Result<Option<&'a str>, FieldFault> {
    match values.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(other) => Err(fault(key, format!("{} is not a text", shown(other)))),
    }
}

fn flag(values: &Mapping, key: &str) -> Result<bool, FieldFault> {
    match values.get(key) {
        None | Some(Value::Null) => Ok(false),
        Some(Value::Bool(flag)) => Ok(*flag),
        Some(other) => {
            let why = format!("{} is neither true nor false", shown(other));
            Err(fault(key, why))
        }
    }
}
