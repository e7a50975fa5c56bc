//! OpenAI's `/chat/completions`: a body → [`Ask`]; what is [`Said`] → a body, or events (`events.rs`).

mod events;
mod request;

use serde_json::{Value, json};

use super::{
    ask::Ask,
    said::{Said, Stop},
    usage::Shown,
};

pub(super) use events::events;
pub(super) use request::parse;

/// Writes an answer.
pub(super) fn whole(ask: &Ask, said: &Said, usage: &Shown) -> Value {
    let mut body = json!({
        "id": id(ask), "object": "chat.completion", "created": 0, "model": ask.model,
        "choices": [{"index": 0, "message": message(ask, said), "finish_reason": finish_reason(said.stop)}],
    });
    if let Some(usage) = usage_json(usage) {
        body["usage"] = usage;
    }
    body
}

/// Writes an error.
pub(super) fn error(code: u16, kind: Option<&str>, message: &str) -> Value {
    let usual = match code {
        401 => "authentication_error",
        403 => "permission_error",
        429 => "rate_limit_error",
        500.. => "server_error",
        _ => "invalid_request_error",
    };
    let kind = kind.unwrap_or(usual);
    json!({"error": {"message": message, "type": kind, "param": null, "code": code}})
}

/// The refusal of a prompt that is too long.
pub(super) fn too_long() -> Value {
    json!({"error": {
        "message": "This model's maximum context length is 8192 tokens. However, your messages resulted in 9001 \
                    tokens. Please reduce the length of the messages.",
        "type": "invalid_request_error", "param": "messages", "code": "context_length_exceeded",
    }})
}

fn id(ask: &Ask) -> String {
    format!("chatcmpl-fake-{}", ask.ordinal)
}

fn message(ask: &Ask, said: &Said) -> Value {
    let mut message = json!({"role": "assistant", "content": said.text});
    if said.stop == Stop::Refused {
        message = json!({"role": "assistant", "content": null, "refusal": said.text});
    }
    if !said.calls.is_empty() {
        let calls = said.calls.iter().enumerate().map(|(index, call)| {
            json!({"id": call_id(ask, index), "type": "function",
                "function": {"name": call.name, "arguments": call.arguments}})
        });
        message["tool_calls"] = calls.collect();
    }
    message
}

fn call_id(ask: &Ask, index: usize) -> String {
    format!("call_fake_{}_{index}", ask.ordinal)
}

fn finish_reason(stop: Stop) -> &'static str {
    match stop {
        Stop::Done | Stop::Refused => "stop",
        Stop::Called => "tool_calls",
        Stop::Length => "length",
        Stop::Filtered => "content_filter",
    }
}

fn usage_json(usage: &Shown) -> Option<Value> {
    let tokens = match usage {
        Shown::Nothing => return None,
        Shown::Raw(usage) => return Some(usage.clone()),
        Shown::Tokens(tokens) => tokens,
    };
    let mut usage = json!({
        "prompt_tokens": tokens.input_tokens, "completion_tokens": tokens.output_tokens,
        "total_tokens": tokens.input_tokens.saturating_add(tokens.output_tokens),
        "prompt_tokens_details": {"cached_tokens": tokens.cached_input_tokens},
        "completion_tokens_details": {"reasoning_tokens": tokens.reasoning_tokens},
    });
    if let Some(cost) = tokens.cost_usd {
        usage["cost"] = json!(cost);
    }
    Some(usage)
}
