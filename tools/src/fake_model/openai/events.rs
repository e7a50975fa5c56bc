//! An answer as `chat.completion.chunk` events: the role, the content, the calls, the reason to stop, the usage,
//! `[DONE]`.

use serde_json::{Value, json};

use super::{call_id, finish_reason, id, usage_json};
use crate::fake_model::{
    ask::Ask,
    pieces,
    said::{Called, Said, Stop},
    sse,
    usage::Shown,
};

/// Writes an answer.
pub(in crate::fake_model) fn events(ask: &Ask, said: &Said, usage: &Shown) -> Vec<Vec<u8>> {
    let mut deltas = vec![json!({"role": "assistant", "content": ""})];
    let field = match said.stop {
        Stop::Refused => "refusal",
        Stop::Done | Stop::Called | Stop::Length | Stop::Filtered => "content",
    };
    let text = said.text.as_deref().unwrap_or_default();
    deltas.extend(
        pieces::of_text(text)
            .iter()
            .map(|text| json!({field: text})),
    );
    for (index, call) in said.calls.iter().enumerate() {
        deltas.extend(call_deltas(ask, index, call));
    }
    let mut events: Vec<Vec<u8>> = deltas
        .into_iter()
        .map(|delta| chunk(ask, delta, None))
        .collect();
    events.push(chunk(ask, json!({}), Some(finish_reason(said.stop))));
    if ask.stream_usage {
        events.extend(usage_json(usage).map(|usage| usage_chunk(ask, usage)));
    }
    events.push(b"data: [DONE]\n\n".to_vec());
    events
}

fn call_deltas(ask: &Ask, index: usize, call: &Called) -> Vec<Value> {
    let mut deltas = vec![
        json!({"tool_calls": [{"index": index, "id": call_id(ask, index), "type": "function",
            "function": {"name": call.name, "arguments": ""}}]}),
    ];
    let pieces = pieces::of_text(&call.arguments);
    deltas.extend(
        pieces.iter().map(
            |piece| json!({"tool_calls": [{"index": index, "function": {"arguments": piece}}]}),
        ),
    );
    deltas
}

fn chunk(ask: &Ask, delta: Value, finish_reason: Option<&str>) -> Vec<u8> {
    let choices = json!([{"index": 0, "delta": delta, "finish_reason": finish_reason}]);
    sse::data(&envelope(ask, choices))
}

fn usage_chunk(ask: &Ask, usage: Value) -> Vec<u8> {
    let mut chunk = envelope(ask, json!([]));
    chunk["usage"] = usage;
    sse::data(&chunk)
}

fn envelope(ask: &Ask, choices: Value) -> Value {
    json!({"id": id(ask), "object": "chat.completion.chunk", "created": 0, "model": ask.model, "choices": choices})
}
