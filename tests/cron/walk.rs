//! Whoever changes the schedule or fires a slot dies by SIGKILL at every frame and every rendering; three other daemons
//! come one after the other. A slot has one plan and one number, its history says so, and nothing is lost.

use std::{
    os::unix::process::ExitStatusExt,
    sync::atomic::{AtomicU64, Ordering},
};

use modulatio_tools::fake_model::{FakeModel, Script};

use crate::{
    jobs::{cron, fates, history, lines, numbers, plans, proven},
    support::{TestVault, body},
};

const MIDNIGHT: &str = "2026-11-24T00:00:30Z";
const ONE: &str = "2026-11-24T01:00:01Z";
const POINTS: [&str; 3] = [
    "kill-before-append",
    "kill-after-append",
    "kill-after-render",
];

/// Walks every fault point from its first occurrence until `dies` says that it was not reached any more; at least so
/// many are.
fn walk(at_least: [u64; 3], dies: impl Fn(&str) -> bool + Sync) {
    for (point, at_least) in POINTS.into_iter().zip(at_least) {
        let (next, reached) = (AtomicU64::new(1), AtomicU64::new(0));
        std::thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    loop {
                        let n = next.fetch_add(1, Ordering::Relaxed);
                        if !dies(&format!("{point}:{n}")) {
                            return;
                        }
                        reached.fetch_max(n, Ordering::Relaxed);
                    }
                });
            }
        });
        let reached = reached.into_inner();
        assert!(reached >= at_least, "{point}: reached only {reached} times");
    }
}

/// Runs a command that is to die; says whether it did.
fn dies_of(vault: &TestVault, args: &[&str], fault: &str) -> bool {
    let mut command = vault.command(args);
    command.env("MODULATIO_FAULT", fault);
    let output = command.output().expect("the binary starts");
    let killed = output.status.signal() == Some(9);
    assert!(killed || output.status.success(), "{fault}: {output:?}");
    killed
}

/// Three daemons, one after the other, when a claim counts as left behind.
fn others_come(vault: &TestVault) {
    vault.pass(3);
    for _ in 0..3 {
        vault.run_until_idle();
    }
}

/// One plan, one number, one claim that fired; and everything on the disk agrees.
fn one_plan(vault: &TestVault, job: &str, status: &str, fault: &str) {
    assert_eq!(plans(vault), ["ESS-P-001"], "{fault}");
    let taken = numbers(vault);
    assert_eq!(taken.len(), 1, "{fault}: {taken:?}");
    assert!(
        taken[0].0 == 1 && taken[0].1.starts_with(&format!("{job}@")),
        "{fault}: {taken:?}"
    );
    let history = history(vault, job);
    let count = |word: &str| history.iter().filter(|line| line.contains(word)).count();
    assert_eq!(count("claimed"), 1, "{fault}: {history:?}");
    assert_eq!(count("fired ESS-P-001"), 1, "{fault}: {history:?}");
    assert_eq!(count("failed"), 0, "{fault}: {history:?}");
    let journal = vault.journal("ESS-P-001");
    assert_eq!(journal.status(), status, "{fault}");
    vault.is_proven("ESS-P-001");
    proven(vault);
    for dir in ["", "ess/plans", "ess/tickets"] {
        let names = vault.names(dir);
        let is_left = |name: &String| name.contains(".tmp-") || name.contains(".rejected-");
        assert!(!names.iter().any(is_left), "{fault}: {names:?}");
    }
}

// -------------------------------------------------------------------------------------------------- a slot fires

/// A vault with a job from a template; its slot comes at one.
fn templated(options: &[&str]) -> TestVault {
    let vault = TestVault::new();
    vault.set_clock(MIDNIGHT);
    let file = vault.beside().join("template.md");
    std::fs::write(&file, body(1)).unwrap();
    let file = file.to_str().unwrap();
    let args = [
        &[
            "add",
            "ESS",
            "--schedule",
            "0 * * * *",
            "--plan-template",
            file,
        ],
        options,
    ]
    .concat();
    cron(&vault, &args).ok();
    vault
}

const DAEMON: [&str; 2] = ["daemon", "--until-idle"];

/// A daemon that dies while it fires the slot, and others after it. `false` when it did not die, or only later, when the
/// plan was at work: that is another walk.
fn fires(template: &TestVault, status: &str, fault: &str) -> bool {
    let vault = template.copy();
    vault.set_clock(ONE);
    let died = dies_of(&vault, &DAEMON, fault);
    let at_work = died
        && plans(&vault)
            .iter()
            .any(|plan| vault.journal(plan).count("SubObjectiveStarted") > 0);
    others_come(&vault);
    one_plan(&vault, "ESS-C-1", status, fault);
    died && !at_work
}

#[test]
fn a_daemon_that_dies_while_it_fires_a_template_leaves_one_plan() {
    let template = templated(&[]);
    walk([4, 3, 2], |fault| fires(&template, "done", fault));
}

#[test]
fn a_daemon_that_dies_while_it_opens_a_ticket_leaves_one_plan_and_one_ticket() {
    let template = templated(&["--approve", "ticket"]);
    walk([4, 4, 2], |fault| {
        let vault = template.copy();
        vault.set_clock(ONE);
        let died = dies_of(&vault, &DAEMON, fault);
        others_come(&vault);
        one_plan(&vault, "ESS-C-1", "draft", fault);
        let journal = vault.journal("ESS-P-001");
        assert_eq!(journal.count("TicketOpened"), 1, "{fault}");
        let tickets = vault.names("ess/tickets");
        assert_eq!(tickets.len(), 1, "{fault}: {tickets:?}");
        let ticket = tickets[0].trim_end_matches(".md");
        vault.run(&["ticket", "approve", ticket]).ok();
        vault.run_until_idle();
        one_plan(&vault, "ESS-C-1", "done", fault);
        died
    });
}

/// The next daemon dies as well, at every point of what is left to do.
#[test]
fn a_daemon_that_dies_while_it_does_a_dead_ones_work_changes_nothing() {
    let template = templated(&["--approve", "ticket"]);
    for first in 1..=4 {
        let half = template.copy();
        half.set_clock(ONE);
        let fault = format!("kill-after-append:{first}");
        if !dies_of(&half, &DAEMON, &fault) {
            break;
        }
        half.pass(3);
        walk([0, 0, 0], |second| {
            let vault = half.copy();
            let died = dies_of(&vault, &DAEMON, second);
            others_come(&vault);
            one_plan(&vault, "ESS-C-1", "draft", &format!("{fault}, {second}"));
            died
        });
    }
}

/// From the claim of the slot to the plan that the Leader has written: no answer is paid twice.
#[test]
fn a_daemon_that_dies_while_it_fires_an_objective_leaves_one_plan_that_is_paid_once() {
    walk([8, 8, 2], |fault| {
        let model = FakeModel::start(Script::default()).expect("a free port");
        let vault = TestVault::asking(&model.base_url());
        vault.set_clock(MIDNIGHT);
        let caps = ["--max-tokens", "900000"];
        let job = crate::jobs::add(&vault, "0 * * * *", &caps);
        let on = fires(&vault, "done", fault);
        // The copy of the vault asked the same server.
        let sold = model.sold();
        assert!(sold.by_key.values().all(|count| *count == 1), "{fault}");
        assert_eq!(job, "ESS-C-1");
        on
    });
}

// ------------------------------------------------------------------------------------------- people at work

#[test]
fn an_addition_that_dies_has_added_one_job_or_none() {
    walk([1, 1, 1], |fault| {
        let vault = TestVault::new();
        vault.set_clock(MIDNIGHT);
        let args = ["cron", "add", "ESS", "Look", "--schedule", "0 * * * *"];
        let died = dies_of(&vault, &args, fault);
        let listed = cron(&vault, &["list", "--json"]).ok().out;
        let expected = usize::from(!fault.starts_with("kill-before") || !died);
        assert_eq!(listed.lines().count(), expected, "{fault}");
        if expected == 0 {
            vault.run(&args).ok().shows("ESS-C-1");
        }
        vault.set_clock(ONE);
        others_come(&vault);
        one_plan(&vault, "ESS-C-1", "done", fault);
        died
    });
}

#[test]
fn a_run_by_hand_that_dies_has_one_plan_or_none() {
    let template = templated(&[]);
    walk([3, 3, 2], |fault| {
        let vault = template.copy();
        let args = ["cron", "run-now", "ESS-C-1"];
        let died = dies_of(&vault, &args, fault);
        if died && fault == "kill-before-append:1" {
            others_come(&vault);
            assert!(plans(&vault).is_empty(), "{fault}: nothing was claimed");
            vault.run(&args).ok().shows("ESS-P-001");
        }
        others_come(&vault);
        one_plan(&vault, "ESS-C-1", "done", fault);
        assert_eq!(
            lines(&vault, "ESS-C-1").last().unwrap()["event"]["kind"],
            "SlotFired"
        );
        died
    });
}

/// A job with one plan that waits for a person, one slot that waits for it, and one that nobody has looked at.
fn waiting() -> TestVault {
    let vault = crate::jobs::pausing_at(MIDNIGHT);
    crate::jobs::add(&vault, "0 * * * *", &["--overlap", "queue"]);
    crate::jobs::daemon_at(&vault, ONE);
    crate::jobs::daemon_at(&vault, "2026-11-24T02:00:01Z");
    vault.set_clock("2026-11-24T03:00:10Z");
    vault
}

/// What a person does is done wholly or not at all, wherever it dies.
fn is_done_or_not(args: &[&str], reason: &str, then: &[&str]) {
    let template = waiting();
    walk([1, 1, 1], |fault| {
        let vault = template.copy();
        let died = dies_of(&vault, &[&["cron"], args].concat(), fault);
        let done = !died || !fault.starts_with("kill-before");
        vault.run(&["ticket", "approve", "ESS-1"]).ok();
        others_come(&vault);
        let fates = fates(&vault, "ESS-C-1");
        let first = [
            "11-24T01:00 fired ESS-P-001".to_owned(),
            "11-24T02:00 queued".to_owned(),
        ];
        assert_eq!(fates[..2], first, "{fault}");
        let rest = if done {
            vec![
                format!("11-24T02:00 to 11-24T02:00 x1 {reason}"),
                format!("11-24T03:00 to 11-24T03:00 x1 {reason}"),
            ]
        } else {
            vec![
                "11-24T03:00 queued".to_owned(),
                "11-24T02:00 fired ESS-P-002".to_owned(),
            ]
        };
        assert_eq!(fates[2..], rest, "{fault}");
        if done && !then.is_empty() {
            assert_eq!(
                history(&vault, "ESS-C-1").last().unwrap(),
                then[0],
                "{fault}"
            );
        }
        proven(&vault);
        died
    });
}

#[test]
fn an_edit_that_dies_is_done_or_not() {
    let edit = ["edit", "ESS-C-1", "--schedule", "30 * * * *"];
    is_done_or_not(&edit, "changed", &["JobChanged"]);
}

#[test]
fn a_disabling_that_dies_is_done_or_not() {
    is_done_or_not(&["disable", "ESS-C-1"], "disabled", &["JobDisabled"]);
}

#[test]
fn a_removal_that_dies_is_done_or_not() {
    is_done_or_not(&["remove", "ESS-C-1"], "removed", &["JobRemoved"]);
}
