//! Tickets: listed by urgency, answered once, to exactly what was shown, on the command line or in their files.

use modulatio_tools::fake_model::{FakeModel, Step};
use projections::event::Event;
use serde_json::json;

use crate::{
    bench::{ARTIFACT, REFLECTION, fails, lines, say, server, stands, task, tasks, ticket, vault},
    support::{Daemon, TestVault, body, wait_until},
};

fn pauses() -> Step {
    say(
        REFLECTION,
        json!({"outcome": "pause", "rationale": "look at it first"}),
    )
}

/// A plan of two sub-objectives whose Leader pauses after the first.
fn paused() -> (FakeModel, TestVault, String) {
    let model = server([pauses()]);
    let vault = vault(&model, "");
    let plan = vault.approved(&body(2));
    vault.run_until_idle();
    stands(&vault, &plan, &model, "paused");
    (model, vault, plan)
}

/// One ticket of each urgency: to know, of a blocked task, of a pause.
#[test]
fn the_list_has_the_most_urgent_first_and_the_answered_ones_on_demand() {
    let essay = |n: u32| format!("# Task: essay{n}\n");
    let bad = |n: u32, times: u32| {
        fails("substantive", "thin")
            .for_text(&essay(n))
            .times(times)
    };
    let of = |n: u32| {
        let name = format!("essay{n}");
        tasks(&[task(&name, &format!("{name}.md"), &[])]).for_message(&format!("{n}. Essay {n}"))
    };
    let model = server([
        of(1),
        of(2),
        bad(1, 4),
        say(REFLECTION, json!({"outcome": "continue", "rationale": "r"})),
        fails("environmental", "no key").for_text(&essay(2)),
    ]);
    let vault = vault(&model, "");
    let plan = vault.approved(&body(2));
    vault.run_until_idle();
    stands(&vault, &plan, &model, "paused");
    let other = server([pauses()]);
    vault.write("modulatio.yaml", &crate::bench::config(&other, ""));
    let second = vault.approved(&body(1));
    vault.run_until_idle();
    stands(&vault, &second, &other, "paused");

    let list = vault.run(&["ticket", "list"]).ok().out;
    let kinds: Vec<Vec<&str>> = list
        .lines()
        .map(|line| line.split_whitespace().take(4).collect())
        .collect();
    assert_eq!(
        kinds,
        [
            ["ESS-3", "blocker", "approval", "reflection"],
            ["ESS-2", "critical", "approval", "blocked-task"],
            ["ESS-1", "minor", "to", "know"],
        ]
    );
    let json = lines(&vault.run(&["--json", "ticket", "list"]).ok().out);
    assert_eq!(json.len(), 3);
    assert_eq!(json[0]["id"], "ESS-3");
    assert_eq!(json[0]["plan"], second.as_str());
    assert_eq!(json[1]["status"], "open");
    assert_eq!(json[2]["approval_required"], false);
    assert_eq!(json[2]["kind"], "fixed");

    vault
        .run(&["ticket", "decline", "ESS-3", "--note", "no"])
        .ok();
    let open = vault.run(&["ticket", "list", "ESS"]).ok().out;
    assert_eq!(open.lines().count(), 2, "{open}");
    let all = lines(&vault.run(&["--json", "ticket", "list", "--all"]).ok().out);
    assert_eq!(all.len(), 3);
    assert_eq!(all[2]["status"], "declined");
    assert_eq!(all[2]["note"], "no");
    vault
        .run(&["ticket", "show", "ESS-2"])
        .ok()
        .shows("blocked-task")
        .shows("## What happened")
        .shows("no key")
        .shows("## Why it matters")
        .shows("## What you can do")
        .shows("modulatio ticket approve ESS-2");
    vault.run(&["ticket", "show", "ESS-9"]).code(1);
}

#[test]
fn an_answer_is_given_once_and_its_note_is_kept() {
    let (model, vault, plan) = paused();
    vault
        .run(&["ticket", "approve", "ESS-1", "--note", "I have looked"])
        .ok()
        .shows("ESS-1 approved");
    for word in ["approve", "decline"] {
        vault
            .run(&["ticket", word, "ESS-1"])
            .code(6)
            .says("was answered before: approved");
    }
    let text = ticket(&vault, 1);
    for part in [
        "status: closed",
        "decision: approved",
        "note: I have looked",
    ] {
        assert!(text.contains(part), "{part:?} is not in {text}");
    }
    vault.run_until_idle();
    stands(&vault, &plan, &model, "done");
    assert_eq!(vault.journal(&plan).count("TicketDecided"), 1);
}

#[test]
fn declining_aborts_what_waits() {
    let (model, vault, plan) = paused();
    vault
        .run(&["ticket", "decline", "ESS-1", "--note", "enough"])
        .ok()
        .shows("aborted");
    vault.run_until_idle();
    stands(&vault, &plan, &model, "aborted");
    vault.run(&["ticket", "approve", "ESS-1"]).code(6);
}

/// Writes into a ticket's file as an operator would.
fn write(vault: &TestVault, from: &str, to: &str) {
    let text = ticket(vault, 1);
    assert!(text.contains(from), "{from:?} is not in {text}");
    vault.write("ess/tickets/ESS-1.md", &text.replace(from, to));
}

fn approve_in_the_file(vault: &TestVault) {
    let text = ticket(vault, 1);
    let text = text.replace("\ndecision: null\n", "\ndecision: approved\n");
    let text = text.replace("\nnote: ''\n", "\nnote: from the file\n");
    let text = text.replace("\nnote: \"\"\n", "\nnote: from the file\n");
    vault.write("ess/tickets/ESS-1.md", &text);
}

fn was_taken_from_the_file(vault: &TestVault, plan: &str) {
    let journal = vault.journal(plan);
    let decided = journal
        .entries
        .iter()
        .find_map(|(entry, event)| match event {
            Event::TicketDecided(e) => Some((entry.mark.by.clone(), e.note.clone())),
            _ => None,
        });
    let (by, note) = decided.expect("it was decided");
    assert_eq!(note, "from the file");
    assert!(by.contains("edit"), "{by}");
}

#[test]
fn an_answer_in_the_file_wakes_an_idle_daemon() {
    let (model, vault, plan) = paused();
    let daemon = Daemon::start(&vault, &["--tick-seconds", "3600"]);
    daemon.says("sleeping");
    approve_in_the_file(&vault);
    wait_until("the plan is done", || {
        vault.journal(&plan).status() == "done"
    });
    vault.follows(&plan);
    drop(daemon);
    was_taken_from_the_file(&vault, &plan);
    stands(&vault, &plan, &model, "done");
}

#[test]
fn an_answer_in_the_file_is_taken_by_the_next_tick() {
    let (model, vault, plan) = paused();
    approve_in_the_file(&vault);
    vault.run_until_idle();
    was_taken_from_the_file(&vault, &plan);
    stands(&vault, &plan, &model, "done");
}

#[test]
fn declined_in_the_file_aborts() {
    let (model, vault, plan) = paused();
    write(&vault, "\ndecision: null\n", "\ndecision: declined\n");
    vault.run_until_idle();
    stands(&vault, &plan, &model, "aborted");
}

/// What the file says already counts before what the command line says.
#[test]
fn an_answer_in_the_file_comes_before_one_on_the_command_line() {
    let (model, vault, plan) = paused();
    write(&vault, "\ndecision: null\n", "\ndecision: declined\n");
    vault.run(&["ticket", "approve", "ESS-1"]).code(6);
    stands(&vault, &plan, &model, "aborted");
}

fn is_refused(from: &str, to: &str, why: &str) {
    let (model, vault, plan) = paused();
    let before = ticket(&vault, 1);
    write(&vault, from, to);
    let edited = ticket(&vault, 1);
    vault.run_until_idle();
    stands(&vault, &plan, &model, "paused");
    let names = vault.names("ess/tickets");
    let kept = names.iter().find(|name| name.contains(".rejected-"));
    let kept = kept.unwrap_or_else(|| panic!("{names:?}"));
    assert_eq!(vault.read(&format!("ess/tickets/{kept}")), edited);
    let journal = vault.journal(&plan);
    let rejected = journal.events().find_map(|event| match event {
        Event::EditRejected(e) => Some(e.clone()),
        _ => None,
    });
    let rejected = rejected.expect("it was refused");
    assert_eq!(rejected.file, "tickets/ESS-1.md");
    assert!(rejected.why.contains(why), "{}", rejected.why);
    assert!(ticket(&vault, 1).contains("status: open"));
    assert_eq!(title(&ticket(&vault, 1)), title(&before));
    // It can still be answered.
    vault.run(&["ticket", "approve", "ESS-1"]).ok();
    vault.run_until_idle();
    stands(&vault, &plan, &model, "done");
}

fn title(ticket: &str) -> &str {
    let mut lines = ticket.lines();
    lines
        .find(|line| line.starts_with("title:"))
        .expect("a title")
}

#[test]
fn a_changed_title_is_refused_and_kept_aside() {
    is_refused(
        "ESS-P-001: the Leader pauses",
        "ESS-P-001: a forger pauses",
        "`title` belongs to the engine",
    );
}

/// A colon in a note is a slip that anybody makes: it must not be met with silence.
#[test]
fn a_file_that_cannot_be_read_any_more_is_refused_and_kept_aside() {
    is_refused("\nnote: ''\n", "\nnote: yes: go on\n", "");
}

#[test]
fn a_decision_that_is_none_is_refused_and_kept_aside() {
    is_refused(
        "\ndecision: null\n",
        "\ndecision: maybe\n",
        "`decision: maybe` is none; write approved or declined",
    );
}

#[test]
fn a_changed_text_is_refused_and_kept_aside() {
    is_refused(
        "## What happened",
        "## What never happened",
        "write `note` instead",
    );
}

/// A reply that no repair helped is a question too: what came is quoted, and approving asks the step again.
#[test]
fn a_useless_reply_is_quoted_and_approving_asks_again() {
    let useless = || {
        say(
            ARTIFACT,
            json!({"content": " ", "summary_for_state_doc": "s"}),
        )
    };
    let model = server([useless(), useless()]);
    let vault = vault(&model, "");
    let plan = vault.approved(&body(1));
    vault.run_until_idle();
    stands(&vault, &plan, &model, "paused");
    let text = ticket(&vault, 1);
    assert!(
        text.contains("kind: reply") && text.contains("an artifact is empty"),
        "{text}"
    );
    vault.run(&["ticket", "approve", "ESS-1"]).ok();
    vault.run_until_idle();
    stands(&vault, &plan, &model, "done");
}
