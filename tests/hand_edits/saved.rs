//! How editors save: in pieces, twice, through other names. What is meant once is recorded once.

use std::io::Write;

use crate::{
    by_hand, kept,
    support::{Daemon, Journal, TestVault, body, wait_until},
    text,
};

const APPROVED: (&str, &str) = ("\nstatus: draft\n", "\nstatus: approved\n");

/// A daemon that sleeps beside a draft.
fn watched() -> (TestVault, String, Daemon) {
    let vault = TestVault::new();
    let plan = vault.draft(&body(1));
    let daemon = Daemon::start(&vault, &["--tick-seconds", "3600"]);
    daemon.says("sleeping");
    (vault, plan, daemon)
}

/// Waits for the end of the plan and for the daemon to have looked at everything since.
fn settled(vault: &TestVault, plan: &str) -> Journal {
    wait_until("the plan is done", || {
        vault.journal(plan).status() == "done"
    });
    vault.run_until_idle();
    assert_eq!(kept(vault), [""; 0]);
    vault.is_proven(plan);
    vault.journal(plan)
}

#[test]
fn truncated_first_and_written_then_is_one_edit() {
    let (vault, plan, _daemon) = watched();
    let new = text(&vault, &plan).replace(APPROVED.0, APPROVED.1);
    let path = vault.plan_file(&plan);
    drop(std::fs::File::create(&path).expect("a file"));
    std::thread::yield_now();
    std::fs::write(&path, new).expect("a file");
    assert_eq!(by_hand(&settled(&vault, &plan)), ["PlanApproved"]);
}

/// The daemon looks at the half-written file many times before the rest arrives.
#[test]
fn a_file_written_in_pieces_is_judged_when_it_is_whole() {
    let (vault, plan, daemon) = watched();
    let new = text(&vault, &plan).replace(APPROVED.0, APPROVED.1);
    let (half, rest) = new.split_at(new.len() / 2);
    let looks = |daemon: &Daemon| daemon.log().matches("tick plans").count();
    let before = looks(&daemon);
    let mut file = std::fs::File::create(vault.plan_file(&plan)).expect("a file");
    file.write_all(half.as_bytes()).expect("space");
    drop(file);
    wait_until("it looked", || looks(&daemon) > before);
    let mut file = std::fs::File::options()
        .append(true)
        .open(vault.plan_file(&plan))
        .expect("a file");
    file.write_all(rest.as_bytes()).expect("space");
    drop(file);
    let journal = settled(&vault, &plan);
    assert_eq!(by_hand(&journal), ["PlanApproved"]);
}

#[test]
fn saved_twice_is_recorded_once() {
    let (vault, plan, _daemon) = watched();
    let new = text(&vault, &plan).replace(APPROVED.0, APPROVED.1);
    for _ in 0..2 {
        std::fs::write(vault.plan_file(&plan), &new).expect("a file");
    }
    assert_eq!(by_hand(&settled(&vault, &plan)), ["PlanApproved"]);
}

/// The second save still carries the anchor of the rendering that the editor had opened.
#[test]
fn saved_again_after_it_was_taken_is_recorded_once() {
    let (vault, plan, _daemon) = watched();
    let new = text(&vault, &plan).replace(APPROVED.0, APPROVED.1);
    std::fs::write(vault.plan_file(&plan), &new).expect("a file");
    wait_until("the plan is done", || {
        vault.journal(&plan).status() == "done"
    });
    std::fs::write(vault.plan_file(&plan), &new).expect("a file");
    vault.run_until_idle();
    let journal = vault.journal(&plan);
    assert_eq!(journal.count("PlanApproved"), 1);
    assert_eq!(journal.status(), "done");
    vault.is_proven(&plan);
}

#[test]
fn saved_without_a_change_is_no_event() {
    let (vault, plan, daemon) = watched();
    let old = text(&vault, &plan);
    let looks = |daemon: &Daemon| daemon.log().matches("tick plans").count();
    let before = looks(&daemon);
    std::fs::write(
        vault.plan_file(&plan),
        old.replace("status: draft", "status:  \"draft\""),
    )
    .expect("a file");
    wait_until("it looked", || looks(&daemon) > before);
    wait_until("the file is rendered again", || text(&vault, &plan) == old);
    assert_eq!(vault.journal(&plan).entries.len(), 1);
}

#[test]
fn two_daemons_that_see_one_edit_record_it_once() {
    let vault = TestVault::slow("20ms");
    let plan = vault.draft(&body(1));
    let daemons = [(); 2].map(|()| Daemon::start(&vault, &["--tick-seconds", "3600"]));
    daemons.iter().for_each(|daemon| daemon.says("sleeping"));
    let new = text(&vault, &plan).replace(APPROVED.0, APPROVED.1);
    std::fs::write(vault.plan_file(&plan), new).expect("a file");
    let journal = settled(&vault, &plan);
    assert_eq!(by_hand(&journal), ["PlanApproved"]);
    assert_eq!(journal.count("PlanClaimed"), 1);
}

#[test]
fn two_daemons_that_see_one_illegal_edit_refuse_it_once() {
    let vault = TestVault::new();
    let plan = vault.draft(&body(1));
    let daemons = [(); 2].map(|()| Daemon::start(&vault, &["--tick-seconds", "3600"]));
    daemons.iter().for_each(|daemon| daemon.says("sleeping"));
    let new = text(&vault, &plan).replace(APPROVED.0, "\nstatus: done\n");
    std::fs::write(vault.plan_file(&plan), new).expect("a file");
    wait_until("it is refused", || {
        vault.journal(&plan).count("EditRejected") > 0
    });
    vault.run_until_idle();
    assert_eq!(by_hand(&vault.journal(&plan)), ["EditRejected"]);
    assert_eq!(kept(&vault).len(), 1);
    vault.follows(&plan);
    vault.is_proven(&plan);
}
