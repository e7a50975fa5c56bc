//! The schedule's life: three slots of one job. Each has one plan in the end, wherever the power was cut.

use std::collections::BTreeMap;

use modulatio::{
    clock,
    error::Result,
    schedule::Change,
    vault::{Actor, Vault, schedule::ScheduleLog},
};
use projections::{
    event::Caps,
    ids::{JobId, ProjectCode},
    schedule::{Approval, CatchUp, Definition, Overlap},
    time::Timestamp,
};

use super::recording::Life;

const SLOTS: u64 = 3;

const PLAN: &str =
    "## Review\n\n### Sub-objectives\n\n**1. Review** — write it.\n- Files: review.md\n";

/// A job, and its slots as they come.
pub(super) fn live(vault: &Vault, code: &ProjectCode) -> Result<Life> {
    let now = clock::now();
    let daemon = Actor::named("daemon:lab:1");
    let mut log = ScheduleLog::open(vault)?;
    let add = Change::Add(code.clone(), Box::new(definition()));
    log.change(&add, now, &Actor::named("cli:anna"))?;
    for slot in 1..=SLOTS {
        log.keep(now.plus_seconds(60 * slot as i64 + 1), None, &daemon)?;
    }
    drop(log);
    go_on(vault, code)
}

/// Much later: whoever had claimed a slot is gone.
pub(super) fn go_on(vault: &Vault, code: &ProjectCode) -> Result<Life> {
    let later = clock::now().plus_seconds(3_600);
    let mut log = ScheduleLog::open(vault)?;
    let kept = log.keep(later, None, &Actor::named("daemon:lab:2"))?;
    let jobs: Vec<(JobId, u64, usize)> = log
        .schedule()
        .jobs
        .values()
        .map(|job| (job.id.clone(), job.claims - job.failed, job.claimed.len()))
        .collect();
    let plans = vault.project(code)?.plan_ids()?.len();
    let mut completed = BTreeMap::from([("plans".to_owned(), plans as u32)]);
    for (job, fired, open) in jobs {
        completed.insert(format!("{job}: fired"), fired as u32);
        completed.insert(format!("{job}: open"), open as u32);
    }
    let faults = kept.faults.iter().map(|(job, why)| format!("{job}: {why}"));
    let status = faults.collect::<Vec<_>>().join("; ");
    Ok(Life { status, completed })
}

/// Whether this is what a power cut before the job was durable leaves.
pub(super) fn is_unborn(life: &Life) -> bool {
    life.status.is_empty() && life.completed == BTreeMap::from([("plans".to_owned(), 0)])
}

fn definition() -> Definition {
    Definition {
        objective: "Review the week.".to_owned(),
        template: Some(PLAN.to_owned()),
        schedule: "* * * * *".to_owned(),
        tz: "UTC".to_owned(),
        overlap: Overlap::Allow,
        catch_up: CatchUp::All,
        catch_up_window_s: 86_400,
        jitter_s: 0,
        until: None::<Timestamp>,
        count: Some(SLOTS),
        caps: Caps::default(),
        approve: Approval::Auto,
        origin: None,
    }
}
