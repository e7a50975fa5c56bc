//! Taking a plan: its lease, then its claim.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use journal::LeaseNote;
use projections::ids::PlanId;
use tokio::task::JoinSet;

use super::{
    execute::{Around, Runner},
    team::Team,
};
use crate::{
    clock,
    command::Command,
    error::{Error, Result},
    vault::{Actor, PlanLog, Project, Reconciled, SETTLED},
};

impl<'a> Runner<'a> {
    /// Lease first, then the claim: whoever holds the lease knows that no other runner is alive.
    pub(super) fn claim(
        project: &Project,
        id: &PlanId,
        around: Around<'a>,
    ) -> Result<Option<Self>> {
        let team = Team::of(project)?;
        let Some(lease) = PlanLog::lease(project, id)? else {
            return Ok(None);
        };
        let mut log = project.open_plan(id)?.under(team.policy());
        if log.reconcile(SETTLED)? == Reconciled::Unsettled
            || matches!(log.reconcile_tickets(SETTLED), Ok(true))
        {
            return Ok(None);
        }
        let actor = Actor::named(around.by);
        log.submit(&Command::Claim, &actor)?;
        log.show();
        team.warn(id);
        let epoch = log.plan().epoch;
        let mut runner = Self {
            id: id.clone(),
            log,
            team,
            shutdown: around.shutdown,
            actor: actor.under(epoch),
            held: BTreeMap::new(),
            lookups: BTreeMap::new(),
            work: JoinSet::new(),
            tools: 0,
            cancel: Arc::default(),
            passed_over: BTreeSet::new(),
            lease,
            beat: around.beat,
            endpoints: around.endpoints,
            memory: around.memory.clone(),
        };
        runner.note_lease();
        runner.balance_day();
        runner.check_prices()?;
        Ok(Some(runner))
    }

    fn note_lease(&mut self) {
        let note = LeaseNote {
            holder: self.actor.by.clone(),
            since: clock::now().to_string(),
            epoch: self.log.plan().epoch.0,
        };
        // For people only; the lock itself is the kernel's.
        if let Err(error) = self.lease.note(&note) {
            let error = Error::from(error);
            tracing::warn!(plan = %self.id, "the lease cannot be labelled: {}", error.told());
        }
    }
}
