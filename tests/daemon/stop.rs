//! Stopping: at the next safe point, within seconds, and the plan goes on where it stood.

use std::{
    os::unix::process::ExitStatusExt,
    time::{Duration, Instant},
};

use modulatio_tools::fake_model::{Behaviour, FakeModel, Script, Step, ToolCall};

use crate::support::{Daemon, PROMISED, SIGINT, SIGTERM, TestVault, body, wait_until};

/// A model that takes so long over its third answer, once.
fn slow_once() -> FakeModel {
    let slow = Step::new(Behaviour::Default)
        .for_tool("submit_verdict")
        .after(Duration::from_secs(60));
    FakeModel::start(Script::of([slow])).expect("a free port")
}

/// Asks it to end, which it does well and within two seconds.
#[track_caller]
fn ends_in_time(daemon: Daemon) {
    let asked = Instant::now();
    daemon.send(SIGTERM);
    let (status, log) = daemon.ended();
    assert_eq!(status.code(), Some(0), "{log}");
    assert!(asked.elapsed() < PROMISED, "{log}");
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
    ends_in_time(daemon);
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
    ends_in_time(daemon);
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

/// Three tasks that nothing keeps from being worked on at the same time.
fn three_tasks() -> Step {
    let task = |id: &str| {
        serde_json::json!({"id": id, "title": id, "brief": "Write it.", "kind": "document",
                           "artifacts": [format!("{id}.md")], "needs": [], "acceptance": ["it is whole"]})
    };
    let tasks = ["a", "b", "c"].map(task);
    Step::new(Behaviour::Arguments(serde_json::json!({"tasks": tasks}))).for_tool("submit_tasks")
}

#[test]
fn sigterm_with_several_calls_under_way_ends_it_in_time_and_each_is_asked_again() {
    let slow = Step::new(Behaviour::Default)
        .for_tool("submit_artifact")
        .after(Duration::from_secs(60))
        .times(3);
    let model = FakeModel::start(Script::of([three_tasks(), slow])).expect("a free port");
    let vault = TestVault::asking(&model.base_url()).with_shell();
    let plan = vault.approved(&body(1));
    let daemon = Daemon::start(&vault, &[]);
    wait_until("three calls are under way", || model.requests().len() == 4);
    ends_in_time(daemon);
    let journal = vault.journal(&plan);
    assert_eq!(journal.status(), "approved");
    assert_eq!(journal.count("ModelCallAbandoned"), 3);
    vault.is_proven(&plan);
    vault.run_until_idle();
    let journal = vault.journal(&plan);
    assert_eq!(journal.status(), "done");
    assert_eq!(journal.count("ModelCallStarted"), 1 + 3 + 3 * 2 + 1);
    vault.is_proven(&plan);
}

/// A producer that runs this command before it hands in, and what it is told of it.
fn with_a_command(command: &str) -> (FakeModel, TestVault, String) {
    let run = ToolCall {
        name: "run_shell".to_owned(),
        arguments: serde_json::json!({"command": command}),
    };
    let run = Step::new(Behaviour::ToolCalls(vec![run])).for_tool("submit_artifact");
    let model = FakeModel::start(Script::of([run])).expect("a free port");
    let vault = TestVault::asking(&model.base_url()).with_shell();
    let config = vault.read("modulatio.yaml");
    vault.write("modulatio.yaml", &format!("{config}sandbox: off\n"));
    let plan = vault.approved(&body(1));
    (model, vault, plan)
}

#[test]
fn sigterm_ends_a_command_in_time_and_its_agent_hears_that_it_was_interrupted() {
    let (model, vault, plan) = with_a_command("echo begun > begun.txt; sleep 60");
    let daemon = Daemon::start(&vault, &[]);
    let begun = vault.path(&format!("ess/runs/{plan}/artifacts/begun.txt"));
    wait_until("the command runs", || begun.exists());
    ends_in_time(daemon);
    assert_eq!(vault.journal(&plan).status(), "approved");
    vault.is_proven(&plan);
    vault.run_until_idle();
    let journal = vault.journal(&plan);
    assert_eq!(journal.status(), "done");
    assert_eq!(journal.count("ToolCallStarted"), 1, "it is not run again");
    let told = model.requests()[2].body["messages"].to_string();
    assert!(told.contains("This call was interrupted"), "{told}");
    vault.is_proven(&plan);
}

#[test]
fn a_command_ends_when_its_plan_is_cancelled() {
    let (_model, vault, plan) = with_a_command("echo begun > begun.txt; sleep 60");
    let daemon = Daemon::start(&vault, &["--tick-seconds", "3600"]);
    let begun = vault.path(&format!("ess/runs/{plan}/artifacts/begun.txt"));
    wait_until("the command runs", || begun.exists());
    let asked = Instant::now();
    vault.run(&["plan", "cancel", &plan]).ok();
    daemon.says("runner done");
    assert!(asked.elapsed() < PROMISED, "{}", daemon.log());
    assert_eq!(vault.journal(&plan).status(), "cancelled");
    vault.is_proven(&plan);
}
