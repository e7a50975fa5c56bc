//! Reading a request to `/chat/completions`, as strictly as the provider does where it matters to a client.

use serde_json::Value;

use crate::fake_model::ask::{
    Ask, Choice, Invalid, Protocol, messages, names, text_of, tool_bytes,
};

/// Reads a request. `ordinal` is left at 0.
pub(in crate::fake_model) fn parse(body: &Value) -> Result<Ask, Invalid> {
    let messages = messages(body)?;
    check_outcomes(messages)?;
    let stream = body["stream"].as_bool().unwrap_or(false);
    if !stream && !body["stream_options"].is_null() {
        let message = "'stream_options' is only allowed when 'stream' is true";
        return Err(Invalid(message.into()));
    }
    let tools = names(functions(body));
    let choice = choice(&body["tool_choice"])?;
    choice.check(&tools)?;
    let texts: Vec<String> = messages.iter().map(message_text).collect();
    let max_tokens = [&body["max_completion_tokens"], &body["max_tokens"]];
    Ok(Ask {
        protocol: Protocol::OpenAi,
        ordinal: 0,
        tool: choice.expects(&tools),
        tools,
        model: body["model"].as_str().unwrap_or("fake").to_owned(),
        last_message: texts.last().cloned().unwrap_or_default(),
        prompt_bytes: (texts.iter().map(String::len).sum::<usize>()
            + tool_bytes(functions(body), "parameters")) as u64,
        text: texts.join("\n"),
        max_tokens: max_tokens.into_iter().find_map(Value::as_u64),
        stream,
        stream_usage: body["stream_options"]["include_usage"] == true,
    })
}

fn functions(body: &Value) -> impl Iterator<Item = &Value> {
    let tools = body["tools"].as_array().into_iter().flatten();
    tools.map(|tool| &tool["function"])
}

fn choice(choice: &Value) -> Result<Choice, Invalid> {
    match (choice, choice.as_str()) {
        (Value::Null, _) | (_, Some("auto")) => Ok(Choice::Auto),
        (_, Some("none")) => Ok(Choice::Nothing),
        (_, Some("required")) => Ok(Choice::Required),
        (named, None) if named["type"] == "function" => named["function"]["name"]
            .as_str()
            .map(|name| Choice::Named(name.to_owned()))
            .ok_or_else(|| Invalid("'tool_choice.function.name' is missing".into())),
        _ => Err(Invalid(format!("'tool_choice' cannot be {choice}"))),
    }
}

/// What a message says: its text, then the tools it calls with their arguments.
fn message_text(message: &Value) -> String {
    let mut texts = vec![text_of(&message["content"])];
    for call in calls(message) {
        let function = &call["function"];
        texts.extend(
            ["name", "arguments"]
                .into_iter()
                .filter_map(|field| function[field].as_str().map(str::to_owned)),
        );
    }
    texts.retain(|text| !text.is_empty());
    texts.join("\n")
}

fn calls(message: &Value) -> impl Iterator<Item = &Value> {
    message["tool_calls"].as_array().into_iter().flatten()
}

/// Every call of a tool must have its outcome before anything else is said, and every outcome its call.
fn check_outcomes(messages: &[Value]) -> Result<(), Invalid> {
    let mut open: Vec<&str> = Vec::new();
    for message in messages {
        if message["role"] == "tool" {
            let id = message["tool_call_id"].as_str().unwrap_or_default();
            let Some(at) = open.iter().position(|open| *open == id) else {
                return Err(Invalid(format!(
                    "messages with role 'tool' must answer a preceding call: no open call '{id}'"
                )));
            };
            open.remove(at);
            continue;
        }
        all_answered(&open)?;
        open = calls(message)
            .filter_map(|call| call["id"].as_str())
            .collect();
    }
    all_answered(&open)
}

fn all_answered(open: &[&str]) -> Result<(), Invalid> {
    match open {
        [] => Ok(()),
        ids => Err(Invalid(format!(
            "an assistant message with 'tool_calls' must be followed by tool messages: no answer to {}",
            ids.join(", ")
        ))),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn tool(name: &str) -> Value {
        json!({"type": "function", "function": {"name": name, "description": "d", "parameters": {}}})
    }

    #[test]
    fn the_turns_of_a_tool_loop_are_understood() {
        let body = json!({
            "model": "m", "stream": true, "stream_options": {"include_usage": true}, "max_completion_tokens": 7,
            "tools": [tool("read_file"), tool("submit_artifact")], "tool_choice": "auto",
            "messages": [
                {"role": "system", "content": "s"},
                {"role": "user", "content": [{"type": "text", "text": "u"}]},
                {"role": "assistant", "content": null, "tool_calls": [
                    {"id": "c1", "type": "function", "function": {"name": "read_file", "arguments": "{}"}}]},
                {"role": "tool", "tool_call_id": "c1", "content": "found"},
            ],
        });
        let ask = parse(&body).unwrap();
        assert_eq!(ask.tool.as_deref(), Some("submit_artifact"));
        assert_eq!(ask.text, "s\nu\nread_file\n{}\nfound");
        assert_eq!(ask.last_message, "found");
        assert_eq!(
            (ask.max_tokens, ask.stream, ask.stream_usage),
            (Some(7), true, true)
        );
        let read = "s".len() + "u".len() + "read_file\n{}".len() + "found".len();
        let offered = "read_filed{}".len() + "submit_artifactd{}".len();
        assert_eq!(ask.prompt_bytes, (read + offered) as u64);
    }

    #[test]
    fn a_request_that_the_provider_would_refuse_is_refused() {
        let said = json!([{"role": "user", "content": "u"}]);
        let call =
            json!({"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}});
        let open = json!([{"role": "assistant", "tool_calls": [call]}]);
        let stray = json!([{"role": "tool", "tool_call_id": "c1", "content": ""}]);
        for (body, word) in [
            (Value::Null, "object"),
            (json!({}), "messages"),
            (json!({"messages": []}), "messages"),
            (json!({"messages": open}), "c1"),
            (json!({"messages": stray}), "c1"),
            (
                json!({"messages": said, "stream_options": {}}),
                "stream_options",
            ),
            (
                json!({"messages": said, "tool_choice": "required"}),
                "tools",
            ),
            (json!({"messages": said, "tool_choice": "some"}), "some"),
            (
                json!({"messages": said, "tools": [tool("a")],
                    "tool_choice": {"type": "function", "function": {"name": "b"}}}),
                "'b'",
            ),
        ] {
            let Invalid(message) = parse(&body).unwrap_err();
            assert!(message.contains(word), "{body}: {message}");
        }
    }
}
