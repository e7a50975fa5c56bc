//! Journals that are copies, cut, damaged, of another vault, or no journals at all.

use modulatio_tools::fake_model::{Behaviour, FakeModel, Script, Step};
use serde_json::json;

use crate::{
    completed, finished, rehearsed,
    support::{TestVault, body},
};

/// Writes a journal beside the vault; returns its path.
fn beside(vault: &TestVault, name: &str, lines: &[String]) -> String {
    let path = vault.beside().join(name);
    std::fs::write(&path, lines.concat()).expect("a file");
    path.to_str().expect("a plain path").to_owned()
}

fn lines(vault: &TestVault, plan: &str) -> Vec<String> {
    let text = std::fs::read_to_string(vault.journal_file(plan)).expect("a journal");
    text.split_inclusive('\n').map(str::to_owned).collect()
}

#[test]
fn a_copy_of_any_name_is_the_plans_own_journal() {
    let (vault, plan) = finished();
    let copy = beside(&vault, "yesterday.jsonl", &lines(&vault, &plan));
    let report = rehearsed(&vault, &[&plan, "--from", &copy], 0);
    assert_eq!(report["recording"]["own"], true);
    assert_eq!(report["steps_same"], completed(&vault, &plan));
}

#[test]
fn a_journal_of_another_vault_is_a_recording_too() {
    let (here, plan) = finished();
    let (there, other) = finished();
    assert_eq!(plan, other);
    let journal = there.journal_file(&other);
    let from = journal.to_str().expect("a plain path");
    let report = rehearsed(&here, &[&plan, "--from", from], 0);
    assert_eq!(report["recording"]["own"], false);
    assert_eq!(report["steps_same"], completed(&there, &other));
}

#[test]
fn a_recording_that_was_cut_ends_there() {
    let (vault, plan) = finished();
    let all = lines(&vault, &plan);
    let cut = beside(&vault, "cut.jsonl", &all[..all.len() / 2]);
    let report = rehearsed(&vault, &[&plan, "--from", &cut], 1);
    let divergence = &report["divergence"];
    assert_eq!(divergence["what"]["kind"], "recording-ends");
    assert_eq!(divergence["what"]["damage"], json!(null));
    assert_eq!(report["steps_same"], report["recording"]["used"]["calls"]);
    assert!(report["steps_same"].as_u64() > Some(0));
    vault
        .run(&["plan", "rehearse", &plan, "--from", &cut])
        .code(1)
        .shows("then the recording ends")
        .says("was not recorded");
}

#[test]
fn of_a_damaged_journal_the_whole_part_is_used_and_told() {
    let (vault, plan) = finished();
    let path = vault.journal_file(&plan);
    let mut bytes = std::fs::read(&path).expect("a journal");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0x10;
    std::fs::write(&path, bytes).expect("a journal");
    let ran = vault.run(&["plan", "rehearse", &plan]).code(1);
    ran.says("is damaged")
        .shows("then the recording ends")
        .shows("because it is damaged");
    let report = rehearsed(&vault, &[&plan], 1);
    assert!(report["divergence"]["what"]["damage"].is_string());
    assert!(report["steps_same"].as_u64() > Some(0));
}

/// Only the plan's file remembers that there was more.
#[test]
fn a_journal_that_was_shortened_in_place_is_damaged() {
    let (vault, plan) = finished();
    let mut all = lines(&vault, &plan);
    all.pop();
    std::fs::write(vault.journal_file(&plan), all.concat()).expect("a journal");
    vault
        .run(&["plan", "rehearse", &plan])
        .code(1)
        .says("is damaged");
}

#[test]
fn an_unfinished_last_line_is_left_out() {
    let (vault, plan) = finished();
    let mut all = lines(&vault, &plan);
    all.push(all[3][..40].to_owned());
    let torn = beside(&vault, "torn.jsonl", &all);
    vault
        .run(&["plan", "rehearse", &plan, "--from", &torn])
        .ok()
        .says("40 byte(s) of an unfinished frame");
}

#[test]
fn what_is_no_journal_is_said_to_be_none() {
    let (vault, plan) = finished();
    let text = beside(&vault, "essay.md", &["# An essay\n".to_owned()]);
    vault
        .run(&["plan", "rehearse", &plan, "--from", &text])
        .code(1)
        .says("it is not a plan's journal");
    vault
        .run(&["plan", "rehearse", &plan, "--from", "no-such-file"])
        .code(1)
        .says("no-such-file");
    vault
        .run(&["plan", "rehearse", "ESS-P-099"])
        .code(1)
        .says("there is no plan ESS-P-099");
}

#[test]
fn a_plan_that_never_ran_has_nothing_to_rehearse_with() {
    let vault = TestVault::new();
    let plan = vault.draft(&body(1));
    vault
        .run(&["plan", "rehearse", &plan])
        .code(1)
        .says("holds no completed call")
        .says("--from");
}

/// A vault whose producer wrote more than a frame holds.
fn long_winded() -> (TestVault, String, FakeModel) {
    let content = "Nothing lasts. ".repeat(6_000);
    let produce = Step::new(Behaviour::Arguments(
        json!({"content": content, "summary": "long"}),
    ))
    .for_tool("submit_artifact")
    .times(0);
    let model = FakeModel::start(Script::of([produce])).expect("a free port");
    let vault = TestVault::asking(&model.base_url());
    let plan = vault.approved(&body(1));
    vault.run_until_idle();
    assert_eq!(vault.journal(&plan).status(), "done");
    (vault, plan, model)
}

#[test]
fn long_texts_are_read_from_the_blobs_and_missing_ones_are_named() {
    let (vault, plan, _model) = long_winded();
    let calls = completed(&vault, &plan);
    let report = rehearsed(&vault, &[&plan], 0);
    assert_eq!(report["steps_same"], calls);
    let copy = beside(&vault, "copy.jsonl", &lines(&vault, &plan));
    rehearsed(&vault, &[&plan, "--from", &copy], 0);
    std::fs::remove_dir_all(vault.path("ess/blobs")).expect("blobs");
    vault
        .run(&["plan", "rehearse", &plan])
        .code(1)
        .says("is missing; it should lie at")
        .says("ess/blobs/");
}
