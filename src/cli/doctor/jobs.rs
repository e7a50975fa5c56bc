//! Jobs of the schedule: can they do what they are there for?

use projections::schedule::{Job, Schedule, Standing};

use super::{
    check::Check,
    ground::{Ground, VaultGround},
    words::{count, list},
};
use crate::{
    schedule::{held_until, is_held, lets_go},
    vault::schedule,
};

/// A schedule that cannot be read is told among the journals.
fn read(found: &VaultGround) -> Schedule {
    schedule::read(&found.vault).unwrap_or_default()
}

/// Are their projects there?
pub(super) fn homes(ground: &Ground) -> Vec<Check> {
    let Some(found) = ground.vault() else {
        return Vec::new();
    };
    let is_homeless =
        |job: &&Job| job.standing == Standing::Enabled && schedule::is_homeless(&found.vault, job);
    let read = read(found);
    let jobs: Vec<&Job> = read.present().filter(is_homeless).collect();
    if jobs.is_empty() {
        return Vec::new();
    }
    let ids: Vec<_> = jobs.iter().map(|job| &job.id).collect();
    let what = format!(
        "{} of a project that is gone: every slot fails until it is back: {}",
        count(jobs.len(), "job"),
        list(&ids)
    );
    let remove = |job: &&Job| format!("{} cron remove {}", ground.program, job.id);
    let remedy: Vec<String> = jobs.iter().map(remove).collect();
    vec![Check::warn("jobs", what, remedy.join("; "))]
}

/// Do they wait for the time of a clock that was ahead? To set the clock right does not let them go.
pub(super) fn held(ground: &Ground) -> Vec<Check> {
    let Some(found) = ground.vault() else {
        return Vec::new();
    };
    let schedule = read(found);
    let held = schedule.present().filter_map(|job| {
        let until = held_until(job, ground.now)?;
        let what = format!("{} {}", job.id, is_held(until));
        Some(Check::warn(
            "clock",
            what,
            lets_go(&ground.program, &job.id),
        ))
    });
    held.collect()
}
