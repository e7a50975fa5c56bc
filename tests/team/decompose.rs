//! A sub-objective that fits no window: a person is asked whether it may be divided, and the Leader divides it.

use modulatio_tools::fake_model::{Behaviour, FakeModel, Step};
use serde_json::{Value, json};

use crate::{
    bench::{asked, say, server, stands, started, ticket, vault},
    support::{TestVault, body},
};

const PARTS: &str = "submit_parts";
const LEADER: &str = "You are the Leader. A sub-objective is too large";

fn part(title: &str, file: &str) -> Value {
    json!({"title": title, "description": "a smaller piece", "files": [file],
           "done_when": [format!("{file} is there")], "out_of_scope": []})
}

fn parts(items: &[Value]) -> Step {
    say(
        PARTS,
        json!({"rationale": "it has two halves", "sub_objectives": items}),
    )
}

fn two_parts() -> Step {
    parts(&[part("Outline", "outline.md"), part("Text", "text.md")])
}

/// A plan of three, whose second sub-objective is more than its model takes: it waits at a ticket.
fn too_large(steps: impl IntoIterator<Item = Step>) -> (FakeModel, TestVault, String) {
    let full = Step::new(Behaviour::ContextTooLong);
    let full = full
        .for_tool("submit_artifact")
        .for_text("# Task: Write essay2.md");
    let model = server([full].into_iter().chain(steps));
    let vault = vault(&model, "");
    let plan = vault.approved(&body(3));
    vault.run_until_idle();
    stands(&vault, &plan, &model, "paused");
    (model, vault, plan)
}

fn titles(vault: &TestVault, plan: &str) -> Vec<String> {
    let text = vault.read(&format!("ess/plans/{plan}.md"));
    let items = text.lines().filter_map(|line| {
        let title = line.strip_prefix("**")?.split("**").next()?;
        Some(title.to_owned())
    });
    items.collect()
}

#[test]
fn approving_lets_the_leader_divide_it_and_the_plan_goes_on() {
    let (model, vault, plan) = too_large([two_parts()]);
    let text = ticket(&vault, 1);
    for part in [
        "kind: context",
        "approval_required: true",
        "two to six smaller ones",
    ] {
        assert!(text.contains(part), "{part:?} is not in {text}");
    }
    vault.run(&["ticket", "approve", "ESS-1"]).ok();
    vault.run_until_idle();
    stands(&vault, &plan, &model, "done");
    assert_eq!(
        titles(&vault, &plan),
        ["1. Essay 1", "2. Outline", "3. Text", "4. Essay 3"]
    );
    let file = vault.read(&format!("ess/plans/{plan}.md"));
    assert!(
        file.contains("- None.") && file.contains("outline.md is there"),
        "{file}"
    );
    let journal = vault.journal(&plan);
    assert_eq!(journal.count("SubObjectiveDecomposed"), 1);
    assert_eq!(journal.plan.current_index, 4);
    assert_eq!(
        vault.names(&format!("ess/runs/{plan}/artifacts")),
        ["essay1.md", "essay3.md", "outline.md", "text.md"]
    );
    let steps = started(&journal);
    assert_eq!(steps.iter().filter(|step| *step == "s1-plan").count(), 1);
    let asks = crate::bench::question(&asked(&model, LEADER)[0]);
    assert!(
        asks.contains("2. Essay 2") && asks.contains("# What was done of it"),
        "{asks}"
    );
}

#[test]
fn declining_aborts_the_plan() {
    let (model, vault, plan) = too_large([]);
    vault
        .run(&["ticket", "decline", "ESS-1", "--note", "too dear"])
        .ok();
    vault.run_until_idle();
    stands(&vault, &plan, &model, "aborted");
    assert!(asked(&model, LEADER).is_empty());
    assert_eq!(titles(&vault, &plan).len(), 3);
    assert_eq!(
        vault.names(&format!("ess/runs/{plan}/artifacts")),
        ["essay1.md"]
    );
}

#[test]
fn parts_that_do_not_fit_are_repaired_once() {
    let one = parts(&[part("All of it", "all.md")]);
    let escape = parts(&[part("Outline", "../x.md"), part("Text", "text.md")]);
    for wrong in [one, escape] {
        let (model, vault, plan) = too_large([wrong, two_parts()]);
        vault.run(&["ticket", "approve", "ESS-1"]).ok();
        vault.run_until_idle();
        stands(&vault, &plan, &model, "done");
        assert_eq!(vault.journal(&plan).count("ReplyRejected"), 1);
        assert_eq!(asked(&model, LEADER).len(), 2);
    }
}

#[test]
fn killed_around_the_division_it_is_divided_once() {
    for n in 1..=5 {
        for when in ["before", "after"] {
            let (model, vault, plan) = too_large([two_parts().times(0)]);
            vault.run(&["ticket", "approve", "ESS-1"]).ok();
            let fault = format!("kill-{when}-append:{n}");
            let env = [("MODULATIO_FAULT", fault.as_str())];
            let cut = vault.run_with(&["daemon", "--until-idle"], &env);
            assert_eq!(cut.code, None, "{fault}");
            vault.run_until_idle();
            stands(&vault, &plan, &model, "done");
            assert_eq!(
                vault.journal(&plan).count("SubObjectiveDecomposed"),
                1,
                "{fault}"
            );
            assert_eq!(titles(&vault, &plan).len(), 4, "{fault}");
        }
    }
}

/// A part that is too large itself is asked about in its turn.
#[test]
fn a_part_may_be_divided_again() {
    let full = Step::new(Behaviour::ContextTooLong);
    let full = full
        .for_tool("submit_artifact")
        .for_text("# Task: Write text.md");
    let again = parts(&[part("Half", "half.md"), part("Rest", "rest.md")]);
    let (model, vault, plan) = too_large([full, two_parts(), again]);
    vault.run(&["ticket", "approve", "ESS-1"]).ok();
    vault.run_until_idle();
    stands(&vault, &plan, &model, "paused");
    vault.run(&["ticket", "approve", "ESS-2"]).ok();
    vault.run_until_idle();
    stands(&vault, &plan, &model, "done");
    assert_eq!(
        titles(&vault, &plan),
        [
            "1. Essay 1",
            "2. Outline",
            "3. Half",
            "4. Rest",
            "5. Essay 3"
        ]
    );
}
