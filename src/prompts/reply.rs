//! Reading models' answers. The asked-for form is a tool call's arguments; a fenced JSON block in plain text
//! is accepted too. Everything is checked here: nothing that a model wrote is trusted further on.

mod notes;
mod plan;
mod tasks;

use projections::work::{Outcome, Verdict};
use serde::{Deserialize, de::DeserializeOwned};

pub use notes::{Noted, Notes, notes};
pub use plan::{Drafted, Parts, decomposed, drafted};
pub use tasks::tasks;

/// Longest team state and longest quality report that are kept, in characters.
const MAX_TEAM_STATE: usize = 16_000;

/// What is wrong with an answer, for the model and for people.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReplyFault {
    /// Nothing at all.
    #[error("it is empty")]
    Empty,
    /// Not the form at all.
    #[error("it is neither the tool's arguments nor text with a fenced JSON block")]
    NoJson,
    /// JSON that breaks off or is not JSON.
    #[error("its JSON cannot be read: {0}")]
    BadJson(String),
    /// JSON of another shape.
    #[error("its fields do not fit: {0}")]
    Shape(String),
    /// The right shape with a wrong content.
    #[error("{0}")]
    Content(String),
}

/// What a producer hands in.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Produced {
    /// The full text of the first artifact, if it is handed in here.
    #[serde(default)]
    content: Option<String>,
    /// Further artifacts that are handed in here.
    #[serde(default)]
    files: Vec<HandedIn>,
    /// What the producer claims.
    #[serde(default, alias = "summary_for_state_doc")]
    pub summary: String,
}

/// One file as it is handed in.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
struct HandedIn {
    path: String,
    content: String,
}

impl Produced {
    /// The files that are handed in, by path; `artifacts` are those of the task.
    #[must_use]
    pub fn files<'a>(&'a self, artifacts: &'a [String]) -> Vec<(&'a str, &'a str)> {
        let first = artifacts.first().zip(self.content.as_ref());
        let first = first.map(|(path, text)| (path.as_str(), text.as_str()));
        let named = |file: &'a HandedIn| (file.path.as_str(), file.content.as_str());
        let further = self.files.iter().map(named);
        let further = further.filter(|(path, _)| first.is_none_or(|(known, _)| known != *path));
        first.into_iter().chain(further).collect()
    }

    fn empty_one(&self) -> bool {
        let texts = self.files.iter().map(|file| &file.content);
        texts
            .chain(&self.content)
            .any(|text| text.trim().is_empty())
    }
}

/// The Leader's reflection.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Thought {
    /// The decision.
    pub outcome: Outcome,
    /// Why.
    #[serde(default)]
    pub rationale: String,
    /// A note to the next sub-objective.
    #[serde(default)]
    pub note: Option<String>,
    /// A new rest of the plan.
    #[serde(default)]
    pub revision: Option<Revision>,
    /// Claims that verdicts contradict.
    #[serde(default)]
    pub divergences: Vec<String>,
    /// The team's next state document.
    #[serde(default)]
    pub team_state: Option<String>,
    /// What a reader of the results should know, at the plan's end.
    #[serde(default)]
    pub quality_report: Option<String>,
}

/// A proposed rest of a plan.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Revision {
    /// What changes and why.
    #[serde(default)]
    pub summary: String,
    /// The sub-objectives that are to follow the finished ones.
    #[serde(default)]
    pub sub_objectives: Vec<ProposedItem>,
}

/// One proposed sub-objective.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct ProposedItem {
    /// One line.
    pub title: String,
    /// What is to be reached.
    #[serde(default)]
    pub description: String,
}

/// A producer's artifact.
///
/// # Errors
/// [`ReplyFault`] says what does not fit.
pub fn artifact(text: &str) -> Result<Produced, ReplyFault> {
    let answer = json(text)?;
    if !hands_in(&answer) {
        let why =
            "none of `content`, `files` and `summary_for_state_doc` is there, or it is a judgement";
        return Err(ReplyFault::Shape(why.to_owned()));
    }
    let produced: Produced = from(answer)?;
    if produced.empty_one() {
        return content("an artifact is empty".to_owned());
    }
    Ok(produced)
}

/// Quality control's judgement.
///
/// # Errors
/// [`ReplyFault`] says what does not fit.
pub fn verdict(text: &str) -> Result<Verdict, ReplyFault> {
    read(text)
}

/// The Leader's reflection, its documents cut to their bounds. After the plan's `last` sub-objective it reports on the
/// whole.
///
/// # Errors
/// [`ReplyFault`] says what does not fit.
pub fn reflection(text: &str, last: bool) -> Result<Thought, ReplyFault> {
    let mut thought: Thought = read(text)?;
    let bounded = |text: Option<String>| {
        text.map(|text| text.chars().take(MAX_TEAM_STATE).collect::<String>())
    };
    thought.team_state = bounded(thought.team_state);
    let report = bounded(thought.quality_report).filter(|text| !text.trim().is_empty());
    thought.quality_report = report.filter(|_| last);
    let ends = thought.outcome == Outcome::Continue || thought.outcome == Outcome::ReviseMinor;
    if last && ends && thought.quality_report.is_none() {
        return content("quality_report is missing: this is the plan's last reflection".to_owned());
    }
    if let Some(revision) = &thought.revision
        && revision
            .sub_objectives
            .iter()
            .any(|item| item.title.trim().is_empty())
    {
        return content("a proposed sub-objective has an empty title".to_owned());
    }
    Ok(thought)
}

fn content<T>(why: String) -> Result<T, ReplyFault> {
    Err(ReplyFault::Content(why))
}

/// Every field of what is handed in may be left out, but not all of them: another answer is not taken for this one.
fn hands_in(answer: &serde_json::Value) -> bool {
    let fields = ["content", "files", "summary", "summary_for_state_doc"];
    let has = |field: &str| answer.get(field).is_some();
    fields.into_iter().any(has) && !has("passed")
}

fn read<T: DeserializeOwned>(text: &str) -> Result<T, ReplyFault> {
    from(json(text)?)
}

fn from<T: DeserializeOwned>(answer: serde_json::Value) -> Result<T, ReplyFault> {
    serde_json::from_value(answer).map_err(|e| ReplyFault::Shape(e.to_string()))
}

/// The answer's JSON object: the whole text, or the first fenced block that holds one.
fn json(text: &str) -> Result<serde_json::Value, ReplyFault> {
    let whole = text.trim();
    if whole.is_empty() {
        return Err(ReplyFault::Empty);
    }
    let error = match serde_json::from_str::<serde_json::Value>(whole) {
        Ok(value) if value.is_object() => return Ok(value),
        Ok(_) => return Err(ReplyFault::NoJson),
        Err(error) => error,
    };
    if let Some(value) = fenced(whole) {
        return Ok(value);
    }
    if whole.starts_with('{') {
        Err(ReplyFault::BadJson(error.to_string()))
    } else {
        Err(ReplyFault::NoJson)
    }
}

/// A block may hold fences of its own inside a string, so each closing fence is tried in turn.
fn fenced(text: &str) -> Option<serde_json::Value> {
    let opening = text.match_indices("```").map(|(at, _)| at);
    opening.take(16).find_map(|at| {
        let inside = text[at + 3..].split_once('\n')?.1;
        let closing = inside.match_indices("```").map(|(end, _)| end);
        closing.take(16).find_map(|end| {
            serde_json::from_str::<serde_json::Value>(&inside[..end])
                .ok()
                .filter(serde_json::Value::is_object)
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fence_inside_the_content_does_not_end_the_block() {
        let text =
            "```json\n{\"content\":\"x\\n```rust\\nfn a() {}\\n```\\n\",\"summary\":\"s\"}\n```";
        let produced = artifact(text).unwrap();
        let paths = ["a.md".to_owned()];
        assert_eq!(
            produced.files(&paths),
            [("a.md", "x\n```rust\nfn a() {}\n```\n")]
        );
    }

    #[test]
    fn what_is_handed_in_belongs_to_its_path_and_the_first_once() {
        let text = r#"{"content":"one","files":[{"path":"b.md","content":"two"},{"path":"a.md","content":"no"}],
                       "summary_for_state_doc":"s"}"#;
        let produced = artifact(text).unwrap();
        let paths = ["a.md".to_owned(), "b.md".to_owned()];
        assert_eq!(produced.files(&paths), [("a.md", "one"), ("b.md", "two")]);
        assert_eq!(produced.summary, "s");
        assert!(artifact(r#"{"summary":"wrote it with tools"}"#).is_ok());
        assert!(artifact(r#"{"content":" ","summary":"s"}"#).is_err());
        assert!(artifact(r#"{"unexpected":true}"#).is_err());
    }

    #[test]
    fn the_last_reflection_reports_on_the_whole_plan() {
        let plain = r#"{"outcome":"continue","rationale":"r"}"#;
        assert!(reflection(plain, false).is_ok());
        let why = reflection(plain, true).unwrap_err().to_string();
        assert!(why.contains("quality_report"), "{why}");
        let pause = r#"{"outcome":"pause","rationale":"r"}"#;
        assert!(reflection(pause, true).is_ok());
    }
}
