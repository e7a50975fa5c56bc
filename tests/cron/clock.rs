//! A clock that is set, by people or by a time server, while jobs wait for it.

use crate::{
    jobs::{add, cron, daemon_at, fates, plans, proven, vault_at},
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
