//! An answer as named events: `message_start`, the blocks with their deltas, `message_delta`, `message_stop`.

use serde_json::{Value, json};

use super::{envelope, stop_reason, tool_use, usage_json};
use crate::fake_model::{ask::Ask, pieces, said::Said, sse, usage::Shown};

/// Writes an answer.
pub(in crate::fake_model) fn events(ask: &Ask, said: &Said, usage: &Shown) -> Vec<Vec<u8>> {
    let mut events = vec![message_start(ask, usage)];
    for (index, (block, deltas)) in blocks(ask, said).into_iter().enumerate() {
        events.push(json!({"type": "content_block_start", "index": index, "content_block": block}));
        if index == 0 {
            events.push(json!({"type": "ping"}));
        }
        events.extend(
            deltas.into_iter().map(
                |delta| json!({"type": "content_block_delta", "index": index, "delta": delta}),
            ),
        );
        events.push(json!({"type": "content_block_stop", "index": index}));
    }
    events.push(message_delta(said, usage));
    events.push(json!({"type": "message_stop"}));
    events.iter().map(sse::named).collect()
}

/// What is read is known at the start; of what is written, the first token is.
fn message_start(ask: &Ask, usage: &Shown) -> Value {
    let mut message = envelope(ask);
    if let Some(mut usage_so_far) = usage_json(usage) {
        if let Shown::Tokens(_) = usage {
            usage_so_far["output_tokens"] = 1.into();
        }
        message["usage"] = usage_so_far;
    }
    json!({"type": "message_start", "message": message})
}

fn message_delta(said: &Said, usage: &Shown) -> Value {
    let stop = json!({"stop_reason": stop_reason(said.stop), "stop_sequence": null});
    let mut event = json!({"type": "message_delta", "delta": stop});
    match usage {
        Shown::Nothing => {}
        Shown::Raw(usage) => event["usage"] = usage.clone(),
        Shown::Tokens(tokens) => {
            event["usage"] = json!({"output_tokens": tokens.output_tokens});
        }
    }
    event
}

/// Each block as it starts, and its deltas.
fn blocks(ask: &Ask, said: &Said) -> Vec<(Value, Vec<Value>)> {
    let text = said.text.iter().map(|text| {
        let deltas = pieces::of_text(text);
        let deltas = deltas
            .iter()
            .map(|text| json!({"type": "text_delta", "text": text}));
        (json!({"type": "text", "text": ""}), deltas.collect())
    });
    let calls = said.calls.iter().enumerate().map(|(index, call)| {
        let deltas = pieces::of_text(&call.arguments);
        let deltas = deltas
            .iter()
            .map(|json| json!({"type": "input_json_delta", "partial_json": json}));
        (tool_use(ask, index, call, json!({})), deltas.collect())
    });
    text.chain(calls).collect()
}
