//! What lies behind a step, as text for agents: what was made and judged, and what the Leader made of it.

use projections::{
    body::SubObjective,
    ids::TaskId,
    plan::{Finished, Plan, Run, Task, TaskRecord, TaskStage},
    work::{Defect, Redo, Reflection},
};

use super::phrase::{NONE, bullets, marked, one_line, or};

const NOTHING_YET: &str = "(nothing yet)";

/// The note of the reflection right before this sub-objective.
pub(super) fn note(plan: &Plan, item: &SubObjective) -> String {
    let last = plan.reflections.last();
    let last = last.filter(|r| r.after_sub_objective + 1 == item.number);
    let note = last.and_then(|r| r.note.as_deref());
    note.map_or_else(|| NONE.to_owned(), |note| marked("the note", note))
}

/// What the Leader wrote after reading agents' claims.
pub(super) fn team_state(plan: &Plan) -> String {
    let state = plan.team_state.as_deref();
    state.map_or_else(
        || NOTHING_YET.to_owned(),
        |state| marked("the state of the team", state),
    )
}

pub(super) fn reflections(plan: &Plan) -> String {
    let line = |r: &Reflection| {
        let (after, outcome) = (r.after_sub_objective, r.outcome.as_str());
        format!("after {after}, {outcome}: {}", one_line(&r.rationale))
    };
    bullets(&plan.reflections.iter().map(line).collect::<Vec<_>>())
}

/// What the tasks of the sub-objective claim and what was found, as data.
pub(super) fn work(run: &Run) -> String {
    let accounts: Vec<String> = run.tasks.iter().map(account).collect();
    if accounts.is_empty() {
        return NOTHING_YET.to_owned();
    }
    marked("claims and verdicts", &accounts.join("\n"))
}

fn account(task: &Task) -> String {
    let verdict = task.verdict.as_ref();
    let verdict = verdict.map_or("not judged", |verdict| verdict.summary.as_str());
    let paths: Vec<&str> = task.artifacts.iter().map(|a| a.path.as_str()).collect();
    let made = or("nothing", &paths.join(", "));
    let how = match (task.how, &task.stage) {
        (Redo::Fix, _) => ", mended by quality control itself",
        (_, TaskStage::Blocked { .. }) => ", blocked",
        _ => "",
    };
    let (id, title, attempts) = (&task.spec.id, &task.spec.title, task.attempt);
    format!(
        "- {id} {title}: {made}, {attempts} production(s){how}\n  - claim: {}\n  - verdict: {verdict}",
        task.claim
    )
}

pub(super) fn finished(item: &Finished) -> String {
    let record = |task: &TaskRecord| {
        let fixed = if task.fixed {
            ", mended by quality control"
        } else {
            ""
        };
        let made = or("nothing", &task.artifacts.join(", "));
        let (title, attempts, verdict) = (&task.title, task.attempts, one_line(&task.verdict));
        format!("\n  - {title}: {made}, {attempts} production(s){fixed}; verdict: {verdict}")
    };
    let tasks: String = item.tasks.iter().map(record).collect();
    format!("{}. {}{tasks}", item.index, item.title)
}

/// What a task that others need has made; what it claims is its producer's word, and so data.
pub(super) fn made(run: &Run, id: &TaskId) -> Option<String> {
    let task = run.task(id)?;
    let paths: Vec<&str> = task.artifacts.iter().map(|a| a.path.as_str()).collect();
    let (title, paths) = (&task.spec.title, paths.join(", "));
    let claim = marked(&format!("the claim of {id}"), &task.claim);
    Some(format!("- {id} {title}: {paths}\n\n{claim}"))
}

pub(super) fn defects(task: &Task) -> String {
    let line = |defect: &Defect| {
        let place = match defect.location.trim() {
            "" => String::new(),
            place => format!(" at {}", one_line(place)),
        };
        let (severity, class) = (defect.severity.as_str(), defect.class.as_str());
        format!("{severity}, {class}{place}: {}", one_line(&defect.what))
    };
    let lines: Vec<String> = task.defects.iter().map(line).collect();
    let how = match task.how {
        _ if lines.is_empty() => "",
        Redo::Anew => "\n\nWrite it anew.",
        Redo::Edit => "\n\nEdit what there is; leave alone what is not named.",
        Redo::Fix => "",
    };
    format!("{}{how}", bullets(&lines))
}
