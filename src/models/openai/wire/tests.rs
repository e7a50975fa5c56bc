//! Rules of what is sent.

use serde_json::json;

use super::*;
use crate::models::{About, Purpose, Service};

fn request() -> Request {
    Request {
        call_id: "c".into(),
        about: About {
            purpose: Purpose::Produce,
            sub_objective: 1,
            title: String::new(),
            files: Vec::new(),
            task: None,
            attempt: 1,
            last: false,
        },
        system: String::new(),
        messages: vec![Message::User("a".into())],
        tools: ["first", "second"].map(tool).to_vec(),
        choice: ToolChoice::Forced("second"),
        max_output_tokens: 7,
    }
}

fn tool(name: &'static str) -> Tool {
    Tool {
        name,
        description: "d",
        schema: json!({"type": "object"}),
    }
}

fn settings(base: &str) -> OpenAiSettings {
    OpenAiSettings::new(Service::new(base, "m"))
}

fn sent(request: &Request, settings: &OpenAiSettings) -> Value {
    let endpoint = Endpoint::new(&settings.service.base_url, "/chat/completions").unwrap();
    let bytes = ChatRequest::new(request, settings, &endpoint).to_bytes();
    serde_json::from_slice(&bytes).unwrap()
}

#[test]
fn the_limit_has_the_name_that_the_host_accepts() {
    let limits = |base: &str| {
        let sent = sent(&request(), &settings(base));
        (
            sent["max_tokens"].clone(),
            sent["max_completion_tokens"].clone(),
        )
    };
    assert_eq!(limits("http://127.0.0.1:11434/v1"), (7.into(), Value::Null));
    assert_eq!(limits("https://api.openai.com/v1"), (Value::Null, 7.into()));
}

#[test]
fn an_empty_system_prompt_is_not_sent() {
    let messages = json!([{"role": "user", "content": "a"}]);
    assert_eq!(
        sent(&request(), &settings("http://h"))["messages"],
        messages
    );
}

#[test]
fn usage_of_a_stream_is_asked_for_where_the_dialect_has_it() {
    let options = |base: &str, stream| {
        let mut settings = settings(base);
        settings.service.stream = stream;
        sent(&request(), &settings)["stream_options"].clone()
    };
    assert_eq!(options("http://h", true), json!({"include_usage": true}));
    assert_eq!(options("http://h", false), Value::Null);
    assert_eq!(options("https://api.mistral.ai/v1", true), Value::Null);
}

#[test]
fn the_cost_is_asked_for_only_where_it_is_told() {
    let usage = |base: &str| sent(&request(), &settings(base))["usage"].clone();
    assert_eq!(
        usage("https://openrouter.ai/api/v1"),
        json!({"include": true})
    );
    for base in ["https://api.openai.com/v1", "https://notopenrouter.ai"] {
        assert_eq!(usage(base), Value::Null, "{base}");
    }
}

#[test]
fn a_forced_tool_is_a_schema_where_the_dialect_has_schemas() {
    let mut settings = settings("http://h");
    settings.dialect.json_schema = true;
    let sent = sent(&request(), &settings);
    let expected = json!({"type": "json_schema", "json_schema": {
        "name": "second", "schema": {"type": "object"}, "strict": false}});
    assert_eq!(sent["response_format"], expected);
    assert_eq!(
        (&sent["tools"], &sent["tool_choice"]),
        (&Value::Null, &Value::Null)
    );
    let mut any = request();
    any.choice = ToolChoice::Any;
    let any = self::sent(&any, &settings);
    assert_eq!(any["response_format"], Value::Null);
    assert_eq!(any["tool_choice"], "required");
    assert_eq!(any["tools"].as_array().unwrap().len(), 2);
}

#[test]
fn optional_settings_are_sent_only_where_they_are_set() {
    let mut settings = settings("http://h");
    let bare = sent(&request(), &settings);
    assert_eq!(
        (&bare["temperature"], &bare["reasoning_effort"]),
        (&Value::Null, &Value::Null)
    );
    settings.temperature = Some(0.5);
    settings.reasoning_effort = Some("low".into());
    let set = sent(&request(), &settings);
    assert_eq!(
        (&set["temperature"], &set["reasoning_effort"]),
        (&json!(0.5), &json!("low"))
    );
}

#[test]
fn words_that_came_with_calls_are_sent_with_them() {
    let mut request = request();
    let call = ToolCall {
        id: "abcdefgh1".into(),
        name: "first".into(),
        arguments: "{\"b\": 1}".into(),
    };
    let said = |text: &str, calls: &[ToolCall]| Message::Assistant {
        text: text.into(),
        calls: calls.to_vec(),
    };
    request.messages = vec![
        said("so", std::slice::from_ref(&call)),
        said("", &[call]),
        said("", &[]),
    ];
    let sent = sent(&request, &settings("http://h"));
    let words = ["so".into(), Value::Null, "".into()];
    for (at, expected) in words.into_iter().enumerate() {
        assert_eq!(sent["messages"][at]["content"], expected);
    }
    let called = json!({"name": "first", "arguments": "{\"b\": 1}"});
    assert_eq!(sent["messages"][0]["tool_calls"][0]["function"], called);
    assert_eq!(sent["messages"][2].get("tool_calls"), None);
}
