//! Stealing the lease of a stopped runner: deleted, or another file in its place. The lock stays on a file that nobody
//! finds any more, so another daemon can claim the plan.

use std::{collections::BTreeSet, fs, path::PathBuf, time::Instant};

use journal::LeaseNote;

use super::Ground;

/// A lease that was taken from its holder.
#[derive(Clone, Debug)]
pub(super) struct Theft {
    pub(super) plan: String,
    /// The holder's epoch.
    pub(super) epoch: u64,
    /// Bytes of its log before.
    pub(super) logged: usize,
    /// Since when it waits for its heir, or to be heard.
    pub(super) since: Instant,
}

/// Takes the lease of the plan that this process executes, if it does; it must be stopped.
pub(super) fn steal(
    ground: &Ground,
    pid: u32,
    logged: usize,
    chance: &mut fastrand::Rng,
) -> Result<Option<Theft>, String> {
    for plan in &ground.plans {
        let lease = ground.yard.of_plan(plan, ".lease");
        let Some(note) = note(&lease) else { continue };
        if !note.holder.ends_with(&format!(":{pid}")) || !is_held(&lease) {
            continue;
        }
        let history = ground.yard.history(plan)?;
        if history.status() != "executing" || history.plan.epoch.0 != note.epoch {
            continue;
        }
        take(&lease, chance)?;
        return Ok(Some(Theft {
            plan: plan.clone(),
            epoch: note.epoch,
            logged,
            since: Instant::now(),
        }));
    }
    Ok(None)
}

fn is_held(lease: &PathBuf) -> bool {
    crate::ground::is_held(lease)
}

fn note(lease: &PathBuf) -> Option<LeaseNote> {
    serde_json::from_slice(&fs::read(lease).ok()?).ok()
}

fn take(lease: &PathBuf, chance: &mut fastrand::Rng) -> Result<(), String> {
    let failed = |e: std::io::Error| format!("{}: {e}", lease.display());
    if chance.bool() {
        return fs::remove_file(lease).map_err(failed);
    }
    let other = lease.with_extension("other");
    fs::write(&other, "").map_err(failed)?;
    fs::rename(&other, lease).map_err(failed)
}

impl Theft {
    /// Whether another runner has claimed the plan.
    pub(super) fn has_heir(&self, ground: &Ground) -> Result<bool, String> {
        Ok(ground.yard.history(&self.plan)?.plan.epoch.0 > self.epoch)
    }

    /// Whether the robbed one has said that it noticed.
    pub(super) fn is_noticed(&self, log: &str) -> bool {
        let since = log.get(self.logged..).unwrap_or_default();
        since.lines().any(|line| {
            line.contains("another runner has claimed it; nothing more was written")
                && line.contains(&self.plan)
        })
    }
}

/// The processes that execute a plan.
pub(super) fn holders(ground: &Ground) -> BTreeSet<u32> {
    let leases = ground.plans.iter().map(|plan| ground.yard.of_plan(plan, ".lease"));
    let held = leases.filter(is_held).filter_map(|lease| note(&lease));
    held.filter_map(|note| note.holder.rsplit(':').next()?.parse().ok())
        .collect()
}
