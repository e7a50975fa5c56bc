//! Open tickets of that program are answered here, by whatever way; closed ones stay what they are.

use crate::{
    found, id,
    support::{self, TestVault, kinds},
    whole::{self, Written, add, import, import_with, ticket},
};

/// A vault with one plan of this status, and one ticket about it.
fn asked(status: &str, ticket_status: &str, decision: Option<&str>) -> TestVault {
    let vault = TestVault::new();
    let plan = id(status);
    vault.write(&format!("ess/plans/{plan}.md"), &found::plan(&plan, status));
    let written = Written {
        id: "ESS-7",
        plan: Some(&plan),
        status: ticket_status,
        decision,
        asks: true,
    };
    add(&vault, "ess/tickets/ESS-7.md", &ticket(&written));
    vault
}

fn status(vault: &TestVault, plan: &str) -> &'static str {
    vault.journal(&id(plan)).status()
}

#[test]
fn an_answer_to_a_taken_ticket_does_what_it_says() {
    for (plan, word, becomes) in [
        ("draft", "approve", "approved"),
        ("draft", "decline", "declined"),
        ("paused", "approve", "approved"),
        ("paused", "decline", "aborted"),
    ] {
        let vault = asked(plan, "open", None);
        import(&vault, &[]).ok();
        vault
            .run(&["ticket", "list"])
            .ok()
            .shows("About ESS-7: another way");
        vault
            .run(&["ticket", word, "ESS-7", "--note", "as you say"])
            .ok()
            .shows(becomes);
        assert_eq!(status(&vault, plan), becomes, "{plan} {word}");
        vault.is_proven(&id(plan));
    }
}

#[test]
fn an_answer_can_be_written_into_the_taken_file() {
    let vault = asked("paused", "open", None);
    import(&vault, &[]).ok();
    let text = vault.read("ess/tickets/ESS-7.md");
    for part in [
        "Go another way?\n\nOr stop.",
        "created_at: '2026-11-20T20:34:46.889008+00:00'",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(!text.contains("modulatio:transitions"), "{text}");
    let answered = text.replace("decision: null", "decision: approved");
    vault.write("ess/tickets/ESS-7.md", &answered);
    vault.run_until_idle();
    assert_eq!(status(&vault, "paused"), "done");
    let plan = vault.journal(&id("paused"));
    assert_eq!(
        plan.count("SubObjectiveFinished"),
        2,
        "what was finished is not repeated"
    );
    vault.is_proven(&id("paused"));
}

#[test]
fn an_answer_of_which_nothing_had_come_is_asked_for_again() {
    let vault = asked("paused", "resolved", Some("approved"));
    let told = whole::told(&import(&vault, &["--json"]).ok());
    let (fate, _, note) = &told["ess/tickets/ESS-7.md"];
    assert_eq!(fate, "changed", "{note}");
    assert!(note.contains("asked again"), "{note}");
    assert_eq!(status(&vault, "paused"), "paused");
    vault
        .run(&["ticket", "show", "ESS-7"])
        .ok()
        .shows("It was answered `approved` there, by human");
}

#[test]
fn any_daemon_takes_over_what_waits_and_leaves_the_rest() {
    let vault = asked("paused", "open", None);
    let closed = Written {
        id: "ESS-8",
        plan: Some(&id("paused")),
        status: "closed",
        decision: Some("approved"),
        asks: true,
    };
    add(&vault, "ess/tickets/ESS-8.md", &ticket(&closed));
    vault
        .run(&["ticket", "list"])
        .ok()
        .says("note: ESS-7 of another program are not taken in");
    let original = vault.read("ess/tickets/ESS-7.md");
    vault.run_until_idle();
    let journal = vault.journal(&id("paused"));
    let events: Vec<_> = kinds(&journal).collect();
    assert_eq!(events, ["PlanImported", "TicketOpened"]);
    assert_eq!(
        vault.read(".modulatio/imported/ess/tickets/ESS-7.md"),
        original
    );
    assert_eq!(vault.read("ess/tickets/ESS-8.md"), ticket(&closed));
    assert_eq!(vault.names("ess/tickets"), ["ESS-7.md", "ESS-8.md"]);
    vault
        .run(&["ticket", "show", "ESS-8"])
        .code(1)
        .says("a ticket of another program and not taken in");
    assert!(
        !vault
            .run(&["ticket", "list"])
            .ok()
            .err
            .contains("not taken in")
    );
    vault.is_proven(&id("paused"));
}

#[test]
fn a_daemon_killed_while_it_takes_a_ticket_leaves_nothing_that_looks_like_an_edit() {
    for fault in [
        "kill-after-append:1",
        "kill-before-append:2",
        "kill-after-append:2",
        "kill-after-render:1",
        "kill-after-render:2",
        "kill-after-render:3",
    ] {
        let vault = asked("paused", "open", None);
        let killed = vault.run_with(&["daemon", "--until-idle"], &[("MODULATIO_FAULT", fault)]);
        assert_eq!(killed.code, None, "{fault}: {killed:?}");
        vault.run_until_idle();
        let journal = vault.journal(&id("paused"));
        let events: Vec<_> = kinds(&journal).collect();
        assert_eq!(events, ["PlanImported", "TicketOpened"], "{fault}");
        assert_eq!(vault.names("ess/tickets"), ["ESS-7.md"], "{fault}");
        vault.is_proven(&id("paused"));
    }
}

#[test]
fn a_ticket_that_was_taken_and_not_rendered_is_answered_by_its_name() {
    let vault = asked("paused", "open", None);
    // The plan's frame, its file, the ticket's frame.
    let killed = import_with(&vault, &[], &[("MODULATIO_FAULT", "kill-after-append:2")]);
    assert_eq!(killed.code, None, "{killed:?}");
    assert!(vault.read("ess/tickets/ESS-7.md").contains("transitions"));
    vault.run(&["ticket", "approve", "ESS-7"]).ok();
    assert_eq!(status(&vault, "paused"), "approved");
    assert_eq!(vault.names("ess/tickets"), ["ESS-7.md"]);
    vault.is_proven(&id("paused"));
}

#[test]
fn numbers_that_were_given_are_never_given_again() {
    let vault = asked("draft", "closed", Some("approved"));
    import(&vault, &[]).ok();
    std::fs::remove_file(vault.path("ess/tickets/ESS-7.md")).expect("it was there");
    // A list that cannot be run asks by a ticket.
    let plan = vault.draft(&support::body(40));
    vault.run(&["plan", "approve", &plan]).ok();
    vault.run_until_idle();
    assert_eq!(vault.names("ess/tickets"), ["ESS-8.md"]);
}
