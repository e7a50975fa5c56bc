//! The caps of a plan.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use projections::{event::PauseReason, plan::Status};

use crate::{
    greedy,
    operator::{Cap, meddle},
    support::{
        Daemon, Lots, TestVault, body,
        books::{Books, never_over, total},
    },
};

/// A plan of so many sub-objectives needs more than any cap that is drawn here.
const SUB_OBJECTIVES: u32 = 5;

/// An approved plan under this cap.
fn capped(vault: &TestVault, cap: &Cap) -> String {
    let plan = vault.draft(&body(SUB_OBJECTIVES));
    cap.set(vault, &plan, cap.most);
    vault.run(&["plan", "approve", &plan]).ok();
    plan
}

/// Daemons that are killed after a while, one after the other.
fn killed_daemons(vault: &TestVault, lots: &mut Lots) {
    for _ in 0..2 {
        let daemon = Daemon::start(vault, &[]);
        std::thread::sleep(Duration::from_millis(lots.within(150, 700)));
        daemon.kill();
    }
}

/// One plan under one cap, with an operator who meddles and daemons that die.
fn case(lots: &mut Lots, of_cost: bool) {
    let most = if of_cost {
        lots.within(60_000, 450_000)
    } else {
        lots.within(12_000, 90_000)
    };
    let cap = Cap { of_cost, most };
    let model = greedy::start(lots);
    let vault = greedy::vault(&model, "");
    let plan = capped(&vault, &cap);
    let (stop, theirs) = (AtomicBool::new(false), lots.clone());
    std::thread::scope(|scope| {
        scope.spawn(|| meddle(&vault, &plan, &cap, theirs, &stop));
        killed_daemons(&vault, lots);
        stop.store(true, Ordering::Relaxed);
    });
    cap.set(&vault, &plan, most);
    let approved = vault.run(&["plan", "approve", &plan]);
    vault.run_until_idle();
    let (sold, journal) = (model.sold(), vault.journal(&plan));
    let spent = total(&sold);
    println!("{cap:?}: sold {spent:?} in {} sales", sold.calls);
    let spent = if of_cost { spent.micros } else { spent.tokens };
    assert!(spent <= most, "{spent} of {cap:?}");
    let at_the_cap = matches!(
        &journal.plan.status,
        Status::Paused {
            reason: PauseReason::Budget,
            ..
        }
    );
    assert!(at_the_cap, "{:?}, {approved:?}", journal.plan.status);
    never_over(&journal);
    Books::of(&vault, &[plan]).agree_with(&sold);
    vault.run(&["audit", "verify", "--all"]).ok();
    vault.run(&["replay", "--all", "--check"]).ok();
}

#[test]
fn no_more_tokens_are_sold_than_the_cap_whoever_kills_and_edits() {
    let mut lots = Lots::of("MODULATIO_CAPS_SEED", 1);
    (0..4).for_each(|_| case(&mut lots, false));
}

#[test]
fn no_more_is_paid_than_the_cap_whoever_kills_and_edits() {
    let mut lots = Lots::of("MODULATIO_CAPS_SEED", 2);
    (0..4).for_each(|_| case(&mut lots, true));
}
