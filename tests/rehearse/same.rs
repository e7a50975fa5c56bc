//! Nothing has changed: everything would be asked the same, and nothing is touched.

use serde_json::json;

use crate::{
    completed, finished, rehearsed,
    support::{TestVault, body},
    tree,
};

#[test]
fn a_finished_plan_would_run_the_same() {
    let vault = TestVault::new();
    let plan = vault.approved(&body(3));
    vault.run_until_idle();
    let calls = completed(&vault, &plan);
    assert_eq!(calls, 12);
    let ran = vault.run(&["plan", "rehearse", &plan]).ok();
    ran.shows("all 12 steps would be asked the same")
        .shows("then it is done");
}

#[test]
fn redos_and_an_operators_answers_are_no_difference() {
    let (vault, plan) = finished();
    let report = rehearsed(&vault, &[&plan], 0);
    let calls = completed(&vault, &plan);
    assert_eq!(calls, 12);
    assert_eq!(report["steps_same"], calls);
    assert_eq!(report["same"], true);
    assert_eq!(report["divergence"], json!(null));
    assert_eq!(report["recording"]["own"], true);
    assert_eq!(report["notes"], json!([]));
}

#[test]
fn what_a_real_run_would_cost_is_the_sum_of_the_ledger() {
    let (vault, plan) = finished();
    let used: u64 = vault
        .read(&format!("ess/plans/{plan}.usage.jsonl"))
        .lines()
        .map(|line| {
            let line: serde_json::Value = serde_json::from_str(line).expect("JSON");
            line["input_tokens"].as_u64().expect("a count")
                + line["output_tokens"].as_u64().expect("a count")
        })
        .sum();
    let report = rehearsed(&vault, &[&plan], 0);
    assert!(used > 0);
    assert_eq!(report["saved"]["tokens"], used);
    assert_eq!(report["saved"], report["recording"]["used"]);
}

#[test]
fn a_paused_plan_would_pause_the_same() {
    let vault = TestVault::with(
        "models:\n  m: {provider: rehearsal, outcomes: {1: pause}}\nteam: {leader: m}\n",
    );
    let plan = vault.approved(&body(2));
    vault.run_until_idle();
    vault
        .run(&["plan", "rehearse", &plan])
        .ok()
        .shows("all 4 steps")
        .shows("then it is paused");
}

#[test]
fn a_plan_whose_daemon_was_killed_half_way_would_run_the_same() {
    let vault = TestVault::new();
    let plan = vault.approved(&body(1));
    let env = [("MODULATIO_FAULT", "kill-after-append:2")];
    assert_eq!(vault.run_with(&["daemon", "--until-idle"], &env).code, None);
    vault.run_until_idle();
    assert_eq!(vault.journal(&plan).count("ModelCallAbandoned"), 1);
    let report = rehearsed(&vault, &[&plan], 0);
    assert_eq!(report["steps_same"], completed(&vault, &plan));
}

/// Neither a key nor a model that answers is needed; that others would be asked is told.
#[test]
fn nobody_is_asked() {
    let (vault, plan) = finished();
    vault.write(
        "modulatio.yaml",
        "models:\n  m: {provider: openai, model: x, base_url: \"http://127.0.0.1:1/v1\", api_key_env: NO_SUCH_KEY}\n\
         team: {leader: m}\n",
    );
    let report = rehearsed(&vault, &[&plan], 0);
    let notes = report["notes"].as_array().expect("notes");
    assert_eq!(notes.len(), 4, "{notes:?}");
    let note = notes[0].as_str().expect("text");
    assert!(note.starts_with("s1-plan was answered by "), "{note}");
    assert!(note.contains("/x"), "{note}");
}

#[test]
fn nothing_in_the_vault_changes() {
    let (vault, plan) = finished();
    let draft = vault.draft(&body(2));
    let before = tree(vault.root());
    rehearsed(&vault, &[&plan], 0);
    let journal = vault.journal_file(&plan);
    let from = journal.to_str().expect("a plain path");
    rehearsed(&vault, &[&draft, "--from", from], 0);
    vault.write("ess/project.yaml", "objective: Another.\n");
    vault
        .run(&["plan", "rehearse", &plan, "--show-prompt"])
        .code(1);
    vault.write("ess/project.yaml", "objective: Essays on Stoicism.\n");
    assert!(tree(vault.root()) == before);
}
