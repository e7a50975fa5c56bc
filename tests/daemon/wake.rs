//! What wakes a sleeping daemon. The tick is an hour, so only the watcher can.

use std::time::Instant;

use crate::support::{Daemon, PROMISED, TestVault, body, wait_until};

const HOUR: [&str; 2] = ["--tick-seconds", "3600"];

/// Starts a daemon and waits until it sleeps.
fn asleep(vault: &TestVault) -> Daemon {
    let daemon = Daemon::start(vault, &HOUR);
    daemon.says("sleeping");
    daemon
}

/// Waits until a sleeping daemon has claimed the plan and finished it.
fn is_run(vault: &TestVault, plan: &str) {
    wait_until("the plan is claimed", || {
        vault.journal(plan).count("PlanClaimed") == 1
    });
    wait_until("the plan is done", || {
        vault.journal(plan).status() == "done"
    });
}

/// The draft's file with `status: approved` in it.
fn approved_by_hand(vault: &TestVault, plan: &str) -> String {
    vault
        .read(&format!("ess/plans/{plan}.md"))
        .replace("\nstatus: draft\n", "\nstatus: approved\n")
}

#[test]
fn the_first_line_comes_at_once() {
    let vault = TestVault::new();
    let started = Instant::now();
    let daemon = Daemon::start(&vault, &HOUR);
    daemon.says("modulatio ");
    assert!(started.elapsed() < PROMISED);
    assert!(
        daemon
            .log()
            .lines()
            .next()
            .is_some_and(|line| line.contains("starting"))
    );
}

#[test]
fn an_approval_at_the_command_line_wakes_it() {
    let vault = TestVault::new();
    let plan = vault.draft(&body(1));
    let _daemon = asleep(&vault);
    vault.run(&["plan", "approve", &plan]).ok();
    is_run(&vault, &plan);
}

#[test]
fn a_plan_added_and_approved_while_it_sleeps_wakes_it() {
    let vault = TestVault::new();
    let _daemon = asleep(&vault);
    let plan = vault.approved(&body(1));
    is_run(&vault, &plan);
}

#[test]
fn a_project_added_while_it_sleeps_is_watched() {
    let vault = TestVault::new();
    let _daemon = asleep(&vault);
    vault
        .run(&["project", "add", "NEW", "--objective", "Notes."])
        .ok();
    let file = vault.beside().join("plan.md");
    std::fs::write(&file, body(1)).unwrap();
    let file = file.to_str().unwrap();
    let plan = vault
        .run(&["plan", "add", "NEW", file])
        .ok()
        .out
        .trim()
        .to_owned();
    vault.run(&["plan", "approve", &plan]).ok();
    is_run(&vault, &plan);
}

#[test]
fn an_approval_written_in_place_wakes_it() {
    let vault = TestVault::new();
    let plan = vault.draft(&body(1));
    let _daemon = asleep(&vault);
    std::fs::write(vault.plan_file(&plan), approved_by_hand(&vault, &plan)).unwrap();
    is_run(&vault, &plan);
    by_file_edit(&vault, &plan);
}

#[test]
fn an_approval_saved_as_vim_saves_wakes_it() {
    let vault = TestVault::new();
    let plan = vault.draft(&body(1));
    let _daemon = asleep(&vault);
    let (file, text) = (vault.plan_file(&plan), approved_by_hand(&vault, &plan));
    let backup = file.with_extension("md~");
    std::fs::rename(&file, &backup).unwrap();
    std::fs::write(&file, text).unwrap();
    std::fs::remove_file(backup).unwrap();
    is_run(&vault, &plan);
    by_file_edit(&vault, &plan);
}

#[test]
fn an_approval_saved_as_sed_saves_wakes_it() {
    let vault = TestVault::new();
    let plan = vault.draft(&body(1));
    let _daemon = asleep(&vault);
    let temporary = vault.path("ess/plans/sedA1b2C3");
    std::fs::write(&temporary, approved_by_hand(&vault, &plan)).unwrap();
    std::fs::rename(&temporary, vault.plan_file(&plan)).unwrap();
    is_run(&vault, &plan);
    by_file_edit(&vault, &plan);
}

/// The approval is recorded once, as what it was.
fn by_file_edit(vault: &TestVault, plan: &str) {
    let journal = vault.journal(plan);
    let approvals: Vec<&str> = journal
        .entries
        .iter()
        .filter(|(_, event)| event.kind() == "PlanApproved")
        .map(|(entry, _)| entry.mark.by.as_str())
        .collect();
    assert_eq!(approvals, ["file-edit"]);
    assert_eq!(journal.count("EditRejected"), 0);
}

/// A plan that pauses with a ticket after its first sub-objective, and a daemon that sleeps since.
fn asks() -> (TestVault, String, Daemon) {
    let vault = TestVault::with(
        "models:\n  m: {provider: rehearsal, outcomes: {1: pause}}\nteam: {leader: m}\n",
    );
    let plan = vault.approved(&body(2));
    let daemon = asleep(&vault);
    assert_eq!(vault.journal(&plan).status(), "paused");
    (vault, plan, daemon)
}

/// The ticket with this answer in it, saved whole.
fn answer_by_hand(vault: &TestVault, decision: &str, note: &str) {
    let text = vault.read("ess/tickets/ESS-1.md");
    let answered = text
        .replace("\ndecision: null\n", &format!("\ndecision: {decision}\n"))
        .replace("\nnote: ''\n", &format!("\nnote: {note}\n"));
    assert_ne!(text, answered);
    vault.write("ess/tickets/sedA1b2C3", &answered);
    std::fs::rename(
        vault.path("ess/tickets/sedA1b2C3"),
        vault.path("ess/tickets/ESS-1.md"),
    )
    .expect("a file");
}

#[test]
fn an_answer_in_a_tickets_file_wakes_it() {
    let (vault, plan, _daemon) = asks();
    answer_by_hand(&vault, "approved", "go on");
    wait_until("the plan is done", || {
        vault.journal(&plan).status() == "done"
    });
    let journal = vault.journal(&plan);
    assert_eq!(journal.count("TicketDecided"), 1);
    assert_eq!(journal.count("EditRejected"), 0);
    vault.follows(&plan);
    vault.is_proven(&plan);
}

#[test]
fn an_answer_that_declines_ends_the_plan() {
    let (vault, plan, _daemon) = asks();
    answer_by_hand(&vault, "declined", "enough");
    wait_until("the plan is aborted", || {
        vault.journal(&plan).status() == "aborted"
    });
    vault.follows(&plan);
    vault.is_proven(&plan);
}
