//! What only Anthropic's protocol has: its blocks, its events, its cache.

use modulatio::models::{Reply, Stop, Usage};
use modulatio_tools::fake_model::{Behaviour, FakeModel, Script};
use serde_json::{Value, json};

use super::{KEY, Protocol, WAYS, Way, request};

fn ways() -> impl Iterator<Item = Way> {
    WAYS.into_iter()
        .filter(|way| way.protocol == Protocol::Anthropic)
}

fn named(event: &Value) -> String {
    let name = event["type"].as_str().expect("a type");
    format!("event: {name}\ndata: {event}\n\n")
}

async fn read(events: &[Value]) -> Reply {
    let text: String = events.iter().map(named).collect();
    let unnamed = text
        .lines()
        .filter(|line| !line.starts_with("event:"))
        .map(|line| format!("{line}\n"))
        .collect::<String>();
    let way = ways().next().expect("a way that streams");
    let reply = way.does(Behaviour::EventStream(text)).await;
    let same = way.does(Behaviour::EventStream(unnamed)).await;
    assert_eq!(reply, same);
    reply.expect("a whole stream")
}

fn start(usage: &Value) -> Value {
    json!({"type": "message_start", "message": {"model": "claude", "content": [], "usage": usage}})
}

fn block(index: u64, block: &Value) -> Value {
    json!({"type": "content_block_start", "index": index, "content_block": block})
}

fn delta(index: u64, delta: &Value) -> Value {
    json!({"type": "content_block_delta", "index": index, "delta": delta})
}

fn stop(reason: &str, usage: &Value) -> [Value; 2] {
    [
        json!({"type": "message_delta", "delta": {"stop_reason": reason}, "usage": usage}),
        json!({"type": "message_stop"}),
    ]
}

#[tokio::test]
async fn the_request_is_a_native_one() {
    for way in ways() {
        let server = FakeModel::start(Script::default()).unwrap();
        for base in [
            server.base_url(),
            server.address(),
            format!("{}/messages", server.base_url()),
        ] {
            way.provider(way.service(base))
                .call(&request())
                .await
                .unwrap();
            let sent = server.requests().pop().unwrap();
            assert_eq!(sent.path, "/v1/messages");
            assert_eq!(sent.headers["x-api-key"], KEY);
            assert_eq!(sent.headers["anthropic-version"], "2023-06-01");
            assert!(!sent.headers.contains_key("authorization"));
            let expected = json!({
                "model": "fake-1",
                "max_tokens": 512,
                "system": [{"type": "text", "text": "You plan."}],
                "tools": [{"name": "submit_tasks", "description": "Submit the tasks.",
                    "input_schema": {"type": "object"}}],
                "tool_choice": {"type": "tool", "name": "submit_tasks"},
                "messages": [{"role": "user", "content": [{"type": "text", "text": "Files: essay1.md"}]}],
                "stream": way.stream,
            });
            assert_eq!(sent.body, expected);
        }
    }
}

#[tokio::test]
async fn thoughts_are_no_part_of_the_text_and_are_part_of_the_estimate() {
    let thought = "x".repeat(400);
    let [last, end] = stop("end_turn", &Value::Null);
    let streamed = read(&[
        start(&Value::Null),
        block(0, &json!({"type": "thinking", "thinking": ""})),
        delta(0, &json!({"type": "thinking_delta", "thinking": thought})),
        delta(0, &json!({"type": "signature_delta", "signature": "abc"})),
        json!({"type": "content_block_stop", "index": 0}),
        block(1, &json!({"type": "redacted_thinking", "data": "abc"})),
        block(2, &json!({"type": "text", "text": "fo"})),
        json!({"type": "ping"}),
        delta(2, &json!({"type": "text_delta", "text": "ur"})),
        json!({"type": "what_comes_later", "index": 2}),
        last,
        end,
    ])
    .await;
    assert_eq!(
        (streamed.text.as_str(), &streamed.stop),
        ("four", &Stop::Done)
    );
    assert!(streamed.usage.estimated && streamed.usage.output_tokens == 101);
    let body = json!({"type": "message", "model": "claude", "stop_reason": "end_turn", "content": [
        {"type": "thinking", "thinking": thought}, {"type": "text", "text": "four"}]});
    let whole = ways().nth(1).unwrap();
    let whole = whole.does(Behaviour::Body(body.to_string())).await.unwrap();
    assert_eq!(whole, streamed);
}

#[tokio::test]
async fn calls_that_overlap_are_told_apart_and_one_without_arguments_has_an_empty_object() {
    let called = |id: &str| json!({"type": "tool_use", "id": id, "name": "read", "input": {}});
    let json = |text: &str| json!({"type": "input_json_delta", "partial_json": text});
    let [last, end] = stop("tool_use", &json!({"output_tokens": 9}));
    let reply = read(&[
        start(&json!({"input_tokens": 7, "output_tokens": 1})),
        block(0, &called("a")),
        delta(0, &json("")),
        block(1, &called("b")),
        delta(1, &json("{\"y\"")),
        delta(0, &json("{\"x\": 1.0}")),
        delta(1, &json(": 2}")),
        block(2, &called("c")),
        delta(2, &json("")),
        block(
            3,
            &json!({"type": "tool_use", "id": "d", "name": "read", "input": {"z": 1}}),
        ),
        last,
        end,
    ])
    .await;
    let found: Vec<_> = reply
        .calls
        .iter()
        .map(|call| (call.id.as_str(), call.arguments.as_str()))
        .collect();
    let expected = [
        ("a", "{\"x\": 1.0}"),
        ("b", "{\"y\": 2}"),
        ("c", "{}"),
        ("d", "{\"z\":1}"),
    ];
    assert_eq!(found, expected);
    assert_eq!(reply.stop, Stop::Done);
    assert_eq!(
        (reply.usage.input_tokens, reply.usage.output_tokens),
        (7, 9)
    );
}

#[tokio::test]
async fn usage_of_the_last_event_takes_the_place_of_that_of_the_first() {
    let cached = json!({"input_tokens": 0, "cache_read_input_tokens": 40,
        "cache_creation_input_tokens": 5, "output_tokens": 1});
    let [last, end] = stop(
        "end_turn",
        &json!({"input_tokens": 10, "output_tokens": 20}),
    );
    let reply = read(&[start(&cached), last, end]).await;
    let usage = Usage {
        input_tokens: 55,
        output_tokens: 20,
        cached_input_tokens: 40,
        cache_write_tokens: 5,
        ..Usage::default()
    };
    assert_eq!(reply.usage, usage);
}

#[tokio::test]
async fn every_stop_reason_is_told() {
    for (reason, expected) in [
        ("end_turn", Stop::Done),
        ("tool_use", Stop::Done),
        ("stop_sequence", Stop::Done),
        ("max_tokens", Stop::Length),
        ("refusal", Stop::Refused),
        ("pause_turn", Stop::Other("pause_turn".into())),
    ] {
        let [last, end] = stop(reason, &Value::Null);
        let streamed = read(&[start(&Value::Null), last, end]).await;
        assert_eq!(streamed.stop, expected);
        let body = json!({"content": [], "stop_reason": reason}).to_string();
        let whole = ways().nth(1).unwrap().does(Behaviour::Body(body)).await;
        assert_eq!(whole.unwrap().stop, expected);
    }
}

#[tokio::test]
async fn what_the_first_event_says_of_tokens_written_is_no_count_of_the_answer() {
    let [last, end] = stop("end_turn", &Value::Null);
    let words = json!({"type": "text", "text": "x".repeat(400)});
    let began = start(&json!({"input_tokens": 7, "output_tokens": 1}));
    let usage = read(&[began, block(0, &words), last, end]).await.usage;
    assert_eq!((usage.input_tokens, usage.output_tokens), (7, 100));
    assert!(usage.estimated);
}
