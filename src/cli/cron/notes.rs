//! What keeps a job from doing what it is there for, and what a person does about it.

use projections::{schedule::Job, time::Timestamp};

use crate::{error::Error, schedule, vault::Vault};

/// One sentence each; none for a job that does as it should.
pub(super) fn of(vault: &Vault, job: &Job, now: Timestamp) -> Vec<String> {
    let id = &job.id;
    let held = schedule::held_until(job, now).map(|until| {
        format!(
            "it does not run until {}: its times up to then were accounted for while the clock was ahead; to let it run from now on: {}",
            until.guide_form(),
            schedule::lets_go("modulatio", id)
        )
    });
    let gone = is_homeless(vault, job).then(|| {
        format!(
            "its project is gone: every slot fails until it is back, or remove the job: modulatio cron remove {id}"
        )
    });
    held.into_iter().chain(gone).collect()
}

fn is_homeless(vault: &Vault, job: &Job) -> bool {
    matches!(vault.project(job.project()), Err(Error::NoProject { .. }))
}
