//! After a crash: what the plans' own journals say became of calls whose reservations are still open on a day.
//!
//! A runner that dies between its plan's last frame and the day's leaves a reservation that no next runner of that
//! plan will ever close, so whoever claims any plan looks after all of them.

use std::collections::{BTreeMap, BTreeSet};

use projections::{
    ids::{CallId, PlanId},
    time::Timestamp,
};

use super::fate::{Fate, Fates};
use crate::{
    error::Result,
    vault::{
        Actor, DayKey, Project, Vault,
        replay::{self, Until},
    },
};

/// Calls of one plan that count as possible spend, each with its day.
type Calls = Vec<(DayKey, CallId, Held)>;

/// With what a call counts as possible spend.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Held {
    /// With its worst case.
    Reserved,
    /// With its worst case, although it was settled before.
    ReservedAgain,
    /// With what its provider did not count; the rest is paid.
    InDoubt,
}

/// What a reservation means whose call the plan's journal does not know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unknown {
    /// It was never made: the plan's lease is held here, so no runner is about to make it.
    WasNeverMade,
    /// A runner may be about to make it.
    MayBeMade,
}

impl Project {
    /// Settles and releases a plan's open reservations for somebody without its lease, as after an operator's release:
    /// only of calls whose end the plan's journal knows.
    ///
    /// # Errors
    /// Damage of a journal; the lock's and the disk's.
    pub fn balance_ended(&self, plan: &PlanId, now: Timestamp, actor: &Actor) -> Result<()> {
        match self.vault().held(now)?.remove(plan) {
            Some(calls) => {
                let fates = fates(self, plan)?;
                close(self.vault(), plan, calls, &fates, Unknown::MayBeMade, actor)
            }
            None => Ok(()),
        }
    }
}

impl Vault {
    /// Settles and releases open reservations as the plans' journals say. The caller holds the lease of `own`, so a
    /// reservation of a call that this plan's journal does not know belongs to a call that was never made. Of all
    /// other plans, a runner may be about to make such a call, and only those count whose end is known, which no
    /// runner changes any more. Another plan that cannot be read is told and passed over: its reservations stay.
    ///
    /// # Errors
    /// Damage of a day's journal or of the own plan's; the lock's and the disk's.
    pub fn balance_days(&self, own: &PlanId, now: Timestamp, actor: &Actor) -> Result<()> {
        let mut held = self.held(now)?;
        if let Some(calls) = held.remove(own) {
            let fates = fates(&self.project_of(own)?, own)?;
            close(self, own, calls, &fates, Unknown::WasNeverMade, actor)?;
        }
        for (plan, calls) in held {
            let found = self
                .reader_of(&plan)
                .and_then(|project| fates(&project, &plan));
            match found {
                Ok(fates) => close(self, &plan, calls, &fates, Unknown::MayBeMade, actor)?,
                Err(error) => {
                    tracing::warn!(%plan, "its reservations stay open: {}", error.told());
                }
            }
        }
        Ok(())
    }

    /// How many of a plan's calls count as possible spend today or on a day before it.
    ///
    /// # Errors
    /// Damage of today's journal; the disk's.
    pub fn possible_calls(&self, plan: &PlanId, now: Timestamp) -> Result<usize> {
        Ok(self.held(now)?.remove(plan).map_or(0, |calls| calls.len()))
    }

    /// All calls that count as possible spend, by plan.
    fn held(&self, now: Timestamp) -> Result<BTreeMap<PlanId, Calls>> {
        let mut held: BTreeMap<PlanId, Calls> = BTreeMap::new();
        let days = self.days(now)?;
        // On any of them: midnight may lie between.
        let closed: BTreeSet<_> = days
            .iter()
            .flat_map(|(_, seen)| seen.closed.iter().cloned())
            .collect();
        for (day, seen) in days {
            let open = seen
                .open
                .into_keys()
                .map(|key| match closed.contains(&key) {
                    true => (key, Held::ReservedAgain),
                    false => (key, Held::Reserved),
                });
            let doubts = seen.in_doubt.into_keys().map(|key| (key, Held::InDoubt));
            for ((plan, call), how) in open.chain(doubts) {
                held.entry(plan).or_default().push((day, call, how));
            }
        }
        Ok(held)
    }
}

fn close(
    vault: &Vault,
    plan: &PlanId,
    calls: Calls,
    fates: &Fates,
    unknown: Unknown,
    actor: &Actor,
) -> Result<()> {
    for (day, call, held) in calls {
        match (fates.of(&call), held, unknown) {
            (Some(Fate::Open(_)), _, _) | (None, _, Unknown::MayBeMade) => {}
            (Some(Fate::Paid { counted, in_doubt }), Held::Reserved, _) => {
                vault.settle_day(&day, plan, &call, counted, in_doubt, actor)?;
            }
            // Paid once, and booked by then.
            (Some(Fate::Paid { .. }), Held::ReservedAgain, _) => {
                vault.release_day(&day, plan, &call, actor)?;
            }
            // Paid, and its doubt still stands.
            (Some(Fate::Paid { in_doubt, .. }), Held::InDoubt, _) if !in_doubt.is_none() => {}
            (Some(Fate::Paid { .. }), Held::InDoubt, _)
            | (Some(Fate::Free), _, _)
            | (None, _, Unknown::WasNeverMade) => {
                vault.release_day(&day, plan, &call, actor)?;
            }
        }
    }
    Ok(())
}

fn fates(project: &Project, plan: &PlanId) -> Result<Fates> {
    let mut fates = Fates::default();
    let reading = replay::read(project, plan, Until::Tail, &mut |_, _, event| {
        fates.observe(event);
    })?;
    match reading.fault {
        Some(fault) => Err(fault),
        None => Ok(fates),
    }
}
