//! What a ticket's file says: nothing, an answer, a note to one that is still to come, or what nobody may write there.

use projections::{
    document::{self, Document},
    event::Decision,
    ids::{PlanId, TicketId},
    plan::Ticket,
    ticket,
    yaml::{self, Value},
};

/// What a file says.
#[derive(Debug)]
pub enum Said {
    /// Nothing that is not known.
    Nothing,
    /// A note, and no decision yet.
    Note,
    /// A decision that the journal does not hold.
    Answer {
        /// Which.
        decision: Decision,
        /// What was written beside it; may be empty.
        note: String,
    },
    /// What nobody may write there, and why.
    Wrong(String),
}

/// Keys that an operator may write, and such as are rendered afresh whatever becomes of them.
const FREE: [&str; 4] = ["decision", "note", "journal", "updated_at"];

/// Reads a ticket's text beside how it is rendered, and beside how it was while it was open. Whatever it holds, the
/// answer is a [`Said`].
#[must_use]
pub fn heard(plan: &PlanId, id: &TicketId, ticket: &Ticket, bytes: &[u8]) -> Said {
    let edited = match document::read(bytes) {
        Ok(edited) => edited,
        Err(error) => return Said::Wrong(error.to_string()),
    };
    if let Some(what) = edited.lacks_frontmatter() {
        return Said::Wrong(what.to_owned());
    }
    let asked = Ticket {
        answer: None,
        withdrawn: None,
        ..ticket.clone()
    };
    let mut faults = Vec::new();
    for shown in [ticket, &asked] {
        match document::read(ticket::render(plan, id, shown).as_bytes()) {
            Ok(base) => match foreign(&base, &edited) {
                Some(why) => faults.push(why),
                None => return said(ticket, &base, &edited),
            },
            Err(error) => faults.push(format!("our own rendering cannot be read: {error}")),
        }
    }
    Said::Wrong(faults.swap_remove(0))
}

/// Whether a rendered text shows this very ticket.
pub(super) fn shows(text: &[u8], ticket: &Ticket) -> bool {
    let text = std::str::from_utf8(text).unwrap_or_default();
    document::stated(text, "digest") == Some(&*ticket.digest.to_string())
}

fn said(ticket: &Ticket, base: &Document, edited: &Document) -> Said {
    let (decision, note) = match (decision_in(edited), note_in(edited)) {
        (Ok(decision), Ok(note)) => (decision, note),
        (Err(why), _) | (_, Err(why)) => return Said::Wrong(why),
    };
    let shown = (decision_in(base), note_in(base));
    let unchanged = shown == (Ok(decision), Ok(note.clone()));
    match decision {
        _ if unchanged => Said::Nothing,
        Some(decision) => Said::Answer { decision, note },
        None if !ticket.is_open() => {
            Said::Wrong("the ticket is closed; nothing can be changed in it any more".to_owned())
        }
        None if note.is_empty() => Said::Nothing,
        None => Said::Note,
    }
}

/// What was changed, added or removed and is not an operator's to write.
fn foreign(base: &Document, edited: &Document) -> Option<String> {
    let keys = base.values.keys().chain(edited.values.keys());
    let is_free = |key: &Value| key.as_str().is_some_and(|key| FREE.contains(&key));
    let mut keys = keys.filter(|key| !is_free(key));
    if let Some(key) = keys.find(|key| base.values.get(*key) != edited.values.get(*key)) {
        let key = key.as_str().map_or_else(|| shown(key), str::to_owned);
        return Some(format!(
            "`{key}` belongs to the engine; only `decision` and `note` may be written here"
        ));
    }
    (base.body.trim_end() != edited.body.trim_end())
        .then(|| "its text follows from the journal; write `note` instead".to_owned())
}

fn decision_in(document: &Document) -> Result<Option<Decision>, String> {
    let value = document.values.get("decision").unwrap_or(&Value::Null);
    let word = match value {
        Value::Null => String::new(),
        Value::String(text) => text.trim().to_ascii_lowercase(),
        Value::Bool(_)
        | Value::Number(_)
        | Value::Sequence(_)
        | Value::Mapping(_)
        | Value::Tagged(_) => shown(value),
    };
    match word.as_str() {
        "" => Ok(None),
        "approved" => Ok(Some(Decision::Approved)),
        "declined" => Ok(Some(Decision::Declined)),
        _ => Err(format!(
            "`decision: {}` is none; write approved or declined",
            shown(value)
        )),
    }
}

/// The note, and whatever was remarked beside it: nothing else of the file would keep that.
fn note_in(document: &Document) -> Result<String, String> {
    let note = match document.values.get("note").unwrap_or(&Value::Null) {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Bool(_) | Value::Number(_) => as_written(document),
        Value::Sequence(_) | Value::Mapping(_) | Value::Tagged(_) => {
            return Err("`note` is not a text; put it in quotes".to_owned());
        }
    };
    let remarks = document.comments();
    let remarks = remarks
        .iter()
        .map(|line| line.trim_start_matches('#').trim());
    let parts = std::iter::once(note.as_str()).chain(remarks);
    let parts: Vec<&str> = parts.filter(|part| !part.is_empty()).collect();
    Ok(parts.join("\n"))
}

/// `1.50` is to stay that.
fn as_written(document: &Document) -> String {
    let mut entries = document.head.0.iter();
    let line = entries.find(|entry| entry.key == "note");
    let line = line.and_then(|entry| entry.own.as_deref()?.split_once(':'));
    let value = line.map_or("", |(_, value)| value);
    value
        .split(" #")
        .next()
        .unwrap_or_default()
        .trim()
        .to_owned()
}

fn shown(value: &Value) -> String {
    match value.as_str() {
        Some(text) => text.trim().to_owned(),
        None => yaml::emit(value).trim().to_owned(),
    }
}
