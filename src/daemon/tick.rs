//! The tick loop: scan, run what is runnable one plan at a time, sleep until the next tick or until something
//! changes.

use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};

use projections::ids::PlanId;

use super::{
    Identity, Options, Shutdown,
    beat::Beat,
    bench,
    clockwork::{Clockwork, Left},
    endpoints::Endpoints,
    execute::{self, Around, Ended},
    memory::Memory,
};
use crate::{
    clock, config,
    error::{Error, Result},
    vault::{
        Vault,
        scan::{self, Found, Scanner},
        watch::{Changes, Watch},
    },
};

/// How soon a file that may be in the middle of being written is looked at again.
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// A daemon at work.
struct Daemon {
    vault: Vault,
    identity: Identity,
    tick: Duration,
    until_idle: bool,
    shutdown: Shutdown,
    beat: Arc<Beat>,
    scanner: Scanner,
    watch: Watch,
    clockwork: Arc<Clockwork>,
    /// Plans that could not be run, and when to try them again.
    resting: BTreeMap<PlanId, Instant>,
    endpoints: Endpoints,
    memory: Arc<Memory>,
}

/// Runs until it is asked to stop, or until nothing is left to run.
///
/// # Errors
/// [`Error::Config`] when the vault's configuration cannot be used, [`Error::Io`] when the vault cannot be read
/// or written; [`Error::Daemon`] when it was to run until idle and some plans could not be run.
pub async fn run(vault: Vault, options: Options) -> Result<()> {
    let identity = Identity::own();
    tracing::info!(pid = identity.pid, vault = %vault.root().display(), "modulatio {} starting", env!("CARGO_PKG_VERSION"));
    let shutdown = Shutdown::on_signals()
        .map_err(|e| Error::Daemon(format!("cannot listen for signals: {e}")))?;
    // A configuration that cannot be used is told at once, not when the first plan is claimed at night.
    let configured = config::load(vault.root())?;
    let tick = options.tick.unwrap_or(configured.daemon.tick);
    if let Some(code) = &options.project {
        vault.project(code)?;
    }
    let ahead = configured.clone();
    tokio::task::spawn_blocking(move || bench::warm_up(&ahead));
    let beat = Arc::new(Beat::start(&vault, &identity)?);
    let memory = Arc::new(Memory::default());
    let pulse = tokio::spawn(pulse(beat.clone(), memory.clone(), tick));
    let clockwork = Arc::new(Clockwork::open(&vault, options.project.clone(), &identity)?);
    let watch = Watch::start(&vault);
    scan::sweep(&vault, scan::LEFT_FOR_GOOD);
    let scanner = Scanner::new(options.project);
    let until_idle = options.until_idle;
    let daemon = Daemon {
        vault,
        identity,
        tick,
        until_idle,
        shutdown,
        beat,
        scanner,
        watch,
        clockwork,
        resting: BTreeMap::new(),
        endpoints: Endpoints::new(configured.breaker),
        memory: memory.clone(),
    };
    // What came due while nobody was there comes before anything is called idle.
    daemon.clockwork.look_aside().await;
    let schedule = daemon.watch.of_schedule();
    let time = tokio::spawn(daemon.clockwork.clone().keep_time(schedule, tick));
    let ended = daemon.run().await;
    time.abort();
    pulse.abort();
    tracing::info!("stopped");
    ended
}

/// `last_tick` goes on while a plan executes, and what the memory needs no more goes.
async fn pulse(beat: Arc<Beat>, memory: Arc<Memory>, tick: Duration) {
    loop {
        tokio::time::sleep(tick).await;
        beat.tick();
        let memory = memory.clone();
        tokio::task::spawn_blocking(move || memory.sweep());
    }
}

impl Daemon {
    async fn run(mut self) -> Result<()> {
        let mut next_full = Instant::now();
        // What was too young at the start to be left for good is not, or is gone by then.
        let mut sweep_again = Some(Instant::now() + scan::LEFT_FOR_GOOD);
        let mut changes = Changes {
            everything: true,
            ..Changes::default()
        };
        loop {
            if changes.everything || Instant::now() >= next_full {
                next_full = Instant::now() + self.tick;
                changes.everything = true;
            }
            if self.shutdown.is_asked() {
                return Ok(());
            }
            if sweep_again.is_some_and(|at| Instant::now() > at) {
                sweep_again = None;
                scan::sweep(&self.vault, scan::LEFT_FOR_GOOD);
            }
            let found = match self.scan(&changes) {
                Err(error) if error.is_for_now() && !self.until_idle => {
                    changes = self.look_later(&error).await;
                    continue;
                }
                found => found?,
            };
            let ran = self.run_first(&found).await?;
            if ran {
                // A slot may have waited for the end of this plan.
                self.watch.of_schedule().nudge();
            }
            if !ran && self.until_idle && changes.everything && !found.unsettled {
                match self.clockwork.look_aside().await {
                    Left::Plans => continue,
                    Left::Claims => {
                        tokio::time::sleep(LOOK_AGAIN).await;
                        continue;
                    }
                    Left::Faults => return self.idle_end(false),
                    Left::Nothing => return self.idle_end(true),
                }
            }
            changes = if ran || (self.until_idle && !found.unsettled) {
                Changes {
                    everything: true,
                    ..self.watch.take()
                }
            } else {
                self.sleep(next_full, found.unsettled).await
            };
            if self.clockwork.awaits_an_end() {
                // What changed may be that a person ended the plan that a slot waits for.
                self.watch.of_schedule().nudge();
            }
        }
    }

    fn scan(&mut self, changes: &Changes) -> Result<Found> {
        let started = Instant::now();
        let found = if changes.everything {
            self.watch.follow(&self.vault);
            self.scanner.scan(&self.vault)?
        } else {
            self.scanner.scan_only(&self.vault, &changes.plans)?
        };
        let micros = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX);
        tracing::info!(
            plans = found.plans,
            runnable = found.runnable.len(),
            micros,
            "tick"
        );
        Ok(found)
    }

    /// A vault that cannot be listed for now, because no more files can be opened, is looked at again at the next tick.
    async fn look_later(&self, error: &Error) -> Changes {
        tracing::error!("looking again at the next tick: {}", error.told());
        tokio::select! {
            () = tokio::time::sleep(self.tick) => {}
            () = self.shutdown.asked() => {}
        }
        Changes {
            everything: true,
            ..self.watch.take()
        }
    }

    /// Tries the runnable plans in turn until one was run; says whether one was.
    async fn run_first(&mut self, found: &Found) -> Result<bool> {
        let now = Instant::now();
        self.resting.retain(|_, until| *until > now);
        let ready: Vec<PlanId> = found
            .runnable
            .iter()
            .filter(|id| !self.resting.contains_key(*id))
            .cloned()
            .collect();
        for id in ready {
            if self.shutdown.is_asked() || self.try_run(&id).await {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Says whether the plan was run. One that cannot be run rests for a tick and holds up no other.
    async fn try_run(&mut self, id: &PlanId) -> bool {
        tracing::info!(plan = %id, "claiming");
        let project = match self.vault.project_of(id) {
            Ok(project) => project,
            // Ended, and put away since the scan.
            Err(Error::Archived { .. }) => return false,
            Err(error) => return self.rest(id, &error.told()),
        };
        let around = Around {
            by: &self.identity.by(),
            shutdown: &self.shutdown,
            beat: &self.beat,
            endpoints: &self.endpoints,
            memory: &self.memory,
        };
        match execute::run(&project, id, around).await {
            Ok(Ended::LostRace(why)) => {
                tracing::info!(plan = %id, "claim lost: {why}");
                false
            }
            Ok(Ended::At(status, Some(why))) => {
                tracing::warn!(plan = %id, %status, "waits for a person: {why}");
                true
            }
            Ok(Ended::At(status, None)) => {
                tracing::info!(plan = %id, %status, "runner done");
                true
            }
            Ok(Ended::Released) => {
                tracing::info!(plan = %id, "released");
                true
            }
            Ok(Ended::Fenced) => {
                tracing::warn!(plan = %id, "another runner has claimed it; nothing more was written");
                true
            }
            Err(error) => self.rest(id, &error.told()),
        }
    }

    fn rest(&mut self, id: &PlanId, why: &str) -> bool {
        tracing::error!(plan = %id, "cannot be run, trying again at a later tick: {why}");
        self.resting.insert(id.clone(), Instant::now() + self.tick);
        false
    }

    async fn sleep(&mut self, next_full: Instant, unsettled: bool) -> Changes {
        let until = next_full.saturating_duration_since(Instant::now());
        let wait = if unsettled {
            until.min(LOOK_AGAIN)
        } else {
            until
        };
        tracing::info!(millis = clock::millis(wait), "sleeping");
        tokio::select! {
            () = tokio::time::sleep(wait) => Changes { everything: true, ..Changes::default() },
            () = self.watch.changed() => self.watch.take(),
            () = self.shutdown.asked() => Changes::default(),
        }
    }

    fn idle_end(&self, schedule_is_kept: bool) -> Result<()> {
        match (self.resting.len(), schedule_is_kept) {
            (0, true) => Ok(()),
            (0, false) => Err(Error::Daemon(
                "the schedule, or some job of it, could not be served; see the errors above"
                    .to_owned(),
            )),
            (count, _) => Err(Error::Daemon(format!(
                "{count} plan(s) could not be run; see the errors above"
            ))),
        }
    }
}
