//! Streams of OpenAI's protocol as its many imitators send them, byte for byte.

use modulatio::models::{FailureClass, Reply, Stop};
use modulatio_tools::fake_model::Behaviour;
use serde_json::{Value, json};

use super::{Protocol, WAYS, Way};

/// Streams are read whether they were asked for or not.
fn ways() -> impl Iterator<Item = Way> {
    WAYS.into_iter()
        .filter(|way| way.protocol == Protocol::OpenAi)
}

fn event(chunk: &Value) -> String {
    format!("data: {chunk}\n\n")
}

/// A stream of these deltas, with a reason to stop and the last word.
fn stream(deltas: &[Value]) -> String {
    let mut text: String = deltas
        .iter()
        .map(|delta| event(&json!({"choices": [{"index": 0, "delta": delta}]})))
        .collect();
    text.push_str(&event(
        &json!({"choices": [{"delta": {}, "finish_reason": "stop"}]}),
    ));
    text + "data: [DONE]\n\n"
}

async fn read(text: String) -> Reply {
    let mut replies = Vec::new();
    for way in ways() {
        let behaviour = Behaviour::EventStream(text.clone());
        replies.push(way.does(behaviour).await.expect(&text));
    }
    let first = replies.remove(0);
    assert!(replies.iter().all(|reply| *reply == first), "{replies:?}");
    first
}

async fn calls(deltas: &[Value]) -> Vec<(String, String, String)> {
    let deltas: Vec<Value> = deltas
        .iter()
        .map(|calls| json!({"tool_calls": calls}))
        .collect();
    let reply = read(stream(&deltas)).await;
    reply
        .calls
        .into_iter()
        .map(|call| (call.id, call.name, call.arguments))
        .collect()
}

fn call(id: &str, name: &str, arguments: &str) -> (String, String, String) {
    (id.into(), name.into(), arguments.into())
}

#[tokio::test]
async fn pieces_of_a_call_are_joined_by_their_index() {
    let found = calls(&[
        json!([{"index": 0, "id": "a", "type": "function", "function": {"name": "read", "arguments": ""}}]),
        json!([{"index": 0, "function": {"arguments": "{\"x\""}}]),
        json!([{"index": 1, "id": "b", "function": {"name": "write", "arguments": "{"}},
               {"index": 0, "function": {"arguments": ": 1}"}}]),
        json!([{"index": 1, "function": {"arguments": "}"}}]),
    ])
    .await;
    assert_eq!(
        found,
        [call("a", "read", "{\"x\": 1}"), call("b", "write", "{}")]
    );
}

#[tokio::test]
async fn a_repeated_id_or_name_is_not_doubled() {
    let piece = |arguments: &str| json!([{"index": 0, "id": "a", "function": {"name": "read", "arguments": arguments}}]);
    let found = calls(&[piece(""), piece("{\"x\""), piece(": 1}"), piece("")]).await;
    assert_eq!(found, [call("a", "read", "{\"x\": 1}")]);
    let nulls = json!([{"index": 0, "id": null, "function": {"name": null, "arguments": "{}"}}]);
    let found = calls(&[piece(""), nulls]).await;
    assert_eq!(found, [call("a", "read", "{}")]);
}

#[tokio::test]
async fn a_name_may_come_in_pieces() {
    let found = calls(&[
        json!([{"index": 0, "id": "a", "function": {"name": "submit"}}]),
        json!([{"index": 0, "function": {"name": "_tasks", "arguments": "{}"}}]),
    ])
    .await;
    assert_eq!(found, [call("a", "submit_tasks", "{}")]);
}

#[tokio::test]
async fn whole_calls_in_one_piece_are_calls_of_their_own_whatever_their_index() {
    let whole = |index: Value, id: &str, arguments: &str| {
        let mut call = json!({"id": id, "function": {"name": "read", "arguments": arguments}});
        if !index.is_null() {
            call["index"] = index;
        }
        call
    };
    let expected = [
        call("a", "read", "{\"x\": 1}"),
        call("b", "read", "{\"y\": 2}"),
    ];
    for index in [json!(0), Value::Null] {
        let (first, second) = (
            whole(index.clone(), "a", "{\"x\": 1}"),
            whole(index, "b", "{\"y\": 2}"),
        );
        let together = json!([first.clone(), second.clone()]);
        assert_eq!(calls(&[together]).await, expected);
        assert_eq!(calls(&[json!([first]), json!([second])]).await, expected);
    }
    let unnamed = [
        call("", "read", "{\"x\": 1}"),
        call("", "read", "{\"y\": 2}"),
    ];
    for index in [json!(0), Value::Null] {
        let (first, second) = (
            whole(index.clone(), "", "{\"x\": 1}"),
            whole(index, "", "{\"y\": 2}"),
        );
        assert_eq!(calls(&[json!([first]), json!([second])]).await, unnamed);
    }
}

#[tokio::test]
async fn pieces_without_an_index_go_on_with_the_last_call() {
    let found = calls(&[
        json!([{"id": "a", "function": {"name": "read", "arguments": "{\"x\""}}]),
        json!([{"function": {"arguments": ": 1}"}}]),
        json!([{"id": "b", "function": {"name": "write", "arguments": ""}}]),
        json!([{"id": "b", "function": {"arguments": "{}"}}]),
    ])
    .await;
    assert_eq!(
        found,
        [call("a", "read", "{\"x\": 1}"), call("b", "write", "{}")]
    );
}

#[tokio::test]
async fn arguments_that_are_json_themselves_are_read_as_its_text() {
    let found = calls(&[json!([{"index": 0, "function": {"arguments": {"x": 1}}}])]).await;
    assert_eq!(found, [call("", "submit_tasks", "{\"x\":1}")]);
}

#[tokio::test]
async fn usage_is_found_in_every_place_and_the_last_one_counts() {
    let usage = |input: u64| json!({"prompt_tokens": input, "completion_tokens": 5});
    let text = event(&json!({"choices": [{"delta": {"content": "a"}}], "usage": usage(3)}));
    let stop = json!({"delta": {}, "finish_reason": "stop"});
    for last in [
        json!({"choices": [stop], "usage": usage(9)}),
        json!({"choices": [stop], "x_groq": {"id": "r", "usage": usage(9)}}),
        json!({"choices": [{"delta": {}, "finish_reason": "stop", "usage": usage(9)}]}),
    ] {
        let reply = read(format!("{text}{}data: [DONE]\n\n", event(&last))).await;
        assert_eq!(reply.usage.input_tokens, 9, "{last}");
        assert!(!reply.usage.estimated);
    }
    let null = event(&json!({"choices": [stop], "usage": null}));
    let after = event(&json!({"choices": [], "usage": usage(11)}));
    let reply = read(format!("{text}{null}{after}data: [DONE]\n\n")).await;
    assert_eq!(reply.usage.input_tokens, 11);
    let reply = read(format!("{text}{null}data: [DONE]\n\n")).await;
    assert_eq!(reply.usage.input_tokens, 3);
}

#[tokio::test]
async fn the_dress_of_the_stream_does_not_matter() {
    let plain = stream(&[json!({"content": "Größe "}), json!({"content": "3"})]);
    for dressed in [
        plain.clone(),
        plain.replace('\n', "\r\n"),
        plain.replace('\n', "\r"),
        format!("\u{feff}{plain}"),
        plain.replace("data: ", "data:"),
        plain.replace(
            "data: ",
            ": OPENROUTER PROCESSING\n\nid: 7\nretry: 10\ndata: ",
        ),
        plain.replace("data: ", "event: message\ndata: "),
        plain.replace("data: [DONE]\n\n", ""),
        plain.replace("data: [DONE]", "data: [DONE] "),
        format!("data:\n\n{plain}"),
    ] {
        let reply = read(dressed.clone()).await;
        assert_eq!((reply.text.as_str(), &reply.stop), ("Größe 3", &Stop::Done));
    }
}

#[tokio::test]
async fn what_follows_the_last_word_is_not_waited_for_nor_read() {
    let text =
        stream(&[json!({"content": "a"})]) + "data: {\"error\": {\"message\": \"late\"}}\n\n";
    assert_eq!(read(text).await.text, "a");
}

#[tokio::test]
async fn reasoning_is_no_part_of_the_text_and_is_part_of_the_estimate() {
    for name in ["reasoning_content", "reasoning"] {
        let reply = read(stream(&[
            json!({name: "x".repeat(400)}),
            json!({"content": "four"}),
        ]))
        .await;
        assert_eq!(reply.text, "four");
        assert!(reply.usage.estimated && reply.usage.output_tokens == 101);
    }
    let parts = json!([{"type": "thinking", "thinking": [{"type": "text", "text": "no"}]},
        {"type": "text", "text": "yes"}]);
    assert_eq!(read(stream(&[json!({"content": parts})])).await.text, "yes");
}

#[tokio::test]
async fn a_refusal_in_pieces_is_a_refusal() {
    let reply = read(stream(&[
        json!({"refusal": "I will "}),
        json!({"refusal": "not."}),
    ]))
    .await;
    assert_eq!(
        (reply.text.as_str(), reply.stop),
        ("I will not.", Stop::Refused)
    );
}

#[tokio::test]
async fn a_whole_message_in_one_chunk_is_read() {
    let chunk = json!({"choices": [{"message": {"content": "whole"}, "finish_reason": "stop"}]});
    assert_eq!(read(event(&chunk)).await.text, "whole");
}

#[tokio::test]
async fn a_stream_that_ends_without_a_reason_to_stop_is_a_broken_connection() {
    let piece = event(&json!({"choices": [{"delta": {"content": "a"}}]}));
    for way in ways() {
        for text in [piece.clone(), String::new(), ": alive\n\n".into()] {
            let failure = way.fails(Behaviour::EventStream(text)).await;
            assert_eq!(failure.class, FailureClass::Connection, "{failure}");
            assert!(failure.maybe_billed);
        }
        let nothing = Behaviour::EventStream("data: [DONE]\n\n".into());
        let failure = way.fails(nothing).await;
        assert_eq!(failure.class, FailureClass::Malformed, "{failure}");
        assert!(failure.maybe_billed);
    }
    let done = read(format!("{piece}data: [DONE]\n\n")).await;
    assert_eq!((done.text.as_str(), done.stop), ("a", Stop::Done));
}

#[tokio::test]
async fn an_error_in_a_chunk_is_a_failure_in_every_shape() {
    let piece = event(&json!({"choices": [{"delta": {"content": "a"}}]}));
    for (error, class) in [
        (
            event(
                &json!({"error": {"code": 502, "message": "so"}, "choices": [{"finish_reason": "error"}]}),
            ),
            FailureClass::Server,
        ),
        (
            event(&json!({"choices": [{"delta": {}, "error": {"code": 429, "message": "so"}}]})),
            FailureClass::RateLimited,
        ),
        (
            "event: error\ndata: {\"type\": \"server_error\", \"message\": \"so\"}\n\n".into(),
            FailureClass::Server,
        ),
        (
            "event: error\ndata: overloaded: so\n\n".into(),
            FailureClass::Overloaded,
        ),
    ] {
        for way in ways() {
            let failure = way
                .fails(Behaviour::EventStream(format!("{piece}{error}")))
                .await;
            assert_eq!(failure.class, class, "{failure}");
            assert!(failure.maybe_billed && failure.message.ends_with("so"));
        }
    }
}
