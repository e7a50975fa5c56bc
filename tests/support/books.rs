//! Three books that must agree: what the journals say of each call, what the ledgers say, and what the server sold.
//!
//! ```text
//!  journals ──key──▶ sales        a completed call was sold once, and counted to the token
//!     │                │          any other sale belongs to a call in doubt, whose reservation covers it
//!  ledgers ◀───────────┘          nothing is in them that was not sold
//! ```

use std::collections::{BTreeMap, BTreeSet};

use modulatio_tools::fake_model::{Sale, Sold};
use projections::{
    event::{Event, Reserved, Usage},
    plan::Plan,
    time::MicroUsd,
};
use serde_json::Value;

use super::{Journal, TestVault};

/// Micro-dollars of a token read, in every vault that these books are kept of.
pub(crate) const INPUT: u64 = 3;
/// Micro-dollars of a token written.
pub(crate) const OUTPUT: u64 = 15;
/// The same as a model's setting.
pub(crate) const PRICE: &str = "price: {input: 3, output: 15}";

/// Tokens and micro-dollars.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Amount {
    pub(crate) tokens: u64,
    pub(crate) micros: u64,
}

impl Amount {
    fn plus(self, other: Self) -> Self {
        Self {
            tokens: self.tokens + other.tokens,
            micros: self.micros + other.micros,
        }
    }

    fn covers(self, other: Self) -> bool {
        self.tokens >= other.tokens && self.micros >= other.micros
    }
}

impl From<&Sale> for Amount {
    fn from(sale: &Sale) -> Self {
        Self {
            tokens: sale.input_tokens + sale.output_tokens,
            micros: INPUT * sale.input_tokens + OUTPUT * sale.output_tokens,
        }
    }
}

impl From<Reserved> for Amount {
    fn from(reserved: Reserved) -> Self {
        Self {
            tokens: reserved.tokens,
            micros: reserved.cost.expect("every model has a price").0,
        }
    }
}

/// All that was sold, delivered or not.
pub(crate) fn total(sold: &Sold) -> Amount {
    sold.sales
        .iter()
        .map(Amount::from)
        .fold(Amount::default(), Amount::plus)
}

/// What a journal says became of a call.
#[derive(Clone, Debug, PartialEq)]
enum End {
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
struct Call {
    plan: String,
    id: String,
    worst: Amount,
    end: End,
}

/// Every call of some plans, by its idempotency key.
pub(crate) struct Books {
    calls: BTreeMap<String, Call>,
    ledgers: BTreeMap<(String, String), Value>,
}

/// What the books came to.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Audit {
    /// Calls completed, in the journals.
    pub(crate) completed: usize,
    /// What they cost.
    pub(crate) paid: Amount,
    /// Sales to calls in doubt.
    pub(crate) doubtful_sales: usize,
    /// Calls in doubt, sold or not.
    pub(crate) in_doubt: usize,
}

impl Books {
    pub(crate) fn of(vault: &TestVault, plans: &[String]) -> Self {
        let mut books = Self {
            calls: BTreeMap::new(),
            ledgers: BTreeMap::new(),
        };
        for plan in plans {
            let journal = vault.journal(plan);
            journal
                .events()
                .for_each(|event| books.enter(&journal.plan, event));
            books.doubt_orphans(&journal.plan);
            books.read_ledger(vault, plan);
        }
        books
    }

    fn enter(&mut self, plan: &Plan, event: &Event) {
        let key = |call: &dyn std::fmt::Display| {
            format!("{}.{:x}.{call}", plan.id, plan.created_at.micros())
        };
        let (key, end) = match event {
            Event::ModelCallStarted(e) => {
                let call = Call {
                    plan: plan.id.to_string(),
                    id: e.call_id.to_string(),
                    worst: e.reserved.into(),
                    end: End::Open,
                };
                let before = self.calls.insert(key(&e.call_id), call);
                assert!(before.is_none(), "{} was started twice", e.call_id);
                return;
            }
            Event::ModelCallCompleted(e) => {
                let (usage, cost) = (e.usage, e.cost);
                (key(&e.call_id), End::Paid { usage, cost })
            }
            Event::ModelCallFailed(e) if e.in_doubt => (key(&e.call_id), End::InDoubt),
            Event::ModelCallFailed(e) => (key(&e.call_id), End::Free),
            Event::ModelCallAbandoned(e) => (key(&e.call_id), End::InDoubt),
            _ => return,
        };
        let call = self
            .calls
            .get_mut(&key)
            .expect("a call starts before it ends");
        assert_eq!(call.end, End::Open, "{key} ended twice");
        call.end = end;
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

    fn read_ledger(&mut self, vault: &TestVault, plan: &str) {
        let path = vault.path(&format!("ess/plans/{plan}.usage.jsonl"));
        let text = std::fs::read_to_string(path).unwrap_or_default();
        for line in text.lines() {
            let line: Value = serde_json::from_str(line).expect("a line of JSON");
            let call = line["call_id"].as_str().expect("an id").to_owned();
            let before = self.ledgers.insert((plan.to_owned(), call), line);
            assert!(before.is_none(), "{plan}: a call is twice in the ledger");
        }
    }

    /// Panics unless all three books agree.
    pub(crate) fn agree_with(&self, sold: &Sold) -> Audit {
        let mut audit = Audit::default();
        let mut bought = BTreeSet::new();
        for sale in &sold.sales {
            let key = sale.key.as_deref().expect("every request has a key");
            assert!(bought.insert(key), "{key} was sold twice");
            let call = self.calls.get(key);
            let call = call.unwrap_or_else(|| panic!("{key} was sold and is in no journal"));
            self.one_sale(key, call, sale, &mut audit);
        }
        for (key, call) in &self.calls {
            let paid = matches!(call.end, End::Paid { .. });
            assert!(
                !paid || bought.contains(key.as_str()),
                "{key} was never sold"
            );
            audit.in_doubt += usize::from(call.end == End::InDoubt);
        }
        assert_eq!(self.ledgers.len(), audit.completed, "lines of the ledgers");
        assert_eq!(self.ledgers_total(), audit.paid, "sum of the ledgers");
        audit
    }

    fn one_sale(&self, key: &str, call: &Call, sale: &Sale, audit: &mut Audit) {
        let cost = Amount::from(sale);
        assert!(
            call.worst.covers(cost),
            "{key}: {cost:?} of {:?}",
            call.worst
        );
        match &call.end {
            End::Paid {
                usage,
                cost: booked,
            } => {
                assert_eq!(usage.input_tokens, sale.input_tokens, "{key}: read");
                assert_eq!(usage.output_tokens, sale.output_tokens, "{key}: written");
                assert_eq!(booked.map(|c| c.0), Some(cost.micros), "{key}: cost");
                assert!(sale.delivered, "{key} is complete and was not delivered");
                self.one_line(key, call, sale);
                audit.completed += 1;
                audit.paid = audit.paid.plus(cost);
            }
            End::InDoubt => audit.doubtful_sales += 1,
            End::Open | End::Free => panic!("{key} was sold, and its journal says {:?}", call.end),
        }
    }

    fn one_line(&self, key: &str, call: &Call, sale: &Sale) {
        let line = self.ledgers.get(&(call.plan.clone(), call.id.clone()));
        let line = line.unwrap_or_else(|| panic!("{key} is in no ledger"));
        assert_eq!(line["input_tokens"], sale.input_tokens, "{key}: ledger");
        assert_eq!(line["output_tokens"], sale.output_tokens, "{key}: ledger");
    }

    fn ledgers_total(&self) -> Amount {
        let amount = |line: &Value| Amount {
            tokens: count(&line["input_tokens"]) + count(&line["output_tokens"]),
            micros: micros(&line["cost_usd"]),
        };
        let lines = self.ledgers.values().map(amount);
        lines.fold(Amount::default(), Amount::plus)
    }
}

fn count(value: &Value) -> u64 {
    value.as_u64().expect("a count")
}

/// The ledger writes dollars.
fn micros(dollars: &Value) -> u64 {
    let dollars: f64 = dollars.to_string().parse().expect("dollars");
    format!("{:.0}", dollars * 1e6).parse().expect("a number")
}

/// At the start of every call, what was spent and reserved stayed within the plan's caps as they were then.
pub(crate) fn never_over(journal: &Journal) {
    let (mut caps, mut held) = (projections::event::Caps::default(), BTreeMap::new());
    for event in journal.events() {
        match event {
            Event::PlanDrafted(e) => caps = e.caps,
            Event::CapsChanged(e) => caps = e.caps,
            Event::ModelCallStarted(e) => {
                held.insert(e.call_id.clone(), Amount::from(e.reserved));
                let all = held.values().copied().fold(Amount::default(), Amount::plus);
                let limit = Amount {
                    tokens: caps.max_tokens.unwrap_or(u64::MAX),
                    micros: caps.max_cost_usd.map_or(u64::MAX, |cost| cost.0),
                };
                assert!(limit.covers(all), "{}: {all:?} of {limit:?}", e.call_id);
            }
            Event::ModelCallCompleted(e) => {
                let spent = Amount {
                    tokens: e.usage.total() + e.in_doubt.tokens,
                    micros: e
                        .cost
                        .unwrap_or_default()
                        .plus(e.in_doubt.cost.unwrap_or_default())
                        .0,
                };
                held.insert(e.call_id.clone(), spent);
            }
            Event::ModelCallFailed(e) if !e.in_doubt => drop(held.remove(&e.call_id)),
            Event::ReservationReleased(e) => drop(held.remove(&e.call_id)),
            _ => {}
        }
    }
}
