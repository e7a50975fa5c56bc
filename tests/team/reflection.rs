//! What the Leader decides after a sub-objective, and at the end of the whole plan.

use modulatio_tools::fake_model::{FakeModel, Step};
use serde_json::{Value, json};

use crate::{
    bench::{REFLECTION, asked, lines, question, say, server, stands, started, ticket, vault},
    support::{TestVault, body},
};

/// A run of two sub-objectives, as far as it goes.
fn run(reflections: &[Value]) -> (FakeModel, TestVault, String) {
    let steps = reflections.iter().map(|said| say(REFLECTION, said.clone()));
    let model = server(steps.collect::<Vec<Step>>());
    let vault = vault(&model, "");
    let plan = vault.approved(&body(2));
    vault.run_until_idle();
    (model, vault, plan)
}

fn outcome(outcome: &str) -> Value {
    json!({"outcome": outcome, "rationale": format!("because {outcome}")})
}

#[test]
fn continue_goes_on_and_the_last_one_reports_on_the_whole() {
    let first = json!({"outcome": "continue", "rationale": "r", "team_state": "One essay stands.",
                       "divergences": ["essay 1 claims ten pages, there are two"]});
    let last = json!({"outcome": "continue", "rationale": "all there", "team_state": "Both stand.",
                      "quality_report": "# Two essays\n\nThe second is the better one.\n"});
    let (model, vault, plan) = run(&[first, last]);
    stands(&vault, &plan, &model, "done");
    let report = vault.read(&format!("ess/runs/{plan}/quality_report.md"));
    assert!(report.contains("The second is the better one."), "{report}");
    let state = vault.read(&format!("ess/runs/{plan}/current_state.md"));
    assert!(state.contains("Both stand."), "{state}");
    let audit = lines(&vault.read(&format!("ess/runs/{plan}/audit.jsonl")));
    let diverges = audit
        .iter()
        .any(|line| line.to_string().contains("there are two"));
    assert!(diverges, "{audit:?}");

    // The next planner and the last reflection know the state; the last one knows the reflection too.
    let planner = question(&asked(&model, "Divide this sub-objective into tasks")[1]);
    assert!(
        planner.contains(" the state of the team\nOne essay stands."),
        "{planner}"
    );
    let last = question(&asked(&model, "You are the Leader. The last sub-objective")[0]);
    for part in [
        "One essay stands.",
        "after 1, continue: r",
        "1. Essay 1\n  - Write essay1.md: essay1.md, 1 production(s); verdict: The fake model server passes everything.",
    ] {
        assert!(last.contains(part), "{part:?} is not in {last}");
    }
    let file = vault.read(&format!("ess/plans/{plan}.md"));
    assert!(
        file.contains("reflection_log:") && file.contains("all there"),
        "{file}"
    );
}

#[test]
fn a_minor_revision_reaches_the_planner_and_the_producers_of_the_next_one() {
    let note = "Quote Seneca in the original.";
    let first = json!({"outcome": "revise-minor", "rationale": "r", "note": note});
    let (model, vault, plan) = run(&[first]);
    stands(&vault, &plan, &model, "done");
    let with_note = |text: &str| -> Vec<bool> {
        let asked = asked(&model, text);
        let holds = |request| {
            let asked = question(request);
            let part = asked.split("# Note from the last reflection\n\n").nth(1);
            let part = part.and_then(|part| part.split("\n# ").next());
            part.is_some_and(|part| part.contains(note))
        };
        asked.iter().map(holds).collect()
    };
    assert_eq!(
        with_note("Divide this sub-objective into tasks"),
        [false, true]
    );
    assert_eq!(with_note("Do this task"), [false, true]);
}

#[test]
fn a_major_revision_asks_and_approving_puts_it_into_the_plan() {
    let revision = json!({"summary": "Letters instead.", "sub_objectives": [
        {"title": "Letter one", "description": "to Lucilius\n- Files: letter1.md"},
        {"title": "Letter two", "description": "to Marcia\n- Files: letter2.md"}]});
    let first =
        json!({"outcome": "revise-major", "rationale": "essays bore", "revision": revision});
    let (model, vault, plan) = run(&[first]);
    stands(&vault, &plan, &model, "paused");
    let asks = ticket(&vault, 1);
    for part in [
        "kind: revision",
        "priority: blocker",
        "essays bore",
        "It proposes:",
        "Letters instead.",
        "**2. Letter one**",
    ] {
        assert!(asks.contains(part), "{part:?} is not in {asks}");
    }
    let before = vault.read(&format!("ess/plans/{plan}.md"));
    assert!(
        before.contains("Essay 2"),
        "nothing is changed before the answer"
    );
    vault.run(&["ticket", "approve", "ESS-1"]).ok();
    let after = vault.read(&format!("ess/plans/{plan}.md"));
    assert!(
        after.contains("**1. Essay 1**") && !after.contains("Essay 2"),
        "{after}"
    );
    vault.run_until_idle();
    stands(&vault, &plan, &model, "done");
    let made = vault.names(&format!("ess/runs/{plan}/artifacts"));
    assert_eq!(made, ["essay1.md", "letter1.md", "letter2.md"]);
    assert_eq!(vault.journal(&plan).plan.current_index, 3);
}

#[test]
fn a_revision_of_a_plan_that_was_edited_meanwhile_is_asked_about_again() {
    let revision = json!({"summary": "s", "sub_objectives": [
        {"title": "Letter", "description": "- Files: letter.md"}]});
    let first = json!({"outcome": "revise-major", "rationale": "r", "revision": revision});
    let (model, vault, plan) = run(&[first]);
    let edited = vault
        .read(&format!("ess/plans/{plan}.md"))
        .replace("- None.", "- Boredom.");
    std::fs::write(vault.plan_file(&plan), edited).unwrap();
    vault
        .run(&["ticket", "approve", "ESS-1"])
        .code(6)
        .says("ESS-2");
    stands(&vault, &plan, &model, "paused");
    vault.run(&["ticket", "approve", "ESS-2"]).ok();
    vault.run_until_idle();
    stands(&vault, &plan, &model, "done");
    let file = vault.read(&format!("ess/plans/{plan}.md"));
    assert!(
        file.contains("- Boredom.") && file.contains("**2. Letter**"),
        "{file}"
    );
}

#[test]
fn a_pause_asks_and_goes_on_with_the_next_sub_objective() {
    let (model, vault, plan) = run(&[outcome("pause")]);
    stands(&vault, &plan, &model, "paused");
    let asks = ticket(&vault, 1);
    assert!(
        asks.contains("kind: reflection") && asks.contains("because pause"),
        "{asks}"
    );
    assert_eq!(
        vault.journal(&plan).plan.current_index,
        1,
        "what is done is done"
    );
    vault.run(&["ticket", "approve", "ESS-1"]).ok();
    vault.run_until_idle();
    stands(&vault, &plan, &model, "done");
    let steps = started(&vault.journal(&plan));
    let plans: Vec<_> = steps
        .iter()
        .filter(|step| step.ends_with("-plan"))
        .collect();
    assert_eq!(plans, ["s1-plan", "s2-plan"]);
}

#[test]
fn an_abort_ends_the_plan_and_says_why() {
    let (model, vault, plan) = run(&[outcome("abort")]);
    stands(&vault, &plan, &model, "aborted");
    assert_eq!(vault.names("ess/tickets").len(), 0);
    let file = vault.read(&format!("ess/plans/{plan}.md"));
    assert!(
        file.contains("the Leader aborts after sub-objective 1: because abort"),
        "{file}"
    );
    assert_eq!(
        vault.names(&format!("ess/runs/{plan}/artifacts")),
        ["essay1.md"]
    );
}

#[test]
fn a_last_reflection_without_a_report_is_repaired() {
    let bare = outcome("continue");
    let (model, vault, plan) = run(&[bare.clone(), bare]);
    stands(&vault, &plan, &model, "done");
    let journal = vault.journal(&plan);
    assert_eq!(journal.count("ReplyRejected"), 1);
    assert_eq!(journal.count("QualityReported"), 1);
    assert!(
        vault
            .path(&format!("ess/runs/{plan}/quality_report.md"))
            .exists()
    );
}

/// The plan ends there in another way: no report on the whole is due, and none is asked for.
#[test]
fn a_pause_after_the_last_one_asks_before_the_plan_is_called_done() {
    let (model, vault, plan) = run(&[outcome("continue"), outcome("pause")]);
    stands(&vault, &plan, &model, "paused");
    vault.run(&["ticket", "approve", "ESS-1"]).ok();
    vault.run_until_idle();
    stands(&vault, &plan, &model, "done");
}

#[test]
fn a_team_state_is_bounded() {
    let long =
        json!({"outcome": "continue", "rationale": "r", "team_state": "word ".repeat(20_000)});
    let (model, vault, plan) = run(&[long]);
    stands(&vault, &plan, &model, "done");
    let planner = question(&asked(&model, "Divide this sub-objective into tasks")[1]);
    assert!(planner.len() < 20_000, "{}", planner.len());
}
