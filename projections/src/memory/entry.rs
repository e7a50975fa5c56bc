//! Reading a file of the memory, whoever wrote it: this program, the earlier one, or a person.

mod front;
mod text;

use self::{
    front::Front,
    text::{below_first, cut, named, one_line, section, title_in},
};
use super::Store;
use crate::{time::Timestamp, work::TaskKind};

/// A file of the memory, as far as it says anything of itself. Everything but the text is optional: a hand-written
/// note may be a single sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Where it is from.
    pub store: Store,
    /// The file below the store's directory, without `.md`.
    pub id: String,
    /// Only for artifacts of this kind; `None` for all.
    pub kind: Option<TaskKind>,
    /// What kind of note it is, or how the verdict was, in one word: `fact`, `technique`, `pass`, `fail`; may be empty.
    pub label: String,
    /// Who wrote a note; whose production a verdict judges.
    pub agent: Option<String>,
    /// Of a verdict: whether the production passed.
    pub passed: Option<bool>,
    /// When it was written, if it says so.
    pub at: Option<Timestamp>,
    /// One line: what it is about.
    pub title: String,
    /// What a model is shown of it, at most [`MAX_SHOWN`] bytes, cut at a character and marked so.
    pub shown: String,
    /// What it is found by, at most [`MAX_SOUGHT`] bytes.
    pub sought: String,
}

/// Most that a model is shown of one file, bytes.
pub const MAX_SHOWN: usize = 1_200;

/// Most of a file that it is found by, bytes.
pub const MAX_SOUGHT: usize = 4_000;

/// Longest title, bytes.
const MAX_TITLE: usize = 160;

/// What stands where a text was cut.
const CUT: &str = " […]";

impl Entry {
    /// Reads a file. Whatever it holds, there is an entry: of what says nothing of itself, the text alone.
    ///
    /// ```
    /// use projections::memory::{Entry, Store};
    /// let entry = Entry::read(Store::TeamMemory, "tone", "The user prefers concise prose.\n");
    /// assert_eq!(entry.shown, "The user prefers concise prose.");
    /// assert_eq!(entry.kind, None);
    /// ```
    #[must_use]
    pub fn read(store: Store, id: &str, text: &str) -> Self {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let (front, body) = Front::split(text);
        match store {
            Store::QcHistory => verdict(id, &front, body),
            Store::TeamMemory => note(id, &front, body),
        }
    }
}

fn note(id: &str, front: &Front, body: &str) -> Entry {
    let own = below_first(body, "Body");
    let title = title(front, own, id);
    let tags = front.words(&["skill_tags", "capability_tags", "tags"]);
    let tags = tags.join(" ");
    Entry {
        store: Store::TeamMemory,
        id: id.to_owned(),
        kind: front.kind(),
        label: front.label("kind"),
        agent: front.line(&["proposed_by", "writer_id", "author"]),
        passed: None,
        at: front.time(),
        shown: cut(own, MAX_SHOWN, CUT),
        sought: found_by(&[&title, &tags, own]),
        title,
    }
}

fn verdict(id: &str, front: &Front, body: &str) -> Entry {
    let part = |heading: &str| section(body, heading).map(str::trim).unwrap_or_default();
    let task = part("Task");
    let rationale = said(part("Rationale"));
    let listed = front.defects();
    let defects = if listed.is_empty() {
        said(part("Defects"))
    } else {
        &listed
    };
    let artifact = named(part("Artifact body"));
    let title = title(front, if task.is_empty() { artifact } else { task }, id);
    let passed = front.passed();
    // One that a person wrote in a form of their own.
    let shapeless = [task, rationale, defects, artifact]
        .iter()
        .all(|part| part.is_empty());
    let mut entry = Entry {
        store: Store::QcHistory,
        id: id.to_owned(),
        kind: front.kind().or_else(|| kind_of_folder(id)),
        label: passed.map(word).unwrap_or_default().to_owned(),
        agent: front.line(&["producer_agent"]),
        passed,
        at: front.time(),
        shown: cut(&judged(&title, passed, rationale, defects), MAX_SHOWN, CUT),
        sought: found_by(&[
            &title,
            task,
            said(part("Good enough when")),
            rationale,
            defects,
            artifact,
        ]),
        title,
    };
    if shapeless {
        entry.title = self::title(front, body, id);
        entry.shown = cut(body, MAX_SHOWN, CUT);
        entry.sought = found_by(&[&entry.title, body]);
    }
    entry
}

/// A verdict as a model reads it.
fn judged(title: &str, passed: Option<bool>, rationale: &str, defects: &str) -> String {
    let verdict = passed.map(|passed| format!("Verdict: {}", word(passed)));
    let defects = (!defects.is_empty()).then(|| format!("Defects:\n{defects}"));
    let parts = [
        Some(title),
        verdict.as_deref(),
        Some(rationale),
        defects.as_deref(),
    ];
    let parts = parts.into_iter().flatten().filter(|part| !part.is_empty());
    parts.collect::<Vec<_>>().join("\n")
}

fn word(passed: bool) -> &'static str {
    if passed { "pass" } else { "fail" }
}

/// Nothing, of what says that there is nothing.
fn said(part: &str) -> &str {
    if part == "(none)" { "" } else { part }
}

fn title(front: &Front, text: &str, id: &str) -> String {
    let name = || id.rsplit('/').next().unwrap_or(id).to_owned();
    let found = front.line(&["title"]).or_else(|| title_in(text));
    let title = found.unwrap_or_else(name);
    cut(&one_line(&title), MAX_TITLE, CUT)
}

/// The parts one below the other, as much as it may be; the same text is not said twice at the beginning.
fn found_by(parts: &[&str]) -> String {
    let mut sought = String::new();
    for part in parts.iter().map(|part| part.trim()) {
        if part.starts_with(&sought) {
            sought.clear();
        }
        if !sought.is_empty() && !part.is_empty() {
            sought.push('\n');
        }
        sought.push_str(part);
    }
    cut(&sought, MAX_SOUGHT, "")
}

/// Verdicts lie in a folder for each kind.
fn kind_of_folder(id: &str) -> Option<TaskKind> {
    front::kind(id.split_once('/')?.0)
}

#[cfg(test)]
mod tests;
