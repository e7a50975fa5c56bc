//! Its queue, `heartbeat-queue.json`: what is due becomes a plan for the Leader to write, what is to come a job.

use std::collections::BTreeSet;

use projections::{
    event::{Caps, Mandate},
    ids::ProjectCode,
    schedule::{Definition, Overlap},
    time::Timestamp,
};
use serde_json::Value;

use super::{
    super::super::{PlanLog, Project, shell::in_quotes},
    Fate, Import, Line, QUEUE,
    entries::{self, Entry, Not, Read, bad, fault},
    jobs::{Wanted, defined, drop_priority, no_template, seconds, unsaid, whose},
    projects,
};
use crate::{clock, decide, error::Error, schedule::legacy};

/// What a task comes to.
enum Task {
    Job(Box<Wanted>),
    Due(Due),
}

/// A task that waits for nothing.
struct Due {
    id: String,
    project: ProjectCode,
    objective: String,
    notes: Vec<String>,
}

/// Ids of the tasks that are done: others may wait for them.
type Done = BTreeSet<String>;

/// No year is shorter.
const YEAR_S: i64 = 365 * 86_400;

/// The shortest end of an id that names a task.
const SHORTEST_END: usize = 6;

impl Import<'_> {
    pub(super) fn tasks(&mut self) {
        let path = self.vault.root().join(QUEUE);
        let listed = entries::file(&path).and_then(|file| match file {
            None | Some(Value::Null) => Ok(Vec::new()),
            Some(Value::Array(tasks)) => Ok(tasks),
            Some(_) => Err(bad(&path, "it is no list of tasks")),
        });
        let tasks = match listed {
            Ok(tasks) => tasks,
            Err(error) => return self.failed("task", QUEUE, &error),
        };
        let done = done(&tasks);
        self.each(QUEUE, "task", &tasks, &mut |import, source, value| {
            import.task(source, value, &done)
        });
    }

    fn task(&mut self, source: &str, value: &Value, done: &Done) -> Result<Line, Error> {
        match read(value, clock::now(), done) {
            Ok(Task::Job(wanted)) => self.add_job("task", source, *wanted),
            Ok(Task::Due(due)) => self.wish(source, value, &due),
            Err(not) => Ok(not.line("task", source)),
        }
    }

    /// A draft that the Leader is to write; a ticket asks before it runs.
    fn wish(&mut self, source: &str, value: &Value, due: &Due) -> Result<Line, Error> {
        let directory = due.project.directory();
        if !projects::is_one(&self.vault.root().join(directory)) {
            let why = format!("its project {} is not here", due.project);
            return Ok(Line::new(Fate::Left, "task", source, why));
        }
        let project = Project::open(self.vault, due.project.clone())?;
        let receipt = format!("queue/{}.json", due.id);
        if project.keeps_original(&receipt) {
            let line = Line::new(Fate::There, "task", source, "taken before");
            let id = project.plan_id_of(&origin(&due.id))?;
            return Ok(id.map_or(line.clone(), |id| line.named(&id)));
        }
        let line = due_line(source, due);
        if self.options.dry_run {
            return Ok(line);
        }
        let id = project.take_plan_id_for(&origin(&due.id), &self.options.actor)?;
        let mandate = Mandate {
            approved: None,
            unattended: true,
        };
        let events = decide::wished(&id, &due.objective, Vec::new(), Caps::default(), mandate);
        match PlanLog::create(&project, &id, events, &self.options.actor) {
            // Whoever made it died before the receipt.
            Ok(_) | Err(Error::Journal(journal::Error::Exists { .. })) => {}
            Err(error) => return Err(error),
        }
        let entry = serde_json::to_string_pretty(value).expect("it was read from JSON");
        project.keep_original(&receipt, entry.as_bytes())?;
        Ok(line.named(&id))
    }
}

fn due_line(source: &str, due: &Due) -> Line {
    let note = "due: the Leader writes a plan for it as soon as a daemon runs, and a ticket asks before that runs";
    let notes = std::iter::once(note).chain(due.notes.iter().map(String::as_str));
    let note: Vec<&str> = notes.collect();
    Line::new(Fate::Changed, "task", source, note.join("; "))
}

fn origin(id: &str) -> String {
    format!("{QUEUE}#{id}")
}

fn done(tasks: &[Value]) -> Done {
    let is_done = |task: &&Value| task.get("status").and_then(Value::as_str) == Some("done");
    let id = |task: &Value| Some(task.get("id")?.as_str()?.to_owned());
    tasks.iter().filter(is_done).filter_map(id).collect()
}

fn read(value: &Value, now: Timestamp, done: &Done) -> Result<Task, Not> {
    let entry = Entry::of(value)?;
    let (id, (project, objective)) = (entry.id()?, whose(&entry)?);
    let by_hand = format!("modulatio plan draft {project} {}", in_quotes(objective));
    still_to_do(&entry, done, &by_hand)?;
    no_template(&entry, &project)?;
    let mut due = Due {
        id: id.to_owned(),
        project,
        objective: objective.to_owned(),
        notes: Vec::new(),
    };
    drop_priority(&entry, &mut due.notes)?;
    let next = entry.time("next_run")?;
    let is_due = next.is_none_or(|next| next <= now);
    let every = entry.text("every")?.filter(|every| !every.is_empty());
    let interval = every.filter(|every| legacy::interval(every).is_some());
    if let (Some(every), None) = (every, interval) {
        let note = format!("every: {every:?} is no interval such as 30m, 6h or 1d: it runs once");
        due.notes.push(note);
    }
    match interval {
        Some(every) => {
            let begins = next.or(entry.time("created")?);
            recurring(due, every, begins, is_due)
        }
        None => match next.filter(|_| !is_due) {
            Some(next) => once(due, next, now, &by_hand),
            None => Ok(Task::Due(due)),
        },
    }
}

/// Whether the task waits for its turn, and for nothing else.
fn still_to_do(entry: &Entry<'_>, done: &Done, by_hand: &str) -> Result<(), Not> {
    match entry.required("status")? {
        "pending" => {}
        "running" => {
            return Err(Not::Left(format!(
                "it was under way when that program ended; to have it done anew: {by_hand}"
            )));
        }
        status @ ("done" | "failed" | "cancelled") => return Err(Not::Left(status.to_owned())),
        other => {
            let why = format!("{other:?} is no status of a task");
            return Err(fault("status", why).into());
        }
    }
    let waits = waits_for(entry, done)?;
    if waits.is_empty() {
        return Ok(());
    }
    Err(Not::Left(format!(
        "it waits for {} to be done, and plans here wait for no other; then: {by_hand}",
        waits.join(", ")
    )))
}

/// Tasks that must be done first and are not, by the ends of their ids.
fn waits_for<'a>(entry: &Entry<'a>, done: &Done) -> Read<Vec<&'a str>> {
    let is_done = |end: &&str| {
        let mut done = done.iter();
        done.any(|id| id == end || (end.len() >= SHORTEST_END && id.ends_with(*end)))
    };
    let ends = entry.texts("depends_on")?.into_iter();
    Ok(ends.filter(|end| !is_done(end)).collect())
}

/// A task that comes again; that program counts from the end of the run before.
fn recurring(task: Due, every: &str, begins: Option<Timestamp>, is_due: bool) -> Result<Task, Not> {
    let times = legacy::translate(every, begins.map(seconds));
    let times = times.map_err(|fault| unsaid(fault, "every", &task.project, &task.objective))?;
    let mut notes = task.notes;
    if is_due {
        notes.push("its run that was due comes at the next of them".to_owned());
    }
    notes.extend(times.notes);
    notes.push("at fixed times, not counted from the end of the run before".to_owned());
    Ok(Task::Job(Box::new(Wanted {
        definition: Definition {
            overlap: Overlap::Skip,
            ..defined(&task.objective, times.expression, origin(&task.id))
        },
        project: task.project,
        enabled: true,
        said: format!("\"every {every}\""),
        notes,
    })))
}

/// A task whose time is still to come: a job of one run, made up for whenever a daemon is there again.
fn once(task: Due, next: Timestamp, now: Timestamp, by_hand: &str) -> Result<Task, Not> {
    // An expression knows no years: its first time would be an earlier one.
    if next >= now.plus_seconds(YEAR_S) {
        return Err(Not::Left(format!(
            "its time {} is more than a year away; then: {by_hand}",
            next.guide_form()
        )));
    }
    let minute = seconds(next).saturating_add(59).div_euclid(60) * 60;
    let schedule = legacy::once(minute).expect("a time within a year of now is a date");
    Ok(Task::Job(Box::new(Wanted {
        definition: Definition {
            count: Some(1),
            until: Some(Timestamp::from_micros(minute * 1_000_000)),
            ..defined(&task.objective, schedule, origin(&task.id))
        },
        project: task.project,
        enabled: true,
        said: format!("once, at {}", next.guide_form()),
        notes: task.notes,
    })))
}
