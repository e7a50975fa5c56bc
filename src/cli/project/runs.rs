//! `modulatio project runs`: a line a plan that has run.

use std::collections::BTreeSet;

use projections::{
    event::StatusName,
    ids::ProjectCode,
    plan::Plan,
    time::{MicroUsd, Timestamp},
    usage,
};
use serde_json::json;

use crate::{
    cli::{output, ticket},
    clock,
    error::Result,
    vault::Vault,
};

const HEAD: [&str; 7] = [
    "PLAN",
    "STATUS",
    "STARTED",
    "TOOK",
    "TOKENS",
    "USD",
    "ARTIFACTS",
];

pub(super) fn run(
    vault: &Vault,
    only: Option<&ProjectCode>,
    archived: bool,
    json: bool,
) -> Result<()> {
    let (projects, faults) = match only {
        Some(code) => (vec![vault.project(code)?], Vec::new()),
        None => vault.projects()?,
    };
    let now = clock::now();
    let mut rows = vec![HEAD.map(str::to_owned)];
    for project in &projects {
        let mut plans = ticket::plans(project)?;
        if archived {
            plans.extend(ticket::archived_plans(project)?);
            plans.sort_by(|one, other| one.id.cmp(&other.id));
        }
        for plan in plans {
            let Some(started) = plan.execution_started_at else {
                continue;
            };
            if json {
                output::print_json(&object(&plan, started, now));
            } else {
                rows.push(row(&plan, started, now));
            }
        }
    }
    if !json {
        output::print(&output::table(&rows));
    }
    for fault in faults {
        output::tell(&format!("warning: {}: {}", fault.name, fault.why));
    }
    Ok(())
}

fn row(plan: &Plan, started: Timestamp, now: Timestamp) -> [String; 7] {
    [
        plan.id.to_string(),
        plan.status.name().to_string(),
        to_the_second(started),
        span(took(plan, started, now)),
        plan.calls.tokens.to_string(),
        plan.calls.cost.to_string(),
        artifacts(plan).to_string(),
    ]
}

fn object(plan: &Plan, started: Timestamp, now: Timestamp) -> serde_json::Value {
    json!({
        "plan": plan.id,
        "project": plan.project,
        "status": plan.status.name(),
        "started_at": started,
        "took_seconds": took(plan, started, now),
        "usage": usage::totals(plan),
        "cost_usd": MicroUsd::to_json(plan.calls.cost),
        "tokens": plan.calls.tokens,
        "artifacts": artifacts(plan),
    })
}

/// Seconds from the first start to the last change of status, or to now for one at work.
fn took(plan: &Plan, started: Timestamp, now: Timestamp) -> u64 {
    let last = plan.transitions.last();
    let until = match (plan.status.name(), last) {
        (StatusName::Executing, _) | (_, None) => now,
        (_, Some(last)) => last.decided_at,
    };
    until.micros_since(started) / 1_000_000
}

fn artifacts(plan: &Plan) -> usize {
    let finished = plan.finished.iter().flat_map(|finished| &finished.tasks);
    let finished = finished.flat_map(|task| task.artifacts.iter().map(String::as_str));
    let at_work = plan.run.iter().flat_map(|run| &run.tasks);
    let at_work = at_work.flat_map(|task| task.artifacts.iter().map(|a| a.path.as_str()));
    finished.chain(at_work).collect::<BTreeSet<_>>().len()
}

fn to_the_second(at: Timestamp) -> String {
    let text = at.to_string();
    let second = text.split('.').next().unwrap_or(&text);
    format!("{}Z", second.trim_end_matches('Z'))
}

/// Seconds as people say them, to two units.
fn span(seconds: u64) -> String {
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds}s"),
        (0, 0, _) => format!("{minutes}m {}s", seconds % 60),
        (0, _, _) => format!("{hours}h {minutes}m"),
        (_, _, _) => format!("{days}d {hours}h"),
    }
}

#[cfg(test)]
mod tests {
    use super::span;

    #[test]
    fn a_span_has_two_units_at_most() {
        for (seconds, text) in [
            (0, "0s"),
            (59, "59s"),
            (60, "1m 0s"),
            (3599, "59m 59s"),
            (3600, "1h 0m"),
            (86_399, "23h 59m"),
            (86_400, "1d 0h"),
            (200_000, "2d 7h"),
        ] {
            assert_eq!(span(seconds), text);
        }
    }
}
