//! Ticket files as a daemon meets them: through its watcher, at its ticks, and at its start.

use std::{fs, os::unix::fs::symlink, path::Path, process::Command};

use projections::event::{EditRejected, Event};

use crate::{
    bench::put_over,
    support::{Daemon, TestVault, body, wait_until},
};

const FIRST: &str = "ess/tickets/ESS-1.md";

/// A plan that is paused and asks, with a ticket to know beside it: ESS-1 tells, ESS-2 asks.
fn asks() -> (TestVault, String) {
    let vault = TestVault::with(
        "models:\n  m: {provider: rehearsal, reject: 4, reject_in: [1], outcomes: {1: pause}}\nteam: {leader: m}\n",
    );
    let plan = vault.approved(&body(1));
    vault.run_until_idle();
    assert_eq!(vault.journal(&plan).status(), "paused");
    assert_eq!(tickets(&vault), ["ESS-1.md", "ESS-2.md"]);
    (vault, plan)
}

fn tickets(vault: &TestVault) -> Vec<String> {
    vault.names("ess/tickets")
}

fn asleep(vault: &TestVault) -> Daemon {
    let daemon = Daemon::start(vault, &["--tick-seconds", "3600"]);
    daemon.says("sleeping");
    daemon
}

fn rejected(vault: &TestVault, plan: &str) -> Vec<EditRejected> {
    let journal = vault.journal(plan);
    let events = journal.events().filter_map(|event| match event {
        Event::EditRejected(e) => Some(e.clone()),
        _ => None,
    });
    events.collect()
}

/// Does something to a ticket's file, beside a sleeping daemon or before one starts; both must refuse it once, say so
/// once, keep what there was, and render the ticket afresh.
fn is_refused(act: impl Fn(&Path), why: &str, kept: usize) {
    for awake in [true, false] {
        let (vault, plan) = asks();
        let rendered = vault.read(FIRST);
        let log = if awake {
            let daemon = asleep(&vault);
            act(&vault.path(FIRST));
            wait_until(&format!("it is refused: {why}"), || {
                !rejected(&vault, &plan).is_empty()
            });
            vault.follows(&plan);
            daemon.says("hand edit refused");
            daemon.log()
        } else {
            act(&vault.path(FIRST));
            vault.run_until_idle().err
        };
        let refusals = rejected(&vault, &plan);
        assert_eq!(refusals.len(), 1, "{why}: {refusals:?}");
        assert!(refusals[0].why.contains(why), "{why}: {refusals:?}");
        assert_eq!(refusals[0].file, "tickets/ESS-1.md");
        assert_eq!(log.matches("hand edit refused").count(), 1, "{why}: {log}");
        assert_eq!(
            tickets(&vault).len(),
            2 + kept,
            "{why}: {:?}",
            tickets(&vault)
        );
        assert_eq!(vault.read(FIRST), rendered, "{why}");
        vault.run_until_idle();
        assert_eq!(rejected(&vault, &plan).len(), 1, "{why}: told once");
        vault.is_proven(&plan);
        vault.run(&["ticket", "approve", "ESS-2"]).ok();
        vault.run_until_idle();
        assert_eq!(vault.journal(&plan).status(), "done", "{why}");
    }
}

fn rewrite(change: impl Fn(&str) -> String) -> impl Fn(&Path) {
    move |path| {
        let old = fs::read_to_string(path).unwrap();
        fs::write(path, change(&old)).unwrap();
    }
}

#[test]
fn a_ticket_that_is_deleted_comes_back_with_a_word_on_how_to_answer_it() {
    is_refused(
        |path| fs::remove_file(path).unwrap(),
        "modulatio ticket approve ESS-1",
        0,
    );
}

#[test]
fn a_ticket_that_names_no_plan_any_more_is_refused_all_the_same() {
    is_refused(|path| fs::write(path, "").unwrap(), "it is empty", 1);
    is_refused(
        |path| fs::write(path, b"\xff\xfe\x00garbage").unwrap(),
        "not UTF-8",
        1,
    );
    is_refused(rewrite(|old| old[..20].to_owned()), "cut short", 1);
    is_refused(
        rewrite(|_| "approved\n".to_owned()),
        "its frontmatter is missing",
        1,
    );
    let other =
        |old: &str| old.replace("affected_plan_id: ESS-P-001", "affected_plan_id: ESS-P-009");
    is_refused(rewrite(other), "`affected_plan_id`", 1);
}

#[test]
fn a_ticket_that_is_no_file_any_more_is_moved_aside() {
    let instead = |put: fn(&Path)| move |path: &Path| put_over(path, put);
    is_refused(
        instead(|path| fs::create_dir(path).unwrap()),
        "a directory",
        1,
    );
    is_refused(
        instead(|path| symlink("/nowhere", path).unwrap()),
        "leads nowhere",
        1,
    );
    let pipe = |path: &Path| {
        let made = Command::new("mkfifo").arg(path).status();
        assert!(made.unwrap().success());
    };
    is_refused(instead(pipe), "a pipe", 1);
}

#[test]
fn a_ticket_in_which_another_plan_is_named_is_refused() {
    let (vault, plan) = asks();
    let other = vault.draft(&body(1));
    let _daemon = asleep(&vault);
    let new = vault.read(FIRST).replace(
        "affected_plan_id: ESS-P-001",
        &format!("affected_plan_id: {other}"),
    );
    vault.write(FIRST, &new);
    wait_until("it is refused", || rejected(&vault, &plan).len() == 1);
    vault.follows(&plan);
    assert_eq!(vault.journal(&other).entries.len(), 1);
}

#[test]
fn tickets_whose_directory_is_deleted_come_back() {
    let (vault, plan) = asks();
    let daemon = asleep(&vault);
    fs::remove_dir_all(vault.path("ess/tickets")).unwrap();
    wait_until("both are missed", || rejected(&vault, &plan).len() == 2);
    vault.follows(&plan);
    let told = || daemon.log().matches("it was deleted").count();
    wait_until("both are told", || told() >= 2);
    assert_eq!(told(), 2, "{}", daemon.log());
    // And they are watched again.
    let new = vault
        .read("ess/tickets/ESS-2.md")
        .replace("\ndecision: null\n", "\ndecision: approved\n");
    vault.write("ess/tickets/ESS-2.md", &new);
    wait_until("the plan is done", || {
        vault.journal(&plan).status() == "done"
    });
}

#[test]
fn a_second_answer_in_the_file_of_a_closed_ticket_is_met_with_a_word() {
    let (vault, plan) = asks();
    vault.run(&["ticket", "approve", "ESS-1"]).ok();
    let daemon = asleep(&vault);
    let new = vault
        .read(FIRST)
        .replace("\ndecision: approved\n", "\ndecision: declined\n");
    vault.write(FIRST, &new);
    daemon.says("was answered before: approved");
    wait_until("it is refused", || rejected(&vault, &plan).len() == 1);
    vault.follows(&plan);
    vault.is_proven(&plan);
}

#[test]
fn a_closed_ticket_may_be_deleted() {
    let (vault, plan) = asks();
    vault.run(&["ticket", "approve", "ESS-1"]).ok();
    let daemon = asleep(&vault);
    let looks = || daemon.log().matches("tick plans").count();
    let before = looks();
    fs::remove_file(vault.path(FIRST)).unwrap();
    wait_until("it looked", || looks() > before);
    assert_eq!(rejected(&vault, &plan), []);
    vault.run(&["ticket", "approve", "ESS-2"]).ok();
    wait_until("the plan is done", || {
        vault.journal(&plan).status() == "done"
    });
    vault.follows(&plan);
}

#[test]
fn an_old_rendering_that_is_put_back_over_a_closed_ticket_is_rendered_afresh() {
    let (vault, plan) = asks();
    let daemon = asleep(&vault);
    let old = vault.read(FIRST);
    let looks = || daemon.log().matches("tick plans").count();
    let before = looks();
    vault.run(&["ticket", "approve", "ESS-1"]).ok();
    let now = vault.read(FIRST);
    assert_ne!(old, now);
    wait_until("it looked", || looks() > before);
    vault.write(FIRST, &old);
    wait_until("it is rendered afresh", || vault.read(FIRST) == now);
    assert_eq!(rejected(&vault, &plan), []);
    vault.is_proven(&plan);
}

#[test]
fn two_tickets_whose_files_were_swapped_get_their_own_back() {
    let (vault, plan) = asks();
    let daemon = asleep(&vault);
    let (one, other) = (vault.read(FIRST), vault.read("ess/tickets/ESS-2.md"));
    vault.write(FIRST, &other);
    vault.write("ess/tickets/ESS-2.md", &one);
    wait_until("both are refused", || rejected(&vault, &plan).len() == 2);
    vault.follows(&plan);
    assert_eq!(
        (vault.read(FIRST), vault.read("ess/tickets/ESS-2.md")),
        (one, other)
    );
    for e in rejected(&vault, &plan) {
        assert!(e.why.contains("`id`"), "{}", e.why);
    }
    let told = || daemon.log().matches("hand edit refused").count();
    wait_until("both are told", || told() >= 2);
    assert_eq!(told(), 2, "{}", daemon.log());
}

#[test]
fn a_copy_under_another_name_is_nobodys_ticket() {
    let (vault, plan) = asks();
    let daemon = asleep(&vault);
    let copy = vault
        .read(FIRST)
        .replace("\ndecision: null\n", "\ndecision: approved\n");
    let looks = || daemon.log().matches("tick plans").count();
    let before = looks();
    for name in ["ESS-9.md", "ESS-1 (copy).md", "ESS-01.md", "OTHER-1.md"] {
        vault.write(&format!("ess/tickets/{name}"), &copy);
    }
    wait_until("it looked", || looks() > before);
    drop(daemon);
    vault.run_until_idle();
    assert_eq!(vault.journal(&plan).status(), "paused");
    assert_eq!(rejected(&vault, &plan), []);
    assert_eq!(vault.read("ess/tickets/ESS-9.md"), copy);
    assert_eq!(tickets(&vault).len(), 6);
}

/// A ticket as the existing program leaves it.
fn foreign(plan: &str, decision: &str) -> String {
    format!(
        "---\nid: ESS-7\nproject_id: 6935fdce-d58c-46c8-9334-ae9bb1a1a993\npriority: minor\nstatus: open\n\
         title: 'Approve plan: {plan}'\nbody: Review the plan below\naffected_plan_id: {plan}\n\
         approval_required: true\napproval_decision: {decision}\napproval_note: null\n---\nReview the plan below\n\n\
         <!-- modulatio:transitions -->\n```json\n[]\n```\n<!-- /modulatio:transitions -->\n"
    )
}

#[test]
fn a_ticket_of_the_existing_program_is_left_alone() {
    let (vault, plan) = asks();
    let file = "ess/tickets/ESS-7.md";
    vault.write(file, &foreign(&plan, "null"));
    let daemon = asleep(&vault);
    let entries = vault.journal(&plan).entries.len();
    let looks = || daemon.log().matches("tick plans").count();
    for text in [
        foreign(&plan, "approved"),
        foreign("ESS-PLAN-001", "null"),
        "---\nid: [\n".to_owned(),
    ] {
        let before = looks();
        vault.write(file, &text);
        wait_until("it looked", || looks() > before);
        assert_eq!(vault.read(file), text);
    }
    let before = looks();
    fs::remove_file(vault.path(file)).unwrap();
    wait_until("it looked", || looks() > before);
    vault.write(file, &foreign(&plan, "null"));
    vault.run_until_idle();
    assert!(!daemon.log().contains("WARN"), "{}", daemon.log());
    assert_eq!(vault.journal(&plan).entries.len(), entries);
    assert_eq!(vault.read(file), foreign(&plan, "null"));
    // Its number is taken all the same.
    vault.run(&["ticket", "decline", "ESS-2"]).ok();
    let next = vault.approved("## No list\n");
    wait_until("it asks", || vault.journal(&next).status() == "paused");
    assert!(
        vault
            .journal(&next)
            .plan
            .tickets
            .keys()
            .all(|id| id.number() == 8)
    );
}

#[test]
fn two_daemons_that_see_one_edit_of_a_ticket_judge_it_once() {
    for (word, kind) in [("approved", "TicketDecided"), ("perhaps", "EditRejected")] {
        let (vault, plan) = asks();
        let daemons = [(); 2].map(|()| asleep(&vault));
        let new = vault
            .read(FIRST)
            .replace("\ndecision: null\n", &format!("\ndecision: {word}\n"));
        vault.write(FIRST, &new);
        wait_until(kind, || vault.journal(&plan).count(kind) > 0);
        vault.follows(&plan);
        vault.run_until_idle();
        let journal = vault.journal(&plan);
        assert_eq!(
            journal.count("TicketDecided") + journal.count("EditRejected"),
            1,
            "{word}"
        );
        let refused = kind == "EditRejected";
        assert_eq!(
            tickets(&vault).len(),
            2 + usize::from(refused),
            "{word}: {:?}",
            tickets(&vault)
        );
        let told = |daemon: &Daemon| daemon.log().matches("hand edit refused").count();
        let told = || daemons.iter().map(told).sum::<usize>();
        wait_until("it is told", || told() >= usize::from(refused));
        assert_eq!(told(), usize::from(refused), "{word}");
    }
}

#[test]
fn the_command_line_waits_for_an_editor_that_is_still_writing() {
    let (vault, plan) = asks();
    let new = vault
        .read("ess/tickets/ESS-2.md")
        .replace("\ndecision: null\n", "\ndecision: declined\n");
    let path = vault.path("ess/tickets/ESS-2.md");
    std::thread::scope(|scope| {
        let writing = fs::File::create(&path).unwrap();
        scope.spawn(move || {
            use std::io::Write;
            let mut writing = writing;
            for piece in new.as_bytes().chunks(new.len() / 10 + 1) {
                writing.write_all(piece).unwrap();
                std::thread::sleep(std::time::Duration::from_millis(60));
            }
        });
        // What is being written into the file was begun first.
        vault
            .run(&["ticket", "approve", "ESS-2"])
            .code(6)
            .says("was answered before: declined");
    });
    let journal = vault.journal(&plan);
    assert_eq!(journal.status(), "aborted");
    assert_eq!(journal.count("EditRejected"), 0);
    vault.is_proven(&plan);
}

#[test]
fn the_command_line_waits_for_an_editor_of_the_plan_too() {
    let vault = TestVault::new();
    let plan = vault.draft(&body(1));
    let new = vault
        .read("ess/plans/ESS-P-001.md")
        .replace("write essay 1", "write a letter");
    let path = vault.plan_file(&plan);
    std::thread::scope(|scope| {
        let writing = fs::File::create(&path).unwrap();
        scope.spawn(move || {
            use std::io::Write;
            let mut writing = writing;
            for piece in new.as_bytes().chunks(new.len() / 10 + 1) {
                writing.write_all(piece).unwrap();
                std::thread::sleep(std::time::Duration::from_millis(60));
            }
        });
        vault.run(&["plan", "approve", &plan]).ok();
    });
    let journal = vault.journal(&plan);
    let kinds: Vec<&str> = journal.events().map(Event::kind).collect();
    assert_eq!(kinds, ["PlanDrafted", "PlanRevised", "PlanApproved"]);
    assert!(journal.plan.body.contains("write a letter"));
    vault.is_proven(&plan);
}
