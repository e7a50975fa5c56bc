//! The three books that must agree ([`modulatio_tools::books`]), of a test's vault; a discord is a panic.

use modulatio_tools::{books, fake_model::Sold};
use projections::event::Event;

use super::{Journal, TestVault};

pub(crate) use books::{Amount, Audit, INPUT, OUTPUT, PRICE, total};

/// Every call of some plans.
pub(crate) struct Books(books::Books);

impl Books {
    #[track_caller]
    pub(crate) fn of(vault: &TestVault, plans: &[String]) -> Self {
        let mut all = books::Books::default();
        for plan in plans {
            let journal = vault.journal(plan);
            let ledger = vault.path(&format!("ess/plans/{plan}.usage.jsonl"));
            let ledger = std::fs::read_to_string(ledger).unwrap_or_default();
            let events: Vec<&Event> = journal.events().collect();
            let entered = all.enter(&journal.plan, events, &ledger);
            entered.unwrap_or_else(|discord| panic!("{discord}"));
        }
        Self(all)
    }

    /// Panics unless all three books agree.
    #[track_caller]
    pub(crate) fn agree_with(&self, sold: &Sold) -> Audit {
        let audit = self.0.agree_with(sold);
        audit.unwrap_or_else(|discord| panic!("{discord}"))
    }
}

/// At the start of every call, what was spent and reserved stayed within the plan's caps as they were then.
#[track_caller]
pub(crate) fn never_over(journal: &Journal) {
    let held = books::never_over(journal.events());
    held.unwrap_or_else(|discord| panic!("{discord}"));
}
