//! Slots that no daemon was there for.

use crate::jobs::{add, daemon_at, fates, plans, statuses, vault_at};

const EVENING: &str = "2026-11-23T20:30:00Z";

/// A job every four hours that nobody looks after for a day.
fn a_day_later(options: &[&str]) -> (Vec<String>, usize) {
    let vault = vault_at(EVENING);
    let job = add(&vault, "0 */4 * * *", options);
    daemon_at(&vault, "2026-11-24T20:30:00Z");
    (fates(&vault, &job), plans(&vault).len())
}

#[test]
fn by_itself_a_job_runs_once_for_all_that_it_missed() {
    for options in [&[][..], &["--catch-up", "last"]] {
        let (fates, plans) = a_day_later(options);
        assert_eq!(
            fates,
            [
                "11-24T00:00 to 11-24T16:00 x5 superseded",
                "11-24T20:00 fired ESS-P-001"
            ]
        );
        assert_eq!(plans, 1);
    }
}

#[test]
fn a_job_that_does_not_catch_up_says_what_it_missed() {
    let (fates, plans) = a_day_later(&["--catch-up", "none"]);
    assert_eq!(fates, ["11-24T00:00 to 11-24T20:00 x6 missed"]);
    assert_eq!(plans, 0);
}

#[test]
fn a_job_that_catches_up_with_all_runs_each() {
    let (fates, plans) = a_day_later(&["--catch-up", "all", "--overlap", "allow"]);
    let slots = ["00", "04", "08", "12", "16", "20"];
    let expected: Vec<String> = (1..)
        .zip(slots)
        .map(|(n, hour)| format!("11-24T{hour}:00 fired ESS-P-{n:03}"))
        .collect();
    assert_eq!(fates, expected);
    assert_eq!(plans, 6);
}

#[test]
fn one_after_the_other_if_they_are_to_wait() {
    let vault = vault_at(EVENING);
    let options = ["--catch-up", "all", "--overlap", "queue"];
    let job = add(&vault, "0 */6 * * *", &options);
    daemon_at(&vault, "2026-11-24T20:30:00Z");
    assert_eq!(
        fates(&vault, &job),
        [
            "11-24T06:00 queued",
            "11-24T12:00 queued",
            "11-24T18:00 queued",
            "11-24T00:00 fired ESS-P-001",
            "11-24T06:00 fired ESS-P-002",
            "11-24T12:00 fired ESS-P-003",
            "11-24T18:00 fired ESS-P-004"
        ],
        "in the same run of the daemon"
    );
    assert_eq!(statuses(&vault), ["done"; 4]);
    for (plan, before) in [("ESS-P-002", "ESS-P-001"), ("ESS-P-003", "ESS-P-002")] {
        let begun = vault.journal(plan).entries[0].0.mark.at;
        let ended = vault.journal(before).entries.last().unwrap().0.mark.at;
        assert!(begun >= ended, "{plan} was made before {before} had ended");
    }
}

#[test]
fn only_what_is_within_the_window_is_caught_up_with() {
    let all = ["--catch-up", "all", "--overlap", "allow"];
    let (fates, _) = a_day_later(&[&all[..], &["--catch-up-window", "9h"]].concat());
    assert_eq!(
        fates,
        [
            "11-24T00:00 to 11-24T08:00 x3 outside-window",
            "11-24T12:00 fired ESS-P-001",
            "11-24T16:00 fired ESS-P-002",
            "11-24T20:00 fired ESS-P-003"
        ]
    );
    let (fates, plans) = a_day_later(&["--catch-up-window", "20m"]);
    assert_eq!(fates, ["11-24T00:00 to 11-24T20:00 x6 outside-window"]);
    assert_eq!(plans, 0);
}

#[test]
fn a_delayed_slot_fires_within_its_delay_and_is_not_missed_meanwhile() {
    let vault = vault_at(EVENING);
    let options = ["--jitter", "40m", "--catch-up", "none"];
    let job = add(&vault, "0 0 * * *", &options);
    let mut minutes = 0;
    while plans(&vault).is_empty() {
        assert!(minutes <= 40, "{:?}", fates(&vault, &job));
        let at = format!("2026-11-24T00:{minutes:02}:01Z");
        daemon_at(&vault, &at);
        minutes += 1;
    }
    assert!(minutes > 1, "it is delayed");
    assert_eq!(fates(&vault, &job), ["11-24T00:00 fired ESS-P-001"]);
}

#[test]
fn a_daemon_that_was_away_for_less_than_a_minute_has_missed_nothing() {
    let vault = vault_at(EVENING);
    let options = ["--catch-up", "none", "--catch-up-window", "0"];
    let job = add(&vault, "0 */4 * * *", &options);
    daemon_at(&vault, "2026-11-24T00:00:40Z");
    assert_eq!(fates(&vault, &job), ["11-24T00:00 fired ESS-P-001"]);
}
