//! Answers in Anthropic's protocol: whole, as events in chunks, and refusals.

use modulatio::models::{Anthropic, AnthropicSettings, KeyFrom, Service};

use super::answered::{KEY, REQUEST, look, ways};

pub(crate) const WORDS: &[&str] = &[
    "whole\n",
    "events 1\n",
    "events 7\n",
    "refused 529 1.5\n",
    "event: message_start\n",
    "event: error\n",
    "data: ",
    "\n\n",
    "\r\r",
    "{\"type\":\"message_start\",\"message\":{\"model\":\"m\",\"content\":[],\"usage\":{\"input_tokens\":1}}}",
    "{\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"tool_use\",\"id\":\"a\",\"name\":\"n\",\"input\":{}}}",
    "{\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"partial_json\":\"{\"}}",
    "{\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"},\"usage\":{\"output_tokens\":-1}}",
    "{\"type\":\"message_stop\"}",
    "\"index\":18446744073709551615",
    "\"thinking\":\"",
    "\"error\":{\"type\":\"overloaded_error\",\"message\":\"m\"}",
    "null",
    "sk-fuzz-0123456789",
];

thread_local! {
    static PROVIDER: Anthropic = provider();
}

fn provider() -> Anthropic {
    let mut service = Service::new("http://127.0.0.1:1", "m");
    service.key = KeyFrom::Env("KEY".to_owned());
    let settings = AnthropicSettings::new(service);
    Anthropic::with_keys(settings, |_| Some(KEY.to_owned())).expect("settings that can be used")
}

/// Reads the bytes as an answer.
pub fn anthropic(bytes: &[u8]) {
    PROVIDER.with(|provider| {
        for way in ways(bytes) {
            look(provider.hear(&REQUEST, way));
        }
    });
}
