//! Anthropic's protocol: bodies and events.

use modulatio_tools::fake_model::{FakeModel, Script, Tokens, UsageSays};
use serde_json::{Value, json};

use crate::{
    client::{Ended, Protocol, call, call_with},
    got, serving, verdict,
};

const ANTHROPIC: Protocol = Protocol::Anthropic;

fn counting() -> FakeModel {
    let tokens = UsageSays::Detailed(Tokens {
        input_tokens: 120,
        output_tokens: 30,
        cached_input_tokens: 100,
        cache_write_tokens: 7,
        ..Tokens::default()
    });
    FakeModel::start(Script::default().with_usage(tokens)).unwrap()
}

fn usage(output_tokens: u64) -> Value {
    json!({"input_tokens": 13, "cache_creation_input_tokens": 7, "cache_read_input_tokens": 100,
        "output_tokens": output_tokens})
}

#[test]
fn a_body_holds_the_forced_call_and_the_usage() {
    let got = call(&counting(), ANTHROPIC, &ANTHROPIC.body(false));
    assert_eq!((got.status, got.ended), (200, Ended::Whole));
    let expected = json!({
        "id": "msg_fake_0", "type": "message", "role": "assistant", "model": "fake-1",
        "content": [{"type": "tool_use", "id": "toolu_fake_0_0", "name": "submit_verdict", "input": verdict()}],
        "stop_reason": "tool_use", "stop_sequence": null, "usage": usage(30),
    });
    assert_eq!(got.json(), expected);
}

#[test]
fn a_stream_is_the_start_the_blocks_in_pieces_the_reason_and_the_stop() {
    let got = call(&counting(), ANTHROPIC, &ANTHROPIC.body(true));
    assert_eq!((got.status, got.ended), (200, Ended::Whole));
    let events = got.events();
    let data = got.data();
    let names: Vec<&str> = events
        .iter()
        .map(|(name, _)| name.as_deref().unwrap())
        .collect();
    let types: Vec<&str> = data
        .iter()
        .map(|data| data["type"].as_str().unwrap())
        .collect();
    assert_eq!(names, types);
    let last = types.len() - 1;
    assert_eq!(types[..3], ["message_start", "content_block_start", "ping"]);
    assert!(
        types[3..last - 2]
            .iter()
            .all(|name| *name == "content_block_delta")
    );
    assert!(types[3..last - 2].len() > 1, "several pieces");
    assert_eq!(
        types[last - 2..],
        ["content_block_stop", "message_delta", "message_stop"]
    );
    assert_eq!(data[0]["message"]["usage"], usage(1));
    assert_eq!(data[0]["message"]["content"], json!([]));
    let block =
        json!({"type": "tool_use", "id": "toolu_fake_0_0", "name": "submit_verdict", "input": {}});
    assert_eq!(data[1]["content_block"], block);
    assert_eq!(data[3]["delta"]["type"], "input_json_delta");
    assert_eq!(got.arguments(ANTHROPIC), verdict().to_string());
    let stop = json!({"type": "message_delta", "delta": {"stop_reason": "tool_use", "stop_sequence": null},
        "usage": {"output_tokens": 30}});
    assert_eq!(data[last - 1], stop);
}

#[test]
fn text_and_calls_are_blocks_of_their_own() {
    let behaviour = json!({"text_and_tool_calls": {"text": "I look around.", "tool_calls": [
        {"name": "read_file", "arguments": {"path": "a"}}, {"name": "list_files", "arguments": {}}]}});
    let server = serving(&behaviour);
    let whole = call(&server, ANTHROPIC, &ANTHROPIC.body(false)).json();
    assert_eq!(
        whole["content"],
        json!([{"type": "text", "text": "I look around."},
            {"type": "tool_use", "id": "toolu_fake_0_0", "name": "read_file", "input": {"path": "a"}},
            {"type": "tool_use", "id": "toolu_fake_0_1", "name": "list_files", "input": {}}])
    );
    let data = call(&server, ANTHROPIC, &ANTHROPIC.body(true)).data();
    let starts: Vec<&Value> = data
        .iter()
        .filter(|event| event["type"] == "content_block_start")
        .collect();
    let kinds: Vec<_> = starts
        .iter()
        .map(|start| (&start["index"], &start["content_block"]["type"]))
        .collect();
    let (text, tool) = (json!("text"), json!("tool_use"));
    assert_eq!(
        kinds,
        [(&json!(0), &text), (&json!(1), &tool), (&json!(2), &tool)]
    );
    let deltas: String = data
        .iter()
        .filter(|event| event["delta"]["type"] == "text_delta" && event["index"] == 0)
        .map(|event| event["delta"]["text"].as_str().unwrap())
        .collect();
    assert_eq!(deltas, "I look around.");
}

#[test]
fn the_version_and_the_limit_of_tokens_are_required_and_the_key_is_not() {
    let server = serving(&json!("hang_up"));
    let body = ANTHROPIC.body(false);
    let unversioned = call_with(&server, ANTHROPIC, &[], &body.to_string());
    assert_eq!(unversioned.status, 400);
    let error = unversioned.json();
    assert_eq!(
        (&error["type"], &error["error"]["type"]),
        (&json!("error"), &json!("invalid_request_error"))
    );
    assert!(
        error["error"]["message"]
            .as_str()
            .unwrap()
            .contains("anthropic-version")
    );
    let version = [("anthropic-version", "2023-06-01")];
    let mut unlimited = body.clone();
    unlimited.as_object_mut().unwrap().remove("max_tokens");
    let refused = call_with(&server, ANTHROPIC, &version, &unlimited.to_string());
    assert_eq!(refused.status, 400);
    assert!(refused.body.contains("max_tokens"), "{}", refused.body);
    assert_eq!(call_with(&server, ANTHROPIC, &version, "{").status, 400);
    let taken = call_with(&server, ANTHROPIC, &version, &body.to_string());
    assert_eq!(taken.status, 0, "only now the script is asked");
    assert_eq!(server.sold().calls, 0);
    assert_eq!(server.requests().len(), 4);
}

#[test]
fn the_key_is_recorded() {
    let server = counting();
    call(&server, ANTHROPIC, &ANTHROPIC.body(false));
    assert_eq!(server.requests()[0].headers["x-api-key"], "the-key");
    assert_eq!(server.requests()[0].path, "/v1/messages");
}

#[test]
fn missing_and_odd_usage_is_missing_and_odd_in_both_places() {
    for (says, shown) in [
        (UsageSays::Missing, Value::Null),
        (
            UsageSays::Raw(json!({"output_tokens": "x"})),
            json!({"output_tokens": "x"}),
        ),
    ] {
        let server = FakeModel::start(Script::default().with_usage(says)).unwrap();
        let whole = call(&server, ANTHROPIC, &ANTHROPIC.body(false)).json();
        assert_eq!(whole["usage"], shown);
        let data = call(&server, ANTHROPIC, &ANTHROPIC.body(true)).data();
        assert_eq!(data[0]["message"]["usage"], shown);
        assert_eq!(data[data.len() - 2]["usage"], shown);
    }
}

#[test]
fn arguments_that_are_no_json_are_no_object() {
    let whole = got(ANTHROPIC, false, &json!({"raw_arguments": "{\"a\": "})).json();
    assert_eq!(whole["content"][0]["input"], "{\"a\": ");
    let streamed = got(ANTHROPIC, true, &json!({"raw_arguments": "{\"a\": "}));
    assert_eq!(streamed.arguments(ANTHROPIC), "{\"a\": ");
}
