//! The slots of a job that are not accounted for: those after its cursor, without those that were claimed before the
//! cursor was sent back.

use std::{fmt::Display, iter};

use projections::{
    ids::JobId,
    schedule::{Job, Standing},
    time::Timestamp,
};

use super::{GRACE_MS, Timetable};

/// A slot that is not accounted for.
#[derive(Clone, Copy)]
pub(super) struct Unseen {
    pub(super) slot: Timestamp,
    /// When it fires: at its own time by the job's jitter, and never before the slots that come before it.
    pub(super) ready_at: Timestamp,
}

impl Unseen {
    pub(super) fn is_late(self, now: Timestamp) -> bool {
        now.micros_since(self.ready_at) > GRACE_MS * 1_000
    }
}

/// The slots after the job's cursor, ascending. Those before it may still hold up the first ones, so the look begins
/// where the longest delay does.
pub(super) fn unseen<'a>(
    job: &'a Job,
    timetable: &'a Timetable,
    until: Timestamp,
) -> impl Iterator<Item = Unseen> + 'a {
    let jitter = i64::try_from(job.definition.jitter_s).unwrap_or(i64::MAX);
    let from = job.cursor.plus_seconds(jitter.saturating_neg());
    let until = job.definition.until.map_or(until, |end| end.min(until));
    let mut ready_at = Timestamp::from_micros(i64::MIN);
    let before = timetable.between(from, job.cursor.min(until));
    let slots = before.chain(untaken(job, timetable, job.cursor, until));
    let slots = slots.map(move |slot| {
        ready_at = ready_at.max(job.fires_at(slot));
        Unseen { slot, ready_at }
    });
    slots.filter(|unseen| unseen.slot > job.cursor)
}

/// The slots after `after`, which is no earlier than the job's cursor, and not after `until`, that were not claimed.
pub(super) fn untaken<'a>(
    job: &'a Job,
    timetable: &'a Timetable,
    after: Timestamp,
    until: Timestamp,
) -> impl Iterator<Item = Timestamp> + 'a {
    let instant = |at: Timestamp, by: i64| Timestamp::from_micros(at.micros().saturating_add(by));
    let ends = job
        .taken
        .beyond(after)
        .map(move |(first, _)| instant(first, -1));
    let starts = job.taken.beyond(after).map(|(_, last)| last);
    // What lies between two claims, before the first, and after the last.
    let gaps = iter::once(after).chain(starts).zip(ends.chain([until]));
    gaps.flat_map(move |(start, end)| timetable.between(start, end.min(until)))
}

/// Until when an enabled job has accounted for its slots by a clock that was ahead of the one that shows `now`: it does
/// not run before, unless a person says so. `None` for a job that runs as it should.
#[must_use]
pub fn held_until(job: &Job, now: Timestamp) -> Option<Timestamp> {
    let is_enabled = job.standing == Standing::Enabled;
    (is_enabled && job.cursor > now.plus_millis(GRACE_MS)).then_some(job.cursor)
}

/// That it does not, for people; the job stands before it.
#[must_use]
pub fn is_held(until: impl Display) -> String {
    format!(
        "does not run until {until}: its times up to then were accounted for while the clock was ahead"
    )
}

/// What a person does about it, as commands of this `program`.
#[must_use]
pub fn lets_go(program: &str, job: &JobId) -> String {
    format!("{program} cron disable {job} && {program} cron enable {job}")
}
