//! The frame of server-sent events (WHATWG HTML, section 9.2).

use serde_json::Value;

/// An event without a name: `data: …`.
pub(super) fn data(value: &Value) -> Vec<u8> {
    format!("data: {value}\n\n").into_bytes()
}

/// An event whose name is the `type` of its data, as Anthropic sends it.
pub(super) fn named(value: &Value) -> Vec<u8> {
    let name = value["type"]
        .as_str()
        .expect("every named event has a type");
    format!("event: {name}\ndata: {value}\n\n").into_bytes()
}

/// A line that says nothing.
pub(super) const COMMENT: &str = ": PROCESSING\n\n";
