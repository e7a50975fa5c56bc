//! `cron.yaml`: the schedule as its operator reads it. A projection: to change a job, `modulatio cron`.

use serde_json::{Value, json};

use super::{Job, Schedule, Standing};
use crate::{document, time::MicroUsd, yaml};

/// Its name, in the vault's directory.
pub const FILE: &str = "cron.yaml";

const HEADER: &str = "# The vault's schedule, as its journal has it. Change it with `modulatio cron`; what is written here is put right.\n";

/// The whole file, sealed as a plan's file is; nothing before the first frame.
#[must_use]
pub fn render(schedule: &Schedule) -> String {
    let Some(anchor) = schedule.head else {
        return String::new();
    };
    let jobs: Vec<Value> = schedule.present().map(entry).collect();
    let jobs = yaml::emit(&yaml::of(&json!({ "jobs": jobs })));
    let text = format!("{HEADER}{}{jobs}", document::anchor_line(anchor));
    document::seal(&text, anchor)
}

/// In the order in which a person looks for it; the definition under the names of `modulatio cron add`.
fn entry(job: &Job) -> Value {
    let standing = match job.standing {
        Standing::Enabled => "enabled",
        Standing::Disabled(_) => "disabled",
        Standing::Ended(_) => "ended",
        Standing::Removed => "removed",
    };
    let definition = &job.definition;
    let last = job.last.as_ref();
    let mut entry = json!({
        "id": job.id,
        "project": job.project(),
        "status": standing,
        "objective": definition.objective,
        "plan_template": definition.template.is_some(),
        "schedule": definition.schedule,
        "tz": definition.tz,
        "overlap": definition.overlap,
        "catch_up": definition.catch_up,
        "catch_up_window_s": definition.catch_up_window_s,
        "jitter_s": definition.jitter_s,
        "until": definition.until,
        "count": definition.count,
        "max_wall_clock_min": definition.caps.max_wall_clock_min,
        "max_tokens": definition.caps.max_tokens,
        "max_cost_usd": definition.caps.max_cost_usd.map(MicroUsd::to_json),
        "approve": definition.approve,
        "defined_by": job.defined_by,
        "defined_at": job.defined_at,
        "last_slot": last.map(|(slot, _)| slot),
        "last_plan": last.map(|(_, plan)| plan),
        "fired": job.fired(),
        "failed": job.failed,
        "skipped": job.skipped,
        "waiting": job.queue.len(),
    });
    if let Some(origin) = &definition.origin {
        entry["origin"] = json!(origin);
    }
    entry
}
