//! `plan artifacts`: what was handed in, whether it still lies there so, and its bytes from the journal.

use modulatio_tools::fake_model::{Behaviour, FakeModel, Script, Step, ToolCall};
use serde_json::json;

use crate::{
    objects,
    support::{Ran, TestVault, body},
};

fn done() -> (TestVault, String) {
    let vault = TestVault::new();
    let plan = vault.approved(&body(3));
    vault.run_until_idle();
    (vault, plan)
}

fn artifacts(vault: &TestVault, args: &[&str]) -> Ran {
    vault.run(&[&["plan", "artifacts"], args].concat())
}

fn path(plan: &str, name: &str) -> String {
    format!("ess/runs/{plan}/artifacts/{name}")
}

/// What a rehearsal writes is the same in every run, so its hash is.
#[test]
fn each_artifact_has_a_line_with_task_size_hash_and_what_became_of_its_file() {
    let (vault, plan) = done();
    vault.write(&path(&plan, "essay2.md"), "my own words");
    std::fs::remove_file(vault.path(&path(&plan, "essay3.md"))).expect("it is there");
    let ran = artifacts(&vault, &[&plan]).ok();
    assert_eq!(ran.err, "");
    insta::assert_snapshot!(ran.out);
}

#[test]
fn the_object_of_an_artifact_has_its_whole_hash_and_its_path() {
    let (vault, plan) = done();
    let all = objects(&artifacts(&vault, &[&plan, "--json"]).ok());
    let names: Vec<&str> = all.iter().filter_map(|a| a["name"].as_str()).collect();
    assert_eq!(names, ["essay1.md", "essay2.md", "essay3.md"]);
    let file = vault
        .root()
        .canonicalize()
        .expect("a directory")
        .join(path(&plan, "essay1.md"));
    let bytes = std::fs::read(&file).expect("an artifact");
    assert_eq!(
        all[0],
        json!({
            "plan": plan, "sub_objective": 1, "task": "s1-t1", "name": "essay1.md", "bytes": bytes.len(),
            "b3": projections::payload::Digest::of(&bytes), "file": "ok", "path": file,
        })
    );
    let one = objects(&artifacts(&vault, &[&plan, "essay1.md", "--json"]).ok());
    assert_eq!(one, [all[0].clone()]);
}

#[test]
fn paths_are_printed_for_other_programs() {
    let (vault, plan) = done();
    let ran = artifacts(&vault, &[&plan, "--path"]).ok();
    let root = vault.root().canonicalize().expect("a directory");
    let expected: Vec<String> = (1..=3)
        .map(|n| {
            root.join(path(&plan, &format!("essay{n}.md")))
                .display()
                .to_string()
        })
        .collect();
    assert_eq!(ran.out.lines().collect::<Vec<_>>(), expected);
    let ran = artifacts(&vault, &[&plan, "essay2.md", "--path"]).ok();
    assert_eq!(ran.out.trim(), expected[1]);
}

#[test]
fn one_is_printed_as_the_journal_has_it_whatever_became_of_its_file() {
    let (vault, plan) = done();
    let name = path(&plan, "essay1.md");
    let before = vault.read(&name);
    assert_eq!(artifacts(&vault, &[&plan, "essay1.md"]).ok().out, before);
    vault.write(&name, "my own words");
    assert_eq!(artifacts(&vault, &[&plan, "essay1.md"]).ok().out, before);
    std::fs::remove_dir_all(vault.path(&format!("ess/runs/{plan}"))).expect("it is there");
    assert_eq!(artifacts(&vault, &[&plan, "essay1.md"]).ok().out, before);
}

#[test]
fn a_name_that_is_none_is_told() {
    let (vault, plan) = done();
    let ran = artifacts(&vault, &[&plan, "essay9.md"]).code(1);
    ran.says("has no artifact \"essay9.md\"");
    artifacts(&vault, &["ESS-P-009"])
        .code(1)
        .says("there is no plan ESS-P-009");
}

#[test]
fn a_plan_without_artifacts_has_none() {
    let vault = TestVault::new();
    let plan = vault.draft(&body(1));
    assert_eq!(artifacts(&vault, &[&plan, "--json"]).ok().out, "");
    assert_eq!(artifacts(&vault, &[&plan]).ok().out.lines().count(), 1);
}

/// Bytes that no reply holds: they are kept beside the frame. And an artifact of a reply that was not the last.
#[test]
fn what_a_tool_wrote_is_printed_byte_for_byte() {
    let wanted = |answer| Step::new(answer).for_tool("submit_artifact");
    let task = json!({"id": "work", "title": "work", "brief": "Write.", "kind": "document", "needs": [],
                      "artifacts": ["a.md", "b/c.md"], "acceptance": ["they are there"]});
    let call = ToolCall {
        name: "write_file".to_owned(),
        arguments: json!({"path": "b/c.md", "content": "no line break at its end"}),
    };
    let answer = json!({"content": "first\n", "summary_for_state_doc": "both"});
    let server = FakeModel::start(Script::of([
        Step::new(Behaviour::Arguments(json!({ "tasks": [task] }))).for_tool("submit_tasks"),
        wanted(Behaviour::ToolCalls(vec![call])),
        wanted(Behaviour::Arguments(answer)),
    ]));
    let server = server.expect("a free port");
    let vault = TestVault::asking(&server.base_url());
    let plan = vault.approved(&body(1));
    vault.run_until_idle();
    for (name, content) in [("a.md", "first\n"), ("b/c.md", "no line break at its end")] {
        assert_eq!(vault.read(&path(&plan, name)), content);
        assert_eq!(artifacts(&vault, &[&plan, name]).ok().out, content);
    }
}

#[test]
fn an_archived_plans_artifacts_are_there_too_and_pruned_ones_are_told_missing() {
    let (vault, plan) = done();
    let before = artifacts(&vault, &[&plan, "essay2.md"]).ok().out;
    vault
        .run(&["project", "clean", "ESS", "--force", "--prune"])
        .ok();
    let all = objects(&artifacts(&vault, &[&plan, "--json"]).ok());
    assert!(
        all.iter().all(|artifact| artifact["file"] == "missing"),
        "{all:?}"
    );
    let ran = artifacts(&vault, &[&plan, "essay2.md"]).ok();
    assert_eq!(ran.out, before);
    ran.says("is archived in");
}

#[test]
fn a_damaged_journal_shows_what_is_whole_and_ends_with_7() {
    let (vault, plan) = done();
    let mut bytes = std::fs::read(vault.journal_file(&plan)).expect("a journal");
    let at = bytes.len() - 10;
    bytes[at] ^= 1;
    std::fs::write(vault.journal_file(&plan), bytes).expect("a journal");
    artifacts(&vault, &[&plan]).code(7).shows("essay1.md");
}
