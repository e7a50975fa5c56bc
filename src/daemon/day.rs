//! The vault's day: before a call, its worst case is reserved there too, if the vault has a cap for the day. What
//! became of the call is told there after the plan's journal has it; a crash in between is mended by the next runner,
//! of this plan or of another.

use projections::{
    event::{CapKind, Reserved},
    ids::CallId,
};

use super::execute::Runner;
use crate::{
    clock,
    command::Report,
    error::Result,
    vault::{DayAdmission, DayCap, DayCaps, DayKey, Spent},
};

impl Runner<'_> {
    fn has_daily_cap(&self) -> bool {
        let caps = self.team.daily;
        caps.max_tokens.is_some() || caps.max_cost_usd.is_some()
    }

    /// A cap that an operator sets or lowers holds from a running plan's next call on.
    fn lower_daily_cap(&mut self) {
        if let Err(error) = self.team.lower_daily(self.log.project()) {
            tracing::warn!(plan = %self.id, "the caps of the day stay as they were: {}", error.told());
        }
    }

    /// Whether the day leaves room for the call. If not, the plan is paused.
    pub(super) fn reserve_day(&mut self, call: &CallId, worst: Reserved) -> Result<bool> {
        self.lower_daily_cap();
        if !self.has_daily_cap() {
            return Ok(true);
        }
        let vault = self.log.project().vault();
        let (caps, now) = (self.team.daily, clock::now());
        match vault.reserve_today(caps, &self.id, call, worst, now, &self.actor)? {
            DayAdmission::Admitted(day) => {
                self.day = Some(day);
                Ok(true)
            }
            DayAdmission::Refused { cap, used, limit } => {
                let cap = match cap {
                    DayCap::Tokens => CapKind::DailyTokens,
                    DayCap::Cost => CapKind::DailyCost,
                };
                self.report(Report::OverDailyCap { cap, used, limit })?;
                Ok(false)
            }
        }
    }

    /// Counts a call that started without a cap of the day, if one has been set in that moment. Whoever opens the day
    /// reads the plans' journals after the cap was set: either this call stands there already, or it is counted here.
    pub(super) fn join_day(&mut self, call: &CallId, worst: Reserved) -> Result<()> {
        if self.day.is_some() {
            return Ok(());
        }
        self.lower_daily_cap();
        if !self.has_daily_cap() {
            return Ok(());
        }
        let (vault, now) = (self.log.project().vault(), clock::now());
        let counted =
            vault.reserve_today(DayCaps::NONE, &self.id, call, worst, now, &self.actor)?;
        if let DayAdmission::Admitted(day) = counted {
            self.day = Some(day);
        }
        Ok(())
    }

    /// The call was not made.
    pub(super) fn release_day(&mut self, call: &CallId) {
        self.tell_day(call, None);
    }

    /// The call ended as `report` says; where that leaves a doubt, the reservation stays.
    pub(super) fn settle_day(&mut self, call: &CallId, report: &Report) {
        match report {
            Report::CallCompleted {
                usage,
                cost,
                in_doubt,
                ..
            } => {
                let doubt = in_doubt.cost.unwrap_or_default();
                let spent = Spent::on_call(usage.total(), *cost)
                    .plus(Spent::on_call(in_doubt.tokens, Some(doubt)));
                self.tell_day(call, Some(spent));
            }
            Report::CallFailed {
                in_doubt: false, ..
            } => self.tell_day(call, None),
            _ => {}
        }
    }

    fn tell_day(&mut self, call: &CallId, spent: Option<Spent>) {
        let Some(day) = self.day.take() else {
            return;
        };
        let told = self.close_day(&day, call, spent);
        // The reservation stays, which errs on the safe side, until a next runner balances the day.
        if let Err(error) = told {
            tracing::warn!(plan = %self.id, %call, "the day's account cannot be written: {}", error.told());
        }
    }

    fn close_day(&self, day: &DayKey, call: &CallId, spent: Option<Spent>) -> Result<()> {
        let vault = self.log.project().vault();
        match spent {
            Some(spent) => vault.settle_day(day, &self.id, call, spent, &self.actor),
            None => vault.release_day(day, &self.id, call, &self.actor),
        }
    }

    /// Reservations that lost runners left open, of this plan and of others, are settled as the plans' journals say.
    pub(super) fn balance_day(&self) {
        if !self.has_daily_cap() {
            return;
        }
        let (project, now) = (self.log.project(), clock::now());
        let balanced = project
            .balance_day(&self.id, now, &self.actor)
            .and_then(|()| project.vault().balance_others(&self.id, now, &self.actor));
        if let Err(error) = balanced {
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
