//! Plans that cannot be run as they stand, and files that are no plans.

use crate::support::{TestVault, body};

/// An approved plan with this body, after a daemon has looked at it, beside a good one that is done.
fn looked_at(text: &str) -> (TestVault, String) {
    let vault = TestVault::new();
    let (plan, good) = (vault.approved(text), vault.approved(&body(1)));
    vault.run_until_idle();
    assert_eq!(vault.journal(&good).status(), "done");
    (vault, plan)
}

/// Paused with a ticket that says why, and not one call made.
fn is_asked_about(text: &str, why: &str) {
    let (vault, plan) = looked_at(text);
    let journal = vault.journal(&plan);
    assert_eq!(journal.status(), "paused");
    assert_eq!(journal.count("TicketOpened"), 1);
    assert_eq!(
        journal.count("ModelCallStarted") + journal.count("SubObjectiveStarted"),
        0
    );
    let ticket = vault.read("ess/tickets/ESS-1.md");
    assert!(
        ticket.contains(why) && ticket.contains("priority: critical"),
        "{why}: {ticket}"
    );
    vault.is_proven(&plan);
}

#[test]
fn a_plan_without_items_is_asked_about() {
    is_asked_about("## A plan\n\nSome thoughts.\n", "Sub-objectives");
    is_asked_about(
        "## A plan\n\n### Sub-objectives\n\nNone yet.\n",
        "Sub-objectives",
    );
}

#[test]
fn a_list_that_is_read_only_in_part_is_never_run_short() {
    let half = body(3).replace("**2. Essay 2**", "**2 Essay 2");
    is_asked_about(&half, "2 Essay 2");
}

#[test]
fn more_items_than_are_allowed_are_asked_about() {
    is_asked_about(&body(33), "32");
    let (vault, plan) = looked_at(&body(32).replace("Files:", "See:"));
    assert_eq!(vault.journal(&plan).status(), "done");
}

#[test]
fn a_warning_is_given_when_such_a_plan_is_added() {
    let vault = TestVault::new();
    let file = vault.beside().join("plan.md");
    std::fs::write(&file, "## No list\n").expect("a file");
    vault
        .run(&["plan", "add", "ESS", file.to_str().expect("a plain path")])
        .ok()
        .says("cannot be run as it stands");
}

#[test]
fn strange_files_beside_plans_are_left_alone() {
    let vault = TestVault::new();
    let good = vault.approved(&body(1));
    let strange: [(&str, &[u8]); 6] = [
        ("ESS-P-050.md", b"\x00\x01\xfe\xff garbage"),
        ("ESS-P-051.md", b"---\nid: [broken\n---\n"),
        ("ESS-P-052.md", b""),
        ("ESS-P-1.md", b"# not as ids are written"),
        ("notes.md", b"# Notes\n"),
        ("OTHER-P-001.md", b"---\nstatus: approved\n---\n"),
    ];
    for (name, bytes) in strange {
        std::fs::write(vault.path(&format!("ess/plans/{name}")), bytes).expect("a file");
    }
    let ran = vault.run_until_idle();
    assert_eq!(vault.journal(&good).status(), "done");
    for (name, bytes) in strange {
        let found = std::fs::read(vault.path(&format!("ess/plans/{name}"))).expect("it is there");
        assert_eq!(found, bytes, "{name}");
    }
    for name in ["ESS-P-050", "ESS-P-051"] {
        assert!(ran.err.contains(name), "{name} is not named: {}", ran.err);
        assert!(!vault.journal_file(name).exists());
    }
    let list = vault.run(&["plan", "list"]).ok().out;
    assert!(
        list.contains("ESS-P-050") && !list.contains("OTHER"),
        "{list}"
    );
}

#[test]
fn a_file_that_lost_its_journal_is_not_run_again() {
    let vault = TestVault::new();
    let plan = vault.approved(&body(1));
    vault.run_until_idle();
    std::fs::remove_file(vault.journal_file(&plan)).expect("a journal");
    let file = vault.read(&format!("ess/plans/{plan}.md"));
    let ran = vault.run_until_idle();
    assert!(
        ran.err.contains("names a journal that is gone"),
        "{}",
        ran.err
    );
    assert!(!vault.journal_file(&plan).exists());
    assert_eq!(vault.read(&format!("ess/plans/{plan}.md")), file);
}

#[test]
fn a_directory_of_a_plans_name_holds_up_nobody() {
    let vault = TestVault::new();
    std::fs::create_dir(vault.path("ess/plans/ESS-P-070.md")).expect("a directory");
    std::fs::create_dir(vault.path("ess/plans/ESS-P-071.journal.jsonl")).expect("a directory");
    let plan = vault.approved(&body(1));
    vault
        .run(&["daemon", "--until-idle"])
        .says("ESS-P-070")
        .says("ESS-P-071");
    assert_eq!(vault.journal(&plan).status(), "done");
}

#[test]
fn a_misspelt_cap_is_told_when_the_plan_is_added() {
    let vault = TestVault::new();
    let file = vault.beside().join("plan.md");
    let text = format!("---\nmax_token: 7\nmax_tokens: 9000\n---\n\n{}", body(1));
    std::fs::write(&file, text).unwrap();
    let added = vault.run(&["plan", "add", "ESS", file.to_str().unwrap()]);
    let added = added.ok().says("max_token is no cap and limits nothing");
    assert!(!added.err.contains("max_tokens is no cap"), "{added:?}");
}
