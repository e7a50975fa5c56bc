//! Keeping the schedule's time: sleeps until the next slot and fires it, whatever the daemon does meanwhile. A plan that
//! is made wakes the tick as any approved plan does.

use std::{
    collections::BTreeSet,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use projections::{ids::ProjectCode, time::Timestamp};

use super::Identity;
use crate::{
    clock,
    error::Result,
    schedule,
    vault::{
        Actor, Vault,
        schedule::{Kept, ScheduleLog},
        watch::ScheduleWatch,
    },
};

/// What is left to do after a look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Left {
    /// Plans were made since this was asked last, by this look or by whoever keeps the time.
    Plans,
    /// Slots are claimed whose plans are still to come, from their claimants or from whoever finds them left behind.
    Claims,
    /// Slots that are due could not be served; why has been told.
    Faults,
    /// Nothing, until the next slot.
    Nothing,
}

/// A daemon's share in the schedule.
pub(super) struct Clockwork {
    only: Option<ProjectCode>,
    actor: Actor,
    log: Mutex<ScheduleLog>,
    /// Plans were made that nobody has asked about yet.
    made: AtomicBool,
    /// Slots wait for the end of a plan.
    queued: AtomicBool,
    /// What was told of jobs; each is told once.
    told: Mutex<BTreeSet<String>>,
}

impl Clockwork {
    pub(super) fn open(
        vault: &Vault,
        only: Option<ProjectCode>,
        identity: &Identity,
    ) -> Result<Self> {
        Ok(Self {
            only,
            actor: Actor::named(identity.by()),
            log: Mutex::new(ScheduleLog::open(vault)?),
            made: AtomicBool::new(false),
            queued: AtomicBool::new(false),
            told: Mutex::default(),
        })
    }

    /// Fires whatever is due, for as long as the daemon lives. A clock that jumps is noticed at the next tick: sleeping is
    /// not measured by it.
    pub(super) async fn keep_time(self: Arc<Self>, changes: ScheduleWatch, tick: Duration) {
        loop {
            let kept = self.clone().aside().await;
            let wake_at = kept.and_then(|kept| kept.wake_at);
            let wait = wake_at.map_or(tick, until).min(tick);
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                () = changes.changed() => {}
            }
        }
    }

    /// Whether the end of some plan is waited for: it may have come with whatever changed.
    pub(super) fn awaits_an_end(&self) -> bool {
        self.queued.load(Ordering::Acquire)
    }

    /// One look, beside the runtime; says what it leaves to do.
    pub(super) async fn look_aside(self: &Arc<Self>) -> Left {
        let kept = self.clone().aside().await;
        match kept {
            _ if self.made.swap(false, Ordering::AcqRel) => Left::Plans,
            Some(kept) if kept.awaits => Left::Claims,
            Some(kept) if kept.faults.is_empty() => Left::Nothing,
            Some(_) | None => Left::Faults,
        }
    }

    async fn aside(self: Arc<Self>) -> Option<Kept> {
        let looked = tokio::task::spawn_blocking(move || self.look()).await;
        looked.unwrap_or_else(|error| match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(_) => None,
        })
    }

    /// `None` when the schedule could not be kept at all.
    fn look(&self) -> Option<Kept> {
        let mut log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        match log.keep(clock::now(), self.only.as_ref(), &self.actor) {
            Ok(kept) => {
                self.made.fetch_or(!kept.plans.is_empty(), Ordering::AcqRel);
                for plan in &kept.plans {
                    tracing::info!(%plan, "its slot has come");
                }
                for (job, why) in &kept.faults {
                    self.tell(format!("job {job} cannot be served: {why}"));
                }
                self.queued.store(kept.queued, Ordering::Release);
                for (job, until) in &kept.held {
                    self.warn(format!(
                        "job {job} {}. To let it run from now on: {}",
                        schedule::is_held(until),
                        schedule::lets_go("modulatio", job)
                    ));
                }
                Some(kept)
            }
            Err(error) => {
                self.tell(format!("the schedule cannot be kept: {}", error.told()));
                None
            }
        }
    }

    fn tell(&self, fault: String) {
        if self.is_new(&fault) {
            tracing::error!("{fault}");
        }
    }

    fn warn(&self, what: String) {
        if self.is_new(&what) {
            tracing::warn!("{what}");
        }
    }

    fn is_new(&self, what: &str) -> bool {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        told.insert(what.to_owned())
    }
}

fn until(at: Timestamp) -> Duration {
    Duration::from_micros(at.micros_since(clock::now()))
}
