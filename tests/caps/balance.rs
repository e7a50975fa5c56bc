//! A daemon that dies between the plan's book and the day's: whoever claims next balances the day.

use std::sync::atomic::{AtomicU64, Ordering};

use modulatio_tools::fake_model::{FakeModel, Script};

use crate::{
    greedy,
    support::{Daemon, TestVault, body, books::Books, today, within_one_day},
};

/// Frames of a plan of one sub-objective and of its day, four calls of which are each reserved and settled there.
const FRAMES: u64 = 19;

/// Dies at this point, then another plan is run by a daemon that lives; `false` when the point was never reached.
fn balanced_after(fault: &str) -> bool {
    within_one_day();
    let model = FakeModel::start(Script::default()).expect("a free port");
    let vault = greedy::vault(&model, "daily: {max_tokens: 1000000}\n");
    let first = vault.approved(&body(1));
    let env = [("MODULATIO_FAULT", fault)];
    let (status, _) = Daemon::start_with(&vault, &["--until-idle"], &env).ended();
    let second = vault.approved(&body(1));
    vault.run_until_idle();
    agree(&vault, &[first, second], &model, fault);
    !status.success()
}

fn agree(vault: &TestVault, plans: &[String], model: &FakeModel, fault: &str) {
    let audit = Books::of(vault, plans).agree_with(&model.sold());
    let day = today(vault);
    assert_eq!(day.settled.tokens, audit.paid.tokens, "{fault}");
    assert_eq!(day.open.len(), audit.in_doubt, "{fault}: {:?}", day.open);
}

fn walk(point: &str) {
    let (next, reached) = (AtomicU64::new(1), AtomicU64::new(0));
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let n = next.fetch_add(1, Ordering::Relaxed);
                    if !balanced_after(&format!("{point}:{n}")) {
                        return;
                    }
                    reached.fetch_max(n, Ordering::Relaxed);
                }
            });
        }
    });
    let reached = reached.into_inner();
    assert!(
        reached >= FRAMES,
        "{point} was reached only {reached} times"
    );
}

#[test]
fn a_day_is_balanced_after_a_death_before_any_frame() {
    walk("kill-before-append");
}

#[test]
fn a_day_is_balanced_after_a_death_after_any_frame() {
    walk("kill-after-append");
}
