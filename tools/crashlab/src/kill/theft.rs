//! Stealing the lease of a stopped runner: deleted, or another file in its place. The lock stays on a file that nobody
//! finds any more, so another daemon can claim the plan.

use std::{
    collections::BTreeSet,
    fs,
    path::Path,
    time::{Duration, Instant},
};

use journal::LeaseNote;

use super::Ground;
use crate::ground::is_held;

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
    /// How long it waits for one. Some wake before there is one, and work on without a lease.
    patience: Duration,
    /// How long it goes on sleeping while its heir works, who may be done by then.
    linger: Duration,
    /// Since when there is an heir.
    heir: Option<Instant>,
}

/// Longest that a stolen plan waits for its heir. Shorter than a claim lock is waited for: the robbed one may hold that.
const HEIR: Duration = Duration::from_secs(4);

/// What comes next for a robbed runner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// It sleeps on.
    Sleeps,
    /// Another runner has its plan.
    WakesReplaced,
    /// Nobody has it.
    WakesAlone,
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
            patience: match chance.u32(0..4) {
                0 => Duration::from_millis(chance.u64(0..1_000)),
                _ => HEIR,
            },
            linger: match chance.u32(0..3) {
                0 => Duration::from_millis(chance.u64(0..2_500)),
                _ => Duration::ZERO,
            },
            heir: None,
        }));
    }
    Ok(None)
}

fn note(lease: &Path) -> Option<LeaseNote> {
    serde_json::from_slice(&fs::read(lease).ok()?).ok()
}

fn take(lease: &Path, chance: &mut fastrand::Rng) -> Result<(), String> {
    let failed = |e: std::io::Error| format!("{}: {e}", lease.display());
    if chance.bool() {
        return fs::remove_file(lease).map_err(failed);
    }
    let other = lease.with_extension("other");
    fs::write(&other, "").map_err(failed)?;
    fs::rename(&other, lease).map_err(failed)
}

impl Theft {
    /// What comes next for the robbed one.
    pub(super) fn turn(&mut self, ground: &Ground) -> Result<Turn, String> {
        let history = ground.yard.history(&self.plan)?;
        if history.plan.epoch.0 > self.epoch {
            let since = *self.heir.get_or_insert_with(Instant::now);
            return Ok(if since.elapsed() >= self.linger {
                Turn::WakesReplaced
            } else {
                Turn::Sleeps
            });
        }
        let in_vain = self.since.elapsed() > self.patience || history.status() != "executing";
        Ok(if in_vain {
            Turn::WakesAlone
        } else {
            Turn::Sleeps
        })
    }

    /// The same, from the moment on in which the robbed one goes on.
    pub(super) fn woken(&self) -> Self {
        Self {
            since: Instant::now(),
            ..self.clone()
        }
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
    let leases = ground
        .plans
        .iter()
        .map(|plan| ground.yard.of_plan(plan, ".lease"));
    let held = leases
        .filter(|lease| is_held(lease))
        .filter_map(|lease| note(&lease));
    held.filter_map(|note| note.holder.rsplit(':').next()?.parse().ok())
        .collect()
}
