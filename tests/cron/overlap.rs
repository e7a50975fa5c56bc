//! Slots that come while a plan of an earlier one has not ended.

use modulatio_tools::fake_model::{FakeModel, Script};

use crate::{
    jobs::{add, cron, daemon_at, fates, history, pausing_at, plans, statuses},
    support::{Daemon, TestVault, wait_until},
};

const MIDNIGHT: &str = "2026-11-24T00:00:30Z";

/// A job whose first plan has paused and waits for a person, and whose second slot has come.
fn waits_for_a_person(overlap: &str) -> (TestVault, String) {
    let vault = pausing_at(MIDNIGHT);
    let job = add(&vault, "0 * * * *", &["--overlap", overlap]);
    daemon_at(&vault, "2026-11-24T01:00:01Z");
    assert_eq!(statuses(&vault), ["paused"]);
    daemon_at(&vault, "2026-11-24T02:00:01Z");
    (vault, job)
}

/// A person lets the first plan go on, and a daemon finishes it.
fn is_answered(vault: &TestVault) {
    vault.run(&["ticket", "approve", "ESS-1"]).ok();
    vault.run_until_idle();
    assert_eq!(vault.journal("ESS-P-001").status(), "done");
}

#[test]
fn a_slot_is_skipped_while_a_plan_waits_for_a_person() {
    let (vault, job) = waits_for_a_person("skip");
    let skipped = "11-24T02:00 to 11-24T02:00 x1 overlap ESS-P-001";
    assert_eq!(
        fates(&vault, &job),
        ["11-24T01:00 fired ESS-P-001", skipped]
    );
    is_answered(&vault);
    assert_eq!(
        plans(&vault).len(),
        1,
        "what was skipped does not come back"
    );
    daemon_at(&vault, "2026-11-24T03:00:01Z");
    assert_eq!(
        fates(&vault, &job)[1..],
        [skipped, "11-24T03:00 fired ESS-P-002"]
    );
}

#[test]
fn a_slot_waits_while_a_plan_waits_for_a_person_and_runs_when_it_has_ended() {
    let (vault, job) = waits_for_a_person("queue");
    assert_eq!(
        fates(&vault, &job),
        ["11-24T01:00 fired ESS-P-001", "11-24T02:00 queued"]
    );
    daemon_at(&vault, "2026-11-24T02:30:00Z");
    assert_eq!(plans(&vault).len(), 1, "it waits on");
    is_answered(&vault);
    assert_eq!(statuses(&vault), ["done", "paused"], "in the same run");
    assert_eq!(
        history(&vault, &job)[3..],
        [
            "11-24T02:00 queued",
            "11-24T02:00 claimed",
            "11-24T02:00 fired ESS-P-002"
        ]
    );
    let wish = crate::jobs::wish(&vault, "ESS-P-002");
    assert!(
        wish.contains("2026-11-24 02:00 UTC"),
        "its own time: {wish}"
    );
}

#[test]
fn a_slot_runs_beside_a_plan_if_it_may() {
    let (vault, job) = waits_for_a_person("allow");
    assert_eq!(
        fates(&vault, &job),
        ["11-24T01:00 fired ESS-P-001", "11-24T02:00 fired ESS-P-002"]
    );
    assert_eq!(statuses(&vault), ["paused", "paused"]);
}

#[test]
fn a_plan_that_is_cancelled_is_in_nobodys_way() {
    let vault = pausing_at(MIDNIGHT);
    let job = add(&vault, "0 * * * *", &[]);
    daemon_at(&vault, "2026-11-24T01:00:01Z");
    vault
        .run(&["ticket", "decline", "ESS-1", "--note", "enough"])
        .ok();
    daemon_at(&vault, "2026-11-24T02:00:01Z");
    assert_eq!(fates(&vault, &job)[1..], ["11-24T02:00 fired ESS-P-002"]);
}

/// Damage to one plan stops neither its job nor others.
#[test]
fn a_plan_whose_journal_is_damaged_is_in_nobodys_way() {
    let vault = pausing_at(MIDNIGHT);
    let job = add(&vault, "0 * * * *", &[]);
    daemon_at(&vault, "2026-11-24T01:00:01Z");
    std::fs::write(vault.journal_file("ESS-P-001"), "{}\n").unwrap();
    vault.set_clock("2026-11-24T02:00:01Z");
    vault.run(&["daemon", "--until-idle"]);
    assert_eq!(fates(&vault, &job)[1..], ["11-24T02:00 fired ESS-P-002"]);
}

/// A call that lasts: the daemon's only runner is busy, and the schedule is kept all the same.
#[test]
fn a_slot_is_skipped_while_a_plan_executes() {
    let script = Script {
        delay_ms: 60_000,
        ..Script::default()
    };
    let model = FakeModel::start(script).expect("a free port");
    let vault = TestVault::asking(&model.base_url());
    vault.set_clock(MIDNIGHT);
    let job = add(&vault, "0 * * * *", &[]);
    vault.set_clock("2026-11-24T01:00:01Z");
    let _daemon = Daemon::start(&vault, &["--tick-seconds", "1"]);
    wait_until("the plan's first call is under way", || {
        !model.requests().is_empty()
    });
    vault.set_clock("2026-11-24T02:00:01Z");
    wait_until("the slot is told", || fates(&vault, &job).len() == 2);
    assert_eq!(
        fates(&vault, &job)[1],
        "11-24T02:00 to 11-24T02:00 x1 overlap ESS-P-001"
    );
    assert_eq!(plans(&vault).len(), 1);
}

#[test]
fn a_hundred_wait_and_no_more() {
    let vault = pausing_at(MIDNIGHT);
    let options = ["--overlap", "queue", "--catch-up", "all"];
    let job = add(&vault, "* * * * *", &options);
    daemon_at(&vault, "2026-11-24T02:00:01Z");
    let fates = fates(&vault, &job);
    let queued = fates.iter().filter(|fate| fate.ends_with("queued"));
    assert_eq!(queued.count(), 100);
    let full = "11-24T01:42 to 11-24T02:00 x19 queue-full";
    assert!(fates.iter().any(|fate| fate == full), "{fates:#?}");
    assert_eq!(plans(&vault).len(), 1);
}

/// Nothing that the daemon does ends the plan, and its next tick is an hour away.
#[test]
fn what_waits_is_served_when_a_person_cancels_the_plan_before_it() {
    let (vault, job) = waits_for_a_person("queue");
    let daemon = Daemon::start(&vault, &["--tick-seconds", "3600"]);
    daemon.says("sleeping");
    assert_eq!(plans(&vault).len(), 1, "it waits");
    vault.run(&["plan", "cancel", "ESS-P-001"]).ok();
    wait_until("what waited is fired", || plans(&vault).len() == 2);
    wait_until("that is told", || {
        history(&vault, &job).last().map(String::as_str) == Some("11-24T02:00 fired ESS-P-002")
    });
}

/// The first plan of many is still in the way, however many came while they were allowed beside each other.
#[test]
fn a_plan_is_in_the_way_however_many_were_made_since() {
    let vault = pausing_at(MIDNIGHT);
    let options = ["--overlap", "allow", "--catch-up", "all"];
    let job = add(&vault, "* * * * *", &options);
    daemon_at(&vault, "2026-11-24T00:20:01Z");
    let all = plans(&vault);
    assert_eq!(all.len(), 20);
    for plan in &all[1..] {
        vault.run(&["plan", "cancel", plan]).ok();
    }
    cron(&vault, &["edit", &job, "--overlap", "skip"]).ok();
    daemon_at(&vault, "2026-11-24T00:21:01Z");
    let last = || fates(&vault, &job).last().cloned().unwrap();
    assert_eq!(last(), "11-24T00:21 to 11-24T00:21 x1 overlap ESS-P-001");
    vault.run(&["plan", "cancel", &all[0]]).ok();
    daemon_at(&vault, "2026-11-24T00:22:01Z");
    assert_eq!(last(), "11-24T00:22 fired ESS-P-021");
}
