//! OpenAI's `/chat/completions`: a body → [`Ask`], what is [`Said`] → a body.

use serde_json::{Value, json};

/// What a request asks, whatever protocol it came in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Ask {
    /// The tool it forces.
    pub(super) tool: Option<String>,
    /// The model it names.
    pub(super) model: String,
    /// Its last message.
    pub(super) last_message: String,
    /// All its messages, the system prompt first.
    pub(super) text: String,
}

/// What the model says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Said {
    /// A call of the forced tool with these arguments.
    ToolCall(String),
    /// Text.
    Text(String),
    /// Neither.
    Nothing,
}

/// What an answer says about usage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Usage {
    pub(super) input_tokens: u64,
    pub(super) output_tokens: u64,
    pub(super) cached_input_tokens: u64,
}

/// Reads a request.
pub(super) fn parse(body: &Value) -> Ask {
    let messages: Vec<&str> = body["messages"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|message| message["content"].as_str())
        .collect();
    Ask {
        tool: body["tool_choice"]["function"]["name"]
            .as_str()
            .map(str::to_owned),
        model: body["model"].as_str().unwrap_or("fake").to_owned(),
        last_message: messages.last().copied().unwrap_or_default().to_owned(),
        text: messages.join("\n"),
    }
}

/// Writes an answer.
pub(super) fn render(ask: &Ask, said: &Said, usage: Option<Usage>) -> String {
    let (message, finish_reason) = match said {
        Said::ToolCall(arguments) => (tool_call(ask, arguments), "tool_calls"),
        Said::Text(text) => (json!({"role": "assistant", "content": text}), "stop"),
        Said::Nothing => (json!({"role": "assistant", "content": null}), "length"),
    };
    let mut body = json!({
        "id": "chatcmpl-fake", "object": "chat.completion", "created": 0, "model": ask.model,
        "choices": [{"index": 0, "message": message, "finish_reason": finish_reason}],
    });
    if let Some(usage) = usage {
        body["usage"] = json!({
            "prompt_tokens": usage.input_tokens, "completion_tokens": usage.output_tokens,
            "total_tokens": usage.input_tokens + usage.output_tokens,
            "prompt_tokens_details": {"cached_tokens": usage.cached_input_tokens},
        });
    }
    body.to_string()
}

/// Writes an error.
pub(super) fn render_error(message: &str, code: u16) -> String {
    json!({"error": {"message": message, "type": "fake_error", "param": null, "code": code}})
        .to_string()
}

fn tool_call(ask: &Ask, arguments: &str) -> Value {
    json!({"role": "assistant", "content": null, "tool_calls": [{
        "id": "call_fake", "type": "function",
        "function": {"name": ask.tool, "arguments": arguments},
    }]})
}
