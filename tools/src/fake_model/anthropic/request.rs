//! Reading a request to `/messages`, as strictly as the provider does where it matters to a client.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::fake_model::ask::{
    Ask, Choice, Invalid, Protocol, messages, names, text_of, tool_bytes,
};

/// Reads a request. `ordinal` is left at 0.
pub(in crate::fake_model) fn parse(
    headers: &BTreeMap<String, String>,
    body: &Value,
) -> Result<Ask, Invalid> {
    if !headers.contains_key("anthropic-version") {
        return Err(Invalid("anthropic-version: header is required".into()));
    }
    let messages = messages(body)?;
    let Some(max_tokens) = body["max_tokens"].as_u64().filter(|most| *most > 0) else {
        return Err(Invalid("max_tokens: a number above 0 is required".into()));
    };
    check_roles(messages)?;
    check_outcomes(messages)?;
    let tools = names(offered(body));
    let choice = choice(&body["tool_choice"])?;
    choice.check(&tools)?;
    let mut texts = vec![text_of(&body["system"])];
    texts.extend(messages.iter().map(message_text));
    Ok(Ask {
        protocol: Protocol::Anthropic,
        ordinal: 0,
        tool: choice.expects(&tools),
        tools,
        model: body["model"].as_str().unwrap_or("fake").to_owned(),
        last_message: texts.last().cloned().unwrap_or_default(),
        prompt_bytes: (texts.iter().map(String::len).sum::<usize>()
            + tool_bytes(offered(body), "input_schema")) as u64,
        text: texts.join("\n"),
        max_tokens: Some(max_tokens),
        stream: body["stream"].as_bool().unwrap_or(false),
        stream_usage: true,
    })
}

fn offered(body: &Value) -> impl Iterator<Item = &Value> {
    body["tools"].as_array().into_iter().flatten()
}

fn choice(choice: &Value) -> Result<Choice, Invalid> {
    match (choice, choice["type"].as_str(), choice["name"].as_str()) {
        (Value::Null, ..) | (_, Some("auto"), _) => Ok(Choice::Auto),
        (_, Some("none"), _) => Ok(Choice::Nothing),
        (_, Some("any"), _) => Ok(Choice::Required),
        (_, Some("tool"), Some(name)) => Ok(Choice::Named(name.to_owned())),
        _ => Err(Invalid(format!("tool_choice: cannot be {choice}"))),
    }
}

/// What a message says: its text, the tools it calls with their arguments, the outcomes it tells.
fn message_text(message: &Value) -> String {
    let content = &message["content"];
    if content.is_string() {
        return text_of(content);
    }
    let mut texts: Vec<String> = blocks(message).map(block_text).collect();
    texts.retain(|text| !text.is_empty());
    texts.join("\n")
}

fn block_text(block: &Value) -> String {
    match block["type"].as_str() {
        Some("tool_use") => format!(
            "{}\n{}",
            block["name"].as_str().unwrap_or_default(),
            block["input"]
        ),
        Some("tool_result") => text_of(&block["content"]),
        _ => block["text"].as_str().unwrap_or_default().to_owned(),
    }
}

fn blocks(message: &Value) -> impl Iterator<Item = &Value> {
    message["content"].as_array().into_iter().flatten()
}

fn check_roles(messages: &[Value]) -> Result<(), Invalid> {
    let stray = messages
        .iter()
        .find(|message| message["role"] != "user" && message["role"] != "assistant");
    match stray {
        Some(message) => Err(Invalid(format!(
            "messages: the role cannot be {}; the system prompt goes into 'system'",
            message["role"]
        ))),
        None => Ok(()),
    }
}

/// The calls of a message must have their outcomes in the next one, and every outcome its call there.
fn check_outcomes(messages: &[Value]) -> Result<(), Invalid> {
    let mut called = BTreeSet::new();
    for message in messages {
        let told = ids(message, "tool_result", "tool_use_id");
        if let Some(id) = told.difference(&called).next() {
            return Err(Invalid(format!(
                "messages: tool_result '{id}' has no tool_use in the previous message"
            )));
        }
        if let Some(id) = called.difference(&told).next() {
            return Err(Invalid(format!(
                "messages: tool_use '{id}' has no tool_result in the next message"
            )));
        }
        called = ids(message, "tool_use", "id");
    }
    match called.first() {
        Some(id) => Err(Invalid(format!(
            "messages: tool_use '{id}' has no tool_result in the next message"
        ))),
        None => Ok(()),
    }
}

fn ids<'a>(message: &'a Value, kind: &str, field: &str) -> BTreeSet<&'a str> {
    blocks(message)
        .filter(|block| block["type"] == kind)
        .filter_map(|block| block[field].as_str())
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(body: &Value) -> Result<Ask, Invalid> {
        let version = ("anthropic-version".to_owned(), "2023-06-01".to_owned());
        parse(&BTreeMap::from([version]), body)
    }

    fn tool(name: &str) -> Value {
        json!({"name": name, "description": "d", "input_schema": {}})
    }

    #[test]
    fn the_turns_of_a_tool_loop_are_understood() {
        let body = json!({
            "model": "m", "max_tokens": 7, "system": [{"type": "text", "text": "s"}],
            "tools": [tool("read_file"), tool("submit_artifact")], "tool_choice": {"type": "any"},
            "messages": [
                {"role": "user", "content": "u"},
                {"role": "assistant", "content": [
                    {"type": "text", "text": "I look."},
                    {"type": "tool_use", "id": "t1", "name": "read_file", "input": {"a": 1}}]},
                {"role": "user", "content": [
                    {"type": "tool_result", "tool_use_id": "t1", "content": [{"type": "text", "text": "found"}]}]},
            ],
        });
        let ask = read(&body).unwrap();
        assert_eq!(ask.tool.as_deref(), Some("submit_artifact"));
        assert_eq!(ask.text, "s\nu\nI look.\nread_file\n{\"a\":1}\nfound");
        assert_eq!(ask.last_message, "found");
        assert_eq!((ask.max_tokens, ask.stream), (Some(7), false));
        let read = "s".len() + "u".len() + "I look.\nread_file\n{\"a\":1}".len() + "found".len();
        let offered = "read_filed{}".len() + "submit_artifactd{}".len();
        assert_eq!(ask.prompt_bytes, (read + offered) as u64);
    }

    #[test]
    fn a_request_that_the_provider_would_refuse_is_refused() {
        let said = json!([{"role": "user", "content": "u"}]);
        let open = json!([{"role": "assistant", "content": [{"type": "tool_use", "id": "t1"}]}]);
        let unanswered = json!([open[0], said[0]]);
        let stray =
            json!([{"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t1"}]}]);
        for (body, word) in [
            (Value::Null, "object"),
            (json!({"max_tokens": 1, "messages": []}), "messages"),
            (json!({"messages": said}), "max_tokens"),
            (json!({"messages": said, "max_tokens": 0}), "max_tokens"),
            (
                json!({"messages": [{"role": "system", "content": "s"}], "max_tokens": 1}),
                "system",
            ),
            (json!({"messages": open, "max_tokens": 1}), "t1"),
            (json!({"messages": unanswered, "max_tokens": 1}), "t1"),
            (json!({"messages": stray, "max_tokens": 1}), "t1"),
            (
                json!({"messages": said, "max_tokens": 1, "tool_choice": "auto"}),
                "tool_choice",
            ),
            (
                json!({"messages": said, "max_tokens": 1, "tool_choice": {"type": "tool", "name": "b"}}),
                "'b'",
            ),
        ] {
            let Invalid(message) = read(&body).unwrap_err();
            assert!(message.contains(word), "{body}: {message}");
        }
        let Invalid(message) = parse(&BTreeMap::new(), &json!({})).unwrap_err();
        assert!(message.contains("anthropic-version"), "{message}");
    }
}
