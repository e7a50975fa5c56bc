//! The operator's guide, word for word.

use crate::{
    jobs::{cron, daemon_at, fates, plans_of, proven, vault_at, wish},
    support::{Daemon, TestVault, wait_until},
};

const OBJECTIVE: &str = "Send weekly follow-up to leads from past 7 days";

/// Its example, typed as it stands there.
fn added(at: &str) -> TestVault {
    let vault = vault_at(at);
    vault.project("sales");
    let ran = cron(
        &vault,
        &["add", "SALES", OBJECTIVE, "--schedule", "0 6 * * *"],
    );
    assert_eq!(ran.code, Some(0), "{ran:#?}");
    assert_eq!(ran.out, "SALES-C-1\n");
    vault
}

#[test]
fn a_daily_kickoff_is_generated_and_run_at_its_time() {
    let vault = added("2026-05-05T20:00:00Z");
    vault.run_until_idle();
    assert!(plans_of(&vault, "sales").is_empty(), "not before its time");
    daemon_at(&vault, "2026-05-06T06:00:01Z");
    assert_eq!(plans_of(&vault, "sales"), ["SALES-P-001"]);
    let journal = vault.journal("SALES-P-001");
    assert_eq!(journal.status(), "done");
    assert_eq!(
        wish(&vault, "SALES-P-001"),
        format!("{OBJECTIVE}\n\n(Scheduled for 2026-05-06 06:00 UTC.)")
    );
    let approved = vault.read("sales/plans/SALES-P-001.md");
    assert!(
        approved.contains("job SALES-C-1 of cli:tester"),
        "who has approved it is told: {approved}"
    );
    daemon_at(&vault, "2026-05-07T06:00:01Z");
    assert_eq!(
        fates(&vault, "SALES-C-1"),
        [
            "05-06T06:00 fired SALES-P-001",
            "05-07T06:00 fired SALES-P-002"
        ]
    );
    vault.is_proven("SALES-P-001");
    proven(&vault);
}

/// The tick is an hour: what wakes the daemon is the slot.
#[test]
fn a_sleeping_daemon_wakes_for_its_time() {
    let vault = added("2026-05-06T05:59:56Z");
    let _daemon = Daemon::start(&vault, &["--tick-seconds", "3600"]);
    wait_until("the plan is there", || {
        plans_of(&vault, "sales") == ["SALES-P-001"]
    });
    assert!(vault.now() >= projections::time::Timestamp::parse("2026-05-06T06:00:00Z").unwrap());
    wait_until("it is run", || {
        vault.journal("SALES-P-001").status() == "done"
    });
}

/// The tick is an hour: what tells the daemon of the job is the schedule's journal.
#[test]
fn a_sleeping_daemon_learns_of_a_job_that_is_added() {
    let vault = vault_at("2026-05-06T05:59:50Z");
    vault.project("sales");
    let daemon = Daemon::start(&vault, &["--tick-seconds", "3600"]);
    daemon.says("sleeping");
    // However long that took: five seconds are left for the command.
    vault.set_clock("2026-05-06T05:59:55Z");
    cron(
        &vault,
        &["add", "SALES", OBJECTIVE, "--schedule", "0 6 * * *"],
    )
    .ok()
    .says("next: 2026-05-06 06:00 UTC");
    wait_until("it is run", || {
        plans_of(&vault, "sales") == ["SALES-P-001"]
            && vault.journal("SALES-P-001").status() == "done"
    });
}

#[test]
fn six_in_berlin_is_six_in_berlin_all_year() {
    for (start, slots) in [
        (
            "2026-03-27T12:00:00Z",
            ["2026-03-28T05:00", "2026-03-29T04:00", "2026-03-30T04:00"],
        ),
        (
            "2026-10-23T12:00:00Z",
            ["2026-10-24T04:00", "2026-10-25T05:00", "2026-10-26T05:00"],
        ),
    ] {
        let vault = vault_at(start);
        let job = crate::jobs::add(&vault, "0 6 * * *", &["--tz", "Europe/Berlin"]);
        for (n, slot) in slots.iter().enumerate() {
            let minute_before = {
                let at = projections::time::Timestamp::parse(&format!("{slot}:00Z")).unwrap();
                at.plus_seconds(-60).to_string()
            };
            daemon_at(&vault, &minute_before);
            assert_eq!(crate::jobs::plans(&vault).len(), n, "before {slot}");
            daemon_at(&vault, &format!("{slot}:01Z"));
            assert_eq!(crate::jobs::plans(&vault).len(), n + 1, "at {slot}");
        }
        let fired: Vec<String> = (1..)
            .zip(slots)
            .map(|(n, slot)| format!("{} fired ESS-P-{n:03}", &slot[5..]))
            .collect();
        assert_eq!(fates(&vault, &job), fired);
        let last = wish(&vault, "ESS-P-003");
        assert!(last.contains(" 06:00 CE"), "{last}");
    }
}
