//! Anthropic's `/messages`: a body → [`Ask`]; what is [`Said`] → a body, or events (`events.rs`).

mod events;
mod request;

use serde_json::{Value, json};

use super::{
    ask::Ask,
    said::{Called, Said, Stop},
    usage::Shown,
};

pub(super) use events::events;
pub(super) use request::parse;

/// Writes an answer.
pub(super) fn whole(ask: &Ask, said: &Said, usage: &Shown) -> Value {
    let text = said
        .text
        .iter()
        .map(|text| json!({"type": "text", "text": text}));
    let calls = said
        .calls
        .iter()
        .enumerate()
        .map(|(index, call)| tool_use(ask, index, call, input(call, said.stop)));
    let mut body = envelope(ask);
    body["content"] = text.chain(calls).collect();
    body["stop_reason"] = stop_reason(said.stop).into();
    if let Some(usage) = usage_json(usage) {
        body["usage"] = usage;
    }
    body
}

/// Writes an error.
pub(super) fn error(code: u16, kind: Option<&str>, message: &str) -> Value {
    let usual = match code {
        401 => "authentication_error",
        402 => "billing_error",
        403 => "permission_error",
        404 => "not_found_error",
        413 => "request_too_large",
        429 => "rate_limit_error",
        504 => "timeout_error",
        529 => "overloaded_error",
        500.. => "api_error",
        _ => "invalid_request_error",
    };
    json!({"type": "error", "error": {"type": kind.unwrap_or(usual), "message": message}})
}

/// The refusal of a prompt that is too long.
pub(super) fn too_long() -> Value {
    error(
        400,
        None,
        "prompt is too long: 208310 tokens > 200000 maximum",
    )
}

/// A message that says nothing yet.
fn envelope(ask: &Ask) -> Value {
    json!({
        "id": format!("msg_fake_{}", ask.ordinal), "type": "message", "role": "assistant", "model": ask.model,
        "content": [], "stop_reason": null, "stop_sequence": null,
    })
}

fn tool_use(ask: &Ask, index: usize, call: &Called, input: Value) -> Value {
    let id = format!("toolu_fake_{}_{index}", ask.ordinal);
    json!({"type": "tool_use", "id": id, "name": call.name, "input": input})
}

/// The arguments as the value that this protocol wants. Those that break off are what a provider makes of them,
/// an empty object, if the answer ran out of tokens; else they are shown as the text that they are.
fn input(call: &Called, stop: Stop) -> Value {
    match (serde_json::from_str(&call.arguments), stop) {
        (Ok(input), _) => input,
        (Err(_), Stop::Length) => json!({}),
        (Err(_), _) => call.arguments.clone().into(),
    }
}

fn stop_reason(stop: Stop) -> &'static str {
    match stop {
        Stop::Done => "end_turn",
        Stop::Called => "tool_use",
        Stop::Length => "max_tokens",
        Stop::Refused | Stop::Filtered => "refusal",
    }
}

fn usage_json(usage: &Shown) -> Option<Value> {
    match usage {
        Shown::Nothing => None,
        Shown::Raw(usage) => Some(usage.clone()),
        Shown::Tokens(tokens) => Some(json!({
            "input_tokens": tokens.uncached(),
            "cache_creation_input_tokens": tokens.cache_write_tokens,
            "cache_read_input_tokens": tokens.cached_input_tokens,
            "output_tokens": tokens.output_tokens,
        })),
    }
}
