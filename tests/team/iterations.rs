//! A production's calls are counted: the last one must hand in, and one that does not is a defect of its own.

use modulatio_tools::fake_model::{FakeModel, Step};
use projections::{event::Event, work::DefectClass};
use serde_json::json;

use crate::{
    bench::{
        ARTIFACT, PRODUCER, asked, forced, hand_in, last_message, nth_question, server, stands,
        started, task, tasks, ticket, tool, turn, vault,
    },
    support::{TestVault, body},
};

fn run(iters: u32, steps: impl IntoIterator<Item = Step>) -> (FakeModel, TestVault, String) {
    let model = server(
        [tasks(&[task("essay", "essay.md", &[])])]
            .into_iter()
            .chain(steps),
    );
    let vault = vault(&model, &format!("defaults: {{max_iters: {iters}}}\n"));
    let plan = vault.approved(&body(1));
    vault.run_until_idle();
    (model, vault, plan)
}

fn look(n: u32) -> Step {
    turn(vec![tool("list_files", json!({"path": format!("dir{n}")}))])
}

#[test]
fn the_last_call_forces_the_answer() {
    let (model, vault, plan) = run(4, [look(1), look(2), look(3)]);
    stands(&vault, &plan, &model, "done");
    let talk = asked(&model, PRODUCER);
    let forces: Vec<Option<&str>> = talk.iter().map(forced).collect();
    assert_eq!(forces, [None, None, None, Some(ARTIFACT)]);
    for (nth, said) in [
        (1, "[3 calls are left, the one that hands in included]"),
        (2, "[2 calls are left, the one that hands in included]"),
        (3, "[the next call is the last one: hand in]"),
    ] {
        let last = last_message(&talk[nth]);
        assert!(last.contains(said), "{said:?} is not in {last}");
    }
    let request = nth_question(&model, PRODUCER, 0);
    assert!(request.contains("4 calls in all"), "{request}");
}

#[test]
fn a_production_that_ignores_it_has_used_up_its_calls_and_is_made_anew() {
    let (model, vault, plan) = run(3, [look(1), look(2), look(3), hand_in("at last\n")]);
    stands(&vault, &plan, &model, "done");
    let journal = vault.journal(&plan);
    let steps = started(&journal);
    assert_eq!(
        steps[1..6],
        [
            "s1-t1-produce-1",
            "s1-t1-produce-1",
            "s1-t1-produce-1",
            "s1-t1-produce-2",
            "s1-t1-qc-2"
        ]
    );
    let classes: Vec<DefectClass> = journal
        .events()
        .filter_map(|event| match event {
            Event::TaskReviewed(e) if e.by_engine => Some(e.verdict.defects[0].class),
            _ => None,
        })
        .collect();
    assert_eq!(classes, [DefectClass::MaxIters]);
    assert_eq!(
        journal.count("ToolCallStarted"),
        2,
        "the tools of the last call are not run"
    );
    let again = nth_question(&model, PRODUCER, 3);
    assert!(
        again.contains("- critical, max-iters: 3 calls were made, and nothing was handed in"),
        "{again}"
    );
}

/// It never hands in, nor does quality control: a bounded number of calls, and then a person.
#[test]
fn a_team_that_never_hands_in_ends_at_a_ticket() {
    let (model, vault, plan) = run(2, [look(1).times(0)]);
    stands(&vault, &plan, &model, "paused");
    let steps = started(&vault.journal(&plan));
    assert_eq!(steps.len(), 1 + 5 * 2, "{steps:?}");
    assert_eq!(steps.last().unwrap(), "s1-t1-fix-5");
    let text = ticket(&vault, 1);
    assert!(
        text.contains("kind: blocked-task") && text.contains("2 calls were made"),
        "{text}"
    );
}

#[test]
fn the_same_call_again_is_told_so() {
    let same = || turn(vec![tool("read_file", json!({"path": "essay.md"}))]);
    let other = turn(vec![tool("read_file", json!({"path": "other.md"}))]);
    let (model, vault, plan) = run(24, [same(), other, same()]);
    stands(&vault, &plan, &model, "done");
    let talk = asked(&model, PRODUCER);
    let told = |nth: usize| {
        last_message(&talk[nth]).contains("[the same call as t00000001, with the same arguments")
    };
    assert_eq!([1, 2, 3].map(told), [false, false, true]);
    // The prompt before says the same again: nothing of it was rewritten.
    let before = talk[2].body["messages"].as_array().unwrap();
    let after = talk[3].body["messages"].as_array().unwrap();
    assert_eq!(after[..before.len()], before[..]);
}

#[test]
fn the_same_call_twice_in_one_turn_is_told_so() {
    let call = || tool("list_files", json!({}));
    let (model, vault, plan) = run(24, [turn(vec![call(), call()])]);
    stands(&vault, &plan, &model, "done");
    let last = last_message(&asked(&model, PRODUCER)[1]);
    assert!(last.contains("[the same call as t00000001"), "{last}");
}

/// A judge that only looks is asked once more, and then a person is.
#[test]
fn a_judge_that_never_judges_ends_at_a_ticket() {
    let looks = Step::new(modulatio_tools::fake_model::Behaviour::ToolCalls(vec![
        tool("list_files", json!({})),
    ]));
    let (model, vault, plan) = run(2, [looks.for_tool("submit_verdict").times(0)]);
    stands(&vault, &plan, &model, "paused");
    let text = ticket(&vault, 1);
    assert!(
        text.contains("kind: reply") && text.contains("s1-t1-qc-1"),
        "{text}"
    );
    let steps = started(&vault.journal(&plan));
    assert!(steps.len() <= 6, "{steps:?}");
}
