//! What people do to jobs: disable, enable, edit, remove, run by hand.

use crate::{
    jobs::{add, cron, daemon_at, fates, history, pausing_at, plans, statuses, vault_at, wish},
    support::TestVault,
};

const MIDNIGHT: &str = "2026-11-24T00:00:30Z";

#[test]
fn a_disabled_job_does_not_run_and_says_which_slots_it_did_not() {
    let vault = vault_at(MIDNIGHT);
    let job = add(&vault, "0 * * * *", &[]);
    daemon_at(&vault, "2026-11-24T01:00:01Z");
    cron(&vault, &["disable", &job])
        .ok()
        .shows("ESS-C-1 disabled");
    daemon_at(&vault, "2026-11-24T04:00:01Z");
    assert_eq!(plans(&vault).len(), 1);
    cron(&vault, &["history", &job])
        .ok()
        .says("3 time(s) have not run since");
    vault.set_clock("2026-11-24T04:30:00Z");
    cron(&vault, &["enable", &job])
        .ok()
        .shows("ESS-C-1 enabled")
        .says("3 time(s) did not run");
    vault.run_until_idle();
    daemon_at(&vault, "2026-11-24T05:00:01Z");
    assert_eq!(
        history(&vault, &job)[3..],
        [
            "JobDisabled",
            "11-24T02:00 to 11-24T04:00 x3 disabled",
            "JobEnabled",
            "11-24T05:00 claimed",
            "11-24T05:00 fired ESS-P-002"
        ]
    );
}

#[test]
fn disabling_gives_up_what_waits() {
    let vault = pausing_at(MIDNIGHT);
    let job = add(&vault, "0 * * * *", &["--overlap", "queue"]);
    daemon_at(&vault, "2026-11-24T01:00:01Z");
    daemon_at(&vault, "2026-11-24T02:00:01Z");
    daemon_at(&vault, "2026-11-24T03:00:01Z");
    cron(&vault, &["disable", &job])
        .ok()
        .says("2 time(s) did not run");
    vault.run(&["ticket", "approve", "ESS-1"]).ok();
    vault.run_until_idle();
    assert_eq!(statuses(&vault), ["done"]);
    assert_eq!(
        fates(&vault, &job)[3..],
        ["11-24T02:00 to 11-24T03:00 x2 disabled"]
    );
}

#[test]
fn an_edited_job_never_fires_as_it_was() {
    let vault = vault_at(MIDNIGHT);
    let job = add(&vault, "0 * * * *", &[]);
    // Two slots came and nobody was there; then it is changed.
    vault.set_clock("2026-11-24T02:10:00Z");
    cron(
        &vault,
        &[
            "edit",
            &job,
            "--schedule",
            "30 * * * *",
            "--objective",
            "Look ahead",
        ],
    )
    .ok()
    .says("2 time(s) of the job as it was did not run")
    .says("next: 2026-11-24 02:30 UTC");
    vault.run_until_idle();
    assert!(plans(&vault).is_empty());
    daemon_at(&vault, "2026-11-24T02:30:01Z");
    assert_eq!(
        history(&vault, &job)[1..],
        [
            "11-24T01:00 to 11-24T02:00 x2 changed",
            "JobChanged",
            "11-24T02:30 claimed",
            "11-24T02:30 fired ESS-P-001"
        ]
    );
    assert!(wish(&vault, "ESS-P-001").starts_with("Look ahead\n"));
}

#[test]
fn an_edit_gives_up_what_waits_and_leaves_the_rest_as_it_was() {
    let vault = pausing_at(MIDNIGHT);
    let options = ["--overlap", "queue", "--max-tokens", "90000"];
    let job = add(&vault, "0 * * * *", &options);
    daemon_at(&vault, "2026-11-24T01:00:01Z");
    daemon_at(&vault, "2026-11-24T02:00:01Z");
    cron(&vault, &["edit", &job, "--objective", "Look ahead"]).ok();
    vault.run(&["ticket", "approve", "ESS-1"]).ok();
    vault.run_until_idle();
    assert_eq!(plans(&vault).len(), 1);
    let shown = crate::jobs::shown(&vault, &job);
    assert_eq!(shown["overlap"], "queue");
    assert_eq!(shown["max_tokens"], 90_000);
    assert_eq!(shown["objective"], "Look ahead");
    assert_eq!(
        fates(&vault, &job)[2..],
        ["11-24T02:00 to 11-24T02:00 x1 changed"]
    );
}

#[test]
fn a_removed_job_is_gone_and_its_history_and_plans_stay() {
    let vault = pausing_at(MIDNIGHT);
    let job = add(&vault, "0 * * * *", &["--overlap", "queue"]);
    daemon_at(&vault, "2026-11-24T01:00:01Z");
    daemon_at(&vault, "2026-11-24T02:00:01Z");
    vault.set_clock("2026-11-24T03:30:00Z");
    cron(&vault, &["remove", &job])
        .ok()
        .shows("ESS-C-1 removed")
        .says("2 time(s) did not run");
    assert_eq!(cron(&vault, &["list"]).ok().out, "");
    cron(&vault, &["show", &job])
        .code(1)
        .says("there is no job ESS-C-1");
    assert!(!vault.read("cron.yaml").contains("ESS-C-1"));
    vault.run(&["ticket", "approve", "ESS-1"]).ok();
    daemon_at(&vault, "2026-11-24T09:00:01Z");
    assert_eq!(statuses(&vault), ["done"]);
    assert_eq!(
        fates(&vault, &job)[2..],
        [
            "11-24T02:00 to 11-24T02:00 x1 removed",
            "11-24T03:00 to 11-24T03:00 x1 removed"
        ]
    );
    assert_eq!(
        add(&vault, "0 * * * *", &[]),
        "ESS-C-2",
        "no id comes twice"
    );
}

fn run_now(vault: &TestVault, job: &str) -> String {
    cron(vault, &["run-now", job]).ok().out.trim().to_owned()
}

#[test]
fn a_job_runs_by_hand_whatever_its_schedule_says() {
    let vault = vault_at(MIDNIGHT);
    let job = add(&vault, "0 6 1 1 *", &["--count", "1"]);
    assert_eq!(run_now(&vault, &job), "ESS-P-001");
    assert_eq!(run_now(&vault, &job), "ESS-P-002", "as often as one likes");
    vault.run_until_idle();
    assert_eq!(statuses(&vault), ["done", "done"]);
    cron(&vault, &["disable", &job]).ok();
    assert_eq!(run_now(&vault, &job), "ESS-P-003", "disabled as well");
    let shown = crate::jobs::shown(&vault, &job);
    assert_eq!(shown["fired"], 0, "none of them is a time of the job");
    assert_eq!(shown["last_plan"], "ESS-P-003");
    vault.run_until_idle();
    assert_eq!(statuses(&vault), ["done", "done", "done"]);
    let text = cron(&vault, &["history", &job]).ok().out;
    assert_eq!(text.matches("claimed, by hand").count(), 3, "{text}");
}

#[test]
fn a_slot_is_skipped_while_a_run_by_hand_has_not_ended() {
    let vault = pausing_at(MIDNIGHT);
    let job = add(&vault, "0 * * * *", &[]);
    run_now(&vault, &job);
    vault.run_until_idle();
    daemon_at(&vault, "2026-11-24T01:00:01Z");
    assert_eq!(
        fates(&vault, &job)[1..],
        ["11-24T01:00 to 11-24T01:00 x1 overlap ESS-P-001"]
    );
}

#[test]
fn a_run_by_hand_without_its_project_says_why_there_is_no_plan() {
    let vault = vault_at(MIDNIGHT);
    let job = add(&vault, "0 * * * *", &[]);
    std::fs::rename(vault.path("ess"), vault.beside().join("ess")).unwrap();
    cron(&vault, &["run-now", &job])
        .code(1)
        .says("no plan could be made")
        .says("modulatio cron history ESS-C-1");
    let history = cron(&vault, &["history", &job]).ok().out;
    assert!(history.contains("there is no project ESS"), "{history}");
}
