//! The schedule after a frame. Records facts; what cannot have happened is corruption that names its frame.

use std::sync::Arc;

use super::{
    Claim, Definition, Ending, Event, FORMAT, Fact, Job, Overlap, Schedule, Since, Standing, Taken,
};
use crate::{ids::JobId, payload::Anchor, time::Timestamp};

/// A history that cannot have happened.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("frame {seq}: {kind}: {why}")]
pub struct Corrupt {
    /// The frame.
    pub seq: u64,
    /// The event.
    pub kind: String,
    /// Why not.
    pub why: &'static str,
}

/// Where and when a frame stands, and who wrote it.
struct Mark<'a> {
    at: Timestamp,
    by: &'a str,
}

/// Applies one frame.
///
/// # Errors
/// [`Corrupt`], never after an event of a newer program: what follows from it is not known here. The state is then of
/// no use any more.
pub fn apply(
    schedule: &mut Schedule,
    anchor: Anchor,
    at: Timestamp,
    by: &str,
    facts: &[Fact],
) -> Result<(), Corrupt> {
    let mark = Mark { at, by };
    for (place, fact) in facts.iter().enumerate() {
        let is_first = schedule.head.is_none() && place == 0;
        let applied = match fact {
            Fact::Known(event) => one(schedule, &mark, event, is_first),
            Fact::Unknown(value) => {
                schedule.unknown = Some(format!("{} v{}", kind(fact), value["v"]));
                Ok(())
            }
        };
        match applied {
            Err(_) if schedule.unknown.is_some() => {}
            applied => applied.map_err(|why| Corrupt {
                seq: anchor.seq,
                kind: kind(fact),
                why,
            })?,
        }
    }
    schedule.head = Some(anchor);
    schedule.at = at;
    Ok(())
}

fn kind(fact: &Fact) -> String {
    let value = match fact {
        Fact::Known(event) => serde_json::to_value(event).unwrap_or_default(),
        Fact::Unknown(value) => value.clone(),
    };
    value["kind"].as_str().unwrap_or("an event").to_owned()
}

type Applied = Result<(), &'static str>;

fn one(schedule: &mut Schedule, mark: &Mark<'_>, event: &Event, is_first: bool) -> Applied {
    match event {
        Event::ScheduleOpened { format, .. } => opened(schedule, *format, is_first),
        _ if is_first => Err("the schedule was not opened before"),
        Event::JobAdded {
            since,
            job,
            definition,
        } => added(schedule, mark, *since, job, definition),
        Event::JobChanged {
            since,
            job,
            definition,
        } => changed(of(schedule, job)?, mark, *since, definition),
        Event::JobEnabled { since, job } => enabled(of(schedule, job)?, mark, *since),
        Event::JobDisabled { job, .. } => disabled(of(schedule, job)?, mark),
        Event::JobRemoved { job, .. } => {
            of(schedule, job)?.standing = Standing::Removed;
            Ok(())
        }
        Event::JobEnded { job, reason, .. } => ended(of(schedule, job)?, *reason),
        Event::SlotClaimed {
            job, slot, manual, ..
        } => claimed(of(schedule, job)?, mark, *slot, *manual),
        Event::SlotQueued { job, slot, .. } => queued(of(schedule, job)?, *slot),
        Event::SlotFired {
            job, slot, plan, ..
        } => {
            let (job, _) = settled(schedule, job, *slot)?;
            job.last = Some((*slot, plan.clone()));
            job.remember(plan);
            Ok(())
        }
        Event::SlotFailed { job, slot, .. } => {
            let (job, claim) = settled(schedule, job, *slot)?;
            job.failed += u64::from(!claim.manual);
            Ok(())
        }
        Event::SlotsSkipped {
            job,
            first,
            last,
            count,
            ..
        } => skipped(of(schedule, job)?, *first, *last, *count),
    }
}

fn opened(schedule: &mut Schedule, format: u32, is_first: bool) -> Applied {
    if !is_first {
        return Err("the schedule is open already");
    }
    if format > FORMAT {
        schedule.unknown = Some(format!("vocabulary {format}"));
    }
    Ok(())
}

/// A job that is there; events about a removed one only settle what it had claimed.
fn of<'a>(schedule: &'a mut Schedule, id: &JobId) -> Result<&'a mut Job, &'static str> {
    match schedule.jobs.get_mut(id) {
        None => Err("no such job was added"),
        Some(job) if job.standing == Standing::Removed => Err("the job was removed before"),
        Some(job) => Ok(job),
    }
}

fn added(
    schedule: &mut Schedule,
    mark: &Mark<'_>,
    since: Since,
    id: &JobId,
    definition: &Definition,
) -> Applied {
    let job = Job {
        id: id.clone(),
        definition: Arc::new(definition.clone()),
        defined_by: mark.by.to_owned(),
        defined_at: mark.at,
        standing: Standing::Enabled,
        cursor: match since {
            Since::Frame => mark.at,
            Since::Instant(from) => from,
        },
        taken: Taken::default(),
        claimed: std::collections::BTreeMap::new(),
        queue: std::collections::VecDeque::new(),
        claims: 0,
        failed: 0,
        latest: Timestamp::default(),
        skipped: 0,
        last: None,
        plans: std::collections::VecDeque::new(),
    };
    match schedule.jobs.insert(id.clone(), job) {
        None => Ok(()),
        Some(_) => Err("a job of this id was added before"),
    }
}

/// Slots that lie between the old cursor and now are told by `SlotsSkipped` in the same frame, before this.
fn changed(job: &mut Job, mark: &Mark<'_>, since: Since, definition: &Definition) -> Applied {
    job.definition = Arc::new(definition.clone());
    mark.by.clone_into(&mut job.defined_by);
    job.defined_at = mark.at;
    wants_slots(job, mark, since);
    if let Standing::Ended(_) = job.standing {
        job.standing = Standing::Enabled;
    }
    Ok(())
}

/// A person may send the cursor back. What was claimed is not due again all the same ([`Taken`]), and neither is what
/// waits for its turn.
fn wants_slots(job: &mut Job, mark: &Mark<'_>, since: Since) {
    job.cursor = match since {
        Since::Frame => job.cursor.max(mark.at),
        Since::Instant(from) => job.queue.back().map_or(from, |last| from.max(*last)),
    };
}

fn enabled(job: &mut Job, mark: &Mark<'_>, since: Since) -> Applied {
    match job.standing {
        Standing::Disabled(_) => {
            job.standing = Standing::Enabled;
            wants_slots(job, mark, since);
            Ok(())
        }
        Standing::Enabled | Standing::Ended(_) | Standing::Removed => Err("it was not disabled"),
    }
}

fn disabled(job: &mut Job, mark: &Mark<'_>) -> Applied {
    match job.standing {
        Standing::Enabled => {
            job.standing = Standing::Disabled(mark.at);
            Ok(())
        }
        Standing::Disabled(_) | Standing::Ended(_) | Standing::Removed => Err("it was not enabled"),
    }
}

fn ended(job: &mut Job, reason: Ending) -> Applied {
    match job.standing {
        Standing::Enabled => {
            job.standing = Standing::Ended(reason);
            Ok(())
        }
        Standing::Disabled(_) | Standing::Ended(_) | Standing::Removed => Err("it was not enabled"),
    }
}

fn claimed(job: &mut Job, mark: &Mark<'_>, slot: Timestamp, manual: bool) -> Applied {
    let from_queue = job.queue.front() == Some(&slot);
    if from_queue {
        job.queue.pop_front();
    } else if !manual && job.is_accounted_for(slot) {
        return Err("its slot was accounted for before");
    }
    if !manual {
        job.cursor = job.cursor.max(slot);
        job.claims += 1;
        job.taken.add(slot);
    }
    match job.definition.overlap {
        // It would not have been claimed if one of them had not ended.
        Overlap::Skip | Overlap::Queue if !manual => job.plans.clear(),
        Overlap::Skip | Overlap::Queue | Overlap::Allow => {}
    }
    job.latest = job.latest.max(slot);
    let claim = Claim {
        at: mark.at,
        manual,
        definition: job.definition.clone(),
        defined_by: job.defined_by.clone(),
    };
    match job.claimed.insert(slot, claim) {
        None => Ok(()),
        Some(_) => Err("its slot was claimed before"),
    }
}

fn queued(job: &mut Job, slot: Timestamp) -> Applied {
    if job.is_accounted_for(slot) {
        return Err("its slot was accounted for before");
    }
    job.cursor = slot;
    job.queue.push_back(slot);
    Ok(())
}

fn settled<'a>(
    schedule: &'a mut Schedule,
    id: &JobId,
    slot: Timestamp,
) -> Result<(&'a mut Job, Claim), &'static str> {
    let job = schedule.jobs.get_mut(id).ok_or("no such job was added")?;
    match job.claimed.remove(&slot) {
        Some(claim) => Ok((job, claim)),
        None => Err("its slot was not claimed"),
    }
}

/// Waiting slots that are given up, or new ones.
fn skipped(job: &mut Job, first: Timestamp, last: Timestamp, count: u64) -> Applied {
    if last < first || count == 0 {
        return Err("it skips nothing");
    }
    let waiting = job.queue.len();
    job.queue.retain(|slot| *slot < first || *slot > last);
    if job.queue.len() == waiting && first <= job.cursor {
        return Err("its slots were accounted for before");
    }
    job.cursor = job.cursor.max(last);
    job.skipped = job.skipped.saturating_add(count);
    Ok(())
}
