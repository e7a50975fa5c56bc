//! After a crash: what the plans' own journals say became of calls whose reservations are still open on a day.
//!
//! A runner that dies between its plan's last frame and the day's leaves a reservation that no next runner of that
//! plan will ever close, so whoever claims any plan looks after all of them.

use std::collections::BTreeMap;

use projections::{
    event::{Event, ModelCallCompleted},
    ids::{CallId, PlanId},
    time::Timestamp,
};

use super::Spent;
use crate::{
    error::Result,
    vault::{
        Actor, DayKey, Project, Vault,
        replay::{self, Until},
    },
};

/// What became of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    /// It is under way, or whether it was billed is unknown: the reservation stays.
    Open,
    /// It was paid.
    Paid(Spent),
    /// It was not billed, or an operator said so.
    Free,
}

impl Project {
    /// Settles and releases the plan's open reservations as its journal says. The caller holds the plan's lease, so
    /// a reservation of a call that the journal does not know belongs to a call that was never made.
    ///
    /// # Errors
    /// Damage of a journal; the lock's and the disk's.
    pub fn balance_day(&self, plan: &PlanId, now: Timestamp, actor: &Actor) -> Result<()> {
        let vault = self.vault();
        let open = vault.open_reservations(plan, now)?;
        if open.is_empty() {
            return Ok(());
        }
        let fates = fates(self, plan)?;
        for (day, call, _) in open {
            match fates.get(&call).copied().unwrap_or(Fate::Free) {
                Fate::Open => {}
                Fate::Paid(spent) => vault.settle_day(&day, plan, &call, spent, actor)?,
                Fate::Free => vault.release_day(&day, plan, &call, actor)?,
            }
        }
        Ok(())
    }
}

impl Vault {
    /// Settles and releases open reservations of all plans but `own` as far as their journals say how the calls
    /// ended, which no runner changes any more. Where a journal says nothing, a runner may be about to make the
    /// call. A plan that cannot be read is told and passed over: its reservations stay.
    ///
    /// # Errors
    /// Damage of a day's journal; the lock's and the disk's.
    pub fn balance_others(&self, own: &PlanId, now: Timestamp, actor: &Actor) -> Result<()> {
        let mut open: BTreeMap<PlanId, Vec<(DayKey, CallId)>> = BTreeMap::new();
        for (day, (plan, call), _) in self.all_open(now)? {
            if plan != *own {
                open.entry(plan).or_default().push((day, call));
            }
        }
        for (plan, calls) in open {
            match self
                .project_of(&plan)
                .and_then(|project| fates(&project, &plan))
            {
                Ok(fates) => self.close_ended(&plan, calls, &fates, actor)?,
                Err(error) => {
                    tracing::warn!(%plan, "its reservations stay open: {}", error.told());
                }
            }
        }
        Ok(())
    }

    fn close_ended(
        &self,
        plan: &PlanId,
        calls: Vec<(DayKey, CallId)>,
        fates: &BTreeMap<CallId, Fate>,
        actor: &Actor,
    ) -> Result<()> {
        for (day, call) in calls {
            match fates.get(&call) {
                None | Some(Fate::Open) => {}
                Some(Fate::Paid(spent)) => self.settle_day(&day, plan, &call, *spent, actor)?,
                Some(Fate::Free) => self.release_day(&day, plan, &call, actor)?,
            }
        }
        Ok(())
    }
}

fn fates(project: &Project, plan: &PlanId) -> Result<BTreeMap<CallId, Fate>> {
    let mut fates = BTreeMap::new();
    let reading = replay::read(project, plan, Until::Tail, &mut |_, _, event| {
        if let Some((call, fate)) = fate(event) {
            fates.insert(call.clone(), fate);
        }
    })?;
    match reading.fault {
        Some(fault) => Err(fault),
        None => Ok(fates),
    }
}

/// What a completed call comes to: its cost, and what its provider did not count.
pub(super) fn paid(done: &ModelCallCompleted) -> Spent {
    let doubt = done.in_doubt;
    let doubt = Spent::on_call(doubt.tokens, Some(doubt.cost.unwrap_or_default()));
    Spent::on_call(done.usage.total(), done.cost).plus(doubt)
}

fn fate(event: &Event) -> Option<(&CallId, Fate)> {
    match event {
        Event::ModelCallStarted(e) => Some((&e.call_id, Fate::Open)),
        Event::ModelCallCompleted(e) => Some((&e.call_id, Fate::Paid(paid(e)))),
        Event::ModelCallFailed(e) if e.in_doubt => Some((&e.call_id, Fate::Open)),
        Event::ModelCallFailed(e) => Some((&e.call_id, Fate::Free)),
        Event::ModelCallAbandoned(e) => Some((&e.call_id, Fate::Open)),
        Event::ReservationReleased(e) => Some((&e.call_id, Fate::Free)),
        _ => None,
    }
}
