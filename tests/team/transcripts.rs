//! `tool_calls/calls.jsonl`: every call of a tool, for the operator's eyes only, and only what the journal says.

use std::os::unix::fs::PermissionsExt;

use modulatio_tools::fake_model::{Behaviour, FakeModel, Step};
use serde_json::json;

use crate::{
    bench::{lines, sandboxed, server, stands, task, tasks, tool, turn, vault, written},
    support::{TestVault, body},
};

fn run() -> (FakeModel, TestVault, String) {
    let write = tool(
        "write_file",
        json!({"path": "essay.md", "content": "\"quoted\"\nüñí\u{1}\n"}),
    );
    let read = tool("read_file", json!({"path": "essay.md"}));
    let wrong = tool("rm", json!({"path": "/"}));
    let long = tool(
        "write_file",
        json!({"path": "long.txt", "content": "much text\n".repeat(9_000)}),
    );
    let looks = Behaviour::ToolCalls(vec![read.clone()]);
    let model = server([
        tasks(&[task("essay", "essay.md", &[])]),
        turn(vec![write, read, wrong]),
        turn(vec![long, tool("read_file", json!({"path": "long.txt"}))]),
        written("wrote it"),
        Step::new(looks).for_tool("submit_verdict"),
    ]);
    let vault = vault(&model, "");
    let plan = vault.approved(&body(1));
    vault.run_until_idle();
    stands(&vault, &plan, &model, "done");
    (model, vault, plan)
}

fn path(plan: &str) -> String {
    format!("ess/runs/{plan}/tool_calls/calls.jsonl")
}

fn mode(vault: &TestVault, path: &str) -> u32 {
    let meta = std::fs::metadata(vault.path(path)).expect("a file");
    meta.permissions().mode() & 0o777
}

#[test]
fn each_call_is_one_line_that_says_who_called_what_and_what_it_returned() {
    let (_model, vault, plan) = run();
    let text = vault.read(&path(&plan));
    let calls = lines(&text);
    assert_eq!(calls.len(), 6, "{text}");
    for call in &calls {
        let keys: Vec<&String> = call.as_object().unwrap().keys().collect();
        let first = ["task_id", "role", "tool", "args", "result", "timestamp"];
        assert_eq!(keys[..6], first, "{call}");
        assert_eq!(call["task_id"], "s1-t1");
        assert!(call["timestamp"].as_str().unwrap().starts_with("20"));
    }
    let of = |key: &str| -> Vec<String> {
        let text = |call: &serde_json::Value| call[key].as_str().unwrap().to_owned();
        calls.iter().map(text).collect()
    };
    assert_eq!(
        of("tool"),
        [
            "write_file",
            "read_file",
            "rm",
            "write_file",
            "read_file",
            "read_file"
        ]
    );
    assert_eq!(
        of("role"),
        [
            "producer", "producer", "producer", "producer", "producer", "qc"
        ]
    );
    assert_eq!(of("outcome")[2], "failed");
    assert_eq!(calls[0]["args"]["content"], "\"quoted\"\nüñí\u{1}\n");
    assert!(of("result")[1].contains("\"quoted\"\nüñí"), "{}", calls[1]);
    assert_eq!(mode(&vault, &path(&plan)), 0o600);
}

#[test]
fn it_is_rebuilt_byte_for_byte() {
    let (model, vault, plan) = run();
    let before = vault.read(&path(&plan));
    std::fs::remove_file(vault.path(&path(&plan))).unwrap();
    vault.run(&["replay", &plan, "--check"]).code(7);
    vault.run(&["replay", &plan, "--write"]).ok();
    assert_eq!(vault.read(&path(&plan)), before);
    assert_eq!(mode(&vault, &path(&plan)), 0o600);
    let forged = before.replace("üñí", "uni");
    vault.write(&path(&plan), &forged);
    vault.run(&["replay", &plan, "--check"]).code(7);
    vault.run(&["replay", &plan, "--write"]).ok();
    assert_eq!(vault.read(&path(&plan)), before);
    stands(&vault, &plan, &model, "done");
}

/// The model sees both ends of a long output, the transcript has all of it.
#[test]
fn a_long_output_is_whole_in_the_transcript_and_can_be_read_again() {
    if !sandboxed("a_long_output_is_whole_in_the_transcript_and_can_be_read_again") {
        return;
    }
    let again = json!({"call_id": "t00000001", "from_line": 50_001, "to_line": 50_002});
    let model = server([
        tasks(&[task("essay", "essay.md", &[])]),
        crate::bench::shell("i=0; while [ $i -lt 100000 ]; do echo line-$i; i=$((i+1)); done"),
        turn(vec![tool("read_tool_result", again)]),
    ]);
    let vault = crate::bench::vault(&model, "");
    let plan = vault.approved(&body(1));
    vault.run_until_idle();
    stands(&vault, &plan, &model, "done");
    let calls = lines(&vault.read(&path(&plan)));
    let whole = calls[0]["result"].as_str().unwrap();
    assert!(whole.len() > 900_000, "{}", whole.len());
    let talk = crate::bench::asked(&model, "Do this task");
    let shown = crate::bench::last_message(&talk[1]);
    assert!(
        shown.len() < whole.len() / 2 && shown.contains("line-99999"),
        "{}",
        shown.len()
    );
    let read = crate::bench::last_message(&talk[2]);
    let line = whole.lines().nth(50_000).expect("a line");
    assert!(
        line.starts_with("line-") && read.contains(line),
        "{line}: {read}"
    );
}
