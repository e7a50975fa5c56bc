//! The planner's tasks: checked one by one, and against each other.

use projections::{
    body::is_safe_relative_path,
    ids::TaskId,
    work::{TaskKind, TaskSpec},
};
use serde::Deserialize;

use super::{ReplyFault, content, read};

/// Most artifacts of one task.
const MAX_ARTIFACTS: usize = 8;

#[derive(Deserialize)]
struct Tasks {
    tasks: Vec<Proposed>,
}

#[derive(Deserialize)]
struct Proposed {
    #[serde(default)]
    id: String,
    title: String,
    #[serde(default)]
    brief: String,
    #[serde(default)]
    kind: TaskKind,
    #[serde(default)]
    artifacts: Vec<String>,
    /// As earlier prompts asked for it.
    #[serde(default)]
    artifact: Option<String>,
    #[serde(default)]
    acceptance: Vec<String>,
    #[serde(default, alias = "dependencies", alias = "depends_on")]
    needs: Vec<String>,
    #[serde(default)]
    producer: Option<String>,
}

/// The planner's tasks for sub-objective `index`: at most `most`, done by these producers.
///
/// # Errors
/// [`ReplyFault`] says what does not fit.
pub fn tasks(
    index: u32,
    text: &str,
    most: u32,
    producers: &[String],
) -> Result<Vec<TaskSpec>, ReplyFault> {
    let Tasks { mut tasks } = read(text)?;
    let count = u32::try_from(tasks.len()).unwrap_or(u32::MAX);
    if !(1..=most).contains(&count) {
        return content(format!("there must be 1 to {most} tasks, not {count}"));
    }
    for task in &mut tasks {
        task.artifacts.extend(task.artifact.take());
        task.producer = task.producer.take().filter(|name| !name.trim().is_empty());
    }
    for (at, task) in tasks.iter().enumerate() {
        check(task, &tasks[..at], producers)?;
    }
    let needs = dependencies(&tasks)?;
    let specs = (1..).zip(tasks).zip(needs);
    let specs = specs.map(|((number, task), needs)| spec(index, number, task, &needs));
    Ok(specs.collect())
}

fn check(task: &Proposed, before: &[Proposed], producers: &[String]) -> Result<(), ReplyFault> {
    if task.title.trim().is_empty() {
        return content("a task has an empty title".to_owned());
    }
    if !(1..=MAX_ARTIFACTS).contains(&task.artifacts.len()) {
        let count = task.artifacts.len();
        return content(format!(
            "task {:?} must have 1 to {MAX_ARTIFACTS} artifacts, not {count}",
            task.title
        ));
    }
    for (at, path) in task.artifacts.iter().enumerate() {
        if !is_safe_relative_path(path) {
            return content(format!(
                "artifact {path:?} is not a relative path inside the run"
            ));
        }
        let others = before.iter().flat_map(|other| &other.artifacts);
        if others
            .chain(&task.artifacts[..at])
            .any(|other| other == path)
        {
            return content(format!("two tasks write {path:?}"));
        }
    }
    if !task.id.is_empty() && before.iter().any(|other| other.id == task.id) {
        return content(format!("two tasks have the id {:?}", task.id));
    }
    match &task.producer {
        Some(name) if !producers.contains(name) => content(format!(
            "there is no producer {name:?}; there are {}",
            producers.join(", ")
        )),
        Some(_) | None => Ok(()),
    }
}

/// For each task the places of those that it needs.
fn dependencies(tasks: &[Proposed]) -> Result<Vec<Vec<usize>>, ReplyFault> {
    let place = |id: &str| {
        let by_id = tasks.iter().position(|task| task.id == id);
        by_id.or_else(|| {
            let number = id.strip_prefix('t').unwrap_or(id).parse::<usize>().ok()?;
            let unnamed = tasks.get(number.checked_sub(1)?)?.id.is_empty();
            unnamed.then_some(number - 1)
        })
    };
    let mut needs = Vec::new();
    for task in tasks {
        let mut of_task = Vec::new();
        for id in &task.needs {
            match place(id.trim()) {
                Some(at) if !of_task.contains(&at) => of_task.push(at),
                Some(_) => {}
                None => {
                    let title = &task.title;
                    return content(format!("task {title:?} needs {id:?}, which is no task"));
                }
            }
        }
        of_task.sort_unstable();
        needs.push(of_task);
    }
    match cycle(&needs) {
        Some(at) => content(format!(
            "task {:?} needs itself, by way of what it needs",
            tasks[at].title
        )),
        None => Ok(needs),
    }
}

/// A task that is never reached by finishing those that are free.
fn cycle(needs: &[Vec<usize>]) -> Option<usize> {
    let mut finished = vec![false; needs.len()];
    for _ in 0..needs.len() {
        for at in 0..needs.len() {
            finished[at] = needs[at].iter().all(|need| finished[*need]);
        }
    }
    finished.iter().position(|finished| !finished)
}

fn spec(index: u32, number: u32, task: Proposed, needs: &[usize]) -> TaskSpec {
    let id = |at: &usize| TaskId::nth(index, u32::try_from(at + 1).unwrap_or(u32::MAX));
    TaskSpec {
        id: TaskId::nth(index, number),
        title: task.title,
        brief: task.brief,
        kind: task.kind,
        artifacts: task.artifacts,
        acceptance: task.acceptance,
        needs: needs.iter().map(id).collect(),
        producer: task.producer,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TASK: &str = r#"{"tasks":[{"title":"t","brief":"b","kind":"document","artifact":"a/b.md","acceptance":["x"]}]}"#;

    fn read_six(text: &str) -> Result<Vec<TaskSpec>, ReplyFault> {
        tasks(1, text, 6, &["drafter".to_owned()])
    }

    #[test]
    fn arguments_and_fenced_blocks_are_read_alike() {
        let fenced = format!("Here you are:\n\n```json\n{TASK}\n```\nDone.");
        assert_eq!(read_six(TASK).unwrap(), read_six(&fenced).unwrap());
        assert_eq!(read_six(TASK).unwrap()[0].id.to_string(), "s1-t1");
    }

    #[test]
    fn needs_are_found_by_id_or_by_number() {
        let text = r#"{"tasks":[{"id":"outline","title":"a","artifacts":["a","a2"]},
            {"id":"essay","title":"b","artifacts":["b"],"needs":["outline"],"producer":"drafter"},
            {"id":"index","title":"c","artifacts":["c"],"needs":["essay","outline","essay"]}]}"#;
        let specs = read_six(text).unwrap();
        let needs: Vec<Vec<String>> = specs
            .iter()
            .map(|spec| spec.needs.iter().map(ToString::to_string).collect())
            .collect();
        assert_eq!(needs, [vec![], vec!["s1-t1"], vec!["s1-t1", "s1-t2"]]);
        assert_eq!(specs[1].producer.as_deref(), Some("drafter"));
        let unnamed = r#"{"tasks":[{"title":"a","artifact":"a"},{"title":"b","artifact":"b","needs":["t1"]}]}"#;
        assert_eq!(read_six(unnamed).unwrap()[1].needs[0].to_string(), "s1-t1");
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
            (r#"{"tasks":[{"title":"t"}]}"#, "1 to 8 artifacts"),
            (
                r#"{"tasks":[{"title":"t","artifact":"x"},{"title":"u","artifact":"x"}]}"#,
                "two tasks write",
            ),
            (
                r#"{"tasks":[{"title":"t","artifacts":["x","x"]}]}"#,
                "two tasks write",
            ),
            (
                r#"{"tasks":[{"id":"a","title":"t","artifact":"x","needs":["b"]}]}"#,
                "needs \"b\", which is no task",
            ),
            (
                r#"{"tasks":[{"id":"a","title":"t","artifact":"x","needs":["a"]}]}"#,
                "needs itself",
            ),
            (
                r#"{"tasks":[{"id":"a","title":"t","artifact":"x","needs":["b"]},{"id":"b","title":"u","artifact":"y","needs":["a"]}]}"#,
                "needs itself",
            ),
            (
                r#"{"tasks":[{"id":"a","title":"t","artifact":"x"},{"id":"a","title":"u","artifact":"y"}]}"#,
                "two tasks have the id",
            ),
            (
                r#"{"tasks":[{"title":"t","artifact":"x","producer":"nobody"}]}"#,
                "no producer \"nobody\"; there are drafter",
            ),
            (too_many.as_str(), "1 to 6"),
        ];
        for (text, message) in cases {
            let error = read_six(text).unwrap_err().to_string();
            assert!(error.contains(message), "{text}: {error}");
        }
    }
}
