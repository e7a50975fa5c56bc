//! What all plans of the vault spend in one day: where every daemon reserves before it calls a model, so that a
//! daily cap holds across plans and processes.
//!
//! ```text
//!  reserve_today ▸ plan's ModelCallStarted ▸ the call ▸ plan's ModelCallCompleted ▸ settle_day
//!                 └─ refused by the plan ──────────────▸ release_day
//! ```
//!
//! One small journal a UTC day, `.modulatio/spend/2026-11-23.journal.jsonl`; a reservation is decided against its
//! newest frame and appended there, or decided again when another process was first. The day's journal is written
//! before the plan's, and settled after it: whoever is killed in between leaves an open reservation, which counts
//! as possible spend until the next runner, of that plan or of any other, finds in the plan's journal how the call
//! ended ([`Vault::balance_days`]). Nothing is ever spent that was not reserved.
//!
//! Every call that is sold by somebody is reserved here, whether there is a cap or not, so that one which is set at
//! noon holds for the whole day. A day is opened with what the plans' own journals say was spent in it already, so a day's
//! journal that was lost is made anew from them.

mod balance;
mod day;
mod fate;
mod log;
mod opening;
#[cfg(test)]
mod tests;

use std::fmt;

use projections::{
    event::Reserved,
    ids::{CallId, PlanId},
    time::{MicroUsd, Timestamp},
};

use super::{Actor, Vault};
use crate::{
    clock,
    error::{Error, Result},
};
pub use day::{Day, Spent};
use day::{DayEvent, Key, V1, doubted};
use log::DayLog;

const MICROS_A_DAY: i64 = 86_400_000_000;

/// For how many days after its own a reservation is still looked for.
const LOOK_BACK: i64 = 2;

/// A UTC day. Prints as `2026-11-23`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DayKey(i64);

impl DayKey {
    /// The day that `at` lies in.
    #[must_use]
    pub fn of(at: Timestamp) -> Self {
        Self(at.micros().div_euclid(MICROS_A_DAY))
    }

    /// Its first instant.
    #[must_use]
    pub fn start(self) -> Timestamp {
        Timestamp::from_micros(self.0.saturating_mul(MICROS_A_DAY))
    }

    /// This day and those before it on which a call may have been reserved that is still open, oldest first.
    fn and_before(self) -> impl Iterator<Item = Self> {
        (self.0 - LOOK_BACK..=self.0).map(Self)
    }
}

impl fmt::Display for DayKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let start = self.start().to_string();
        f.pad(start.split('T').next().unwrap_or(&start))
    }
}

/// What all plans of the vault may spend in one UTC day; `None` is no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DayCaps {
    /// Tokens, read and written.
    pub max_tokens: Option<u64>,
    /// Cost.
    pub max_cost_usd: Option<MicroUsd>,
}

impl DayCaps {
    /// The lower of the limits in each unit.
    #[must_use]
    pub fn lower(self, other: Self) -> Self {
        Self {
            max_tokens: lower(self.max_tokens, other.max_tokens),
            max_cost_usd: lower(self.max_cost_usd, other.max_cost_usd),
        }
    }
}

fn lower<T: Ord>(one: Option<T>, other: Option<T>) -> Option<T> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}

/// Which daily cap.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DayCap {
    /// Tokens.
    Tokens,
    /// Cost, in micro-dollars.
    Cost,
}

/// Whether a call may be made today.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum DayAdmission {
    /// It is reserved, on this day; it is settled or released there, whenever it ends.
    Admitted(DayKey),
    /// It could pass a cap; nothing was reserved.
    Refused {
        /// Which cap.
        cap: DayCap,
        /// Spent and reserved today including the refused call, in the cap's unit. Not above `limit` only when
        /// the call's cost is unknown, so that no cap on cost could be kept: then without that call.
        used: u64,
        /// The cap, same unit.
        limit: u64,
    },
}

impl Vault {
    /// Reserves the worst case of a call on the day of `now`, unless it could pass a cap together with everything
    /// that is spent or reserved in this vault today. Decided and appended as one act: whoever decides at the same
    /// time decides before or after it. A call of unknown cost is refused under a cap on cost.
    ///
    /// A call that is reserved already is admitted without a new frame; if its worst case has grown since, it is
    /// decided anew with the greater one.
    ///
    /// # Errors
    /// Damage of the day's journal, which names the file; the lock's and the disk's. Then nothing is reserved that
    /// may be relied on.
    pub fn reserve_today(
        &self,
        caps: DayCaps,
        plan: &PlanId,
        call: &CallId,
        worst: Reserved,
        now: Timestamp,
        actor: &Actor,
    ) -> Result<DayAdmission> {
        let key = (plan.clone(), call.clone());
        let day = DayKey::of(now);
        let mut log = self.day_log(day, now, actor)?;
        let mut answer = DayAdmission::Admitted(day);
        log.decide(
            now,
            actor,
            &mut |seen| match admit(seen, caps, &key, worst) {
                Ok(worst) => {
                    answer = DayAdmission::Admitted(day);
                    worst
                        .map(|worst| reserved(&key, worst))
                        .into_iter()
                        .collect()
                }
                Err(refused) => {
                    answer = refused;
                    Vec::new()
                }
            },
        )?;
        Ok(answer)
    }

    /// Books what a call cost, in place of its reservation; `in_doubt` is what it may have used besides, and counts
    /// until it is released. A call that has no open reservation on that day was settled or released before: nothing
    /// happens.
    ///
    /// # Errors
    /// As [`Vault::reserve_today`].
    pub fn settle_day(
        &self,
        day: &DayKey,
        plan: &PlanId,
        call: &CallId,
        spent: Spent,
        in_doubt: Reserved,
        actor: &Actor,
    ) -> Result<()> {
        let key = (plan.clone(), call.clone());
        self.change(*day, &key, actor, &|seen| {
            let mut events = Vec::new();
            if seen.open.contains_key(&key) {
                events.push(settled(&key, spent));
                events.extend((!in_doubt.is_none()).then(|| doubted(&key, in_doubt)));
            }
            events
        })
    }

    /// Takes back the reservation of a call that was not made, or not billed, or what was in doubt of a paid one. A
    /// call that has neither is passed over, as by [`Vault::settle_day`].
    ///
    /// # Errors
    /// As [`Vault::reserve_today`].
    pub fn release_day(
        &self,
        day: &DayKey,
        plan: &PlanId,
        call: &CallId,
        actor: &Actor,
    ) -> Result<()> {
        let key = (plan.clone(), call.clone());
        self.change(*day, &key, actor, &|seen| {
            let held = seen.holds(&key).then(|| released(&key));
            held.into_iter().collect()
        })
    }

    /// The plan's calls that are reserved and neither settled nor released, today and on the two days before,
    /// oldest day first. After a crash the plan's own journal says what became of each: a call that it does not
    /// know was never made.
    ///
    /// # Errors
    /// Damage of today's journal; the disk's.
    pub fn open_reservations(
        &self,
        plan: &PlanId,
        now: Timestamp,
    ) -> Result<Vec<(DayKey, CallId, Reserved)>> {
        let mut found = Vec::new();
        for (day, seen) in self.days(now)? {
            let own = seen
                .open
                .into_iter()
                .filter(|((owner, _), _)| owner == plan);
            found.extend(own.map(|((_, call), worst)| (day, call, worst)));
        }
        Ok(found)
    }

    /// Today and the days before it on which a call may still count as possible. An earlier one that cannot be read
    /// is told and passed over: today's account must not wait for it.
    fn days(&self, now: Timestamp) -> Result<Vec<(DayKey, Day)>> {
        let (today, mut days) = (DayKey::of(now), Vec::new());
        for day in today.and_before() {
            let read = DayLog::read(self, day).and_then(|log| {
                let mut log = log;
                log.as_mut().map(|log| log.refresh().cloned()).transpose()
            });
            match read {
                Ok(seen) => days.extend(seen.map(|seen| (day, seen))),
                Err(error) if day < today => {
                    tracing::warn!(%day, "its account cannot be read: {}", error.told());
                }
                Err(error) => return Err(error),
            }
        }
        Ok(days)
    }

    /// What was spent and is reserved on the day of `now`. A day that nobody has reserved on is reckoned from the
    /// plans' journals; nothing is written.
    ///
    /// # Errors
    /// Damage of the day's journal; the disk's.
    pub fn day_spent(&self, now: Timestamp) -> Result<Day> {
        let day = DayKey::of(now);
        match DayLog::read(self, day)? {
            Some(mut log) => Ok(log.refresh()?.clone()),
            None => opening::reckon(self, day),
        }
    }

    /// The day's journal, made if this is the day's first reservation.
    fn day_log(&self, day: DayKey, now: Timestamp, actor: &Actor) -> Result<DayLog> {
        loop {
            if let Some(log) = DayLog::open(self, day)? {
                return Ok(log);
            }
            let first = opening::reckon(self, day)?.opening();
            match DayLog::create(self, day, &first, now, actor) {
                Ok(()) | Err(Error::Journal(journal::Error::Exists { .. })) => {}
                Err(error) => return Err(error),
            }
        }
    }

    fn change(
        &self,
        day: DayKey,
        key: &Key,
        actor: &Actor,
        decide: &dyn Fn(&Day) -> Vec<DayEvent>,
    ) -> Result<()> {
        let mut changed = false;
        if let Some(mut log) = DayLog::open(self, day)? {
            log.decide(clock::now(), actor, &mut |seen| {
                let events = decide(seen);
                changed = !events.is_empty();
                events
            })?;
        }
        if !changed {
            let (plan, call) = key;
            tracing::debug!(%day, %plan, %call, "nothing of this call is open on that day");
        }
        Ok(())
    }
}

/// What to reserve: `None` when enough is reserved already.
fn admit(
    day: &Day,
    caps: DayCaps,
    key: &Key,
    worst: Reserved,
) -> std::result::Result<Option<Reserved>, DayAdmission> {
    if let (Some(limit), None) = (caps.max_cost_usd, worst.cost) {
        let used = day.besides(key).cost.0;
        return Err(refused(DayCap::Cost, used, limit.0));
    }
    let held = day.open.get(key).copied();
    let worst = held.map_or(worst, |held| greater(held, worst));
    if held == Some(worst) {
        return Ok(None);
    }
    let total = day.besides(key).plus(Spent::from(worst));
    match (caps.max_tokens, caps.max_cost_usd) {
        (Some(limit), _) if total.tokens > limit => {
            Err(refused(DayCap::Tokens, total.tokens, limit))
        }
        (_, Some(limit)) if total.cost > limit => Err(refused(DayCap::Cost, total.cost.0, limit.0)),
        _ => Ok(Some(worst)),
    }
}

fn refused(cap: DayCap, used: u64, limit: u64) -> DayAdmission {
    DayAdmission::Refused { cap, used, limit }
}

/// The greater of two worst cases in each unit; a known cost is greater than an unknown one.
fn greater(one: Reserved, other: Reserved) -> Reserved {
    Reserved {
        tokens: one.tokens.max(other.tokens),
        cost: one.cost.max(other.cost),
    }
}

fn reserved((plan, call): &Key, worst: Reserved) -> DayEvent {
    DayEvent::CallReserved {
        v: V1,
        plan: plan.clone(),
        call: call.clone(),
        worst,
    }
}

fn settled((plan, call): &Key, spent: Spent) -> DayEvent {
    DayEvent::CallSettled {
        v: V1,
        plan: plan.clone(),
        call: call.clone(),
        spent,
    }
}

fn released((plan, call): &Key) -> DayEvent {
    DayEvent::CallReleased {
        v: V1,
        plan: plan.clone(),
        call: call.clone(),
    }
}
