//! The QC history: every verdict is a file that says what the journal says.

use projections::memory::{Entry, Store};
use serde_json::json;

use crate::{
    bench::{fails, hand_in, is_proven, passes, say, server, stands, task, tasks, vault},
    support::{TestVault, body},
};

/// A vault in which one task was rejected twice, once by the engine, and passed then.
fn judged() -> (TestVault, String) {
    let model = server([
        tasks(&[task("essay", "essay.md", &[])]),
        say(
            "submit_artifact",
            json!({"summary_for_state_doc": "I wrote nothing"}),
        ),
        hand_in("no source\n"),
        fails("substantive", "no source is given"),
        hand_in("with a source\n"),
        passes(),
    ]);
    let vault = vault(&model, "embedder: lexical\n");
    let plan = vault.approved(&body(1));
    vault.run_until_idle();
    stands(&vault, &plan, &model, "done");
    (vault, plan)
}

#[test]
fn every_verdict_is_written_those_of_the_engine_too() {
    let (vault, plan) = judged();
    let names = vault.names("ess/qc-history/document");
    let expected = [1, 2, 3].map(|production| format!("{plan}-s1-t1-{production}.md"));
    assert_eq!(names, expected);
    let text = vault.read(&format!("ess/qc-history/document/{plan}-s1-t1-2.md"));
    let b3 = blake3::hash(b"no source\n").to_hex();
    for line in [
        "task_id: s1-t1",
        "production: 2",
        "artifact_kind: document",
        "producer_agent: producer",
        "qc_agent: qc",
        "verdict: fail",
        "defect_type: substantive",
        "path: essay.md",
        &format!("b3: {b3}"),
        "- major, substantive at line 1: no source is given",
    ] {
        assert!(text.contains(line), "{line:?} is not in\n{text}");
    }
    let id = format!("document/{plan}-s1-t1-2");
    let entry = Entry::read(Store::QcHistory, &id, &text);
    assert_eq!(
        (entry.passed, entry.agent.as_deref()),
        (Some(false), Some("producer"))
    );
    let engine = vault.read(&format!("ess/qc-history/document/{plan}-s1-t1-1.md"));
    assert!(engine.contains("qc_agent: engine"), "{engine}");
}

#[test]
fn a_lost_verdict_is_found_missing_and_put_back_byte_for_byte() {
    let (vault, plan) = judged();
    let path = format!("ess/qc-history/document/{plan}-s1-t1-1.md");
    let text = vault.read(&path);
    std::fs::remove_file(vault.path(&path)).unwrap();
    vault
        .run(&["replay", &plan, "--check"])
        .code(7)
        .shows("is missing");
    vault.run(&["replay", &plan, "--write"]).ok();
    assert_eq!(vault.read(&path), text);
    // What somebody made of it meanwhile is kept aside, where nobody takes it for a verdict.
    vault.write(&path, "mine\n");
    vault.run(&["replay", &plan, "--check"]).code(7);
    vault.run(&["replay", &plan, "--write"]).ok();
    assert_eq!(vault.read(&path), text);
    let kept = vault.names("ess/qc-history/document");
    let kept: Vec<&String> = kept
        .iter()
        .filter(|name| name.contains(".rejected-"))
        .collect();
    assert_eq!(kept.len(), 1);
    vault.run(&["replay", "--all", "--check"]).ok();
}

#[test]
fn a_verdict_that_was_taken_out_stays_out() {
    let (vault, plan) = judged();
    let name = format!("{plan}-s1-t1-1.md");
    std::fs::create_dir_all(vault.path("ess/qc-history/_removed/document")).unwrap();
    std::fs::rename(
        vault.path(&format!("ess/qc-history/document/{name}")),
        vault.path(&format!("ess/qc-history/_removed/document/{name}")),
    )
    .unwrap();
    vault.run(&["replay", "--all", "--check"]).ok();
    vault.run(&["replay", "--all", "--write"]).ok();
    assert!(
        !vault
            .path(&format!("ess/qc-history/document/{name}"))
            .exists()
    );
}

#[test]
fn an_archived_plans_verdicts_stay_with_the_project() {
    let (vault, plan) = judged();
    vault
        .run(&["project", "clean", "ESS", "--plan", &plan])
        .ok();
    assert_eq!(vault.names("ess/qc-history/document").len(), 3);
    vault.run(&["replay", "--all", "--check"]).ok();
    vault.run(&["replay", &plan, "--check"]).ok();
}

#[test]
fn without_team_memory_verdicts_are_written_all_the_same() {
    let model = server([tasks(&[task("essay", "essay.md", &[])])]);
    let vault = vault(&model, "embedder: lexical\nteam_memory_enabled: false\n");
    let plan = vault.approved(&body(1));
    vault.run_until_idle();
    is_proven(&vault, &plan, &model);
    assert_eq!(vault.names("ess/qc-history/document").len(), 1);
}

/// A sub-objective whose text is changed begins anew, and its tasks bear the same ids again.
#[test]
fn verdicts_on_tasks_of_the_same_id_are_two_files() {
    let model = server([
        tasks(&[task("essay", "essay.md", &[])]),
        hand_in("a\n"),
        fails("environmental", "a source is missing"),
        tasks(&[task("essay", "essay.md", &[])]),
        hand_in("b\n"),
        passes(),
    ]);
    let vault = vault(&model, "embedder: lexical\n");
    let plan = vault.approved(&body(1));
    vault.run_until_idle();
    let path = format!("ess/plans/{plan}.md");
    let text = vault.read(&path).replace("write essay 1", "write an essay");
    vault.write(&path, &text);
    vault.run(&["plan", "show", &plan]).ok();
    vault.run_until_idle();
    vault.run(&["project", "resume", &plan]);
    vault.run_until_idle();
    assert_eq!(vault.journal(&plan).status(), "done");
    let names = vault.names("ess/qc-history/document");
    assert_eq!(
        names,
        [format!("{plan}-s1-t1-1-2.md"), format!("{plan}-s1-t1-1.md")]
    );
    let read = |name: &str| vault.read(&format!("ess/qc-history/document/{name}"));
    assert!(read(&names[0]).contains("verdict: pass") && read(&names[1]).contains("verdict: fail"));
    vault.run(&["replay", "--all", "--check"]).ok();
}
