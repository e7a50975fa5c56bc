//! What a person does to the schedule: jobs added, changed, switched and removed, and one run by hand. Pure, and
//! refused with a reason.

use projections::{
    ids::{JobId, ProjectCode},
    schedule::{Definition, Event, FORMAT, Job, Schedule, Skip, Standing, V1},
    time::Timestamp,
};

use super::{Timetable, Unreadable, span::Spans};

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
    // A frame is not earlier than the one before it, so neither is what it says of slots: a clock may have been set back.
    let at = now.max(schedule.at);
    match change {
        Change::Add(project, definition) => add(schedule, project, definition, at),
        Change::Take(project, definition, enabled) => {
            take(schedule, project, definition, *enabled, at)
        }
        Change::Edit(id, definition) => edit(job(schedule, id)?, definition, at),
        Change::Enable(id) => enable(job(schedule, id)?, at),
        Change::Disable(id) => disable(job(schedule, id)?, at),
        Change::Remove(id) => remove(job(schedule, id)?, at),
        Change::RunNow(id) => Ok(run_now(job(schedule, id)?, now)),
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
) -> Result<Vec<Event>, Refused> {
    check(definition, now)?;
    let opening = schedule.head.is_none().then_some(Event::ScheduleOpened {
        v: V1,
        format: FORMAT,
    });
    let added = Event::JobAdded {
        v: V1,
        job: schedule.next_id(project),
        definition: definition.clone(),
    };
    Ok(opening.into_iter().chain([added]).collect())
}

fn take(
    schedule: &Schedule,
    project: &ProjectCode,
    definition: &Definition,
    enabled: bool,
    now: Timestamp,
) -> Result<Vec<Event>, Refused> {
    let origin = definition.origin.as_deref();
    if let Some(job) = origin.and_then(|origin| schedule.taken_from(origin)) {
        return Err(Refused::Taken(job.id.clone()));
    }
    let mut events = add(schedule, project, definition, now)?;
    if !enabled {
        events.push(Event::JobDisabled {
            v: V1,
            job: schedule.next_id(project),
        });
    }
    Ok(events)
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

fn edit(job: &Job, definition: &Definition, now: Timestamp) -> Result<Vec<Event>, Refused> {
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
        v: V1,
        job: job.id.clone(),
        definition: definition.clone(),
    });
    Ok(events)
}

fn enable(job: &Job, now: Timestamp) -> Result<Vec<Event>, Refused> {
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
        v: V1,
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
        let unseen = timetable.between(job.cursor, until);
        unseen.for_each(|slot| spans.add(slot, since.clone()));
    }
    events.extend(spans.events());
    events
}

/// A slot of its own: later than every claimed one, and never on a whole second, where those of expressions are.
fn run_now(job: &Job, now: Timestamp) -> Vec<Event> {
    let after = |at: Timestamp| Timestamp::from_micros(at.micros() + 1);
    let slot = if job.latest >= now {
        after(job.latest)
    } else {
        now
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
