//! What a day has cost before anyone reserved on it, from the plans' own journals.
//!
//! A call belongs to the day on which it started. Of the calls that started that day, completed ones have their
//! cost; a failed one has none, as in its plan's own reckoning; one under way, or in doubt because it was cut, is
//! open at its worst, to be settled or released as if it had been reserved here. A call that was reserved in the last
//! instant before midnight and started in the first one after it counts on both days: too much, never too little.

use std::{path::Path, time::UNIX_EPOCH};

use projections::ids::PlanId;

use super::{
    Day, DayKey,
    fate::{Fate, Fates},
};
use crate::{
    error::Result,
    vault::{
        Project, Vault,
        replay::{self, Until},
    },
};

/// Microseconds by which a file's time may lie before that of its last frame: file systems keep time in ticks, of
/// two seconds at worst, and machines that share a vault do not agree on it.
const SLACK: i128 = 60_000_000;

/// Reckons the day from every plan's journal that changed since it began. What cannot be read is told and passed
/// over: one bad plan must not stop every other one.
///
/// # Errors
/// [`crate::error::Error::Io`] when the vault itself cannot be read.
pub(super) fn reckon(vault: &Vault, day: DayKey) -> Result<Day> {
    let (projects, faults) = vault.projects()?;
    for fault in faults {
        passed_over(&fault.name, day, &fault.why);
    }
    let mut total = Day::default();
    for project in &projects {
        let here = project.plan_ids().map(|ids| (ids, false));
        // What was spent is spent, wherever the plan lies now.
        let archived = project.archived_ids().map(|ids| (ids, true));
        for listed in [here, archived] {
            match listed {
                Ok((plans, is_archived)) => {
                    for plan in plans {
                        let project = match is_archived {
                            true => &project.archived(&plan),
                            false => project,
                        };
                        add_plan(project, &plan, day, &mut total);
                    }
                }
                Err(error) => passed_over(&project.code().directory(), day, &error.told()),
            }
        }
    }
    Ok(total)
}

fn passed_over(what: &str, day: DayKey, why: &str) {
    tracing::warn!(what, %day, "its spend is missing from the day's: {why}");
}

fn add_plan(project: &Project, plan: &PlanId, day: DayKey, total: &mut Day) {
    if !changed_since(&project.journal_path(plan), day) {
        return;
    }
    let mut fates = Fates::default();
    let reading = replay::read(project, plan, Until::Tail, &mut |_, entry, event| {
        if DayKey::of(entry.mark.at) == day {
            fates.observe(event);
        } else {
            fates.observe_end(event);
        }
    });
    if let Some(error) = reading.map_or_else(Some, |reading| reading.fault) {
        passed_over(&plan.to_string(), day, &error.told());
    }
    for (call, fate) in fates.into_iter() {
        match fate {
            Fate::Open(worst) => {
                total.open.insert((plan.clone(), call), worst);
            }
            Fate::Paid { counted, in_doubt } => {
                total.settled = total.settled.plus(counted);
                if !in_doubt.is_none() {
                    total.in_doubt.insert((plan.clone(), call), in_doubt);
                }
            }
            Fate::Free => {}
        }
    }
}

/// Whether a journal may hold a frame of that day. One whose time cannot be told is read.
fn changed_since(journal: &Path, day: DayKey) -> bool {
    let changed = match std::fs::metadata(journal).and_then(|meta| meta.modified()) {
        Ok(changed) => changed,
        Err(error) => return error.kind() != std::io::ErrorKind::NotFound,
    };
    let micros = changed
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_micros());
    i128::try_from(micros).is_ok_and(|micros| micros + SLACK >= i128::from(day.start().micros()))
}
