//! Something has changed: the first step that would be asked otherwise is named, and as much of the why as is known.

use serde_json::json;

use crate::{completed, finished, rehearsed, support::body};

#[test]
fn another_objective_shows_at_the_first_step() {
    let (vault, plan) = finished();
    vault.write("ess/project.yaml", "objective: Essays on Cynicism.\n");
    let report = rehearsed(&vault, &[&plan], 1);
    assert_eq!(report["steps_same"], 0);
    let divergence = &report["divergence"];
    assert_eq!(divergence["step"], "s1-plan");
    assert_eq!(divergence["sub_objective"], 1);
    assert_eq!(divergence["title"], "Essay 1");
    let what = json!({"kind": "prompt", "differs": {"cause": "outside"}});
    assert_eq!(divergence["what"], what);
    assert_eq!(divergence["prompt"], json!(null));
    let told = vault.run(&["plan", "rehearse", &plan]).code(1);
    let told = told.says("would not run as recorded").shows("project.yaml");
    assert!(!told.out.contains("Cynicism"), "{}", told.out);
}

#[test]
fn todays_prompt_is_shown_when_it_is_asked_for() {
    let (vault, plan) = finished();
    vault.write("ess/project.yaml", "objective: Essays on Cynicism.\n");
    for wish in ["--show-prompt", "-v"] {
        vault
            .run(&["plan", "rehearse", &plan, wish])
            .code(1)
            .shows("Essays on Cynicism.")
            .shows("submit_tasks");
    }
}

#[test]
fn another_plans_journal_serves_where_the_text_is_the_same() {
    let (vault, plan) = finished();
    let journal = vault.journal_file(&plan);
    let from = journal.to_str().expect("a plain path");
    let draft = vault.draft(&body(2));
    let report = rehearsed(&vault, &[&draft, "--from", from], 0);
    assert_eq!(report["recording"]["own"], false);
    assert_eq!(report["recording"]["plan"], plan.as_str());
    assert_eq!(report["steps_same"], completed(&vault, &plan));
}

#[test]
fn an_edited_draft_differs_in_the_line_that_was_edited() {
    let (vault, plan) = finished();
    let journal = vault.journal_file(&plan);
    let from = journal.to_str().expect("a plain path");
    let draft = vault.draft(&body(2));
    let file = format!("ess/plans/{draft}.md");
    let text = vault.read(&file).replace("write essay 2.", "write a play.");
    vault.write(&file, &text);
    let report = rehearsed(&vault, &[&draft, "--from", from], 1);
    let differs = &report["divergence"]["what"]["differs"];
    assert_eq!(differs["cause"], "state");
    let part = json!({
        "place": "system prompt",
        "today": "**2. Essay 2** — write a play.",
        "recorded": "**2. Essay 2** — write essay 2.",
    });
    assert_eq!(differs["parts"], json!([part]));
}

#[test]
fn a_cap_that_would_stop_the_plan_is_a_difference() {
    let (vault, plan) = finished();
    let journal = vault.journal_file(&plan);
    let from = journal.to_str().expect("a plain path");
    let draft = vault.draft(&format!("---\nmax_tokens: 10\n---\n{}", body(2)));
    let report = rehearsed(&vault, &[&draft, "--from", from], 1);
    assert_eq!(report["divergence"]["what"]["kind"], "pauses");
    assert_eq!(report["divergence"]["step"], "s1-plan");
    vault
        .run(&["plan", "rehearse", &draft, "--from", from])
        .code(1)
        .shows("max_tokens");
}
