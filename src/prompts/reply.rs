//! Reading models' answers. The asked-for form is a tool call's arguments; a fenced JSON block in plain text
//! is accepted too. Everything is checked here: nothing that a model wrote is trusted further on.

use projections::{
    body::is_safe_relative_path,
    ids::TaskId,
    work::{Outcome, TaskKind, TaskSpec, Verdict},
};
use serde::{Deserialize, de::DeserializeOwned};

/// Most tasks of one sub-objective.
const MAX_TASKS: usize = 6;

/// Longest team state that is kept, in characters.
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

/// A producer's artifact.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Produced {
    /// Its full text.
    pub content: String,
    /// What the producer claims.
    #[serde(default)]
    pub summary: String,
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

#[derive(Deserialize)]
struct Tasks {
    tasks: Vec<ProposedTask>,
}

#[derive(Deserialize)]
struct ProposedTask {
    title: String,
    #[serde(default)]
    brief: String,
    #[serde(default)]
    kind: TaskKind,
    artifact: String,
    #[serde(default)]
    acceptance: Vec<String>,
}

/// The planner's tasks for sub-objective `index`.
///
/// # Errors
/// [`ReplyFault`] says what does not fit.
pub fn tasks(index: u32, text: &str) -> Result<Vec<TaskSpec>, ReplyFault> {
    let Tasks { tasks } = read(text)?;
    if !(1..=MAX_TASKS).contains(&tasks.len()) {
        return content(format!(
            "there must be 1 to {MAX_TASKS} tasks, not {}",
            tasks.len()
        ));
    }
    for (at, task) in tasks.iter().enumerate() {
        check_task(task, &tasks[..at])?;
    }
    Ok((1..)
        .zip(tasks)
        .map(|(number, task)| spec(index, number, task))
        .collect())
}

fn check_task(task: &ProposedTask, before: &[ProposedTask]) -> Result<(), ReplyFault> {
    if task.title.trim().is_empty() {
        return content("a task has an empty title".to_owned());
    }
    if !is_safe_relative_path(&task.artifact) {
        return content(format!(
            "artifact {:?} is not a relative path inside the run",
            task.artifact
        ));
    }
    if before.iter().any(|other| other.artifact == task.artifact) {
        return content(format!("two tasks write {:?}", task.artifact));
    }
    Ok(())
}

fn spec(index: u32, number: u32, task: ProposedTask) -> TaskSpec {
    TaskSpec {
        id: TaskId::nth(index, number),
        title: task.title,
        brief: task.brief,
        kind: task.kind,
        artifact: task.artifact,
        acceptance: task.acceptance,
    }
}

/// A producer's artifact.
///
/// # Errors
/// [`ReplyFault`] says what does not fit.
pub fn artifact(text: &str) -> Result<Produced, ReplyFault> {
    let produced: Produced = read(text)?;
    if produced.content.trim().is_empty() {
        return content("the artifact is empty".to_owned());
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

/// The Leader's reflection, its team state cut to its bound.
///
/// # Errors
/// [`ReplyFault`] says what does not fit.
pub fn reflection(text: &str) -> Result<Thought, ReplyFault> {
    let mut thought: Thought = read(text)?;
    thought.team_state = thought
        .team_state
        .map(|state| state.chars().take(MAX_TEAM_STATE).collect());
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

fn read<T: DeserializeOwned>(text: &str) -> Result<T, ReplyFault> {
    serde_json::from_value(json(text)?).map_err(|e| ReplyFault::Shape(e.to_string()))
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

    const TASK: &str = r#"{"tasks":[{"title":"t","brief":"b","kind":"document","artifact":"a/b.md","acceptance":["x"]}]}"#;

    #[test]
    fn arguments_and_fenced_blocks_are_read_alike() {
        let fenced = format!("Here you are:\n\n```json\n{TASK}\n```\nDone.");
        assert_eq!(tasks(2, TASK).unwrap(), tasks(2, &fenced).unwrap());
        assert_eq!(tasks(2, TASK).unwrap()[0].id.to_string(), "s2-t1");
    }

    #[test]
    fn a_fence_inside_the_content_does_not_end_the_block() {
        let text =
            "```json\n{\"content\":\"x\\n```rust\\nfn a() {}\\n```\\n\",\"summary\":\"s\"}\n```";
        assert_eq!(
            artifact(text).unwrap().content,
            "x\n```rust\nfn a() {}\n```\n"
        );
    }

    #[test]
    fn what_does_not_fit_is_named() {
        let too_many = format!(
            r#"{{"tasks":[{}]}}"#,
            [&TASK[10..TASK.len() - 2]; 7].join(",")
        );
        let cases = [
            ("", "empty"),
            ("I will do it.", "neither"),
            ("[]", "neither"),
            (r#"{"tasks":"#, "cannot be read"),
            ("{}", "missing field `tasks`"),
            (r#"{"tasks":[]}"#, "1 to 6"),
            (
                r#"{"tasks":[{"title":"t","artifact":"../x"}]}"#,
                "not a relative path",
            ),
            (
                r#"{"tasks":[{"title":"t","artifact":"/etc/passwd"}]}"#,
                "not a relative path",
            ),
            (r#"{"tasks":[{"title":" ","artifact":"x"}]}"#, "empty title"),
            (
                r#"{"tasks":[{"title":"t","artifact":"x"},{"title":"u","artifact":"x"}]}"#,
                "two tasks",
            ),
            (too_many.as_str(), "1 to 6"),
        ];
        for (text, message) in cases {
            let error = tasks(1, text).unwrap_err().to_string();
            assert!(error.contains(message), "{text}: {error}");
        }
    }
}
