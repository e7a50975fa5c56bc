//! A runner that was stopped and replaced.

use std::time::Duration;

use modulatio_tools::fake_model::{Behaviour, FakeModel, Script, Step};

use crate::support::{Daemon, SIGCONT, TestVault, body, wait_until};

const HOUR: [&str; 2] = ["--tick-seconds", "3600"];

/// Stops a runner in a call, takes its lease file away and lets another daemon finish the plan.
fn replaced(vault: &TestVault, model: &FakeModel, plan: &str) -> Daemon {
    let old = Daemon::start(vault, &HOUR);
    wait_until("a call is under way", || model.requests().len() == 2);
    old.freeze();
    std::fs::remove_file(vault.path(&format!("ess/plans/{plan}.lease"))).expect("a lease");
    vault.run_until_idle();
    assert_eq!(vault.journal(plan).status(), "done");
    old
}

fn slow_production() -> FakeModel {
    let slow = Step::new(Behaviour::Default)
        .for_tool("submit_artifact")
        .after(Duration::from_millis(300));
    FakeModel::start(Script::of([slow])).expect("a free port")
}

#[test]
fn a_fenced_runner_writes_nothing_more_and_says_so() {
    let model = slow_production();
    let vault = TestVault::asking(&model.base_url());
    let plan = vault.approved(&body(1));
    let old = replaced(&vault, &model, &plan);
    let journal = std::fs::read(vault.journal_file(&plan)).unwrap();
    let file = std::fs::read(vault.plan_file(&plan)).unwrap();
    old.send(SIGCONT);
    old.says("another runner has claimed it; nothing more was written");
    assert_eq!(std::fs::read(vault.journal_file(&plan)).unwrap(), journal);
    assert_eq!(std::fs::read(vault.plan_file(&plan)).unwrap(), file);
    vault.is_proven(&plan);
}

#[test]
fn a_fenced_daemon_goes_on_with_other_plans() {
    let model = slow_production();
    let vault = TestVault::asking(&model.base_url());
    let plan = vault.approved(&body(1));
    let old = replaced(&vault, &model, &plan);
    old.send(SIGCONT);
    old.says("nothing more was written");
    let next = vault.approved(&body(1));
    wait_until("the next plan is done", || {
        vault.journal(&next).status() == "done"
    });
    let by = &vault
        .journal(&next)
        .frames()
        .last()
        .expect("frames")
        .2
        .clone();
    assert!(by.ends_with(&format!(":{}", old.pid())), "{by}");
}

#[test]
fn the_heir_is_a_recovered_claim_of_the_next_epoch() {
    let model = slow_production();
    let vault = TestVault::asking(&model.base_url());
    let plan = vault.approved(&body(1));
    let old = replaced(&vault, &model, &plan);
    drop(old);
    let journal = vault.journal(&plan);
    assert_eq!(journal.count("PlanClaimed"), 2);
    assert_eq!(journal.count("ModelCallAbandoned"), 1);
    assert_eq!(journal.frames().last().map(|frame| frame.1), Some(2));
}
