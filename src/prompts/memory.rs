//! What a step is shown of the team's memory: what is looked for, and how what was found stands in the prompt.

use projections::{
    memory::{Recalled, Remembered, Store},
    plan::{Plan, Proposal, Task},
    work::{Step, TaskKind},
};

use super::{
    Ground, Template,
    phrase::{NONE, marked, one_line, or},
};

/// What is looked for, for a step's first call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sought {
    /// Where.
    pub store: Store,
    /// What it should be like.
    pub query: String,
    /// Artifacts of which kind it should be about.
    pub kind: TaskKind,
    /// What begins so is not news: the verdicts on this very task.
    pub except: String,
}

/// What is to be looked for before `step` is asked. Nothing where its text has no place for it, and nothing once its
/// talk has begun: its further calls show what the first one showed.
#[must_use]
pub fn sought(plan: &Plan, step: &Step, ground: &Ground) -> Option<Sought> {
    let run = plan.run.as_ref()?;
    let task = run.task(step.task()?.0)?;
    if run.recalled.contains_key(&step.label()) {
        return None;
    }
    let (store, template, place) = match step {
        Step::Produce { .. } => (Store::TeamMemory, Template::Producer, "memory"),
        Step::Fix { .. } => (Store::TeamMemory, Template::Fix, "memory"),
        Step::Review { .. } => (Store::QcHistory, Template::Qc, "verdicts"),
        Step::Draft { .. }
        | Step::PlanTasks { .. }
        | Step::Reflect { .. }
        | Step::Decompose { .. } => return None,
    };
    let wanted = store == Store::QcHistory || ground.team_memory;
    (wanted && ground.templates.has(template, place)).then(|| Sought {
        store,
        query: about(task),
        kind: task.spec.kind,
        except: format!("{}/{}-{}-", task.spec.kind.as_str(), plan.id, task.spec.id),
    })
}

/// What a task is about, for who looks for its like.
#[must_use]
pub fn about(task: &Task) -> String {
    let spec = &task.spec;
    let lines = [&spec.title, &spec.brief]
        .into_iter()
        .chain(&spec.acceptance);
    let lines: Vec<&str> = lines.map(|line| line.trim()).collect();
    lines.join("\n")
}

/// What was found, as data: each with where it is from.
pub(super) fn shown(recalled: Option<&Recalled>) -> String {
    let entries = recalled.map_or(&[][..], |recalled| &recalled.entries);
    let one = |entry: &Remembered| {
        let (store, id, score) = (entry.store.as_str(), &entry.id, entry.similarity());
        let head = format!(
            "{store}/{id} ({}; similarity {score:.2})",
            one_line(&entry.source)
        );
        marked(&head, entry.text.trim())
    };
    let entries: Vec<String> = entries.iter().map(one).collect();
    or(NONE, &entries.join("\n\n"))
}

/// What other agents propose to remember, for who judges this task.
pub(super) fn proposed(plan: &Plan, task: &Task, ground: &Ground) -> String {
    let one = |proposal: &Proposal| {
        let note = &proposal.note;
        let (id, kind, writer) = (&note.id, note.kind.as_str(), one_line(&note.writer));
        marked(
            &format!("{id}, a {kind} proposed by {writer}"),
            note.text.trim(),
        )
    };
    let open: Vec<String> = open(plan, task, ground).map(one).collect();
    or(NONE, &open.join("\n\n"))
}

/// Proposed notes that who judges `task` is shown, where there is a place for them.
pub(super) fn open<'a>(
    plan: &'a Plan,
    task: &'a Task,
    ground: &Ground,
) -> impl Iterator<Item = &'a Proposal> {
    let shown = ground.team_memory && ground.templates.has(Template::Qc, "proposals");
    let most = if shown { MOST_PROPOSED } else { 0 };
    plan.proposed_to_judge_of(&task.spec.id).take(most)
}

/// Most proposals that are decided on at once.
const MOST_PROPOSED: usize = 8;
