//! A daemon that dies while several tasks are in work: the next one resumes every one of them, and no answer that was
//! made durable is paid again.

use std::time::Duration;

use modulatio_tools::fake_model::{Behaviour, FakeModel, Step};
use projections::event::Event;
use serde_json::json;

use crate::{
    bench::{
        ARTIFACT, QUICK, VERDICT, artifact, hand_in, server, stands, started, task, tasks, tool,
        turn, written,
    },
    support::{
        Daemon, TestVault, body,
        books::{Books, PRICE},
        wait_until,
    },
};

/// A vault whose books are kept.
fn priced(model: &FakeModel) -> TestVault {
    let url = model.base_url();
    TestVault::with(&format!(
        "models:\n  fake-1: {{provider: openai, model: fake-1, base_url: \"{url}\", {PRICE}}}\n\
         team: {{leader: fake-1}}\n{QUICK}"
    ))
}

fn two() -> Step {
    tasks(&[task("one", "one.md", &[]), task("two", "two.md", &[])])
}

/// Steps of calls that began and were cut.
fn abandoned(vault: &TestVault, plan: &str) -> Vec<String> {
    let journal = vault.journal(plan);
    let mut labels: Vec<String> = journal
        .events()
        .filter_map(|event| match event {
            Event::ModelCallAbandoned(e) => Some(e.call_id.to_string()),
            _ => None,
        })
        .collect();
    labels.sort();
    labels
}

/// Killed while both tasks wait for `tool`'s answer, of which so much may have arrived already.
fn killed_in_the_middle_of_two(tool: &str, middle: Behaviour, delay: u64) {
    let begins = |n: &str| {
        let step = Step::new(middle.clone()).for_tool(tool);
        let step = step.for_text(&format!("# Task: {n}\n"));
        step.after(Duration::from_millis(delay))
    };
    let model = server([two(), begins("one"), begins("two")]);
    let vault = priced(&model);
    let plan = vault.approved(&body(1));
    let daemon = Daemon::start(&vault, &["--until-idle"]);
    let before = if tool == ARTIFACT { 1 } else { 3 };
    wait_until("both calls are under way", || {
        model.requests().len() == before + 2
    });
    daemon.kill();
    let journal = vault.journal(&plan);
    assert_eq!(journal.plan.calls.in_flight.len(), 2, "{tool}");
    let completed = journal.plan.calls.completed;
    vault.run_until_idle();

    stands(&vault, &plan, &model, "done");
    assert_eq!(abandoned(&vault, &plan).len(), 2, "{tool}");
    let journal = vault.journal(&plan);
    assert_eq!(journal.plan.calls.completed, 6);
    assert_eq!(started(&journal).len(), 8);
    let audit = Books::of(&vault, std::slice::from_ref(&plan)).agree_with(&model.sold());
    assert_eq!(audit.completed, 6);
    assert_eq!(audit.in_doubt, 2);
    assert_eq!(completed, before as u64);
}

#[test]
fn killed_while_two_producers_wait_both_are_asked_again_and_nobody_else() {
    killed_in_the_middle_of_two(ARTIFACT, Behaviour::Default, 60_000);
}

#[test]
fn killed_while_two_answers_arrive_both_stay_in_doubt_and_are_asked_again() {
    let stalls = Behaviour::Stall {
        after: 1,
        answer: Box::default(),
    };
    killed_in_the_middle_of_two(ARTIFACT, stalls, 0);
}

#[test]
fn killed_while_two_verdicts_are_awaited_no_artifact_is_made_again() {
    killed_in_the_middle_of_two(VERDICT, Behaviour::Default, 60_000);
}

/// What each task's producer says follows from what it was told last, so that one that is asked again says the same.
fn two_with_tools() -> FakeModel {
    let of = |n: &str| {
        let task = format!("# Task: {n}\n");
        let file = json!({"path": format!("{n}.md"), "content": format!("by {n}\n")});
        [
            turn(vec![tool("list_files", json!({}))]).for_message(&task),
            written(n).for_text(&task).for_message("Wrote "),
            // Written again after a crash: the file is there already.
            written(n).for_text(&task).for_message("Replaced "),
            turn(vec![tool("write_file", file)]).for_text(&task),
        ]
        .map(|step| step.times(0))
    };
    server([two()].into_iter().chain(of("one")).chain(of("two")))
}

/// Killed at this point, then resumed. Says whether the fault was reached.
fn survives(fault: &str) -> bool {
    let model = two_with_tools();
    let vault = priced(&model);
    let plan = vault.approved(&body(1));
    let cut = vault.run_with(&["daemon", "--until-idle"], &[("MODULATIO_FAULT", fault)]);
    if cut.code.is_some() {
        cut.ok();
        stands(&vault, &plan, &model, "done");
        return false;
    }
    vault.run_until_idle();
    stands(&vault, &plan, &model, "done");
    for name in ["one", "two"] {
        let made = artifact(&vault, &plan, &format!("{name}.md"));
        assert_eq!(made, format!("by {name}\n"), "{fault}");
    }
    let calls = vault.journal(&plan).plan.calls;
    assert!(calls.abandoned <= 2, "{fault}: {}", calls.abandoned);
    let audit = Books::of(&vault, &[plan]).agree_with(&model.sold());
    assert_eq!(audit.completed as u64, calls.completed, "{fault}");
    true
}

/// Every other point, until the fault lies behind the plan's last frame. The test below dies at those between.
#[test]
fn killed_after_a_frame_of_two_parallel_talks_both_go_on_there() {
    let reached = (2..)
        .step_by(2)
        .take_while(|n| survives(&format!("kill-after-append:{n}")));
    assert!(reached.count() >= 12);
}

#[test]
fn killed_before_a_frame_of_two_parallel_talks_only_open_calls_are_asked_again() {
    let reached = (2..)
        .step_by(2)
        .take_while(|n| survives(&format!("kill-before-append:{n}")));
    assert!(reached.count() >= 12);
}

#[test]
fn a_daemon_that_is_asked_to_stop_gives_both_tasks_back_and_the_next_one_finishes_them() {
    let wait = |n: &str| {
        let step = hand_in("never").for_text(&format!("# Task: {n}\n"));
        step.after(Duration::from_secs(60))
    };
    let model = server([two(), wait("one"), wait("two")]);
    let vault = priced(&model);
    let plan = vault.approved(&body(1));
    let daemon = Daemon::start(&vault, &[]);
    wait_until("both calls are under way", || model.requests().len() == 3);
    daemon.send(crate::support::SIGTERM);
    let (status, log) = daemon.ended();
    assert!(status.success(), "{log}");
    assert_eq!(vault.journal(&plan).status(), "approved");
    vault.is_proven(&plan);
    vault.run_until_idle();
    stands(&vault, &plan, &model, "done");
    assert_eq!(abandoned(&vault, &plan).len(), 2);
}
