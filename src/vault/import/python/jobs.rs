//! Its schedule, `cron-config.json`: jobs of this program's, at the same times of UTC.

use std::collections::BTreeSet;

use projections::{
    event::Caps,
    ids::{JobId, ProjectCode},
    schedule::{Approval, CatchUp, Definition, Event, Overlap},
    time::Timestamp,
};
use serde_json::Value;

use super::{
    super::super::{
        schedule::{self as vault_schedule, ScheduleLog},
        shell::in_quotes,
    },
    CRON, Fate, Import, Line,
    entries::{self, Entry, Not, Read, bad, fault, label},
    projects,
};
use crate::{
    clock,
    error::Error,
    schedule::{
        self, Change, Refused, Timetable,
        legacy::{self, LegacyFault},
    },
};

/// Its jobs make up for a missed time whenever it is there again: as long as a schedule here may remember.
const WINDOW_S: u64 = 366 * 86_400;

/// A priority that says nothing.
const MIDDLE: u64 = 5;

/// A job to be added.
pub(super) struct Wanted {
    pub(super) project: ProjectCode,
    pub(super) definition: Definition,
    pub(super) enabled: bool,
    /// Its times as they were written.
    pub(super) said: String,
    /// What is not as it was.
    pub(super) notes: Vec<String>,
}

impl Import<'_> {
    pub(super) fn jobs(&mut self) {
        let path = self.vault.root().join(CRON);
        let listed = entries::file(&path).and_then(|file| match file {
            None => Ok(Vec::new()),
            Some(Value::Object(mut map)) => match map.remove("jobs") {
                Some(Value::Array(jobs)) => Ok(jobs),
                _ => Err(bad(&path, "it has no list `jobs`")),
            },
            Some(_) => Err(bad(&path, "it is no object with a list `jobs`")),
        });
        match listed {
            Ok(jobs) => self.each(CRON, "job", &jobs, &mut |import, source, value| {
                import.job(source, value)
            }),
            Err(error) => self.failed("job", CRON, &error),
        }
    }

    /// Every entry of a list, of which one bad one hides no other.
    pub(super) fn each(
        &mut self,
        file: &str,
        kind: &'static str,
        values: &[Value],
        take: &mut dyn FnMut(&mut Self, &str, &Value) -> Result<Line, Error>,
    ) {
        let mut seen = BTreeSet::new();
        for (place, value) in values.iter().enumerate() {
            let source = format!("{file}#{}", label(value, place));
            let id = value.get("id").filter(|id| !id.is_null());
            let id = id.map(Value::to_string);
            let line = if id.is_some_and(|id| !seen.insert(id)) {
                let why = fault("id", "an entry above has the same one").to_string();
                Ok(Line::new(Fate::Failed, kind, &source, why))
            } else {
                take(self, &source, value)
            };
            match line {
                Ok(line) => self.tell(line),
                Err(error) => self.failed(kind, &source, &error),
            }
        }
    }

    fn job(&mut self, source: &str, value: &Value) -> Result<Line, Error> {
        match read(value, clock::now()) {
            Ok(wanted) => self.add_job("job", source, wanted),
            Err(not) => Ok(not.line("job", source)),
        }
    }

    /// Puts a job on the schedule, once for good.
    pub(super) fn add_job(
        &mut self,
        kind: &'static str,
        source: &str,
        wanted: Wanted,
    ) -> Result<Line, Error> {
        let left = |why: String| Ok(Line::new(Fate::Left, kind, source, why));
        let directory = wanted.project.directory();
        if !projects::is_one(&self.vault.root().join(directory)) {
            return left(format!("its project {} is not here", wanted.project));
        }
        let change = Change::Take(
            wanted.project.clone(),
            Box::new(wanted.definition.clone()),
            wanted.enabled,
        );
        match self.change(&change) {
            Ok(id) => {
                let line = line(kind, source, &wanted);
                // Which it will be is decided when it is added.
                Ok(if self.options.dry_run {
                    line
                } else {
                    line.named(&id)
                })
            }
            Err(Error::Schedule(Refused::Taken(id))) => {
                Ok(Line::new(Fate::There, kind, source, "taken before").named(&id))
            }
            Err(Error::Schedule(refused)) => left(refused.to_string()),
            Err(error) => Err(error),
        }
    }

    /// The job that a change adds; a dry run only decides it.
    fn change(&self, change: &Change) -> Result<JobId, Error> {
        let now = clock::now();
        let events = if self.options.dry_run {
            schedule::change(&vault_schedule::read(self.vault)?, change, now)?
        } else {
            ScheduleLog::open(self.vault)?.change(change, now, &self.options.actor)?
        };
        let added = events.into_iter().find_map(|event| match event {
            Event::JobAdded { job, .. } => Some(job),
            _ => None,
        });
        Ok(added.expect("what takes a job adds it"))
    }
}

fn line(kind: &'static str, source: &str, wanted: &Wanted) -> Line {
    let fate = if wanted.notes.is_empty() {
        Fate::Taken
    } else {
        Fate::Changed
    };
    let definition = &wanted.definition;
    let timetable = Timetable::read(&definition.schedule, &definition.tz);
    let next = timetable.ok().and_then(|times| times.next(clock::now()));
    let next = match (wanted.enabled, next) {
        (false, _) => "disabled, as it was".to_owned(),
        (true, Some(next)) => format!("next at {}", next.guide_form()),
        (true, None) => "never again".to_owned(),
    };
    let times = format!(
        "{} is {:?} here (UTC), {next}",
        wanted.said, definition.schedule
    );
    let notes = std::iter::once(&times).chain(&wanted.notes);
    let note: Vec<&str> = notes.map(String::as_str).collect();
    let mut line = Line::new(fate, kind, source, note.join("; "));
    line.runs = wanted.enabled;
    line
}

/// What an entry of `cron-config.json` asks for.
fn read(value: &Value, now: Timestamp) -> Result<Wanted, Not> {
    let entry = Entry::of(value)?;
    let (id, said) = (entry.id()?, entry.required("schedule")?);
    let (project, objective) = whose(&entry)?;
    let enabled = entry.flag("enabled", true)?;
    no_template(&entry, &project).map_err(|not| not.of(enabled))?;
    let next = entry.time("next_run")?;
    let times = legacy::translate(said, next.map(seconds));
    let unsaid = |fault| unsaid(fault, "schedule", &project, objective).of(enabled);
    let times = times.map_err(unsaid)?;
    let mut notes = times.notes;
    let (count, until) = ends(&entry, now, &mut notes)?;
    if let Some(due) = next.filter(|due| enabled && *due <= now) {
        notes.push(format!(
            "its time of {} was missed and is not made up for: `modulatio cron run-now` does so",
            due.guide_form()
        ));
    }
    drop_priority(&entry, &mut notes)?;
    let definition = Definition {
        count,
        until,
        ..defined(objective, times.expression, format!("{CRON}#{id}"))
    };
    Ok(Wanted {
        project,
        definition,
        enabled,
        said: format!("{said:?}"),
        notes,
    })
}

/// A job as that program runs its own: one run after another, and the last missed time is made up for.
pub(super) fn defined(objective: &str, schedule: String, origin: String) -> Definition {
    Definition {
        objective: objective.to_owned(),
        template: None,
        schedule,
        tz: "UTC".to_owned(),
        overlap: Overlap::Queue,
        catch_up: CatchUp::Last,
        catch_up_window_s: WINDOW_S,
        jitter_s: 0,
        until: None,
        count: None,
        caps: Caps::default(),
        approve: Approval::Auto,
        origin: Some(origin),
    }
}

/// Whose an entry is, and what it is to reach.
pub(super) fn whose<'a>(entry: &Entry<'a>) -> Read<(ProjectCode, &'a str)> {
    let code = entry.required("project_code")?;
    let project = code
        .parse()
        .map_err(|error| fault("project_code", format!("{error}")))?;
    Ok((project, entry.required("objective")?))
}

/// Whole seconds, up: nothing is earlier than it was to be.
pub(super) fn seconds(at: Timestamp) -> i64 {
    at.micros().saturating_add(999_999).div_euclid(1_000_000)
}

/// An entry that runs a template of that program's cannot be taken.
pub(super) fn no_template(entry: &Entry<'_>, project: &ProjectCode) -> Result<(), Not> {
    match entry.text("jt_id")? {
        None => Ok(()),
        Some(template) => Err(Not::Stops(format!(
            "it runs the job template {template:?}, and there are none here: write the plan that it makes into a file, \
             then modulatio cron add {project} --schedule … --plan-template FILE"
        ))),
    }
}

pub(super) fn drop_priority(entry: &Entry<'_>, notes: &mut Vec<String>) -> Read<()> {
    if let Some(priority) = entry.whole("priority")?.filter(|p| *p != MIDDLE) {
        notes.push(format!(
            "priority {priority} is dropped: plans run in the order in which they come"
        ));
    }
    Ok(())
}

/// Times that cannot be said here; an unreadable field is named.
pub(super) fn unsaid(
    unsaid: LegacyFault,
    field: &str,
    project: &ProjectCode,
    objective: &str,
) -> Not {
    let why = unsaid.to_string();
    match unsaid {
        LegacyFault::Unknown(_) => fault(field, why).into(),
        LegacyFault::Irregular { longer: None, .. } => Not::Stops(why),
        LegacyFault::Irregular {
            longer: Some(longer),
            ..
        } => Not::Stops(format!(
            "{why}: the next longer is modulatio cron add {project} {} --schedule '{longer}'",
            in_quotes(objective)
        )),
    }
}

/// How many runs are left, and until when.
fn ends(
    entry: &Entry<'_>,
    now: Timestamp,
    notes: &mut Vec<String>,
) -> Result<(Option<u64>, Option<Timestamp>), Not> {
    let (count, runs) = (entry.whole("count")?, entry.whole("runs")?.unwrap_or(0));
    let left = count.map(|count| count.saturating_sub(runs));
    if left == Some(0) {
        return Err(Not::Left(format!("it has run its {runs} times")));
    }
    let (from, until) = (entry.time("start_at")?, entry.time("until")?);
    if let Some(until) = until.filter(|until| *until <= now) {
        let over = format!("its time was over at {}", until.guide_form());
        return Err(Not::Left(over));
    }
    if let Some(from) = from.filter(|from| *from > now) {
        return Err(Not::Left(format!(
            "it begins at {}, and a job here begins when it is added: import again after that",
            from.guide_form()
        )));
    }
    if runs > 0
        && let (Some(left), Some(count)) = (left, count)
    {
        notes.push(format!("{left} of its {count} runs are left"));
    }
    Ok((left, until))
}
