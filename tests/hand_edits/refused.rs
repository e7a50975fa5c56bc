//! Edits that are refused: kept, explained, and the file rendered afresh.

use projections::event::Event;

use crate::{
    by_hand, edit, kept,
    support::{Daemon, TestVault, body, wait_until},
    text,
};

/// Why the only refused edit was refused.
#[track_caller]
fn reason(vault: &TestVault, plan: &str) -> String {
    let journal = vault.journal(plan);
    let mut reasons = journal.events().filter_map(|event| match event {
        Event::EditRejected(e) => Some(e.why.clone()),
        _ => None,
    });
    let why = reasons.next().expect("a refusal");
    assert_eq!(reasons.next(), None, "refused twice");
    why
}

/// Edits a draft, lets a daemon refuse it; returns the reason.
fn refused(before: &str, after: &str) -> String {
    let vault = TestVault::new();
    let plan = vault.draft(&body(1));
    let original = text(&vault, &plan);
    let edited = edit(&vault, &plan, before, after);
    let ran = vault
        .run_until_idle()
        .says("WARN")
        .says("hand edit refused");
    let names = kept(&vault);
    assert_eq!(names.len(), 1, "{names:?}");
    assert!(ran.err.contains(&names[0]), "{ran:?}");
    assert_eq!(vault.read(&format!("ess/plans/{}", names[0])), edited);
    let journal = vault.journal(&plan);
    assert_eq!(
        (by_hand(&journal), journal.status()),
        (vec!["EditRejected"], "draft")
    );
    assert_eq!(strip_anchor(&text(&vault, &plan)), strip_anchor(&original));
    let why = reason(&vault, &plan);
    assert!(ran.err.contains(&why), "{ran:?}");
    vault.is_proven(&plan);
    why
}

fn strip_anchor(text: &str) -> String {
    text.lines()
        .filter(|line| !line.starts_with("journal: "))
        .collect::<Vec<_>>()
        .join("\n")
}

#[test]
fn nobody_writes_a_plan_done() {
    let why = refused("status: draft\n", "status: done\n");
    assert!(
        why.contains("done") && why.contains("approved, declined, cancelled"),
        "{why}"
    );
}

#[test]
fn a_status_that_is_none_is_refused() {
    assert!(refused("status: draft\n", "status: aproved\n").contains("aproved"));
}

#[test]
fn the_engines_keys_are_the_engines() {
    for after in [
        "status: draft\ncurrent_index: 1\n",
        "status: draft\ntokens_used: 0\n",
    ] {
        let why = refused("status: draft\n", after);
        assert!(why.contains("belongs to the engine"), "{why}");
    }
    assert!(refused("id: ESS-P-001\n", "id: ESS-P-002\n").contains("`id`"));
}

#[test]
fn a_cap_that_is_no_number_is_refused() {
    assert!(refused("status: draft\n", "status: draft\nmax_tokens: many\n").contains("max_tokens"));
}

#[test]
fn frontmatter_that_is_no_yaml_is_refused() {
    assert!(refused("status: draft\n", "status: [draft\n").contains("not valid YAML"));
}

#[test]
fn a_file_cut_short_in_its_frontmatter_is_refused() {
    let vault = TestVault::new();
    let plan = vault.draft(&body(1));
    vault.write(&format!("ess/plans/{plan}.md"), "---\nid: ESS-P-001\n");
    vault.run_until_idle();
    assert!(reason(&vault, &plan).contains("cut short"));
    assert_eq!(kept(&vault).len(), 1);
    vault.is_proven(&plan);
}

#[test]
fn an_empty_file_is_refused_in_the_end() {
    let vault = TestVault::new();
    let plan = vault.draft(&body(1));
    vault.write(&format!("ess/plans/{plan}.md"), "");
    vault.run_until_idle();
    assert_eq!(vault.journal(&plan).count("EditRejected"), 1);
    assert!(text(&vault, &plan).contains("**1. Essay 1**"));
    vault.is_proven(&plan);
}

#[test]
fn a_deleted_file_comes_back_with_a_word_on_how_to_end_a_plan() {
    let vault = TestVault::new();
    let plan = vault.approved("## No list\n");
    vault.run_until_idle();
    std::fs::remove_file(vault.plan_file(&plan)).expect("a file");
    vault.run_until_idle();
    assert!(reason(&vault, &plan).contains("plan cancel"));
    assert_eq!(vault.journal(&plan).status(), "paused");
    vault.is_proven(&plan);
}

/// Whoever makes a plan writes its journal first: a daemon may look in between, and nobody has deleted anything.
#[test]
fn a_plan_that_is_being_made_is_no_alarm_and_a_deleted_file_is_one() {
    let vault = TestVault::new();
    let plan = vault.draft(&body(1));
    for (seconds, alarm) in [(0, false), (3_600, true)] {
        vault.pass(seconds);
        std::fs::remove_file(vault.plan_file(&plan)).expect("a file");
        let ran = vault.run_until_idle();
        assert!(vault.plan_file(&plan).exists());
        assert_eq!(ran.err.contains("its file is missing"), alarm, "{ran:#?}");
        assert_eq!(ran.err.contains("WARN"), alarm, "{ran:#?}");
    }
    assert_eq!(vault.journal(&plan).count("EditRejected"), 0);
}

#[test]
fn the_body_of_a_plan_at_work_is_fixed_and_the_work_goes_on() {
    let vault = TestVault::slow("60ms");
    let plan = vault.approved(&body(3));
    let _daemon = Daemon::start(&vault, &["--tick-seconds", "1"]);
    wait_until("it executes", || {
        vault.journal(&plan).count("PlanClaimed") == 1
    });
    let edited = text(&vault, &plan).replace("**3. Essay 3**", "**3. Another**");
    vault.write(&format!("ess/plans/{plan}.md"), &edited);
    wait_until("it is done", || vault.journal(&plan).status() == "done");
    wait_until("it is refused", || {
        vault.journal(&plan).count("EditRejected") == 1
    });
    assert_eq!(kept(&vault).len(), 1);
    assert_eq!(
        vault.read(&format!("ess/plans/{}", kept(&vault)[0])),
        edited
    );
    assert!(reason(&vault, &plan).contains("cannot be edited"));
    assert_eq!(vault.journal(&plan).count("PlanClaimed"), 1);
    vault.follows(&plan);
    vault.is_proven(&plan);
}

#[test]
fn the_file_of_a_plan_at_work_may_go_and_the_work_goes_on() {
    let vault = TestVault::slow("60ms");
    let plan = vault.approved(&body(3));
    let _daemon = Daemon::start(&vault, &["--tick-seconds", "1"]);
    wait_until("it executes", || {
        vault.journal(&plan).count("PlanClaimed") == 1
    });
    std::fs::remove_file(vault.plan_file(&plan)).expect("a file");
    wait_until("it is done", || vault.journal(&plan).status() == "done");
    wait_until("its file is back", || vault.plan_file(&plan).exists());
    let journal = vault.journal(&plan);
    assert_eq!(
        (
            journal.count("PlanClaimed"),
            journal.count("SubObjectiveFinished")
        ),
        (1, 3)
    );
    vault.follows(&plan);
    vault.is_proven(&plan);
}

#[test]
fn the_command_line_says_that_an_edit_was_refused() {
    let vault = TestVault::new();
    let plan = vault.draft(&body(1));
    edit(&vault, &plan, "status: draft\n", "status: done\n");
    vault
        .run(&["plan", "approve", &plan])
        .ok()
        .says("the edit was refused")
        .says(".rejected-");
    assert_eq!(vault.journal(&plan).status(), "approved");
}
