//! Frame 0 of a plan: written down here, or found on disk and recorded as found.

use projections::{
    document::{Document, Head, HeadEntry},
    event::{Attachment, Caps, DraftRequested, Event, FORMAT, Mandate, PlanDrafted, PlanImported},
    found::{self, FieldFault},
    ids::PlanId,
    payload::{Digest, Payload},
    yaml,
};

/// The events of a plan made from an operator's Markdown. The values of the engine's keys are taken from nowhere
/// but here: whatever the file says of its status, the plan begins as a draft. Comments stay where they are.
///
/// # Errors
/// [`FieldFault`] names a cap that is not a number.
pub fn draft(id: &PlanId, document: &Document) -> Result<Vec<Event>, FieldFault> {
    let mut head = document.head.clone();
    for (key, value) in [
        ("agent_id", "operator"),
        ("source_message", ""),
        ("attachments", "[]"),
    ] {
        if !head.0.iter().any(|entry| entry.key == key) {
            let value = if key == "attachments" {
                value.to_owned()
            } else {
                yaml::scalar(value)
            };
            head.0
                .push(HeadEntry::own(key, format!("{key}: {value}\n")));
        }
    }
    for key in ["created_at", "project_code", "id"] {
        if !head.0.iter().any(|entry| entry.key == key) {
            head.0.insert(0, HeadEntry::engine(key));
        }
    }
    let event = PlanDrafted {
        format: FORMAT,
        plan: id.clone(),
        project: id.project().clone(),
        head,
        body: with_blank_line(&document.body),
        caps: found::caps(&document.values)?,
    };
    Ok(vec![event.into()])
}

/// The events of a plan that the Leader is to write, from an operator's wish.
#[must_use]
pub fn wished(
    id: &PlanId,
    wish: &str,
    attachments: Vec<Attachment>,
    caps: Caps,
    mandate: Mandate,
) -> Vec<Event> {
    let names: Vec<&str> = attachments.iter().map(|a| a.name.as_str()).collect();
    let listed = match names[..] {
        [] => "attachments: []\n".to_owned(),
        _ => {
            let lines = names
                .iter()
                .map(|name| format!("- {}\n", yaml::scalar(name)));
            format!("attachments:\n{}", lines.collect::<String>())
        }
    };
    let own = |key: &str, text: String| HeadEntry::own(key, text);
    let head = Head(vec![
        HeadEntry::engine("id"),
        HeadEntry::engine("project_code"),
        HeadEntry::engine("created_at"),
        own("agent_id", "agent_id: leader\n".to_owned()),
        own(
            "source_message",
            format!("source_message: {}\n", yaml::scalar(wish)),
        ),
        own("attachments", listed),
    ]);
    let drafted = PlanDrafted {
        format: FORMAT,
        plan: id.clone(),
        project: id.project().clone(),
        head,
        body: "\n## A plan to be written\n\nThe Leader has not written it yet.\n".to_owned(),
        caps,
    };
    let request = DraftRequested {
        revision: 1,
        wish: wish.to_owned(),
        attachments,
        mandate,
    };
    vec![drafted.into(), request.into()]
}

/// A body begins with a blank line after the frontmatter, as the existing program writes it.
fn with_blank_line(body: &str) -> String {
    if body.starts_with('\n') {
        body.to_owned()
    } else {
        format!("\n{body}")
    }
}

/// The events of a plan file that was found without a journal; `usage` is the ledger that lay beside it, `file`
/// the BLAKE3 of the file itself.
///
/// # Errors
/// [`FieldFault`] names the first field that cannot be read.
pub fn import(
    id: &PlanId,
    document: &Document,
    usage: Option<Payload>,
    file: Digest,
) -> Result<Vec<Event>, FieldFault> {
    let event = PlanImported {
        format: FORMAT,
        plan: id.clone(),
        project: id.project().clone(),
        head: document.head.clone(),
        body: document.body.clone(),
        caps: found::caps(&document.values)?,
        found: found::read(id, &document.values, usage, file)?,
    };
    Ok(vec![event.into()])
}
