//! Operators who speak at once: each word is taken or refused, and the history stays one line.

use crate::support::{TestVault, body, kinds};

/// Says all of these at once; returns the exit codes.
fn at_once(vault: &TestVault, plan: &str, words: &[&str]) -> Vec<i32> {
    let said: Vec<_> = words
        .iter()
        .map(|word| {
            let mut command = vault.command(&["plan", word, plan]);
            command
                .stdout(std::process::Stdio::null())
                .stderr(std::process::Stdio::null());
            command.spawn().expect("the binary starts")
        })
        .collect();
    said.into_iter()
        .map(|mut child| child.wait().expect("it ends").code().expect("a code"))
        .collect()
}

fn applied(codes: &[i32]) -> usize {
    assert!(codes.iter().all(|code| matches!(code, 0 | 6)), "{codes:?}");
    codes.iter().filter(|code| **code == 0).count()
}

/// Frames count up by one and every applied word is one event.
fn linear(vault: &TestVault, plan: &str, words: usize) {
    let journal = vault.journal(plan);
    let seqs: Vec<u64> = journal.frames().iter().map(|frame| frame.0).collect();
    assert_eq!(seqs, (0..seqs.len() as u64).collect::<Vec<_>>());
    assert_eq!(
        journal.entries.len(),
        1 + words,
        "{:?}",
        kinds(&journal).collect::<Vec<_>>()
    );
    vault.is_proven(plan);
}

#[test]
fn of_eight_approvals_one_is_applied() {
    let vault = TestVault::new();
    let plan = vault.draft(&body(1));
    let codes = at_once(&vault, &plan, &["approve"; 8]);
    assert_eq!(applied(&codes), 1, "{codes:?}");
    linear(&vault, &plan, 1);
    assert_eq!(vault.journal(&plan).status(), "approved");
}

#[test]
fn contrary_words_are_applied_in_some_order_or_refused() {
    for _ in 0..3 {
        let vault = TestVault::new();
        let plan = vault.draft(&body(1));
        let words = [
            "approve", "cancel", "pause", "approve", "pause", "decline", "approve", "pause",
        ];
        let applied = applied(&at_once(&vault, &plan, &words));
        assert!(applied >= 1);
        linear(&vault, &plan, applied);
    }
}

#[test]
fn a_runner_obeys_what_operators_say_meanwhile() {
    let vault = TestVault::slow("30ms");
    let plan = vault.approved(&body(3));
    let daemon = crate::support::Daemon::start(&vault, &["--tick-seconds", "3600"]);
    crate::support::wait_until("it executes", || {
        vault.journal(&plan).count("PlanClaimed") == 1
    });
    let words = [
        "pause", "pause", "approve", "pause", "approve", "approve", "pause", "cancel",
    ];
    assert!(applied(&at_once(&vault, &plan, &words)) >= 1);
    crate::support::wait_until("it is cancelled and settled", || {
        let journal = vault.journal(&plan);
        journal.status() == "cancelled" && journal.plan.calls.in_flight.is_empty()
    });
    drop(daemon);
    vault.run_until_idle();
    vault.is_proven(&plan);
}
