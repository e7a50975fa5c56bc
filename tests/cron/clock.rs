//! A clock that is set, by people or by a time server, while jobs wait for it.

use crate::{
    jobs::{JOURNAL, add, cron, daemon_at, fates, history, plans, proven, shown, vault_at},
    support::{Daemon, wait_until},
};

const MIDNIGHT: &str = "2026-11-24T00:00:30Z";

#[test]
fn nothing_fires_twice_when_the_clock_is_set_back() {
    let vault = vault_at(MIDNIGHT);
    let job = add(&vault, "*/30 * * * *", &["--overlap", "allow"]);
    daemon_at(&vault, "2026-11-24T02:00:01Z");
    daemon_at(&vault, "2026-11-24T01:00:01Z");
    daemon_at(&vault, "2026-11-24T01:30:01Z");
    daemon_at(&vault, "2026-11-24T02:00:01Z");
    daemon_at(&vault, "2026-11-24T02:30:01Z");
    assert_eq!(
        fates(&vault, &job),
        [
            "11-24T00:30 to 11-24T01:30 x3 superseded",
            "11-24T02:00 fired ESS-P-001",
            "11-24T02:30 fired ESS-P-002"
        ]
    );
    proven(&vault);
}

#[test]
fn a_daemon_that_lives_notices_that_the_clock_was_set_forward_and_back() {
    let vault = vault_at(MIDNIGHT);
    let job = add(&vault, "0 6 * * *", &[]);
    let daemon = Daemon::start(&vault, &["--tick-seconds", "1"]);
    daemon.says("sleeping");
    vault.set_clock("2026-11-24T06:00:01Z");
    wait_until("the first", || plans(&vault).len() == 1);
    // While it runs, it is in the way of the next slot.
    wait_until("it is done", || {
        vault.journal("ESS-P-001").status() == "done"
    });
    vault.set_clock("2026-11-24T05:00:00Z");
    std::thread::sleep(std::time::Duration::from_millis(2_500));
    assert_eq!(plans(&vault).len(), 1, "{}", daemon.log());
    vault.set_clock("2026-11-26T05:59:00Z");
    wait_until("what was missed", || fates(&vault, &job).len() == 2);
    assert_eq!(
        fates(&vault, &job),
        ["11-24T06:00 fired ESS-P-001", "11-25T06:00 fired ESS-P-002"]
    );
}

#[test]
fn what_people_do_after_the_clock_was_set_back_loses_no_slot_unsaid() {
    let vault = vault_at(MIDNIGHT);
    let often = add(&vault, "*/10 * * * *", &[]);
    let other = add(&vault, "0 * * * *", &["--overlap", "allow"]);
    daemon_at(&vault, "2026-11-24T02:00:01Z");
    vault.set_clock("2026-11-24T01:05:00Z");
    cron(&vault, &["run-now", &other]).ok();
    let edit = ["edit", &often, "--schedule", "5 * * * *"];
    cron(&vault, &edit).ok().says("next: 2026-11-24 02:05 UTC");
    cron(&vault, &["disable", &other]).ok();
    cron(&vault, &["enable", &other]).ok();
    daemon_at(&vault, "2026-11-24T01:30:00Z");
    daemon_at(&vault, "2026-11-24T03:00:01Z");
    let last = |job: &str| fates(&vault, job).last().cloned().unwrap();
    assert!(
        last(&often).starts_with("11-24T02:05 fired"),
        "{}",
        last(&often)
    );
    assert!(
        last(&other).starts_with("11-24T03:00 fired"),
        "{}",
        last(&other)
    );
    proven(&vault);
}

/// A claim whose frame is an hour ahead of the clock, and whose plan was not made, is not left for an hour.
#[test]
fn a_claim_from_the_future_is_served_at_once() {
    let vault = vault_at(MIDNIGHT);
    let job = add(&vault, "0 * * * *", &[]);
    vault.set_clock("2026-11-24T01:00:01Z");
    let fault = [("MODULATIO_FAULT", "kill-after-append:1")];
    assert_eq!(
        vault.run_with(&["daemon", "--until-idle"], &fault).code,
        None
    );
    assert!(plans(&vault).is_empty());
    daemon_at(&vault, "2026-11-24T00:10:00Z");
    assert_eq!(fates(&vault, &job), ["11-24T01:00 fired ESS-P-001"]);
}

/// One look by a clock that is ten years ahead; a person lets the job go on, and one that is added later runs by itself.
#[test]
fn a_job_goes_on_after_the_clock_was_far_ahead() {
    let vault = vault_at(MIDNIGHT);
    let job = add(&vault, "0 * * * *", &[]);
    daemon_at(&vault, "2036-11-24T00:00:30Z");
    vault.set_clock("2026-11-24T00:05:30Z");
    let remedy = format!("modulatio cron disable {job} && modulatio cron enable {job}");
    let run = vault.run_until_idle();
    run.says(&remedy).says("WARN");
    cron(&vault, &["list"]).ok().shows(&remedy);
    cron(&vault, &["show", &job]).ok().shows(&remedy);
    let notes = shown(&vault, &job)["notes"].to_string();
    assert!(notes.contains(&remedy), "{notes}");

    let later = add(&vault, "0 * * * *", &["--max-tokens", "9"]);
    assert_eq!(
        shown(&vault, &later)["next"][0]["at"],
        "2026-11-24T01:00:00.000000Z"
    );
    cron(&vault, &["disable", &job]).ok();
    cron(&vault, &["enable", &job]).ok();
    assert_eq!(shown(&vault, &job).get("notes"), None);
    daemon_at(&vault, "2026-11-24T01:00:01Z");
    for job in [&job, &later] {
        let fates = fates(&vault, job);
        let last = fates.last().unwrap();
        assert!(last.starts_with("11-24T01:00 fired"), "{fates:?}");
    }
    let edit = ["edit", &later, "--schedule", "30 * * * *"];
    cron(&vault, &edit).ok().says("next: 2026-11-24 01:30 UTC");
    let journal = vault.read(JOURNAL);
    assert_eq!(journal.matches("\"v\":2,\"from\":").count(), 3, "{journal}");
    proven(&vault);

    // Its time comes, and it was there already.
    let before = plans(&vault).len();
    cron(&vault, &["remove", &later]).ok();
    daemon_at(&vault, "2036-11-24T00:00:30Z");
    let history = history(&vault, &job);
    let claims = history
        .iter()
        .filter(|line| line.as_str() == "11-24T00:00 claimed");
    assert_eq!(claims.count(), 1, "{history:#?}");
    assert!(plans(&vault).len() <= before + 1);
    proven(&vault);
}

/// The times of the vault's frames stay ahead; everything that a job is told goes by the clock.
#[test]
fn a_run_by_hand_after_the_clock_was_far_ahead_is_of_now() {
    let vault = vault_at(MIDNIGHT);
    let job = add(&vault, "0 * * * *", &[]);
    daemon_at(&vault, "2036-11-24T00:00:30Z");
    vault.set_clock("2026-11-24T00:05:30Z");
    let mut made = Vec::new();
    for _ in 0..3 {
        let plan = cron(&vault, &["run-now", &job]).ok().out.trim().to_owned();
        let wish = crate::jobs::wish(&vault, &plan);
        assert!(wish.contains("2026-11-24 00:05 UTC"), "{wish}");
        made.push(plan);
    }
    made.dedup();
    assert_eq!(made.len(), 3, "each has a plan of its own: {made:?}");
}
