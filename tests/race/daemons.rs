//! Several daemons and the same plans.

use std::collections::BTreeSet;

use projections::event::Event;

use crate::support::{Daemon, TestVault, body};

/// Lets so many daemons run until nothing is left; returns what they said.
fn race(vault: &TestVault, daemons: usize) -> Vec<String> {
    let running: Vec<Daemon> = (0..daemons)
        .map(|_| Daemon::start(vault, &["--until-idle"]))
        .collect();
    let ended = running.into_iter().map(|daemon| {
        let (status, log) = daemon.ended();
        assert!(status.success(), "{log}");
        log
    });
    ended.collect()
}

/// Executed by one runner from its claim to its end, and proven.
fn executed_once(vault: &TestVault, plan: &str) {
    let journal = vault.journal(plan);
    assert_eq!(journal.status(), "done", "{plan}");
    let claims: Vec<(u64, bool)> = journal
        .events()
        .filter_map(|event| match event {
            Event::PlanClaimed(e) => Some((e.epoch.0, e.recovered)),
            _ => None,
        })
        .collect();
    assert_eq!(claims, [(1, false)], "{plan}");
    let runners: BTreeSet<String> = journal
        .frames()
        .into_iter()
        .filter(|(_, epoch, _)| *epoch > 0)
        .map(|(_, _, by)| by)
        .collect();
    assert_eq!(runners.len(), 1, "{plan}: {runners:?}");
    vault.is_proven(plan);
}

fn plans(vault: &TestVault, count: usize) -> Vec<String> {
    let first = vault.draft(&body(1));
    let rest = (1..count).map(|_| vault.draft(&body(1)));
    let all: Vec<String> = std::iter::once(first.clone()).chain(rest).collect();
    for plan in &all {
        vault.run(&["plan", "approve", plan]).ok();
    }
    all
}

#[test]
fn of_two_daemons_one_executes_a_single_plan() {
    let vault = TestVault::slow("20ms");
    let plan = vault.approved(&body(1));
    race(&vault, 2);
    executed_once(&vault, &plan);
}

#[test]
fn of_four_daemons_one_executes_a_single_plan() {
    let vault = TestVault::slow("20ms");
    let plan = vault.approved(&body(1));
    race(&vault, 4);
    executed_once(&vault, &plan);
}

#[test]
fn two_daemons_share_twenty_plans() {
    let vault = TestVault::new();
    let all = plans(&vault, 20);
    race(&vault, 2);
    all.iter().for_each(|plan| executed_once(&vault, plan));
}

#[test]
fn four_daemons_share_twenty_plans_and_who_loses_a_claim_goes_on() {
    let vault = TestVault::slow("2ms");
    let all = plans(&vault, 20);
    let logs = race(&vault, 4);
    all.iter().for_each(|plan| executed_once(&vault, plan));
    for log in &logs {
        let lost = log.matches("claim lost").count();
        let claimed = log.matches("claiming").count();
        let done = log.matches("runner done").count();
        assert_eq!(claimed, lost + done, "{log}");
    }
    let done: usize = logs
        .iter()
        .map(|log| log.matches("runner done").count())
        .sum();
    assert_eq!(done, 20);
}

#[test]
fn a_loser_says_so() {
    let vault = TestVault::slow("60s");
    let plan = vault.approved(&body(1));
    let lease = vault.path(&format!("ess/plans/{plan}.lease"));
    let held = std::fs::File::create(&lease).unwrap();
    rustix::fs::flock(&held, rustix::fs::FlockOperation::LockExclusive).unwrap();
    let other = vault.draft(&body(1));
    let ran = vault.run(&["daemon", "--until-idle"]).ok();
    ran.says("claim lost: another process holds its lease");
    assert_eq!(vault.journal(&plan).status(), "approved");
    assert_eq!(vault.journal(&other).status(), "draft");
}

#[test]
fn plans_that_pause_at_once_get_tickets_of_their_own() {
    let vault = TestVault::with(
        "models:\n  m: {provider: rehearsal, outcomes: {1: pause}}\nteam: {leader: m}\n",
    );
    let all = plans(&vault, 12);
    race(&vault, 4);
    let mut tickets = BTreeSet::new();
    for plan in &all {
        let journal = vault.journal(plan);
        assert_eq!(journal.status(), "paused", "{plan}");
        for event in journal.events() {
            if let Event::TicketOpened(e) = event {
                assert!(tickets.insert(e.ticket.to_string()), "{} twice", e.ticket);
            }
        }
        vault.is_proven(plan);
    }
    assert_eq!(tickets.len(), 12);
    let files = vault.names("ess/tickets");
    let expected: BTreeSet<String> = tickets.iter().map(|id| format!("{id}.md")).collect();
    assert_eq!(files.into_iter().collect::<BTreeSet<_>>(), expected);
}
