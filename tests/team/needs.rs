//! What tasks need of each other: done in that order, and refused where it cannot be.

use modulatio_tools::fake_model::{FakeModel, Step};
use serde_json::{Value, json};

use crate::{
    bench::{
        hand_in, last_message, nth_question, server, stands, started, task, tasks, ticket, vault,
    },
    support::{TestVault, body},
};

fn run(steps: impl IntoIterator<Item = Step>) -> (FakeModel, TestVault, String) {
    let model = server(steps);
    let vault = vault(&model, "");
    let plan = vault.approved(&body(1));
    vault.run_until_idle();
    (model, vault, plan)
}

#[test]
fn a_chain_is_worked_on_in_its_order_whatever_the_list_says() {
    let chain = tasks(&[
        task("index", "index.md", &["essay", "outline"]),
        task("essay", "essay.md", &["outline"]),
        task("outline", "outline.md", &[]),
    ]);
    let outline = hand_in("three questions\n").for_text("# Task: outline\n");
    let (model, vault, plan) = run([chain, outline]);
    stands(&vault, &plan, &model, "done");
    let steps = started(&vault.journal(&plan));
    assert_eq!(
        steps[1..7],
        [
            "s1-t3-produce-1",
            "s1-t3-qc-1",
            "s1-t2-produce-1",
            "s1-t2-qc-1",
            "s1-t1-produce-1",
            "s1-t1-qc-1"
        ]
    );
    let essay = nth_question(&model, "# Task: essay\n\nWrite", 0);
    assert!(essay.contains("- s1-t3 outline: outline.md\n"), "{essay}");
    let claim = essay.split(" the claim of s1-t3\n").nth(1);
    assert!(
        claim.is_some_and(|claim| claim.starts_with("I wrote: three questions")),
        "{essay}"
    );
}

/// A diamond: the two in the middle do not wait for each other, the last waits for both.
#[test]
fn a_task_waits_for_all_that_it_needs() {
    let diamond = tasks(&[
        task("a", "a.md", &[]),
        task("b", "b.md", &["a"]),
        task("c", "c.md", &["a"]),
        task("d", "d.md", &["b", "c"]),
    ]);
    let slow = hand_in("b\n").for_text("# Task: b\n");
    let slow = slow.after(std::time::Duration::from_secs(1));
    let (model, vault, plan) = run([diamond, slow]);
    stands(&vault, &plan, &model, "done");
    let steps = started(&vault.journal(&plan));
    let at = |label: &str| steps.iter().position(|step| step == label).expect("a step");
    assert!(at("s1-t3-qc-1") < at("s1-t2-qc-1"), "{steps:?}");
    assert!(at("s1-t4-produce-1") > at("s1-t2-qc-1"), "{steps:?}");
    assert!(at("s1-t2-produce-1") > at("s1-t1-qc-1"), "{steps:?}");
}

fn wrong() -> Vec<(Vec<Value>, &'static str)> {
    let two = |a: Value, b: Value| vec![a, b];
    vec![
        (
            two(task("a", "a.md", &["ghost"]), task("b", "b.md", &[])),
            "needs \"ghost\", which is no task",
        ),
        (
            two(task("a", "a.md", &["b"]), task("b", "b.md", &["a"])),
            "needs itself",
        ),
        (vec![task("a", "a.md", &["a"])], "needs itself"),
        (vec![task("a", "../../a.md", &[])], "is not a relative path"),
        (
            vec![task("a", "/etc/cron.d/a", &[])],
            "is not a relative path",
        ),
        (
            two(task("a", "a.md", &[]), task("b", "a.md", &[])),
            "two tasks write",
        ),
    ]
}

#[test]
fn tasks_that_cannot_be_are_refused_and_repaired() {
    for (list, why) in wrong() {
        let (model, vault, plan) = run([tasks(&list)]);
        stands(&vault, &plan, &model, "done");
        let repair = last_message(&model.requests()[1]);
        assert!(repair.contains(why), "{why:?} is not in {repair}");
        assert_eq!(vault.journal(&plan).count("ReplyRejected"), 1, "{why}");
    }
}

#[test]
fn tasks_that_cannot_be_a_second_time_are_a_persons_matter() {
    for (list, why) in wrong() {
        let (model, vault, plan) = run([tasks(&list), tasks(&list)]);
        stands(&vault, &plan, &model, "paused");
        assert_eq!(model.requests().len(), 2, "{why}");
        let text = ticket(&vault, 1);
        assert!(text.contains("kind: reply") && text.contains(why), "{text}");
        vault.run(&["ticket", "approve", "ESS-1"]).ok();
        vault.run_until_idle();
        stands(&vault, &plan, &model, "done");
    }
}

#[test]
fn more_tasks_than_may_be_are_refused() {
    let seven: Vec<Value> = (1..=7)
        .map(|n| task(&format!("t{n}"), &format!("{n}.md"), &[]))
        .collect();
    let (model, vault, plan) = run([tasks(&seven)]);
    stands(&vault, &plan, &model, "done");
    let repair = last_message(&model.requests()[1]);
    assert!(
        repair.contains("there must be 1 to 6 tasks, not 7"),
        "{repair}"
    );
    let tools = &model.requests()[0].body["tools"][0]["function"]["parameters"];
    assert_eq!(tools["properties"]["tasks"]["maxItems"], json!(6));
}
