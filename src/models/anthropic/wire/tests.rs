//! Rules of what is sent.

use serde_json::json;

use super::*;
use crate::models::{About, Purpose, Service};

fn request(messages: Vec<Message>) -> Request {
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
        system: "You plan.".into(),
        messages,
        tools: ["read", "submit"].map(tool).to_vec(),
        choice: ToolChoice::Any,
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

fn user(text: &str) -> Message {
    Message::User(text.into())
}

fn called(text: &str, ids: &[&str]) -> Message {
    let call = |id: &&str| ToolCall {
        id: (*id).into(),
        name: "read".into(),
        arguments: "{\"b\": 1, \"a\": 2}".into(),
    };
    Message::Assistant {
        text: text.into(),
        calls: ids.iter().map(call).collect(),
    }
}

fn result(call_id: &str, text: &str) -> Message {
    Message::ToolResult {
        call_id: call_id.into(),
        text: text.into(),
    }
}

fn sent(request: &Request) -> Value {
    let settings = AnthropicSettings::new(Service::new("http://h", "m"));
    serde_json::from_slice(&MessagesRequest::new(request, &settings).to_bytes()).unwrap()
}

/// Where breakpoints are, in the order of the cache.
fn breakpoints(sent: &Value) -> Vec<String> {
    let mut found = Vec::new();
    let mut look = |place: String, blocks: &Value| {
        for (at, block) in blocks.as_array().into_iter().flatten().enumerate() {
            if !block["cache_control"].is_null() {
                assert_eq!(block["cache_control"], json!({"type": "ephemeral"}));
                found.push(format!("{place}{at}"));
            }
        }
    };
    look("tool".into(), &sent["tools"]);
    look("system".into(), &sent["system"]);
    for (at, turn) in sent["messages"].as_array().unwrap().iter().enumerate() {
        look(format!("message{at}."), &turn["content"]);
    }
    found
}

#[test]
fn sides_alternate_and_results_come_before_words() {
    let request = request(vec![
        user("one"),
        user("two"),
        called("I look.", &["x1", "x2"]),
        result("x1", "found"),
        user("go on"),
        result("x2", ""),
        called("", &["x3"]),
        result("x3", "more"),
    ]);
    let input = json!({"b": 1, "a": 2});
    let expected = json!([
        {"role": "user", "content": [{"type": "text", "text": "one"}, {"type": "text", "text": "two"}]},
        {"role": "assistant", "content": [
            {"type": "text", "text": "I look."},
            {"type": "tool_use", "id": "x1", "name": "read", "input": input},
            {"type": "tool_use", "id": "x2", "name": "read", "input": input}]},
        {"role": "user", "content": [
            {"type": "tool_result", "tool_use_id": "x1", "content": "found"},
            {"type": "tool_result", "tool_use_id": "x2", "content": ""},
            {"type": "text", "text": "go on"}]},
        {"role": "assistant", "content": [
            {"type": "tool_use", "id": "x3", "name": "read", "input": input}]},
        {"role": "user", "content": [
            {"type": "tool_result", "tool_use_id": "x3", "content": "more"}]},
    ]);
    assert_eq!(sent(&request)["messages"], expected);
}

#[test]
fn blank_texts_are_left_out_and_what_they_parted_is_joined() {
    let request = request(vec![user("one"), called(" \n", &[]), user("two"), user("")]);
    let words = json!([{"type": "text", "text": "one"}, {"type": "text", "text": "two"}]);
    let expected = json!([{"role": "user", "content": words}]);
    assert_eq!(sent(&request)["messages"], expected);
}

#[test]
fn arguments_that_are_no_object_are_shown_inside_of_one() {
    let mut message = called("", &["x1"]);
    if let Message::Assistant { calls, .. } = &mut message {
        calls[0].arguments = "{\"torn".into();
    }
    let request = request(vec![user("a"), message, result("x1", "no JSON")]);
    let input = &sent(&request)["messages"][1]["content"][0]["input"];
    assert_eq!(input, &json!({"arguments": "{\"torn"}));
}

#[test]
fn every_choice_has_its_form() {
    let mut request = request(vec![user("a")]);
    assert_eq!(sent(&request)["tool_choice"], json!({"type": "any"}));
    request.choice = ToolChoice::Forced("submit");
    let forced = json!({"type": "tool", "name": "submit"});
    assert_eq!(sent(&request)["tool_choice"], forced);
    request.choice = ToolChoice::Text;
    let text = sent(&request);
    assert_eq!(
        (&text["tools"], &text["tool_choice"]),
        (&Value::Null, &Value::Null)
    );
}

#[test]
fn where_text_is_wanted_after_calls_the_tools_are_named_and_forbidden() {
    let mut request = request(vec![user("a"), called("", &["x1"]), result("x1", "b")]);
    request.choice = ToolChoice::Text;
    let text = sent(&request);
    assert_eq!(text["tool_choice"], json!({"type": "none"}));
    assert_eq!(text["tools"].as_array().unwrap().len(), 2);
}

#[test]
fn a_tiny_prompt_has_no_breakpoints() {
    let long = vec![user("a"), called("b", &[]), user("c")];
    assert!(breakpoints(&sent(&request(long))).is_empty());
    let words = user(&"x".repeat(2 * WORTH_CACHING));
    assert!(breakpoints(&sent(&request(vec![words]))).is_empty());
}

#[test]
fn a_stable_prefix_ends_in_breakpoints() {
    let mut request = request(vec![user("a")]);
    request.system = "x".repeat(WORTH_CACHING);
    assert_eq!(breakpoints(&sent(&request)), ["tool1", "system0"]);
    request.messages.push(called("b", &["x1", "x2"]));
    assert_eq!(breakpoints(&sent(&request)), ["tool1", "system0"]);
    request
        .messages
        .extend([result("x1", "c"), result("x2", "d")]);
    let marked = ["tool1", "system0", "message1.2"];
    assert_eq!(breakpoints(&sent(&request)), marked);
    for _ in 0..9 {
        request.messages.extend([called("b", &[]), user("c")]);
    }
    assert_eq!(breakpoints(&sent(&request)).len(), 3);
}

#[test]
fn a_long_conversation_is_cached_although_its_system_prompt_is_short() {
    let first = user(&"x".repeat(WORTH_CACHING));
    let request = request(vec![first, called("b", &[]), user("c")]);
    assert_eq!(breakpoints(&sent(&request)), ["message1.0"]);
}
