//! The vault's schedule on disk: one small journal, `.modulatio/cron/schedule.journal.jsonl`, which every daemon and
//! command appends to, and `cron.yaml`, its projection.
//!
//! ```text
//!  keep: due? ─▶ SlotClaimed (append: one wins) ─▶ a plan number under the slot's name ─▶ the plan's journal ─▶ SlotFired
//!                     └─ died here: whoever sees the claim next does the rest, and every part of it only once
//! ```
//!
//! The plan's number is taken under the name of job and slot, and the plan's journal is created only once; so a slot has
//! one plan, whoever makes it and however often. A schedule that cannot be read is an error, never an empty one.

mod ended;
mod fire;
mod log;
mod remedy;

use projections::{
    ids::{JobId, PlanId, ProjectCode},
    schedule::{Event, Job, Schedule},
    time::Timestamp,
};

use super::{Actor, Vault, replay, scan};
use crate::{
    error::{Error, Result},
    schedule::{self, Change},
};

use ended::Life;
pub(crate) use log::{DIR, dir, is_journal};
pub use log::{Past, ScheduleLog, differences, head, history, rebuild, verify};
pub(super) use log::{path, put_away};

/// When what could not be done is tried again.
const LATER_MS: u64 = 5_000;

/// What a look at the schedule did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Kept {
    /// Plans that were made.
    pub plans: Vec<PlanId>,
    /// When to look again, if nothing else happens before.
    pub wake_at: Option<Timestamp>,
    /// Jobs that could not be served, and why; the others were.
    pub faults: Vec<(JobId, String)>,
    /// Jobs that have accounted for their slots up to then by a clock that was ahead: they do not run before.
    pub held: Vec<(JobId, Timestamp)>,
    /// Slots wait for the end of a plan, which no clock foretells.
    pub queued: bool,
    /// Somebody else has claimed a slot whose plan is not there yet: it comes in an instant, or its maker has died.
    pub awaits: bool,
}

impl Kept {
    /// Where a job stands after the look.
    fn see(&mut self, job: &Job, now: Timestamp) {
        self.queued |= !job.queue.is_empty();
        self.held
            .extend(schedule::held_until(job, now).map(|until| (job.id.clone(), until)));
        let Ok(Some(at)) = schedule::wake_at(job) else {
            return;
        };
        let later = now.plus_millis(LATER_MS);
        // What could not be done just now is not tried again at once. A claim may bear the time of a clock that was ahead.
        let at = match at > now {
            true if job.claimed.is_empty() => at,
            true => at.min(later),
            false => later,
        };
        self.wake_at = Some(self.wake_at.map_or(at, |before| before.min(at)));
    }
}

impl ScheduleLog {
    /// Makes a change durable; what a job run by hand asks for is made at once.
    ///
    /// # Errors
    /// [`Error::Schedule`] with the reason; the journal's.
    pub fn change(&mut self, change: &Change, now: Timestamp, actor: &Actor) -> Result<Vec<Event>> {
        self.decide(now, actor, &mut |schedule| {
            Ok(schedule::change(schedule, change, now)?)
        })
    }

    /// Fires what is due, of one project or of all.
    ///
    /// # Errors
    /// The journal's: then nothing is known of any job. What keeps one job from being served is told in [`Kept`].
    pub fn keep(
        &mut self,
        now: Timestamp,
        only: Option<&ProjectCode>,
        actor: &Actor,
    ) -> Result<Kept> {
        self.refresh()?;
        self.check_writable()?;
        self.show_if_behind();
        let mut kept = Kept::default();
        let served = |job: &&Job| only.is_none_or(|code| code == job.project());
        let jobs = self.schedule().jobs.values().filter(served);
        let ids: Vec<JobId> = jobs.map(|job| job.id.clone()).collect();
        for id in ids {
            match self.keep_job(&id, now, actor, &mut kept.plans) {
                Ok(()) => {
                    let job = self.schedule().jobs.get(&id);
                    kept.awaits |= job.is_some_and(|job| !job.claimed.is_empty());
                }
                Err(error) if concerns_all(&error) => return Err(error),
                Err(error) => kept.faults.push((id.clone(), error.told())),
            }
            if let Some(job) = self.schedule().jobs.get(&id) {
                kept.see(job, now);
            }
        }
        Ok(kept)
    }

    fn keep_job(
        &mut self,
        id: &JobId,
        now: Timestamp,
        actor: &Actor,
        plans: &mut Vec<PlanId>,
    ) -> Result<()> {
        let left =
            |(slot, claim): (&Timestamp, &_)| schedule::is_left_behind(claim, now).then_some(*slot);
        let claimed = &self.schedule().jobs[id].claimed;
        let left: Vec<Timestamp> = claimed.iter().filter_map(left).collect();
        for slot in left {
            plans.extend(self.fire(id, slot, now, actor)?);
        }
        let vault = self.vault().clone();
        let ended = self.ended();
        let runs = |plan: &PlanId| ended.lacks(plan, || life(&vault, plan));
        let due = |schedule: &Schedule| -> Result<Vec<Event>> {
            let job = schedule.jobs.get(id);
            let due = job.map(|job| schedule::due(job, now, &runs)).transpose();
            Ok(due.map_err(schedule::Refused::from)?.unwrap_or_default())
        };
        loop {
            // Most jobs most of the time have nothing due, and need no look at the journal for it.
            if due(self.schedule())?.is_empty() {
                return Ok(());
            }
            let events = self.decide(now, actor, &mut |schedule| due(schedule))?;
            events.iter().for_each(tell);
            for slot in events.iter().filter_map(claimed_slot) {
                plans.extend(self.fire(id, slot, now, actor)?);
            }
        }
    }

    /// Runs a job now, whatever its schedule says; returns its plan.
    ///
    /// # Errors
    /// [`Error::Schedule`]; [`Error::Failed`] when no plan can be made; the journal's and the file system's.
    pub fn run_now(&mut self, id: &JobId, now: Timestamp, actor: &Actor) -> Result<PlanId> {
        let events = self.change(&Change::RunNow(id.clone()), now, actor)?;
        let slot = events.iter().find_map(claimed_slot).unwrap_or(now);
        let made = self.fire(id, slot, now, actor)?;
        made.ok_or_else(|| {
            Error::Failed(format!(
                "no plan could be made; see `modulatio cron history {id}`"
            ))
        })
    }
}

/// Who reads the log should not have to read the history for what does not run.
fn tell(event: &Event) {
    match event {
        Event::SlotsSkipped {
            job,
            first,
            last,
            count,
            reason,
            ..
        } => tracing::warn!(%job, %first, %last, count, ?reason, "not run"),
        Event::SlotQueued { job, slot, .. } => tracing::info!(%job, %slot, "waits for its turn"),
        Event::JobEnded { job, reason, .. } => {
            tracing::info!(%job, ?reason, "has no further times")
        }
        Event::ScheduleOpened { .. }
        | Event::JobAdded { .. }
        | Event::JobChanged { .. }
        | Event::JobEnabled { .. }
        | Event::JobDisabled { .. }
        | Event::JobRemoved { .. }
        | Event::SlotClaimed { .. }
        | Event::SlotFired { .. }
        | Event::SlotFailed { .. } => {}
    }
}

fn claimed_slot(event: &Event) -> Option<Timestamp> {
    match event {
        Event::SlotClaimed { slot, .. } => Some(*slot),
        _ => None,
    }
}

/// A schedule that cannot be read or written is nobody's in particular.
fn concerns_all(error: &Error) -> bool {
    match error {
        Error::BadSchedule { .. } => true,
        Error::Journal(error) => error.is_damage(),
        _ => false,
    }
}

/// What is known of a plan's end. One that is gone or damaged is in nobody's way; it may come back.
fn life(vault: &Vault, id: &PlanId) -> Life {
    let Ok(project) = vault.project_of(id) else {
        return Life::Unknown;
    };
    let of = |is_terminal| if is_terminal { Life::Ended } else { Life::Runs };
    if let Some(status) = scan::stated(&project, id) {
        return of(status.is_terminal());
    }
    let read = replay::read(&project, id, replay::Until::Tail, &mut |_, _, _| ());
    let plan = read.ok().filter(|reading| reading.fault.is_none());
    let plan = plan.and_then(|reading| reading.plan);
    plan.map_or(Life::Unknown, |plan| of(plan.status.name().is_terminal()))
}

/// Whether a job has outlived its project: no plan can be made for any slot of it.
#[must_use]
pub fn is_homeless(vault: &Vault, job: &Job) -> bool {
    matches!(vault.project(job.project()), Err(Error::NoProject { .. }))
}

/// The schedule as it is, for reading.
///
/// # Errors
/// The journal's.
pub fn read(vault: &Vault) -> Result<Schedule> {
    let mut log = ScheduleLog::read(vault)?;
    log.refresh()?;
    Ok(log.schedule().clone())
}
