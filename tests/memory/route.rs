//! Who does a task: capability and load first, likeness second, and the reasons in the journal.

use projections::{event::Event, event::TaskRouted, memory::RouteRule};
use serde_json::{Value, json};

use crate::{
    bench::{QUICK, entry, fails, hand_in, passes, server, stands, task, tasks},
    support::{Journal, TestVault, body},
};
use modulatio_tools::fake_model::FakeModel;

fn team(model: &FakeModel, producers: &str) -> TestVault {
    let entry = entry("fake-1", model, "");
    TestVault::with(&format!(
        "models:\n{entry}team:\n  leader: fake-1\n  producers:\n{producers}{QUICK}embedder: lexical\n"
    ))
}

const DRAFTER: &str = "    - {name: drafter, good_at: \"essays and reports in plain prose\"}\n";
const CODER: &str = "    - {name: coder, good_at: \"programs and tests in Python\"}\n";

fn of_kind(mut task: Value, kind: &str, brief: &str) -> Value {
    task["kind"] = json!(kind);
    task["brief"] = json!(brief);
    task
}

fn routed(journal: &Journal) -> Vec<TaskRouted> {
    let one = |event: &Event| match event {
        Event::TaskRouted(e) => Some(e.clone()),
        _ => None,
    };
    journal.events().filter_map(one).collect()
}

fn run(vault: &TestVault, model: &FakeModel, sub_objectives: u32) -> Vec<TaskRouted> {
    let plan = vault.approved(&body(sub_objectives));
    vault.run_until_idle();
    stands(vault, &plan, model, "done");
    routed(&vault.journal(&plan))
}

#[test]
fn a_task_goes_to_whose_description_it_is_most_like_and_the_scores_are_told() {
    let model = server([tasks(&[of_kind(
        task("tool", "tool.py", &[]),
        "code",
        "Write tests in Python for the program.",
    )])]);
    let vault = team(&model, &[DRAFTER, CODER].concat());
    let routed = run(&vault, &model, 1);
    let [routed] = &routed[..] else {
        panic!("{routed:?}");
    };
    assert_eq!(
        (routed.producer.as_str(), routed.rule),
        ("coder", RouteRule::Similarity)
    );
    assert!(
        routed
            .embedder
            .as_deref()
            .is_some_and(|id| id.starts_with("lexical"))
    );
    let scores: Vec<u16> = routed.among.iter().map(|s| s.described.unwrap()).collect();
    assert!(scores[1] > scores[0], "{scores:?}");
    let answered = vault.read("ess/plans/ESS-P-001.usage.jsonl");
    assert!(answered.contains("\"agent_id\":\"coder\""), "{answered}");
}

#[test]
fn capability_comes_first() {
    let drafter = "    - {name: drafter, good_at: \"tests in Python for programs\", kinds: [document, research]}\n";
    let model = server([tasks(&[of_kind(
        task("tool", "tool.py", &[]),
        "code",
        "Write tests in Python for the program.",
    )])]);
    let vault = team(&model, &[drafter, "    - {name: other}\n"].concat());
    let routed = run(&vault, &model, 1);
    assert_eq!(
        (routed[0].producer.as_str(), routed[0].rule),
        ("other", RouteRule::Capability)
    );
    assert!(!routed[0].among[0].capable && routed[0].embedder.is_none());
}

#[test]
fn who_has_less_in_work_comes_before_who_is_more_like_it() {
    let essay = |n: u32| {
        of_kind(
            task(&format!("e{n}"), &format!("e{n}.md"), &[]),
            "document",
            "An essay in plain prose.",
        )
    };
    let model = server([tasks(&[essay(1), essay(2)])]);
    let vault = team(&model, &[DRAFTER, CODER].concat());
    let routed = run(&vault, &model, 1);
    let who: Vec<(&str, RouteRule)> = routed
        .iter()
        .map(|r| (r.producer.as_str(), r.rule))
        .collect();
    assert_eq!(
        who,
        [
            ("drafter", RouteRule::Similarity),
            ("coder", RouteRule::Load)
        ]
    );
}

#[test]
fn who_failed_at_such_work_before_is_passed_over_among_equals() {
    let one = "    - {name: one}\n    - {name: two}\n";
    let essay = || tasks(&[task("essay on stoic restraint", "essay.md", &[])]);
    let model = server([
        essay(),
        hand_in("a\n"),
        fails("substantive", "it is thin"),
        hand_in("b\n"),
        fails("substantive", "it is still thin"),
        hand_in("c\n"),
        passes(),
        essay(),
    ]);
    let vault = team(&model, one);
    let routed = run(&vault, &model, 2);
    assert_eq!(
        (routed[0].producer.as_str(), routed[0].rule),
        ("one", RouteRule::Order)
    );
    assert_eq!(
        (routed[1].producer.as_str(), routed[1].rule),
        ("two", RouteRule::Similarity)
    );
    let history: Vec<Option<u16>> = routed[1].among.iter().map(|s| s.history).collect();
    assert!(
        history[0].is_some_and(|share| share < 500) && history[1].is_none(),
        "{history:?}"
    );
}

#[test]
fn one_producer_and_the_planners_choice_need_no_router() {
    let mut chosen = task("essay", "essay.md", &[]);
    chosen["producer"] = json!("coder");
    let model = server([tasks(&[chosen])]);
    let vault = team(&model, &[DRAFTER, CODER].concat());
    assert!(run(&vault, &model, 1).is_empty());
    let model = server([]);
    let vault = team(&model, DRAFTER);
    assert!(run(&vault, &model, 1).is_empty());
}
