//! Jobs that end by themselves.

use crate::jobs::{add, cron, daemon_at, fates, history, plans, shown, vault_at};

const MIDNIGHT: &str = "2026-11-24T00:00:30Z";

#[test]
fn a_job_ends_after_so_many_runs() {
    let vault = vault_at(MIDNIGHT);
    let job = add(&vault, "0 * * * *", &["--count", "2"]);
    for hour in 1..=4 {
        daemon_at(&vault, &format!("2026-11-24T0{hour}:00:01Z"));
    }
    assert_eq!(
        history(&vault, &job)[1..],
        [
            "11-24T01:00 claimed",
            "11-24T01:00 fired ESS-P-001",
            "11-24T02:00 claimed",
            "ended by count",
            "11-24T02:00 fired ESS-P-002"
        ]
    );
    assert_eq!(shown(&vault, &job)["status"], "ended");
    assert_eq!(plans(&vault).len(), 2);
    cron(&vault, &["enable", &job])
        .code(6)
        .says("has ended; give it a later end");
    cron(&vault, &["edit", &job, "--count", "3"]).ok();
    daemon_at(&vault, "2026-11-24T05:00:01Z");
    let last = history(&vault, &job);
    assert_eq!(
        last[6..],
        [
            "JobChanged",
            "11-24T05:00 claimed",
            "ended by count",
            "11-24T05:00 fired ESS-P-003"
        ]
    );
}

#[test]
fn a_job_ends_at_its_time_and_that_time_is_the_last() {
    let vault = vault_at(MIDNIGHT);
    let until = ["--until", "2026-11-24T02:00:00Z"];
    let job = add(&vault, "0 * * * *", &until);
    for hour in 1..=4 {
        daemon_at(&vault, &format!("2026-11-24T0{hour}:00:01Z"));
    }
    assert_eq!(
        history(&vault, &job)[1..],
        [
            "11-24T01:00 claimed",
            "11-24T01:00 fired ESS-P-001",
            "11-24T02:00 claimed",
            "ended by until",
            "11-24T02:00 fired ESS-P-002"
        ]
    );
}

/// The end passed while nobody looked: what came before it is caught up with, what came after it is not.
#[test]
fn an_end_that_nobody_saw_is_an_end() {
    let vault = vault_at(MIDNIGHT);
    let until = ["--until", "2026-11-24T03:30:00+01:00"];
    let job = add(&vault, "0 * * * *", &until);
    daemon_at(&vault, "2026-11-24T09:00:01Z");
    assert_eq!(
        history(&vault, &job)[1..],
        [
            "11-24T01:00 to 11-24T01:00 x1 superseded",
            "11-24T02:00 claimed",
            "ended by until",
            "11-24T02:00 fired ESS-P-001"
        ]
    );
    assert_eq!(fates(&vault, &job).len(), 2);
}

#[test]
fn an_end_can_be_taken_away() {
    let vault = vault_at(MIDNIGHT);
    let job = add(&vault, "0 * * * *", &["--count", "1"]);
    daemon_at(&vault, "2026-11-24T01:00:01Z");
    cron(&vault, &["edit", &job, "--count", "none"]).ok();
    assert_eq!(shown(&vault, &job)["status"], "enabled");
    assert_eq!(shown(&vault, &job)["count"], serde_json::Value::Null);
    daemon_at(&vault, "2026-11-24T02:00:01Z");
    assert_eq!(plans(&vault).len(), 2);
}
