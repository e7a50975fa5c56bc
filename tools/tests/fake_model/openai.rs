//! OpenAI's protocol: bodies and events.

use modulatio_tools::fake_model::{FakeModel, Prices, Script, Step, Tokens, UsageSays};
use serde_json::{Value, json};

use crate::{
    client::{Ended, Protocol, call},
    got, serving, verdict,
};

const OPENAI: Protocol = Protocol::OpenAi;

fn detailed() -> UsageSays {
    UsageSays::Detailed(Tokens {
        input_tokens: 120,
        output_tokens: 30,
        cached_input_tokens: 100,
        cache_write_tokens: 7,
        reasoning_tokens: 20,
        cost_usd: Some(0.5),
    })
}

fn usage() -> Value {
    json!({"prompt_tokens": 120, "completion_tokens": 30, "total_tokens": 150,
        "prompt_tokens_details": {"cached_tokens": 100},
        "completion_tokens_details": {"reasoning_tokens": 20}, "cost": 0.5})
}

#[test]
fn a_body_holds_the_forced_call_and_the_usage() {
    let script = Script::default().with_usage(detailed());
    let server = FakeModel::start(script).unwrap();
    let got = call(&server, OPENAI, &OPENAI.body(false));
    assert_eq!((got.status, got.ended), (200, Ended::Whole));
    assert_eq!(got.headers["content-type"], "application/json");
    let expected = json!({
        "id": "chatcmpl-fake-0", "object": "chat.completion", "created": 0, "model": "fake-1",
        "choices": [{"index": 0, "finish_reason": "tool_calls", "message": {
            "role": "assistant", "content": null, "tool_calls": [{"id": "call_fake_0_0", "type": "function",
                "function": {"name": "submit_verdict", "arguments": verdict().to_string()}}]}}],
        "usage": usage(),
    });
    assert_eq!(got.json(), expected);
}

#[test]
fn a_stream_is_the_role_then_the_call_in_pieces_then_the_reason_then_usage_then_done() {
    let server = FakeModel::start(Script::default().with_usage(detailed())).unwrap();
    let got = call(&server, OPENAI, &OPENAI.body(true));
    assert_eq!((got.status, got.ended), (200, Ended::Whole));
    let events = got.events();
    assert!(events.iter().all(|(name, _)| name.is_none()));
    assert_eq!(events.last().unwrap().1, "[DONE]");
    let chunks = got.data();
    assert_eq!(chunks.len(), events.len() - 1);
    assert!(chunks.iter().all(
        |chunk| chunk["object"] == "chat.completion.chunk" && chunk["id"] == "chatcmpl-fake-0"
    ));
    let choice = |at: usize| &chunks[at]["choices"][0];
    assert_eq!(
        choice(0)["delta"],
        json!({"role": "assistant", "content": ""})
    );
    let first = json!({"tool_calls": [{"index": 0, "id": "call_fake_0_0", "type": "function",
        "function": {"name": "submit_verdict", "arguments": ""}}]});
    assert_eq!(choice(1)["delta"], first);
    let pieces: Vec<&Value> = (2..chunks.len() - 2).map(choice).collect();
    assert!(pieces.len() > 1, "several pieces");
    assert!(pieces.iter().all(|piece| {
        piece["delta"]["tool_calls"][0]["index"] == 0 && piece["finish_reason"].is_null()
    }));
    assert_eq!(got.arguments(OPENAI), verdict().to_string());
    let finish = json!({"index": 0, "delta": {}, "finish_reason": "tool_calls"});
    assert_eq!(choice(chunks.len() - 2), &finish);
    let last = &chunks[chunks.len() - 1];
    assert_eq!((&last["choices"], &last["usage"]), (&json!([]), &usage()));
}

#[test]
fn a_stream_tells_usage_only_if_it_is_asked_or_if_the_script_says_always() {
    let mut body = OPENAI.body(true);
    body.as_object_mut().unwrap().remove("stream_options");
    let tells = |always_usage| {
        let script = Script {
            always_usage,
            ..Script::default()
        };
        let server = FakeModel::start(script).unwrap();
        call(&server, OPENAI, &body).body.contains("\"usage\"")
    };
    assert!(!tells(false));
    assert!(tells(true));
}

#[test]
fn text_is_streamed_in_pieces() {
    let got = got(OPENAI, true, &json!({"text": "Grüße, Welt, in Stücken"}));
    let data = got.data();
    let texts: Vec<&str> = data
        .iter()
        .filter_map(|chunk| chunk.pointer("/choices/0/delta/content")?.as_str())
        .collect();
    assert_eq!(texts.concat(), "Grüße, Welt, in Stücken");
    assert!(texts.len() > 2, "{texts:?}");
    assert_eq!(got.stop(OPENAI), "stop");
}

#[test]
fn several_calls_have_their_own_index_and_id() {
    let behaviour = json!({"text_and_tool_calls": {"text": "I look.", "tool_calls": [
        {"name": "read_file", "arguments": {"path": "a"}}, {"name": "list_files", "arguments": {}}]}});
    let server = serving(&behaviour);
    let whole = call(&server, OPENAI, &OPENAI.body(false)).json();
    let message = &whole["choices"][0]["message"];
    assert_eq!(message["content"], "I look.");
    assert_eq!(message["tool_calls"][1]["id"], "call_fake_0_1");
    assert_eq!(message["tool_calls"][1]["function"]["name"], "list_files");
    let streamed = call(&server, OPENAI, &OPENAI.body(true));
    let starts: Vec<Value> = streamed
        .data()
        .iter()
        .filter_map(|chunk| chunk.pointer("/choices/0/delta/tool_calls/0").cloned())
        .filter(|call| !call["id"].is_null())
        .collect();
    let named = |at: usize| (starts[at]["index"].clone(), starts[at]["id"].clone());
    assert_eq!(named(0), (json!(0), json!("call_fake_1_0")));
    assert_eq!(named(1), (json!(1), json!("call_fake_1_1")));
}

#[test]
fn where_no_tool_is_forced_the_one_that_submits_is_called() {
    let tool =
        |name: &str| json!({"type": "function", "function": {"name": name, "parameters": {}}});
    let server = FakeModel::start(Script::default()).unwrap();
    for choice in ["auto", "required"] {
        let mut body = OPENAI.body(false);
        body["tools"] = json!([tool("read_file"), tool("submit_verdict")]);
        body["tool_choice"] = choice.into();
        let answer = call(&server, OPENAI, &body).json();
        let called = &answer["choices"][0]["message"]["tool_calls"][0];
        assert_eq!(called["function"]["name"], "submit_verdict", "{choice}");
        body["tools"] = json!([tool("read_file")]);
        let answer = call(&server, OPENAI, &body).json();
        let called = answer["choices"][0]["message"]["tool_calls"].is_array();
        assert_eq!(called, choice == "required");
    }
}

#[test]
fn usage_is_what_the_script_says() {
    let usage = |says: &str| {
        let says: Value = serde_json::from_str(says).unwrap();
        let step = Step::new(Default::default()).usage(serde_json::from_value(says).unwrap());
        let server = FakeModel::start(Script::of([step])).unwrap();
        call(&server, OPENAI, &OPENAI.body(false)).json()["usage"].clone()
    };
    assert_eq!(usage(r#""missing""#), Value::Null);
    let odd = r#"{"prompt_tokens": -1, "completion_tokens": "many", "total_tokens": 1e300}"#;
    let shown = usage(&format!(r#"{{"raw": {odd}}}"#));
    assert_eq!(shown, serde_json::from_str::<Value>(odd).unwrap());
    let greedy = usage(r#""greedy""#);
    let prompt =
        "Judge.submit_verdictJudge it.".len() + json!({"type": "object"}).to_string().len();
    assert_eq!(
        (&greedy["prompt_tokens"], &greedy["completion_tokens"]),
        (&json!(prompt), &json!(512))
    );
}

#[test]
fn prices_of_the_script_become_a_cost() {
    let prices = Prices {
        input_usd: 1e6,
        output_usd: 0.0,
    };
    let script = Script {
        prices: Some(prices),
        ..Script::default()
    };
    let server = FakeModel::start(script).unwrap();
    let usage = call(&server, OPENAI, &OPENAI.body(false)).json()["usage"].clone();
    assert_eq!(usage["cost"].as_f64(), usage["prompt_tokens"].as_f64());
}
