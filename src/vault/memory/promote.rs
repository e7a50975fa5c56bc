//! A proposal becomes part of the memory.

use std::io::ErrorKind;

use projections::{
    document,
    files::Whole,
    memory::{Note, NoteKind, Tier},
    time::Timestamp,
    work::TaskKind,
};
use serde_json::Value;

use super::{MemoryPath, Part, remove::none};
use crate::{
    error::{Error, Result},
    vault::Project,
};

impl Project {
    /// Takes a proposal over into the memory, in the name of `by`; returns where it lies then. One of the earlier
    /// program becomes a note, and its JSON is kept among what was removed. A promotion that was cut half-way is
    /// finished.
    ///
    /// # Errors
    /// [`Error::Failed`] when there is no such proposal, it cannot be read, or the memory has a note of its name; the
    /// file system's.
    pub fn promote_note(
        &self,
        proposal: &MemoryPath,
        by: &str,
        now: Timestamp,
    ) -> Result<MemoryPath> {
        if proposal.part != Part::Proposed {
            let why = format!("{proposal} is no proposal; see `modulatio memory list --proposals`");
            return Err(Error::Failed(why));
        }
        if !self.has_memory(proposal) {
            return Err(none(proposal));
        }
        let unread = |why: String| Error::BadFile {
            file: proposal.below().into(),
            why,
        };
        let before = self.memory_text(proposal).map_err(unread)?;
        let text = match proposal.is_json {
            true => proposed_note(proposal.stem(), &before)
                .map(|(note, at)| note.render(at.unwrap_or(now), None))
                .map_err(unread)?,
            false => before.clone(),
        };
        let note = MemoryPath {
            part: Part::Kept,
            is_json: false,
            ..proposal.clone()
        };
        self.put_promoted(proposal, &note, promoted(&text, by))?;
        self.put_proposal_away(proposal, &before)?;
        Ok(note)
    }

    fn put_promoted(&self, proposal: &MemoryPath, note: &MemoryPath, text: String) -> Result<()> {
        let path = note.below();
        let file = Whole { path, text };
        if self.put_new(&file)? {
            return Ok(());
        }
        // Whoever promoted it died before the proposal was put away, or is at it.
        if self.memory_text(note).as_ref() == Ok(&file.text) {
            return Ok(());
        }
        Err(Error::Failed(format!(
            "{proposal} stays a proposal: the memory has {note} already; remove that one, or this one"
        )))
    }

    fn put_proposal_away(&self, proposal: &MemoryPath, before: &str) -> Result<()> {
        if proposal.is_json {
            return self.move_memory(proposal, &proposal.moved_to(Part::Removed));
        }
        // An editor that saved it in this instant has not written for nothing.
        if self.memory_text(proposal).is_ok_and(|text| text != before) {
            return Err(Error::Failed(format!(
                "{proposal} was edited while it was promoted: the memory has it as it was before; remove one of them"
            )));
        }
        let path = self.dir().join(proposal.below());
        match self.disk().remove(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => Err(none(proposal)),
            done => done.map_err(Error::io("remove", path)),
        }
    }
}

/// A proposal of the earlier program as a note, and when it was made.
///
/// # Errors
/// For people: what is wrong with it.
pub fn proposed_note(
    id: &str,
    json: &str,
) -> std::result::Result<(Note, Option<Timestamp>), String> {
    let value: Value =
        serde_json::from_str(json).map_err(|error| format!("it is not JSON: {error}"))?;
    let text = |key: &str| value[key].as_str().unwrap_or_default().trim().to_owned();
    let list = |key: &str| {
        let items = value[key].as_array().into_iter().flatten();
        items.filter_map(|item| Some(item.as_str()?.to_owned()))
    };
    let mut body = text("body");
    if body.is_empty() {
        return Err("it has no \"body\", which is the note's text".to_owned());
    }
    let rationale = text("rationale");
    if !rationale.is_empty() {
        body = format!("{body}\n\nRationale: {rationale}");
    }
    let kind = text("artifact_kind");
    let kinds = TaskKind::ALL.into_iter();
    let note = Note {
        id: id.to_owned(),
        kind: NoteKind::Fact,
        text: body,
        tags: list("skill_tags").chain(list("capability_tags")).collect(),
        // That program's word for prose.
        artifact_kind: match kind.as_str() {
            "text" => Some(TaskKind::Document),
            word => kinds.into_iter().find(|kind| kind.as_str() == word),
        },
        writer: text("proposer_id"),
        tier: Tier::Producer,
        plan: None,
        task: None,
    };
    Ok((note, Timestamp::parse(&text("timestamp")).ok()))
}

/// The text of a proposal with whoever took it over as its writer. One without frontmatter stays as it is.
fn promoted(text: &str, by: &str) -> String {
    let Some((head, rest)) = text
        .strip_prefix("---\n")
        .and_then(|text| text.split_once("\n---\n"))
    else {
        return text.to_owned();
    };
    let proposed_by = document::stated(text, "writer_id").unwrap_or_default();
    let fields = [
        ("writer_id", quoted(by)),
        ("writer_tier", Tier::Operator.as_str().to_owned()),
        ("proposed_by", quoted(proposed_by)),
    ];
    let key_of = |line: &str| line.split_once(':').map_or("", |(key, _)| key).to_owned();
    let line = |line: &str| {
        let key = key_of(line);
        let own = fields.iter().find(|(field, _)| *field == key);
        own.map_or(line.to_owned(), |(_, value)| format!("{key}: {value}"))
    };
    let missing = fields
        .iter()
        .filter(|(field, _)| !head.lines().any(|line| key_of(line) == *field));
    let missing = missing.map(|(key, value)| format!("{key}: {value}"));
    let lines: Vec<String> = head.lines().map(line).chain(missing).collect();
    format!("---\n{}\n---\n{rest}", lines.join("\n"))
}

/// A one-line text as YAML; what could mean something else stands in quotes.
fn quoted(text: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_-./:@".contains(c);
    let is_word = text.starts_with(|c: char| c.is_ascii_alphabetic());
    if is_word && text.chars().all(is_plain) && !text.ends_with(':') {
        return text.to_owned();
    }
    match text {
        "" => "null".to_owned(),
        _ => Value::from(text).to_string(),
    }
}
