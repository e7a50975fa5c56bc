//! Stopping: at the next safe point, within seconds, and the plan goes on where it stood.

use std::{
    os::unix::process::ExitStatusExt,
    time::{Duration, Instant},
};

use modulatio_tools::fake_model::{Behaviour, FakeModel, Script, Step};

use crate::support::{Daemon, SIGINT, SIGTERM, TestVault, body, wait_until};

/// A model that takes so long over its third answer, once.
fn slow_once() -> FakeModel {
    let slow = Step::new(Behaviour::Default)
        .for_tool("submit_verdict")
        .after(Duration::from_secs(60));
    FakeModel::start(Script::of([slow])).expect("a free port")
}

/// A daemon in the middle of the slow call.
fn in_the_slow_call(vault: &TestVault, model: &FakeModel) -> Daemon {
    let daemon = Daemon::start(vault, &[]);
    wait_until("the slow call has arrived", || model.requests().len() == 3);
    daemon
}

#[test]
fn sigterm_during_a_call_ends_it_in_time_and_gives_the_plan_back() {
    let model = slow_once();
    let vault = TestVault::asking(&model.base_url());
    let plan = vault.approved(&body(1));
    let daemon = in_the_slow_call(&vault, &model);
    let asked = Instant::now();
    daemon.send(SIGTERM);
    let (status, log) = daemon.ended();
    assert_eq!(status.code(), Some(0), "{log}");
    assert!(asked.elapsed() < Duration::from_secs(2), "{log}");
    let journal = vault.journal(&plan);
    assert_eq!(journal.status(), "approved");
    assert_eq!(journal.count("ModelCallAbandoned"), 1);
    assert_eq!(journal.count("PlanReleased"), 1);
    vault.is_proven(&plan);
}

#[test]
fn the_next_start_resumes_at_the_same_step() {
    let model = slow_once();
    let vault = TestVault::asking(&model.base_url());
    let plan = vault.approved(&body(1));
    let daemon = in_the_slow_call(&vault, &model);
    daemon.send(SIGTERM);
    assert!(daemon.ended().0.success());
    vault.run_until_idle();
    let journal = vault.journal(&plan);
    assert_eq!(journal.status(), "done");
    let step = |n: usize| {
        let started = journal.events().filter_map(|event| match event {
            projections::event::Event::ModelCallStarted(e) => Some(e.step.label()),
            _ => None,
        });
        started.collect::<Vec<_>>()[n].clone()
    };
    assert_eq!(step(2), step(3), "the cut step is asked again");
    assert_eq!(journal.count("ModelCallStarted"), 5, "and nothing else is");
    assert_eq!(model.sold().calls, 4, "the cut call was never sold");
    vault.is_proven(&plan);
}

#[test]
fn sigint_stops_as_sigterm_does() {
    let vault = TestVault::new();
    let daemon = Daemon::start(&vault, &[]);
    daemon.says("sleeping");
    daemon.send(SIGINT);
    let (status, log) = daemon.ended();
    assert_eq!(status.code(), Some(0), "{log}");
}

#[test]
fn a_wait_before_the_next_try_does_not_hold_up_the_end() {
    let refuse = Behaviour::Status {
        code: 429,
        retry_after: Some("600".into()),
        message: None,
    };
    let model = FakeModel::start(Script::of([Step::new(refuse)])).unwrap();
    let vault = TestVault::asking(&model.base_url());
    let plan = vault.approved(&body(1));
    let daemon = Daemon::start(&vault, &[]);
    wait_until("the call was refused", || {
        vault.journal(&plan).count("ModelCallFailed") == 1
    });
    let asked = Instant::now();
    daemon.send(SIGTERM);
    let (status, log) = daemon.ended();
    assert_eq!(status.code(), Some(0), "{log}");
    assert!(asked.elapsed() < Duration::from_secs(2), "{log}");
    assert_eq!(vault.journal(&plan).status(), "approved");
}

/// A first signal that cannot be obeyed yet: the disk of the plan is held by a stopped process's lock.
#[test]
fn the_second_signal_ends_it_at_once() {
    let model = slow_once();
    let vault = TestVault::asking(&model.base_url());
    let plan = vault.approved(&body(1));
    let daemon = in_the_slow_call(&vault, &model);
    let lock = std::fs::File::open(vault.path(&format!("ess/plans/{plan}.lock"))).unwrap();
    rustix::fs::flock(&lock, rustix::fs::FlockOperation::LockExclusive).unwrap();
    daemon.send(SIGTERM);
    daemon.says("stopping at the next safe point");
    daemon.send(SIGTERM);
    let (status, log) = daemon.ended();
    assert_eq!((status.code(), status.signal()), (Some(130), None), "{log}");
    drop(lock);
    vault.run_until_idle();
    let journal = vault.journal(&plan);
    assert_eq!(journal.status(), "done");
    assert_eq!(journal.count("PlanClaimed"), 2);
}

#[test]
fn an_orphan_is_claimed_at_the_next_start() {
    let model = slow_once();
    let vault = TestVault::asking(&model.base_url());
    let plan = vault.approved(&body(1));
    in_the_slow_call(&vault, &model).kill();
    assert_eq!(vault.journal(&plan).status(), "executing");
    let heir = Daemon::start(&vault, &["--tick-seconds", "3600"]);
    wait_until("the plan is done", || {
        vault.journal(&plan).status() == "done"
    });
    let claims: Vec<bool> = vault
        .journal(&plan)
        .events()
        .filter_map(|event| match event {
            projections::event::Event::PlanClaimed(e) => Some(e.recovered),
            _ => None,
        })
        .collect();
    assert_eq!(claims, [false, true]);
    drop(heir);
}
