//! Daemons at work: one that dies while the Leader writes, one that is busy, one that serves a project alone, and jobs
//! that do not keep each other up.

use modulatio_tools::fake_model::{Behaviour, FakeModel, Script, Step};
use serde_json::Value;

use crate::{
    jobs::{add, cron, daemon_at, fates, lines, plans, plans_of, proven, statuses, vault_at},
    support::{Daemon, TestVault, body, wait_until},
};

const MIDNIGHT: &str = "2026-11-24T00:00:30Z";
const ONE: &str = "2026-11-24T01:00:01Z";

#[test]
fn a_daemon_killed_while_the_leader_writes_leaves_the_plan_to_the_next() {
    let slow = Step::new(Behaviour::default())
        .for_tool("submit_plan")
        .after(std::time::Duration::from_secs(60));
    let model = FakeModel::start(Script::of([slow])).expect("a free port");
    let vault = TestVault::asking(&model.base_url());
    vault.set_clock(MIDNIGHT);
    let job = add(&vault, "0 * * * *", &[]);
    vault.set_clock(ONE);
    let daemon = Daemon::start(&vault, &["--until-idle"]);
    wait_until("the Leader is asked", || model.requests().len() == 1);
    daemon.kill();
    vault.run_until_idle();
    assert_eq!(statuses(&vault), ["done"]);
    assert_eq!(fates(&vault, &job), ["11-24T01:00 fired ESS-P-001"]);
    let journal = vault.journal("ESS-P-001");
    assert_eq!(journal.count("ModelCallAbandoned"), 1);
    assert!(model.sold().by_key.values().all(|count| *count == 1));
    vault.is_proven("ESS-P-001");
    proven(&vault);
}

/// It is the next one's, once it is clear that nobody is about to make its plan; a run until idle waits for that.
#[test]
fn a_slot_that_was_claimed_by_a_dead_daemon_is_served_by_a_run_right_after() {
    let vault = vault_at(MIDNIGHT);
    let job = add(&vault, "0 * * * *", &[]);
    vault.set_clock(ONE);
    let fault = [("MODULATIO_FAULT", "kill-after-append:1")];
    assert_eq!(
        vault.run_with(&["daemon", "--until-idle"], &fault).code,
        None
    );
    assert!(plans(&vault).is_empty());
    vault.run_until_idle();
    assert_eq!(statuses(&vault), ["done"]);
    let by = |line: &Value| line["by"].as_str().unwrap().to_owned();
    let lines = lines(&vault, &job);
    let [_, claimed, fired] = &lines[..] else {
        panic!("{lines:?}");
    };
    assert_ne!(by(claimed), by(fired), "the history tells both");
}

/// One runner, and it is busy: the plan is there at its time, and runs when the runner is free.
#[test]
fn a_slot_fires_while_another_plan_executes_and_its_plan_runs_afterwards() {
    let script = Script {
        delay_ms: 2_000,
        ..Script::default()
    };
    let model = FakeModel::start(script).expect("a free port");
    let vault = TestVault::asking(&model.base_url());
    vault.set_clock(MIDNIGHT);
    let job = add(&vault, "0 * * * *", &[]);
    let long = vault.approved(&body(1));
    let _daemon = Daemon::start(&vault, &["--tick-seconds", "1"]);
    wait_until("the plan executes", || !model.requests().is_empty());
    vault.set_clock(ONE);
    wait_until("the slot's plan is there", || plans(&vault).len() == 2);
    assert_eq!(vault.journal(&long).status(), "executing");
    assert_eq!(vault.journal("ESS-P-002").count("PlanClaimed"), 0);
    wait_until("the first is done", || {
        vault.journal(&long).status() == "done"
    });
    wait_until("the second runs", || {
        vault.journal("ESS-P-002").count("PlanClaimed") == 1
    });
    assert_eq!(fates(&vault, &job), ["11-24T01:00 fired ESS-P-002"]);
}

#[test]
fn a_run_until_idle_does_not_wait_for_slots_and_runs_what_has_come() {
    let vault = vault_at("2026-11-24T00:59:58Z");
    add(&vault, "0 * * * *", &[]);
    let started = std::time::Instant::now();
    vault
        .run(&["daemon", "--until-idle", "--tick-seconds", "3600"])
        .ok();
    assert!(started.elapsed() < std::time::Duration::from_secs(60));
    vault.set_clock("2026-11-24T23:30:00Z");
    vault
        .run(&["daemon", "--until-idle", "--tick-seconds", "3600"])
        .ok();
    assert_eq!(statuses(&vault).last(), Some(&"done"));
}

#[test]
fn a_daemon_of_one_project_leaves_the_jobs_of_others_alone() {
    let vault = vault_at(MIDNIGHT);
    vault.project("other");
    let own = add(&vault, "0 * * * *", &[]);
    let args = ["add", "OTHER", "Look", "--schedule", "0 * * * *"];
    cron(&vault, &args).ok().shows("OTHER-C-1");
    vault.set_clock(ONE);
    vault
        .run(&["daemon", "--until-idle", "--project", "OTHER"])
        .ok();
    assert_eq!(plans_of(&vault, "other"), ["OTHER-P-001"]);
    assert_eq!(vault.journal("OTHER-P-001").status(), "done");
    assert!(plans(&vault).is_empty());
    assert!(fates(&vault, &own).is_empty());
    vault.run_until_idle();
    assert_eq!(fates(&vault, &own), ["11-24T01:00 fired ESS-P-001"]);
    assert_eq!(plans_of(&vault, "other").len(), 1);
}

#[test]
fn jobs_of_the_same_time_each_have_their_plan() {
    let vault = vault_at(MIDNIGHT);
    let jobs: Vec<String> = (0..4).map(|_| add(&vault, "0 * * * *", &[])).collect();
    daemon_at(&vault, ONE);
    assert_eq!(statuses(&vault), ["done"; 4]);
    for (n, job) in (1..).zip(&jobs) {
        let fired = format!("11-24T01:00 fired ESS-P-{n:03}");
        assert_eq!(fates(&vault, job), [fired]);
    }
}

#[test]
fn a_job_whose_project_is_gone_fails_its_slot_and_others_fire() {
    let vault = vault_at(MIDNIGHT);
    vault.project("gone");
    let args = ["add", "GONE", "Look", "--schedule", "0 * * * *"];
    cron(&vault, &args).ok();
    let own = add(&vault, "0 * * * *", &[]);
    std::fs::rename(vault.path("gone"), vault.beside().join("gone")).unwrap();
    vault.set_clock(ONE);
    let ran = vault.run_until_idle();
    assert!(ran.err.contains("there is no project GONE"), "{}", ran.err);
    assert_eq!(fates(&vault, &own), ["11-24T01:00 fired ESS-P-001"]);
    let lines = lines(&vault, "GONE-C-1");
    let last: &Value = &lines.last().unwrap()["event"];
    assert_eq!(last["kind"], "SlotFailed");
    let why = last["why"].as_str().unwrap();
    assert!(why.contains("there is no project GONE"), "{why}");
    std::fs::rename(vault.beside().join("gone"), vault.path("gone")).unwrap();
    daemon_at(&vault, "2026-11-24T02:00:01Z");
    assert_eq!(
        fates(&vault, "GONE-C-1")[1..],
        ["11-24T02:00 fired GONE-P-001"]
    );
    let shown = crate::jobs::shown(&vault, "GONE-C-1");
    assert_eq!((&shown["fired"], &shown["failed"]), (&1.into(), &1.into()));
}

#[test]
fn a_project_that_cannot_be_used_lets_its_slots_wait_for_nobody() {
    let vault = vault_at(MIDNIGHT);
    vault.project("bad");
    let args = ["add", "BAD", "Look", "--schedule", "0 * * * *"];
    cron(&vault, &args).ok();
    let own = add(&vault, "0 * * * *", &[]);
    vault.write("bad/project.yaml", "objectiv: x\n");
    vault.set_clock(ONE);
    vault.run(&["daemon", "--until-idle"]);
    assert_eq!(fates(&vault, &own), ["11-24T01:00 fired ESS-P-001"]);
    assert_eq!(vault.journal("ESS-P-001").status(), "done");
}

/// What the machine refuses for now is tried again, and a daemon that tries does not spin.
#[test]
fn a_plan_that_cannot_be_made_just_now_is_made_later() {
    let vault = vault_at(MIDNIGHT);
    let job = add(&vault, "0 * * * *", &[]);
    // Where the numbers of plans should be, there is a directory.
    let numbers = vault.path(".modulatio/numbers/ESS.journal.jsonl");
    std::fs::create_dir_all(&numbers).unwrap();
    vault.set_clock(ONE);
    let daemon = Daemon::start(&vault, &["--tick-seconds", "1"]);
    daemon.says("job ESS-C-1 cannot be served");
    vault.pass(3);
    let second = std::time::Duration::from_secs(1);
    // By now it has noticed that the claim counts as left behind.
    std::thread::sleep(2 * second);
    wait_until("it rests between its tries", || {
        let before = reads(&daemon);
        std::thread::sleep(second);
        reads(&daemon) - before < 200
    });
    assert!(fates(&vault, &job).is_empty());
    std::fs::remove_dir(numbers).unwrap();
    wait_until("it is made", || !fates(&vault, &job).is_empty());
    assert_eq!(fates(&vault, &job), ["11-24T01:00 fired ESS-P-001"]);
}

/// How often a daemon has read from a file: whoever spins does so without end, however busy the machine is.
fn reads(daemon: &Daemon) -> u64 {
    let io = std::fs::read_to_string(format!("/proc/{}/io", daemon.pid())).unwrap();
    let line = io.lines().find_map(|line| line.strip_prefix("syscr: "));
    line.unwrap().parse().unwrap()
}
