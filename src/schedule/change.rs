//! What a person does to the schedule: jobs added, changed, switched and removed, and one run by hand. Pure, and
//! refused with a reason.

use projections::{
    ids::{JobId, ProjectCode},
    schedule::{Definition, Event, FORMAT, Job, Schedule, Since, Skip, Standing, V1},
    time::Timestamp,
};

use super::{Timetable, Unreadable, span::Spans, unseen::untaken};

/// Longest window of catching up, in seconds: a year and a day.
const LONGEST_WINDOW_S: u64 = 367 * 86_400;

/// Longest jitter, in seconds: a day.
const LONGEST_JITTER_S: u64 = 86_400;

/// Why a change is refused. Nothing was changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// No such job.
    #[error("there is no job {0}")]
    NoJob(JobId),
    /// The job stands already as it is wanted, or cannot come to stand so.
    #[error("job {job} {why}")]
    Standing {
        /// Which.
        job: JobId,
        /// What it is.
        why: &'static str,
    },
    /// The definition cannot be read.
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
    /// What it is to be taken over from was taken before.
    #[error("it is job {0} already")]
    Taken(JobId),
    /// The definition can be read and makes no sense.
    #[error("{0}")]
    Senseless(String),
}

/// What may be done.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// Add a job.
    Add(ProjectCode, Box<Definition>),
    /// Add a job that another program had, disabled if it was; once for good, by its origin.
    Take(ProjectCode, Box<Definition>, bool),
    /// Put this in the place of a job's definition.
    Edit(JobId, Box<Definition>),
    /// Let it run again.
    Enable(JobId),
    /// Let it run no more until it is enabled.
    Disable(JobId),
    /// Take it off the schedule.
    Remove(JobId),
    /// Run it now, whatever its schedule says.
    RunNow(JobId),
}

/// The events of a change, decided against the newest schedule at `now`.
///
/// # Errors
/// [`Refused`] says why nothing happens.
pub fn change(schedule: &Schedule, change: &Change, now: Timestamp) -> Result<Vec<Event>, Refused> {
    // The clock that people see says which slots are past, not the latest frame: it may have been ahead.
    let since = if now < schedule.at {
        Since::Instant(now)
    } else {
        Since::Frame
    };
    match change {
        Change::Add(project, definition) => add(schedule, project, definition, now, since),
        Change::Take(project, definition, enabled) => {
            let mut events = take(schedule, project, definition, now, since)?;
            if !enabled {
                events.push(Event::JobDisabled {
                    v: V1,
                    job: schedule.next_id(project),
                });
            }
            Ok(events)
        }
        Change::Edit(id, definition) => edit(job(schedule, id)?, definition, now, since),
        Change::Enable(id) => enable(job(schedule, id)?, now, since),
        Change::Disable(id) => disable(job(schedule, id)?, now),
        Change::Remove(id) => remove(job(schedule, id)?, now),
        Change::RunNow(id) => Ok(run_now(schedule, job(schedule, id)?, now)),
    }
}

fn job<'a>(schedule: &'a Schedule, id: &JobId) -> Result<&'a Job, Refused> {
    schedule.job(id).ok_or_else(|| Refused::NoJob(id.clone()))
}

fn add(
    schedule: &Schedule,
    project: &ProjectCode,
    definition: &Definition,
    now: Timestamp,
    since: Since,
) -> Result<Vec<Event>, Refused> {
    check(definition, now)?;
    let opening = schedule.head.is_none().then_some(Event::ScheduleOpened {
        v: V1,
        format: FORMAT,
    });
    let added = Event::JobAdded {
        since,
        job: schedule.next_id(project),
        definition: definition.clone(),
    };
    Ok(opening.into_iter().chain([added]).collect())
}

fn take(
    schedule: &Schedule,
    project: &ProjectCode,
    definition: &Definition,
    now: Timestamp,
    since: Since,
) -> Result<Vec<Event>, Refused> {
    let origin = definition.origin.as_deref();
    if let Some(job) = origin.and_then(|origin| schedule.taken_from(origin)) {
        return Err(Refused::Taken(job.id.clone()));
    }
    add(schedule, project, definition, now, since)
}

/// A definition that would never do anything is a mistake.
fn check(definition: &Definition, now: Timestamp) -> Result<(), Refused> {
    let timetable = Timetable::read(&definition.schedule, &definition.tz)?;
    let next = timetable.next(now);
    let senseless = |why: String| Err(Refused::Senseless(why));
    if definition.objective.trim().is_empty() && definition.template.is_none() {
        return senseless(
            "the objective is empty; say in a sentence or two what each run is to reach".to_owned(),
        );
    }
    match (next, definition.until) {
        (None, _) => return senseless("schedule: it has no time that is still to come".to_owned()),
        (Some(next), Some(until)) if next > until => {
            return senseless(format!(
                "until: {until} lies before the first time of the schedule, {next}"
            ));
        }
        _ => {}
    }
    if definition.count == Some(0) {
        return senseless("count: 0 would never run; leave it out for no end".to_owned());
    }
    if definition.catch_up_window_s > LONGEST_WINDOW_S {
        return senseless("catch-up-window: at most 367 days".to_owned());
    }
    if definition.jitter_s > LONGEST_JITTER_S {
        return senseless("jitter: at most a day".to_owned());
    }
    Ok(())
}

fn edit(
    job: &Job,
    definition: &Definition,
    now: Timestamp,
    since: Since,
) -> Result<Vec<Event>, Refused> {
    check(definition, now)?;
    if *job.definition == *definition {
        return Err(Refused::Standing {
            job: job.id.clone(),
            why: "reads so already",
        });
    }
    let taken = job.claims + u64::try_from(job.queue.len()).unwrap_or(u64::MAX);
    if let Some(count) = definition.count.filter(|count| *count <= taken) {
        let why = format!("count: {count}, and the job has run {taken} times already");
        return Err(Refused::Senseless(why));
    }
    let mut events = backlog(job, now, &Skip::Changed);
    events.push(Event::JobChanged {
        since,
        job: job.id.clone(),
        definition: definition.clone(),
    });
    Ok(events)
}

fn enable(job: &Job, now: Timestamp, since: Since) -> Result<Vec<Event>, Refused> {
    let refused = |why| Refused::Standing {
        job: job.id.clone(),
        why,
    };
    match job.standing {
        Standing::Disabled(_) => {}
        Standing::Enabled => return Err(refused("is enabled already")),
        Standing::Ended(_) => {
            return Err(refused(
                "has ended; give it a later end with `modulatio cron edit`",
            ));
        }
        Standing::Removed => return Err(refused("is removed")),
    }
    let mut events = backlog(job, now, &Skip::Disabled);
    events.push(Event::JobEnabled {
        since,
        job: job.id.clone(),
    });
    Ok(events)
}

fn disable(job: &Job, now: Timestamp) -> Result<Vec<Event>, Refused> {
    let why = match job.standing {
        Standing::Enabled => {
            let mut events = backlog(job, now, &Skip::Disabled);
            events.push(Event::JobDisabled {
                v: V1,
                job: job.id.clone(),
            });
            return Ok(events);
        }
        Standing::Disabled(_) => "is disabled already",
        Standing::Ended(_) => "has ended and runs no more",
        Standing::Removed => "is removed",
    };
    Err(Refused::Standing {
        job: job.id.clone(),
        why,
    })
}

fn remove(job: &Job, now: Timestamp) -> Result<Vec<Event>, Refused> {
    let mut events = backlog(job, now, &Skip::Removed);
    events.push(Event::JobRemoved {
        v: V1,
        job: job.id.clone(),
    });
    Ok(events)
}

/// What waits for its turn, and what has come since anybody looked, does not run any more. A job that this program
/// cannot read says nothing of its slots, and can be removed all the same.
fn backlog(job: &Job, now: Timestamp, reason: &Skip) -> Vec<Event> {
    let mut spans = Spans::of(job);
    job.queue
        .iter()
        .for_each(|slot| spans.add(*slot, reason.clone()));
    let mut events = spans.events();
    let since = match job.standing {
        Standing::Enabled => reason.clone(),
        Standing::Disabled(_) => Skip::Disabled,
        // Its end said so of all that came after.
        Standing::Ended(_) | Standing::Removed => return events,
    };
    if let Ok(timetable) = Timetable::of(job) {
        let until = job.definition.until.map_or(now, |until| until.min(now));
        let unseen = untaken(job, &timetable, job.cursor, until);
        unseen.for_each(|slot| spans.add(slot, since.clone()));
    }
    events.extend(spans.events());
    events
}

/// Most of what a run by hand is put later, in microseconds, so that it is the latest.
const LATEST_WITHIN: u64 = 60_000_000;

/// A slot of its own, and never on a whole second, where those of expressions are: later than every claimed one. Where a
/// clock that was far ahead has claimed the latest, it has the number of the schedule's frames for its microseconds, which
/// no slot of the same second has had before.
fn run_now(schedule: &Schedule, job: &Job, now: Timestamp) -> Vec<Event> {
    let after = |at: Timestamp| Timestamp::from_micros(at.micros() + 1);
    let slot = match job.latest.micros_since(now) {
        0 if job.latest < now => now,
        0..LATEST_WITHIN => after(job.latest),
        LATEST_WITHIN.. => {
            let frames = schedule.head.map_or(0, |head| head.seq);
            let second = now.micros().div_euclid(1_000_000) * 1_000_000;
            let unique = i64::try_from(frames % 999_999).unwrap_or(0) + 1;
            Timestamp::from_micros(second + unique)
        }
    };
    let slot = if slot.micros() % 1_000_000 == 0 {
        after(slot)
    } else {
        slot
    };
    vec![Event::SlotClaimed {
        v: V1,
        job: job.id.clone(),
        slot,
        manual: true,
    }]
}
