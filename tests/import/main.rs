//! Vaults of the existing Python program are taken in as found and go on where they stood.

#[path = "../support/mod.rs"]
mod support;

mod found;
mod kills;
mod report;
mod schedule;
mod tickets;
mod whole;

use support::{TestVault, kinds};

const STATUSES: [&str; 8] = [
    "draft",
    "approved",
    "executing",
    "paused",
    "declined",
    "cancelled",
    "aborted",
    "done",
];

/// Plans that no runner may touch.
const AT_REST: [&str; 6] = [
    "draft",
    "paused",
    "declined",
    "cancelled",
    "aborted",
    "done",
];

fn id(status: &str) -> String {
    let at = STATUSES.iter().position(|s| *s == status);
    format!("ESS-PLAN-{:03}", at.expect("a status") + 1)
}

/// A vault with a plan of every status, as that program left them.
fn python_vault() -> TestVault {
    let vault = TestVault::new();
    for status in STATUSES {
        let plan = id(status);
        vault.write(&format!("ess/plans/{plan}.md"), &found::plan(&plan, status));
        if found::has_started(status) {
            vault.write(&format!("ess/plans/{plan}.usage.jsonl"), found::USAGE);
        }
    }
    vault
}

#[test]
fn a_plan_at_rest_keeps_its_status_and_gets_a_journal_of_one_frame() {
    let vault = python_vault();
    vault.run_until_idle();
    for status in AT_REST {
        let journal = vault.journal(&id(status));
        assert_eq!(journal.status(), status);
        assert_eq!(kinds(&journal).collect::<Vec<_>>(), ["PlanImported"]);
        vault.is_proven(&id(status));
    }
    let names = vault.names("ess/plans");
    assert!(
        !names.iter().any(|name| name.contains(".rejected-")),
        "{names:?}"
    );
}

#[test]
fn an_approved_plan_runs_and_an_executing_one_goes_on_at_its_next_sub_objective() {
    let vault = python_vault();
    vault.run_until_idle();
    let fresh = vault.journal(&id("approved"));
    assert_eq!(fresh.status(), "done");
    assert_eq!(fresh.count("SubObjectiveFinished"), 4);
    let resumed = vault.journal(&id("executing"));
    assert_eq!(resumed.status(), "done");
    assert_eq!(resumed.count("SubObjectiveFinished"), 2);
    assert_eq!(resumed.plan.current_index, 4);
    for (n, written) in [(1, false), (2, false), (3, true), (4, true)] {
        let path = format!("ess/runs/{}/artifacts/essay{n}.md", id("executing"));
        assert_eq!(vault.path(&path).exists(), written, "{path}");
    }
    vault.is_proven(&id("executing"));
}

#[test]
fn the_old_ledger_stays_in_front_of_ours() {
    let vault = python_vault();
    vault.run_until_idle();
    let ledger = vault.read(&format!("ess/plans/{}.usage.jsonl", id("executing")));
    let ours = ledger
        .strip_prefix(found::USAGE)
        .expect("the old lines come first, as they were");
    assert_eq!(ours.lines().count(), 8, "four calls a sub-objective");
    assert_eq!(
        vault.read(&format!("ess/plans/{}.usage.jsonl", id("done"))),
        found::USAGE
    );
}

#[test]
fn keys_keep_their_places_and_what_is_not_ours_keeps_its_text() {
    let vault = python_vault();
    vault.run_until_idle();
    for status in ["draft", "executing", "done"] {
        let before = found::plan(&id(status), status);
        let after = vault.read(&format!("ess/plans/{}.md", id(status)));
        for own in found::OWN_LINES {
            assert!(
                before.contains(own) && after.contains(own),
                "{own}: {after}"
            );
        }
        let (old, new) = (keys(&before), keys(&after));
        let kept: Vec<&String> = new.iter().filter(|key| old.contains(key)).collect();
        assert!(kept.iter().copied().eq(&old), "{old:?} became {new:?}");
        let body = |text: &str| text.split_once("\n---\n").expect("a body").1.to_owned();
        assert_eq!(body(&before), body(&after));
    }
}

#[test]
fn history_found_in_the_file_stands_before_ours() {
    let vault = python_vault();
    vault.run_until_idle();
    let plan = vault.journal(&id("executing")).plan;
    let to: Vec<&str> = plan.transitions.iter().map(|t| t.to.as_str()).collect();
    assert_eq!(to[..2], ["approved", "executing"]);
    assert_eq!(to.last(), Some(&"done"));
    let after: Vec<u32> = plan
        .reflections
        .iter()
        .map(|r| r.after_sub_objective)
        .collect();
    assert_eq!(after, [1, 2, 3, 4]);
    assert!(plan.calls.tokens > 36_367, "found tokens count too");
}

#[test]
fn two_daemons_that_import_at_once_write_one_first_frame() {
    let vault = python_vault();
    let daemons: Vec<_> = (0..2)
        .map(|_| support::Daemon::start(&vault, &["--until-idle"]))
        .collect();
    for daemon in daemons {
        let (status, log) = daemon.ended();
        assert!(status.success(), "{log}");
    }
    vault.run_until_idle();
    for status in STATUSES {
        assert_eq!(vault.journal(&id(status)).count("PlanImported"), 1);
        assert_eq!(vault.journal(&id(status)).count("EditRejected"), 0);
        vault.is_proven(&id(status));
    }
}

#[test]
fn a_daemon_killed_in_an_import_leaves_nothing_that_looks_like_an_edit() {
    for fault in [
        "kill-before-append:1",
        "kill-after-append:1",
        "kill-after-render:1",
    ] {
        let vault = python_vault();
        let env = [("MODULATIO_FAULT", fault)];
        let killed = vault.run_with(&["daemon", "--until-idle"], &env);
        assert_eq!(killed.code, None, "{fault}: {killed:?}");
        vault.run_until_idle();
        for status in STATUSES {
            let journal = vault.journal(&id(status));
            assert_eq!(journal.count("PlanImported"), 1, "{fault}: {status}");
            assert_eq!(journal.count("EditRejected"), 0, "{fault}: {status}");
            vault.is_proven(&id(status));
        }
    }
}

#[test]
fn a_file_that_is_no_plan_is_named_and_left_as_it_is() {
    let vault = python_vault();
    let broken = found::plan("ESS-PLAN-020", "draft").replace("created_at", "made_at");
    vault.write("ess/plans/ESS-PLAN-020.md", &broken);
    let ran = vault.run_until_idle();
    assert!(ran.err.contains("ESS-PLAN-020"), "{}", ran.err);
    assert_eq!(vault.read("ess/plans/ESS-PLAN-020.md"), broken);
    assert!(!vault.journal_file("ESS-PLAN-020").exists());
    assert_eq!(vault.journal(&id("approved")).status(), "done");
}

/// The keys of a frontmatter, in order.
fn keys(text: &str) -> Vec<String> {
    let front = text.strip_prefix("---\n").expect("a frontmatter");
    let lines = front.lines().take_while(|line| *line != "---");
    lines
        .filter(|line| !line.starts_with([' ', '-', '#']))
        .filter_map(|line| Some(line.split_once(':')?.0.to_owned()))
        .collect()
}
