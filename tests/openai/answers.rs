//! Calls that are answered: what goes out, and what comes back in which form.

use std::collections::HashSet;

use modulatio::models::{Message, ModelProvider, Stop, ToolCall, ToolChoice, Usage};
use modulatio_tools::fake_model::{Behaviour, FakeModel, Script, Step, UsageSays};
use serde_json::{Value, json};

use super::{KEY, answered, ask, request, settings, with_key};

#[tokio::test]
async fn a_forced_tool_call_is_answered_with_its_arguments_and_usage() {
    let exactly = UsageSays::Exactly {
        input_tokens: 120,
        output_tokens: 30,
        cached_input_tokens: 100,
    };
    let step = Step::new(Behaviour::Arguments(json!({"tasks": []}))).usage(exactly);
    let reply = ask(step).await.unwrap();
    assert_eq!(reply.calls.len(), 1);
    assert_eq!(
        (
            reply.calls[0].name.as_str(),
            reply.calls[0].arguments.as_str()
        ),
        ("submit_tasks", r#"{"tasks":[]}"#)
    );
    assert_eq!((reply.text.as_str(), &reply.stop), ("", &Stop::Done));
    let usage = Usage {
        input_tokens: 120,
        output_tokens: 30,
        cached_input_tokens: 100,
        ..Usage::default()
    };
    assert_eq!(reply.usage, usage);
    assert_eq!(reply.served_by.as_deref(), Some("fake-1"));
}

#[tokio::test]
async fn the_request_carries_the_tool_the_key_and_the_call_id() {
    let server = FakeModel::start(Script::default()).unwrap();
    with_key(settings(server.base_url()))
        .call(&request())
        .await
        .unwrap();
    let sent = server.requests().remove(0);
    assert_eq!(sent.path, "/v1/chat/completions");
    assert_eq!(sent.headers["authorization"], format!("Bearer {KEY}"));
    assert_eq!(sent.headers["idempotency-key"], "ESS-P-001-c7");
    let expected = json!({
        "model": "fake-1",
        "messages": [{"role": "system", "content": "You plan."}, {"role": "user", "content": "Files: essay1.md"}],
        "tools": [{"type": "function", "function": {
            "name": "submit_tasks", "description": "Submit the tasks.", "parameters": {"type": "object"}}}],
        "tool_choice": {"type": "function", "function": {"name": "submit_tasks"}},
        "max_tokens": 512,
        "stream": false,
    });
    assert_eq!(sent.body, expected);
    assert_eq!(server.sold().by_key["ESS-P-001-c7"], 1);
}

#[tokio::test]
async fn without_a_tool_the_request_asks_for_text_and_forces_nothing() {
    let server = FakeModel::start(Script::default()).unwrap();
    let mut request = request();
    request.choice = ToolChoice::Text;
    let reply = with_key(settings(server.base_url()))
        .call(&request)
        .await
        .unwrap();
    assert!(reply.calls.is_empty() && !reply.text.is_empty());
    let body = &server.requests()[0].body;
    assert_eq!(
        (&body["tools"], &body["tool_choice"]),
        (&Value::Null, &Value::Null)
    );
}

#[tokio::test]
async fn text_instead_of_the_tool_call_is_passed_on_as_text() {
    let reply = ask(Step::new(Behaviour::Text("I would rather talk.".into())))
        .await
        .unwrap();
    assert_eq!(reply.text, "I would rather talk.");
    let fenced = ask(Step::new(Behaviour::Fenced(Some(json!({"tasks": []})))))
        .await
        .unwrap();
    assert!(
        fenced.text.contains("```json\n{\"tasks\":[]}\n```"),
        "{fenced:?}"
    );
}

#[tokio::test]
async fn arguments_are_passed_on_unchecked() {
    let malformed = ask(Step::new(Behaviour::MalformedArguments)).await.unwrap();
    serde_json::from_str::<Value>(&malformed.calls[0].arguments).unwrap_err();
    let other = ask(Step::new(Behaviour::WrongSchema)).await.unwrap();
    assert_eq!(other.calls[0].arguments, r#"{"unexpected": true}"#);
}

#[tokio::test]
async fn dialects_of_the_protocol_are_understood() {
    let reply = async |message: Value| {
        let body = json!({"choices": [{"message": message}]}).to_string();
        ask(Step::new(Behaviour::Body(body))).await.unwrap()
    };
    let call = json!({"tool_calls": [{"function": {"arguments": {"a": 1}}}]});
    let call = reply(call).await;
    assert_eq!(call.calls[0].name, "submit_tasks");
    assert_eq!(call.calls[0].arguments, r#"{"a":1}"#);
    let parts = json!({"content": [{"type": "text", "text": "a"}, {"type": "image"}, {"type": "text", "text": "b"}]});
    assert_eq!(reply(parts).await.text, "ab");
    let both =
        json!({"content": "words", "tool_calls": [{"function": {"name": "x", "arguments": ""}}]});
    let both = reply(both).await;
    assert_eq!((both.text.as_str(), both.calls.len()), ("words", 1));
    let refusal = json!({"content": null, "refusal": "I will not.", "tool_calls": null});
    let refusal = reply(refusal).await;
    assert_eq!(
        (refusal.text.as_str(), refusal.stop),
        ("I will not.", Stop::Refused)
    );
}

#[tokio::test]
async fn a_conversation_with_tools_is_sent_back_as_it_was() {
    let server = FakeModel::start(Script::default()).unwrap();
    let mut request = request();
    request.choice = ToolChoice::Any;
    request.messages.extend([
        Message::Assistant {
            text: String::new(),
            calls: vec![ToolCall {
                id: "abcdefgh1".into(),
                name: "read".into(),
                arguments: "{}".into(),
            }],
        },
        Message::ToolResult {
            call_id: "abcdefgh1".into(),
            text: "found".into(),
        },
    ]);
    let provider = with_key(settings(server.base_url()));
    provider.call(&request).await.unwrap();
    let body = &server.requests()[0].body;
    let expected = json!([
        {"role": "assistant", "content": null, "tool_calls": [
            {"id": "abcdefgh1", "type": "function", "function": {"name": "read", "arguments": "{}"}}]},
        {"role": "tool", "tool_call_id": "abcdefgh1", "content": "found"},
    ]);
    assert_eq!(
        body["messages"].as_array().unwrap()[2..],
        *expected.as_array().unwrap()
    );
    assert_eq!(body["tool_choice"], "required");
}

#[tokio::test]
async fn an_empty_answer_is_a_reply_because_it_is_paid() {
    let empty = ask(Step::new(Behaviour::Empty)).await.unwrap();
    assert_eq!((answered(&empty), &empty.stop), ("", &Stop::Length));
    let bare = r#"{"choices": [{}]}"#.to_owned();
    let bare = ask(Step::new(Behaviour::Body(bare))).await.unwrap();
    assert_eq!((answered(&bare), &bare.stop), ("", &Stop::Done));
    assert!(bare.usage.estimated);
}

#[tokio::test]
async fn missing_usage_is_estimated_and_marked() {
    let usage = ask(Step::new(Behaviour::Text("four".into())).usage(UsageSays::Missing))
        .await
        .unwrap()
        .usage;
    assert!(usage.estimated && usage.input_tokens > 0);
    assert_eq!((usage.output_tokens, usage.cached_input_tokens), (1, 0));
    let half = r#"{"choices": [{"message": {"content": "four"}}], "usage": {"prompt_tokens": 9, "completion_tokens": -1}}"#;
    let usage = ask(Step::new(Behaviour::Body(half.into())))
        .await
        .unwrap()
        .usage;
    assert_eq!(
        (usage.input_tokens, usage.output_tokens, usage.estimated),
        (9, 1, true)
    );
}

#[tokio::test]
async fn the_default_answers_serve_every_step_of_a_plan() {
    let server = FakeModel::start(Script::default()).unwrap();
    let provider = with_key(settings(server.base_url()));
    let mut distinct = HashSet::new();
    for (name, key) in [
        ("submit_tasks", "tasks"),
        ("submit_artifact", "content"),
        ("submit_verdict", "passed"),
        ("submit_reflection", "outcome"),
    ] {
        let mut request = request();
        request.tools[0].name = name;
        request.choice = ToolChoice::Forced(name);
        let reply = provider.call(&request).await.unwrap();
        let json: Value = serde_json::from_str(answered(&reply)).unwrap();
        assert!(!json[key].is_null(), "{json}");
        distinct.insert(json.to_string());
    }
    assert!(distinct.iter().any(|json| json.contains("essay1.md")));
    assert_eq!(
        (server.sold().calls, server.sold().by_key["ESS-P-001-c7"]),
        (4, 4)
    );
}
