//! A runner that was stopped and replaced.

use std::time::Duration;

use modulatio_tools::fake_model::{Behaviour, FakeModel, Script, Step};

use crate::support::{
    Daemon, SIGCONT, TestVault, body,
    books::{Books, PRICE},
    today, wait_until, within_one_day,
};

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
        .after(Duration::from_secs(3));
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

/// Whoever ends a plan whose lease nobody holds puts its calls in doubt. A runner that was stopped and robbed meanwhile
/// hears its answer too late, of which the plan and the vault's day must say the same.
#[test]
fn what_a_robbed_runner_hears_too_late_stays_in_doubt_in_the_days_account() {
    within_one_day();
    let model = slow_production();
    let url = model.base_url();
    let vault = TestVault::with(&format!(
        "models:\n  m: {{provider: openai, model: m, base_url: \"{url}\", {PRICE}}}\nteam: {{leader: m}}\n"
    ));
    let plan = vault.approved(&body(1));
    let old = Daemon::start(&vault, &HOUR);
    wait_until("a call is under way", || model.requests().len() == 2);
    old.freeze();
    std::fs::remove_file(vault.path(&format!("ess/plans/{plan}.lease"))).expect("a lease");
    vault.run(&["plan", "cancel", &plan]).ok();
    wait_until("it is sold", || model.sold().calls == 2);
    old.send(SIGCONT);
    old.says("runner done");
    let audit = Books::of(&vault, &[plan]).agree_with(&model.sold());
    assert_eq!((audit.completed, audit.in_doubt), (1, 1));
    let day = today(&vault);
    assert_eq!(day.settled.tokens, audit.paid.tokens);
    assert_eq!(day.open.len(), 1, "it stays reserved");
}

#[test]
fn a_fenced_runner_that_waits_for_nothing_more_says_so_as_well() {
    let refuse = Behaviour::Status {
        code: 429,
        retry_after: Some("600".into()),
        message: None,
    };
    let model = FakeModel::start(Script::of([Step::new(refuse)])).expect("a free port");
    let vault = TestVault::asking(&model.base_url());
    let plan = vault.approved(&body(1));
    let old = Daemon::start(&vault, &HOUR);
    wait_until("its call was refused", || {
        vault.journal(&plan).count("ModelCallFailed") == 1
    });
    old.freeze();
    std::fs::remove_file(vault.path(&format!("ess/plans/{plan}.lease"))).expect("a lease");
    let _heir = Daemon::start(&vault, &HOUR);
    wait_until("another one has it", || {
        vault.journal(&plan).count("PlanClaimed") == 2
    });
    vault.run(&["plan", "pause", &plan]).ok();
    old.send(SIGCONT);
    old.says("another runner has claimed it; nothing more was written");
}
