//! A tool that is under way when the daemon dies: the journal held it before it ran. What only looks is run again;
//! what may have changed something is not, and the model hears of it.

use modulatio_tools::fake_model::{FakeModel, ToolCall};
use projections::event::{Event, ToolOutcome};
use serde_json::json;

use crate::{
    bench::{
        ARTIFACT, asked, last_message, sandboxed, say, server, stands, task, tasks, tool, turn,
        vault,
    },
    support::{Daemon, Journal, TestVault, body, wait_until},
};

/// A producer that calls one tool and then hands in.
fn calling(call: ToolCall) -> (FakeModel, TestVault, String) {
    let model = server([
        tasks(&[task("essay", "essay.md", &[])]),
        turn(vec![call]),
        say(
            ARTIFACT,
            json!({"content": "done\n", "summary_for_state_doc": "done"}),
        ),
    ]);
    let vault = vault(&model, "");
    let plan = vault.approved(&body(1));
    (model, vault, plan)
}

fn outcomes(journal: &Journal) -> Vec<ToolOutcome> {
    let outcome = |event: &Event| match event {
        Event::ToolCallFinished(e) => Some(e.outcome),
        _ => None,
    };
    journal.events().filter_map(outcome).collect()
}

/// A producer's call, killed right after its start was made durable and before it has returned; `lay` is what lies in
/// the workspace before.
fn cut_at_its_start(call: &ToolCall, lay: &[(&str, &str)]) -> (FakeModel, TestVault, String) {
    // How many appends come before depends on the books that are kept beside the journal.
    for n in 4..20 {
        let (model, vault, plan) = calling(call.clone());
        let dir = format!("ess/runs/{plan}/artifacts");
        std::fs::create_dir_all(vault.path(&dir)).expect("a directory");
        for (name, text) in lay {
            vault.write(&format!("{dir}/{name}"), text);
        }
        let fault = format!("kill-after-append:{n}");
        let cut = vault.run_with(&["daemon", "--until-idle"], &[("MODULATIO_FAULT", &fault)]);
        assert_eq!(cut.code, None, "{cut:?}");
        let journal = vault.journal(&plan);
        let (_, last) = journal.entries.last().expect("an event");
        if matches!(last, Event::ToolCallStarted(_)) {
            return (model, vault, plan);
        }
    }
    panic!("no tool was ever the last thing that was begun");
}

fn told(model: &FakeModel) -> String {
    last_message(asked(model, "Do this task").last().expect("a call"))
}

#[test]
fn a_command_that_was_under_way_is_not_run_again_and_the_model_hears_of_it() {
    if !sandboxed("a_command_that_was_under_way_is_not_run_again_and_the_model_hears_of_it") {
        return;
    }
    let command = "echo once >> ran.txt; sleep 60";
    let (model, vault, plan) = calling(tool("run_shell", json!({ "command": command })));
    let daemon = Daemon::start(&vault, &["--until-idle"]);
    let ran = format!("ess/runs/{plan}/artifacts/ran.txt");
    wait_until("the command runs", || {
        std::fs::read_to_string(vault.path(&ran)).is_ok_and(|text| text == "once\n")
    });
    assert_eq!(vault.journal(&plan).count("ToolCallStarted"), 1);
    assert_eq!(vault.journal(&plan).count("ToolCallFinished"), 0);
    daemon.kill();
    vault.run_until_idle();
    stands(&vault, &plan, &model, "done");
    assert_eq!(vault.read(&ran), "once\n");
    let journal = vault.journal(&plan);
    assert_eq!(outcomes(&journal), [ToolOutcome::Interrupted]);
    assert_eq!(journal.count("ToolCallStarted"), 1);
    assert_eq!(
        journal.plan.calls.completed, 5,
        "no paid call was made again"
    );
    let told = told(&model);
    assert!(
        told.contains("interrupted") && told.contains("is not known"),
        "{told}"
    );
    let transcript = vault.read(&format!("ess/runs/{plan}/tool_calls/calls.jsonl"));
    assert!(
        transcript.contains("\"outcome\":\"interrupted\""),
        "{transcript}"
    );
}

#[test]
fn a_command_cut_before_it_began_is_not_run_either() {
    if !sandboxed("a_command_cut_before_it_began_is_not_run_either") {
        return;
    }
    let call = tool("run_shell", json!({"command": "echo x > x.txt"}));
    let (model, vault, plan) = cut_at_its_start(&call, &[]);
    vault.run_until_idle();
    stands(&vault, &plan, &model, "done");
    assert_eq!(outcomes(&vault.journal(&plan)), [ToolOutcome::Interrupted]);
    assert_eq!(
        vault.names(&format!("ess/runs/{plan}/artifacts")),
        ["essay.md"]
    );
}

#[test]
fn an_edit_that_was_under_way_is_not_made_again() {
    let edit = json!({"path": "notes.txt", "old": "a", "new": "aa"});
    let (model, vault, plan) = cut_at_its_start(&tool("edit_file", edit), &[("notes.txt", "a")]);
    vault.run_until_idle();
    stands(&vault, &plan, &model, "done");
    assert_eq!(outcomes(&vault.journal(&plan)), [ToolOutcome::Interrupted]);
    assert!(told(&model).contains("Look before"), "{}", told(&model));
}

#[test]
fn what_only_looks_is_run_again() {
    for (name, arguments) in [
        ("read_file", json!({"path": "notes.txt"})),
        ("list_files", json!({})),
        ("search_files", json!({"pattern": "Seneca"})),
        (
            "write_file",
            json!({"path": "new.txt", "content": "Seneca"}),
        ),
    ] {
        let notes = [("notes.txt", "by Seneca\n")];
        let (model, vault, plan) = cut_at_its_start(&tool(name, arguments), &notes);
        vault.run_until_idle();
        stands(&vault, &plan, &model, "done");
        let journal = vault.journal(&plan);
        assert_eq!(outcomes(&journal), [ToolOutcome::Done], "{name}");
        assert_eq!(
            journal.count("ToolCallStarted"),
            2,
            "{name}: said before each"
        );
        assert_eq!(journal.plan.calls.completed, 5, "{name}");
        assert!(!told(&model).contains("interrupted"), "{name}");
    }
}
