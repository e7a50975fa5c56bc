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
    /// Somebody else has claimed a slot whose plan is not there yet: it comes in an instant, or its maker has died.
    pub awaits: bool,
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
            let job = self.schedule().jobs.get(&id);
            if let Some(Ok(Some(at))) = job.map(schedule::wake_at) {
                // What could not be done just now is not tried again at once.
                let at = if at > now {
                    at
                } else {
                    now.plus_millis(LATER_MS)
                };
                kept.wake_at = Some(kept.wake_at.map_or(at, |before| before.min(at)));
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
        let runs = |plan: &PlanId| is_running(&vault, plan);
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

/// Whether a plan of an earlier slot is still to end. One that is gone or damaged holds up no other.
fn is_running(vault: &Vault, id: &PlanId) -> bool {
    let Ok(project) = vault.project_of(id) else {
        return false;
    };
    if let Some(status) = scan::stated(&project, id) {
        return !status.is_terminal();
    }
    let read = replay::read(&project, id, replay::Until::Tail, &mut |_, _, _| ());
    let plan = read.ok().filter(|reading| reading.fault.is_none());
    let plan = plan.and_then(|reading| reading.plan);
    plan.is_some_and(|plan| !plan.status.name().is_terminal())
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
