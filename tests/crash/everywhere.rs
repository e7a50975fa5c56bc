//! Every frame, every rendering: the walk.

use std::{
    collections::BTreeSet,
    os::unix::process::ExitStatusExt,
    sync::atomic::{AtomicU64, Ordering},
};

use modulatio_tools::fake_model::Sold;
use projections::event::{Event, ToolOutcome};
use serde_json::Value;

use crate::{
    essay::{self, CALLS, PARALLEL, PLAN, REDOS, TOOLS},
    support::{Daemon, Journal, TestVault, kinds},
};

const SIGKILL: i32 = 9;

/// Walks a fault point from its first occurrence until the plan ends before it is reached.
fn walk(point: &str, at_least: u64) {
    let template = essay::template();
    let (next, reached) = (AtomicU64::new(1), AtomicU64::new(0));
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let n = next.fetch_add(1, Ordering::Relaxed);
                    if !dies_and_resumes(&template, &format!("{point}:{n}")) {
                        return;
                    }
                    reached.fetch_max(n, Ordering::Relaxed);
                }
            });
        }
    });
    let reached = reached.into_inner();
    assert!(
        reached >= at_least,
        "{point} was reached only {reached} times"
    );
}

/// One case; `false` when the plan ended before the fault was reached.
fn dies_and_resumes(template: &TestVault, fault: &str) -> bool {
    let model = essay::model();
    let vault = essay::vault_asking(template, &model);
    let env = [("MODULATIO_FAULT", fault)];
    let (status, log) = Daemon::start_with(&vault, &["--until-idle"], &env).ended();
    if status.success() {
        proven(&vault, &model.sold(), fault);
        return false;
    }
    assert_eq!(status.signal(), Some(SIGKILL), "{fault}: {log}");
    vault.run(&["audit", "verify", PLAN]).ok().shows("whole");
    vault.run_until_idle();
    proven(&vault, &model.sold(), fault);
    true
}

/// Everything that must hold of a finished plan, however often its runner died.
fn proven(vault: &TestVault, sold: &Sold, fault: &str) {
    let journal = vault.journal(PLAN);
    assert_eq!(journal.status(), "done", "{fault}");
    assert_eq!(journal.count("TaskRedone"), REDOS, "{fault}");
    paid_once(vault, &journal, sold, fault);
    for (name, text) in essay::artifacts() {
        let found = vault.read(&format!("ess/runs/{PLAN}/artifacts/{name}"));
        assert!(found == text, "{fault}: {name} is not what was produced");
    }
    vault.is_proven(PLAN);
    no_leftovers(vault, fault);
    let epochs: Vec<u64> = journal.frames().iter().map(|frame| frame.1).collect();
    assert!(epochs.is_sorted(), "{fault}: {epochs:?}");
    let claims = journal.count("PlanClaimed") as u64;
    assert_eq!(epochs.last(), Some(&claims), "{fault}");
    assert!(vault.names("ess/blobs").len() == 1, "{fault}: no blob");
}

/// Every answer in the journal was sold once, and at most those that were under way at the crash besides.
fn paid_once(vault: &TestVault, journal: &Journal, sold: &Sold, fault: &str) {
    assert!(
        sold.by_key.values().all(|count| *count == 1),
        "{fault}: {sold:?}"
    );
    let completed: BTreeSet<String> = journal
        .events()
        .filter_map(|event| match event {
            Event::ModelCallCompleted(e) => Some(e.call_id.to_string()),
            _ => None,
        })
        .collect();
    assert_eq!(
        completed.len(),
        CALLS + interrupted(journal, fault),
        "{fault}: {completed:?}"
    );
    let call_of = |key: &str| key.rsplit('.').next().unwrap_or_default().to_owned();
    let bought: BTreeSet<String> = sold.by_key.keys().map(|key| call_of(key)).collect();
    assert!(completed.is_subset(&bought), "{fault}");
    let lost: Vec<String> = bought.difference(&completed).cloned().collect();
    let abandoned = journal.count("ModelCallAbandoned");
    assert!(
        abandoned <= PARALLEL && lost.len() <= abandoned,
        "{fault}: paid in vain: {lost:?}"
    );
    ledger_agrees(vault, sold, &lost, fault);
}

/// How many tools were interrupted, each of which costs its agent another call of a tool. Every other one ran once.
fn interrupted(journal: &Journal, fault: &str) -> usize {
    let outcomes = journal.events().filter_map(|event| match event {
        Event::ToolCallFinished(e) => Some(e.outcome),
        _ => None,
    });
    let outcomes: Vec<ToolOutcome> = outcomes.collect();
    let count = |of| outcomes.iter().filter(|outcome| **outcome == of).count();
    let cut = count(ToolOutcome::Interrupted);
    assert!(cut <= 1, "{fault}");
    assert_eq!(count(ToolOutcome::Done), TOOLS, "{fault}: {outcomes:?}");
    assert_eq!(outcomes.len(), TOOLS + cut, "{fault}: {outcomes:?}");
    cut
}

/// usage.jsonl holds what was sold; a lost call asked the same as its repetition, so it cost the same.
fn ledger_agrees(vault: &TestVault, sold: &Sold, lost: &[String], fault: &str) {
    let text = vault.read(&format!("ess/plans/{PLAN}.usage.jsonl"));
    let lines: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).expect("a line of JSON"))
        .collect();
    let number = |line: &Value, key: &str| line[key].as_u64().expect("a count");
    let again: Vec<&Value> = lost.iter().map(|lost| repetition(&lines, lost)).collect();
    for (key, total) in [
        ("input_tokens", sold.input_tokens),
        ("output_tokens", sold.output_tokens),
    ] {
        let booked = lines.iter().chain(again.iter().copied());
        let booked: u64 = booked.map(|line| number(line, key)).sum();
        assert_eq!(booked, total, "{fault}: {key}, lost {lost:?}");
    }
}

/// The next completed call of a lost call's step.
fn repetition<'a>(lines: &'a [Value], lost: &str) -> &'a Value {
    let parts = |id: &str| {
        let (serial, step) = id.split_once('-').expect("an id");
        let serial: u64 = serial.trim_start_matches('c').parse().expect("a number");
        (serial, step.to_owned())
    };
    let (serial, step) = parts(lost);
    let of = |line: &&Value| parts(line["call_id"].as_str().expect("an id"));
    let later = lines
        .iter()
        .filter(|line| of(line).1 == step && of(line).0 > serial);
    later.min_by_key(of).expect("a lost call is repeated")
}

fn no_leftovers(vault: &TestVault, fault: &str) {
    for dir in [
        "ess/plans",
        "ess/tickets",
        &format!("ess/runs/{PLAN}/artifacts"),
    ] {
        let names = vault.names(dir);
        assert!(
            !names.iter().any(|name| name.contains(".tmp-")),
            "{fault}: {names:?}"
        );
    }
}

#[test]
fn a_runner_killed_before_any_of_its_frames_pays_nothing_twice() {
    walk("kill-before-append", 120);
}

#[test]
fn a_runner_killed_after_any_of_its_frames_pays_nothing_twice() {
    walk("kill-after-append", 120);
}

#[test]
fn a_runner_killed_after_any_of_its_renderings_pays_nothing_twice() {
    walk("kill-after-render", 8);
}

#[test]
fn an_undisturbed_plan_has_one_claim_and_nothing_in_doubt() {
    let model = essay::model();
    let vault = essay::vault_asking(&essay::template(), &model);
    vault.run_until_idle();
    let journal = vault.journal(PLAN);
    proven(&vault, &model.sold(), "no fault");
    assert_eq!(journal.count("PlanClaimed"), 1);
    assert!(!kinds(&journal).any(|kind| kind == "ModelCallAbandoned"));
    assert_eq!(interrupted(&journal, "no fault"), 0);
    assert_eq!(model.sold().calls, CALLS as u64);
    assert_eq!(most_under_way(&journal), PARALLEL, "tasks wait for others");
}

/// The most calls that were under way at the same time.
fn most_under_way(journal: &Journal) -> usize {
    let (mut now, mut most) = (0_usize, 0);
    for event in journal.events() {
        match event {
            Event::ModelCallStarted(_) => now += 1,
            Event::ModelCallCompleted(_) => now -= 1,
            _ => {}
        }
        most = most.max(now);
    }
    most
}
