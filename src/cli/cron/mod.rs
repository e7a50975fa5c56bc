//! `modulatio cron …`: the vault's schedule.

mod job;
mod next;
mod notes;
mod view;

use projections::{ids::JobId, schedule::Event};

use super::{
    actor,
    args::{Args, CronCommand},
    output,
};
use crate::{
    clock,
    error::Result,
    schedule::Change,
    vault::{Vault, schedule::ScheduleLog},
};

pub(super) fn run(command: &CronCommand, args: &Args) -> Result<()> {
    let json = args.json;
    match command {
        CronCommand::Next(options) => next::run(options, json),
        CronCommand::Add(new) => job::add(&args.vault()?, new, json),
        CronCommand::Edit(edit) => job::edit(&args.vault()?, edit, json),
        CronCommand::List { project } => view::list(&args.vault()?, project.as_ref(), json),
        CronCommand::Show { job } => view::show(&args.vault()?, job, json),
        CronCommand::History { job, last } => view::history(&args.vault()?, job, *last, json),
        CronCommand::Enable { job } => {
            let change = Change::Enable(job.clone());
            switch(&args.vault()?, job, &change, "enabled", json)
        }
        CronCommand::Disable { job } => {
            let change = Change::Disable(job.clone());
            switch(&args.vault()?, job, &change, "disabled", json)
        }
        CronCommand::Remove { job } => {
            let change = Change::Remove(job.clone());
            switch(&args.vault()?, job, &change, "removed", json)
        }
        CronCommand::RunNow { job } => run_now(&args.vault()?, job, json),
    }
}

fn switch(vault: &Vault, job: &JobId, change: &Change, word: &str, json: bool) -> Result<()> {
    let mut log = ScheduleLog::open(vault)?;
    let events = log.change(change, clock::now(), &actor())?;
    if json {
        output::report_json(
            &serde_json::json!({"job": job, "status": word, "not_run": not_run(&events)}),
        );
        return Ok(());
    }
    output::report(&format!("{job} {word}"));
    match not_run(&events) {
        0 => {}
        count => output::tell(&format!(
            "{count} time(s) did not run; see `modulatio cron history {job}`"
        )),
    }
    Ok(())
}

/// How many slots are told of that do not run.
fn not_run(events: &[Event]) -> u64 {
    let skipped = events.iter().filter_map(|event| match event {
        Event::SlotsSkipped { count, .. } => Some(*count),
        _ => None,
    });
    skipped.sum()
}

fn run_now(vault: &Vault, job: &JobId, json: bool) -> Result<()> {
    let mut log = ScheduleLog::open(vault)?;
    let plan = log.run_now(job, clock::now(), &actor())?;
    if json {
        output::report_json(&serde_json::json!({"job": job, "plan": plan}));
    } else {
        output::report(&plan.to_string());
    }
    Ok(())
}
