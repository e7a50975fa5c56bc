//! The vault's day: before a call, its worst case is reserved there too, so that a cap for the day holds over all
//! plans, whenever it is set. What became of the call is told there after the plan's journal has it; a crash in between is
//! mended by the next runner, of this plan or of another.

use projections::{
    event::{CapKind, Reserved},
    ids::CallId,
    work::Step,
};

use super::{execute::Runner, team::Member};
use crate::{
    clock,
    command::Report,
    error::{Error, Result},
    vault::{DayAdmission, DayCap, DayCaps, DayKey, Spent},
};

/// Milliseconds before an account that could not be written is tried again.
const AGAIN_MS: u64 = 1_000;

impl Runner<'_> {
    /// Whether the day leaves room for the call, and on which day it is booked, if on any: a model that asks nobody
    /// spends nothing. If there is no room, the plan is paused.
    pub(super) fn reserve_day(
        &mut self,
        step: &Step,
        member: &Member,
        call: &CallId,
        worst: Reserved,
    ) -> Result<Option<Option<DayKey>>> {
        if member.endpoint.is_empty() {
            return Ok(Some(None));
        }
        if let Err(error) = self.team.lower_daily(self.log.project()) {
            tracing::warn!(plan = %self.id, "the caps of the day stay as they were: {}", error.told());
        }
        let vault = self.log.project().vault();
        let (caps, now) = (self.team.daily, clock::now());
        match vault.reserve_today(caps, &self.id, call, worst, now, &self.actor) {
            Ok(DayAdmission::Admitted(day)) => Ok(Some(Some(day))),
            // Only a call of unknown cost is refused without passing anything.
            Ok(DayAdmission::Refused { used, limit, .. }) if used <= limit => {
                let models = vec![member.label.clone()];
                self.report(Report::Unpriced {
                    models,
                    daily: true,
                })?;
                Ok(None)
            }
            // Calls of this plan that are under way are booked at their worst; what they leave may be enough.
            Ok(DayAdmission::Refused { .. }) if !self.log.plan().calls.in_flight.is_empty() => {
                self.hold_for_room(step, AGAIN_MS);
                Ok(None)
            }
            Ok(DayAdmission::Refused { cap, used, limit }) => {
                let cap = match cap {
                    DayCap::Tokens => CapKind::DailyTokens,
                    DayCap::Cost => CapKind::DailyCost,
                };
                self.report(Report::OverDailyCap { cap, used, limit })?;
                Ok(None)
            }
            Err(error) => self.without_account(step, &error),
        }
    }

    /// An account that cannot be kept stops nobody, unless a cap rests on it; then what passes by itself is waited for.
    fn without_account(&mut self, step: &Step, error: &Error) -> Result<Option<Option<DayKey>>> {
        let why = format!("the account of the day cannot be kept: {}", error.told());
        if self.team.daily == DayCaps::default() {
            tracing::warn!(plan = %self.id, "{why}");
            return Ok(Some(None));
        }
        if error.is_passing() {
            tracing::error!(plan = %self.id, "{why}; trying again");
            self.hold(step.label(), self.log.now().plus_millis(AGAIN_MS));
            return Ok(None);
        }
        self.obstructed(format!(
            "{why}. The vault has a cap for the day (`daily:`), which rests on it."
        ))?;
        Ok(None)
    }

    /// The call was not made.
    pub(super) fn release_day(&self, day: Option<DayKey>, call: &CallId) {
        self.tell_day(day, call, None);
    }

    /// The call ended as `report` says; where that leaves a doubt, the reservation stays.
    pub(super) fn settle_day(&self, day: Option<DayKey>, call: &CallId, report: &Report) {
        match report {
            Report::CallCompleted {
                usage,
                cost,
                in_doubt,
                ..
            } => {
                let counted = Spent::on_call(usage.total(), *cost);
                self.tell_day(day, call, Some((counted, *in_doubt)));
            }
            Report::CallFailed {
                in_doubt: false, ..
            } => self.tell_day(day, call, None),
            _ => {}
        }
    }

    fn tell_day(&self, day: Option<DayKey>, call: &CallId, paid: Option<(Spent, Reserved)>) {
        let Some(day) = day else {
            return;
        };
        let (vault, by) = (self.log.project().vault(), &self.actor);
        let told = match paid {
            Some((counted, doubt)) => vault.settle_day(&day, &self.id, call, counted, doubt, by),
            None => vault.release_day(&day, &self.id, call, by),
        };
        // The reservation stays, which errs on the safe side, until a next runner balances the day.
        if let Err(error) = told {
            tracing::warn!(plan = %self.id, %call, "the day's account cannot be written: {}", error.told());
        }
    }

    /// Reservations that lost runners left open, of this plan and of others, are settled as the plans' journals say.
    pub(super) fn balance_day(&self) {
        let (project, now) = (self.log.project(), clock::now());
        if let Err(error) = project.vault().balance_days(&self.id, now, &self.actor) {
            tracing::warn!(plan = %self.id, "the day's account cannot be balanced: {}", error.told());
        }
    }

    /// A cap on cost with a model of unknown price is told before anything is spent.
    pub(super) fn check_prices(&mut self) -> Result<()> {
        let models = self.team.unpriced();
        if models.is_empty() {
            return Ok(());
        }
        let daily = self.team.daily.max_cost_usd.is_some();
        self.report(Report::Unpriced { models, daily }).map(drop)
    }
}
