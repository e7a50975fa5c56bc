//! The producer's tools: what it asks for wrongly is told to it, what it asks for for ever ends, and a runner that
//! dies in the middle of the talk pays for nothing twice.

use modulatio_tools::fake_model::{Behaviour, FakeModel, Step, ToolCall};
use serde_json::{Value, json};

use crate::{
    bench::{PROTOCOLS, is_done, server, started, ticket, vault},
    support::{TestVault, body},
};

fn tool(name: &str, arguments: Value) -> ToolCall {
    ToolCall {
        name: name.to_owned(),
        arguments,
    }
}

fn turn(calls: Vec<ToolCall>) -> Step {
    Step::new(Behaviour::ToolCalls(calls)).for_tool("submit_artifact")
}

fn list() -> ToolCall {
    tool("list_files", json!({}))
}

/// The messages of the n-th request.
fn messages(model: &FakeModel, nth: usize) -> String {
    model.requests()[nth].body["messages"].to_string()
}

#[test]
fn what_a_model_asks_for_wrongly_is_told_to_it_and_it_goes_on() {
    for protocol in PROTOCOLS {
        for stream in [true, false] {
            let wrong = vec![
                tool("rm", json!({"path": "/"})),
                tool("read_file", json!({"path": 7})),
                tool("read_file", json!({"path": "../../../modulatio.yaml"})),
                tool("read_file", json!({"path": "/etc/passwd"})),
                tool("read_tool_result", json!({"call_id": "t99999999"})),
                list(),
            ];
            let model = server([turn(wrong)]);
            let vault = vault(protocol, &model, &format!(", stream: {stream}"));
            let plan = vault.approved(&body(1));
            vault.run_until_idle();
            is_done(&vault, &plan, &model);
            let seen = messages(&model, 2);
            for part in [
                "there is no tool named",
                "path must be a text",
                "it goes up or nowhere",
                "it is absolute",
                "no tool of this step returned",
                "has made no files yet",
            ] {
                assert!(seen.contains(part), "{part:?} is not in {seen}");
            }
            assert!(!seen.contains("root:"), "{seen}");
            assert_eq!(vault.journal(&plan).count("ToolCallFinished"), 6);
        }
    }
}

#[test]
fn text_beside_the_calls_is_kept_in_the_talk() {
    for protocol in PROTOCOLS {
        let thinking = Behaviour::TextAndToolCalls {
            text: "First I look around.".into(),
            tool_calls: vec![list()],
        };
        let model = server([Step::new(thinking).for_tool("submit_artifact")]);
        let vault = vault(protocol, &model, "");
        let plan = vault.approved(&body(1));
        vault.run_until_idle();
        is_done(&vault, &plan, &model);
        assert!(messages(&model, 2).contains("First I look around."));
    }
}

/// The tool that a request forces, whichever protocol.
fn forced(body: &Value) -> Option<&str> {
    let choice = &body["tool_choice"];
    choice["function"]["name"].as_str().or_else(|| {
        let named = (choice["type"] == "tool").then_some(&choice["name"]);
        named.and_then(Value::as_str)
    })
}

#[test]
fn of_twenty_four_calls_the_last_must_be_the_answer() {
    for protocol in PROTOCOLS {
        let model = server([turn(vec![list()]).times(23)]);
        let vault = vault(protocol, &model, "");
        let plan = vault.approved(&body(1));
        vault.run_until_idle();
        is_done(&vault, &plan, &model);
        let requests = model.requests();
        assert_eq!(requests.len(), 1 + 24 + 2);
        assert_eq!(forced(&requests[23].body), None, "the last free call");
        assert_eq!(forced(&requests[24].body), Some("submit_artifact"));
        let seen = messages(&model, 24);
        assert!(seen.contains("the next call is the last one"), "{seen}");
    }
}

/// The production and its three redos use up their calls, then quality control uses up its own.
#[test]
fn models_that_never_hand_in_end_at_a_ticket() {
    for protocol in PROTOCOLS {
        let model = server([turn(vec![list()]).times(0)]);
        let vault = vault(protocol, &model, "");
        let plan = vault.approved(&body(1));
        vault.run_until_idle();
        assert_eq!(vault.journal(&plan).status(), "paused");
        assert_eq!(model.requests().len(), 1 + (1 + 3 + 1) * 24);
        let journal = vault.journal(&plan);
        assert_eq!(journal.count("TaskRedone"), 3 + 1, "the last by a fix");
        assert_eq!(journal.count("TaskBlocked"), 1);
        let text = ticket(&vault, 1);
        for part in [
            "kind: blocked",
            "24 calls were made, and nothing was handed in",
        ] {
            assert!(text.contains(part), "{part:?} is not in {text}");
        }
        vault.is_proven(&plan);
    }
}

#[test]
fn a_useless_answer_after_a_talk_is_repaired_within_the_talk() {
    for protocol in PROTOCOLS {
        let bad = Step::new(Behaviour::WrongSchema).for_tool("submit_artifact");
        let model = server([turn(vec![list()]), bad, turn(vec![list()])]);
        let vault = vault(protocol, &model, "");
        let plan = vault.approved(&body(1));
        vault.run_until_idle();
        is_done(&vault, &plan, &model);
        assert_eq!(model.requests().len(), 1 + 4 + 2);
        assert!(messages(&model, 3).contains("fields do not fit"));
    }
}

/// A producer that looks twice before it hands in. What it says follows from what it was told last, so that one that
/// is asked again says the same.
fn talkative(protocol: &str) -> (FakeModel, TestVault, String) {
    let always = |calls, told: &str| turn(calls).for_message(told).times(0);
    let model = server([
        always(vec![list(), list()], "Do this task"),
        always(
            vec![tool("read_file", json!({"path": "x"}))],
            "no files yet",
        ),
    ]);
    let vault = vault(protocol, &model, "");
    let plan = vault.approved(&body(1));
    (model, vault, plan)
}

/// Killed at this point, then resumed: the plan is done, and every completed call was asked for once.
fn survives(protocol: &str, fault: &str) {
    let (model, vault, plan) = talkative(protocol);
    let cut = vault.run_with(&["daemon", "--until-idle"], &[("MODULATIO_FAULT", fault)]);
    assert_eq!(cut.code, None, "{fault}: it was to be killed: {}", cut.err);
    vault.run_until_idle();
    is_done(&vault, &plan, &model);
    let journal = vault.journal(&plan);
    let calls = &journal.plan.calls;
    assert_eq!(
        calls.completed, 6,
        "{fault}: no completed call is asked for again"
    );
    assert!(calls.abandoned <= 1, "{fault}");
    let sold = model.sold().calls;
    assert!((6..=6 + calls.abandoned).contains(&sold), "{fault}: {sold}");
    assert_eq!(started(&journal).len() as u64, 6 + calls.abandoned);
    assert_eq!(journal.count("ToolCallFinished"), 3, "{fault}");
}

/// Frames of the daemon: claim 1, plan 2-3, first turn 4-5, its tools 6-7, second turn 8-9, its tool 10, answer 11-12.
#[test]
fn killed_after_any_frame_of_a_talk_it_goes_on_there() {
    for n in 4..=12 {
        survives(PROTOCOLS[n % 2], &format!("kill-after-append:{n}"));
    }
}

#[test]
fn killed_before_any_frame_of_a_talk_only_the_open_call_is_asked_again() {
    for n in 4..=12 {
        survives(PROTOCOLS[n % 2], &format!("kill-before-append:{n}"));
    }
}
