//! What keeps a job from doing what it is there for, and what a person does about it.

use projections::{schedule::Job, time::Timestamp};

use crate::{
    schedule,
    vault::{Vault, schedule as vault_schedule},
};

/// One sentence each; none for a job that does as it should.
pub(super) fn of(vault: &Vault, job: &Job, now: Timestamp) -> Vec<String> {
    let id = &job.id;
    let held = schedule::held_until(job, now).map(|until| {
        format!(
            "it {}; to let it run from now on: {}",
            schedule::is_held(until.guide_form()),
            schedule::lets_go("modulatio", id)
        )
    });
    let gone = vault_schedule::is_homeless(vault, job).then(|| {
        format!(
            "its project is gone: every slot fails until it is back, or remove the job: modulatio cron remove {id}"
        )
    });
    held.into_iter().chain(gone).collect()
}
