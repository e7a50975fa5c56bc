//! Calls that are answered: what goes out, and what comes back in which form.

use std::collections::HashSet;

use modulatio::models::{Answer, ModelProvider, Usage};
use modulatio_tools::fake_model::{Behaviour, FakeModel, Script, Step, UsageSays};
use serde_json::{Value, json};

use super::{KEY, ask, request, settings, with_key};

#[tokio::test]
async fn a_forced_tool_call_is_answered_with_its_arguments_and_usage() {
    let exactly = UsageSays::Exactly {
        input_tokens: 120,
        output_tokens: 30,
        cached_input_tokens: 100,
    };
    let step = Step::new(Behaviour::Arguments(json!({"tasks": []}))).usage(exactly);
    let reply = ask(step).await.unwrap();
    assert_eq!(reply.answer, Answer::ToolCall(r#"{"tasks":[]}"#.into()));
    let usage = Usage {
        input_tokens: 120,
        output_tokens: 30,
        cached_input_tokens: 100,
        estimated: false,
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
    request.answer_with = None;
    let reply = with_key(settings(server.base_url()))
        .call(&request)
        .await
        .unwrap();
    assert!(matches!(reply.answer, Answer::Text(_)));
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
    assert_eq!(reply.answer, Answer::Text("I would rather talk.".into()));
    let fenced = ask(Step::new(Behaviour::Fenced(Some(json!({"tasks": []})))))
        .await
        .unwrap();
    let Answer::Text(text) = fenced.answer else {
        panic!("{fenced:?}")
    };
    assert!(text.contains("```json\n{\"tasks\":[]}\n```"), "{text}");
}

#[tokio::test]
async fn arguments_are_passed_on_unchecked() {
    let malformed = ask(Step::new(Behaviour::MalformedArguments)).await.unwrap();
    let Answer::ToolCall(text) = malformed.answer else {
        panic!("{malformed:?}")
    };
    serde_json::from_str::<Value>(&text).unwrap_err();
    let other = ask(Step::new(Behaviour::WrongSchema)).await.unwrap();
    assert_eq!(
        other.answer,
        Answer::ToolCall(r#"{"unexpected": true}"#.into())
    );
}

#[tokio::test]
async fn dialects_of_the_protocol_are_understood() {
    let reply = async |message: Value| {
        let body = json!({"choices": [{"message": message}]}).to_string();
        ask(Step::new(Behaviour::Body(body))).await.unwrap().answer
    };
    let call =
        json!({"tool_calls": [{"function": {"name": "submit_tasks", "arguments": {"a": 1}}}]});
    assert_eq!(reply(call).await, Answer::ToolCall(r#"{"a":1}"#.into()));
    let parts = json!({"content": [{"type": "text", "text": "a"}, {"type": "image"}, {"type": "text", "text": "b"}]});
    assert_eq!(reply(parts).await, Answer::Text("ab".into()));
    let both = json!({"content": "words", "tool_calls": [{"function": {"arguments": ""}}]});
    assert_eq!(reply(both).await, Answer::Text("words".into()));
    let refusal = json!({"content": null, "refusal": "I will not.", "tool_calls": null});
    assert_eq!(reply(refusal).await, Answer::Text("I will not.".into()));
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
    let mut answered = HashSet::new();
    for (name, key) in [
        ("submit_tasks", "tasks"),
        ("submit_artifact", "content"),
        ("submit_verdict", "passed"),
        ("submit_reflection", "outcome"),
    ] {
        let mut request = request();
        request.answer_with.as_mut().unwrap().name = name;
        let Answer::ToolCall(text) = provider.call(&request).await.unwrap().answer else {
            panic!("{name} was answered with text")
        };
        let json: Value = serde_json::from_str(&text).unwrap();
        assert!(!json[key].is_null(), "{json}");
        answered.insert(json.to_string());
    }
    assert!(answered.iter().any(|json| json.contains("essay1.md")));
    assert_eq!(
        (server.sold().calls, server.sold().by_key["ESS-P-001-c7"]),
        (4, 4)
    );
}
