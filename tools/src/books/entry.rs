//! What journals and ledgers say, entered call by call.

use std::{collections::BTreeMap, fmt};

use projections::{
    event::{Event, Usage},
    plan::Plan,
    time::MicroUsd,
};
use serde_json::Value;

use super::{Amount, Discord, Result, check};

/// What a journal says became of a call.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum End {
    /// Still under way.
    Open,
    Paid {
        usage: Usage,
        cost: Option<MicroUsd>,
    },
    /// Not billed, says the provider.
    Free,
    /// Failed or cut so that nobody knows whether it was billed.
    InDoubt,
}

#[derive(Clone, Debug)]
pub(super) struct Call {
    pub(super) plan: String,
    pub(super) id: String,
    pub(super) worst: Amount,
    pub(super) end: End,
}

/// Every call of some plans, by its idempotency key, and their lines in the ledgers.
#[derive(Clone, Debug, Default)]
pub struct Books {
    pub(super) calls: BTreeMap<String, Call>,
    pub(super) ledgers: BTreeMap<(String, String), Value>,
}

impl Books {
    /// Takes in one plan: where it stands, everything that happened to it, and the text of its usage ledger.
    ///
    /// # Errors
    /// A call that begins or ends twice, ends without a beginning, or has two lines in the ledger; a line that is none.
    pub fn enter<'a>(
        &mut self,
        plan: &Plan,
        events: impl IntoIterator<Item = &'a Event>,
        ledger: &str,
    ) -> Result<()> {
        for event in events {
            self.enter_event(plan, event)?;
        }
        self.doubt_orphans(plan);
        for line in ledger.lines() {
            self.enter_line(&plan.id.to_string(), line)?;
        }
        Ok(())
    }

    fn enter_event(&mut self, plan: &Plan, event: &Event) -> Result<()> {
        let key =
            |call: &dyn fmt::Display| format!("{}.{:x}.{call}", plan.id, plan.created_at.micros());
        let (key, end) = match event {
            Event::ModelCallStarted(e) => {
                let call = Call {
                    plan: plan.id.to_string(),
                    id: e.call_id.to_string(),
                    worst: e.reserved.into(),
                    end: End::Open,
                };
                let before = self.calls.insert(key(&e.call_id), call);
                return check(before.is_none(), || {
                    format!("{}: {} was started twice", plan.id, e.call_id)
                });
            }
            Event::ModelCallCompleted(e) => {
                let (usage, cost) = (e.usage, e.cost);
                (key(&e.call_id), End::Paid { usage, cost })
            }
            Event::ModelCallFailed(e) if e.in_doubt => (key(&e.call_id), End::InDoubt),
            Event::ModelCallFailed(e) => (key(&e.call_id), End::Free),
            Event::ModelCallAbandoned(e) => (key(&e.call_id), End::InDoubt),
            _ => return Ok(()),
        };
        let Some(call) = self.calls.get_mut(&key) else {
            return Err(Discord(format!("{key} ended and was never started")));
        };
        check(call.end == End::Open, || {
            format!("{key} ended twice: {:?}, then {end:?}", call.end)
        })?;
        call.end = end;
        Ok(())
    }

    /// Calls whose runner was killed after their plan was paused or cancelled stay open until it is claimed again, or
    /// `modulatio plan release` takes them off the books; until then their reservations stand, as of calls in doubt.
    fn doubt_orphans(&mut self, plan: &Plan) {
        let id = plan.id.to_string();
        let open = |call: &&mut Call| call.plan == id && call.end == End::Open;
        for call in self.calls.values_mut().filter(open) {
            if !plan.is_at_work() {
                call.end = End::InDoubt;
            }
        }
    }

    fn enter_line(&mut self, plan: &str, line: &str) -> Result<()> {
        let read: Value = serde_json::from_str(line)
            .map_err(|e| Discord(format!("{plan}: a line of its ledger is no JSON: {e}")))?;
        let call = read["call_id"].as_str().unwrap_or_default().to_owned();
        let key = (plan.to_owned(), call);
        let before = self.ledgers.insert(key, read);
        check(before.is_none(), || {
            format!("{plan}: a call is twice in its ledger: {line}")
        })
    }
}
