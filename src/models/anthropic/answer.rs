//! What a model has said so far, and the [`Reply`] that it comes to. Whole answers and streams end up here.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, value::RawValue};

use super::super::{
    Failure, FailureClass, Reply, Request, Stop, ToolCall, Usage,
    refusal::{inner_error, unreadable},
    report::Report,
    tokens::{bytes_of, count, optional_count},
};

/// An answer, as far as it has come.
#[derive(Debug, Default)]
pub(super) struct Heard {
    /// Its blocks, in their order.
    pub(super) blocks: Vec<Part>,
    /// Where the last block of each number stands: a stream may begin very many, and go on with any.
    numbers: BTreeMap<u64, usize>,
    /// Why the model stopped, once it has.
    pub(super) stop_reason: Option<String>,
    /// The token counts that were last told, field by field.
    pub(super) usage: Value,
    /// The model that says it answered.
    pub(super) model: Option<String>,
}

/// What a part of an answer holds.
#[derive(Debug)]
pub(super) enum Part {
    /// Words.
    Text(String),
    /// A called tool.
    Call {
        /// What its result is to be sent back with.
        id: String,
        /// Which tool.
        name: String,
        /// Its arguments, as they came before any chunk; a stream leaves them empty.
        input: String,
        /// Its arguments, chunk by chunk.
        json: String,
    },
    /// Thoughts and whatever else is no part of the answer; so many bytes were shown of it.
    Unseen(usize),
}

/// A message as it comes: whole, or as a stream begins it.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Message {
    /// The model that answers.
    #[serde(default)]
    pub(super) model: Value,
    /// Its blocks, missing where the body is no message at all.
    #[serde(default)]
    pub(super) content: Option<Vec<Content>>,
    /// Why it stopped.
    #[serde(default)]
    pub(super) stop_reason: Value,
    /// Token counts.
    #[serde(default)]
    pub(super) usage: Value,
    /// What went wrong, if this is an error instead.
    #[serde(default)]
    error: Value,
}

/// One block as it comes: the fields of all kinds.
#[derive(Debug, Deserialize)]
pub(super) struct Content {
    /// Its kind.
    #[serde(default)]
    r#type: String,
    #[serde(default)]
    text: Option<String>,
    #[serde(default)]
    thinking: Option<String>,
    #[serde(default)]
    id: Option<String>,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    input: Option<Box<RawValue>>,
}

/// Reads a body that came with a status of success.
pub(super) fn reply(request: &Request, body: &[u8], report: &Report<'_>) -> Result<Reply, Failure> {
    let message: Message =
        serde_json::from_slice(body).map_err(|error| unreadable(body, &error, report))?;
    if !message.error.is_null() {
        let begun = message.content.is_some();
        return Err(inner_error(&message.error, begun, report));
    }
    if message.content.is_none() {
        let (ours, theirs) = (
            "the response holds no content",
            String::from_utf8_lossy(body),
        );
        return Err(report.maybe_billed(FailureClass::Malformed, ours, &theirs));
    }
    let mut heard = Heard::default();
    heard.message(message);
    Ok(heard.into_reply(request, report))
}

impl Heard {
    /// Adds a message, or the beginning of one.
    pub(super) fn message(&mut self, message: Message) {
        self.model = message.model.as_str().map(str::to_owned);
        self.stop(&message.stop_reason);
        self.count(message.usage);
        for (index, content) in (0..).zip(message.content.unwrap_or_default()) {
            self.begin_block(index, Part::new(content));
        }
    }

    /// Adds a block of that number.
    pub(super) fn begin_block(&mut self, index: u64, part: Part) {
        self.numbers.insert(index, self.blocks.len());
        self.blocks.push(part);
    }

    /// The last block of that number.
    pub(super) fn block(&mut self, index: u64) -> Option<&mut Part> {
        self.blocks.get_mut(*self.numbers.get(&index)?)
    }

    /// Notes why the model stopped.
    pub(super) fn stop(&mut self, reason: &Value) {
        if let Some(reason) = reason.as_str() {
            self.stop_reason = Some(reason.to_owned());
        }
    }

    /// Notes token counts: later ones take the place of earlier ones, field by field.
    pub(super) fn count(&mut self, usage: Value) {
        let Value::Object(fields) = usage else { return };
        for (field, value) in fields.into_iter().filter(|(_, value)| !value.is_null()) {
            self.usage[field] = value;
        }
    }

    /// The reply.
    pub(super) fn into_reply(self, request: &Request, report: &Report<'_>) -> Reply {
        let (mut text, mut calls, mut unseen) = (String::new(), Vec::new(), 0);
        for block in self.blocks {
            match block {
                Part::Text(words) => text.push_str(&words),
                Part::Unseen(bytes) => unseen += bytes,
                Part::Call {
                    id,
                    name,
                    input,
                    json,
                } => calls.push(ToolCall {
                    id,
                    name,
                    arguments: arguments(input, json),
                }),
            }
        }
        let written = text.len() + bytes_of(&calls) + unseen;
        Reply {
            usage: usage(&self.usage, request, written),
            stop: stop(self.stop_reason.as_deref(), report),
            text,
            calls,
            cost_micro_usd: None,
            served_by: self.model.map(|model| report.safe(&model)),
        }
    }
}

impl Part {
    /// A block as it comes, or as a stream begins it.
    pub(super) fn new(content: Content) -> Self {
        let text = content.text.unwrap_or_default();
        match content.r#type.as_str() {
            "text" => Self::Text(text),
            "tool_use" => Self::Call {
                id: content.id.unwrap_or_default(),
                name: content.name.unwrap_or_default(),
                input: content
                    .input
                    .map_or_else(String::new, |raw| raw.get().to_owned()),
                json: String::new(),
            },
            _ => Self::Unseen(content.thinking.map_or(text.len(), |shown| shown.len())),
        }
    }
}

/// The arguments of a call: what came in chunks, else what came at once. A tool without parameters is called with
/// no chunk at all.
fn arguments(input: String, json: String) -> String {
    match (json.is_empty(), input.is_empty()) {
        (false, _) => json,
        (true, false) => input,
        (true, true) => "{}".to_owned(),
    }
}

fn stop(reason: Option<&str>, report: &Report<'_>) -> Stop {
    match reason {
        None | Some("end_turn" | "tool_use" | "stop_sequence") => Stop::Done,
        Some("max_tokens" | "model_context_window_exceeded") => Stop::Length,
        Some("refusal") => Stop::Refused,
        Some(other) => Stop::Other(report.safe(other)),
    }
}

/// The provider's counts. What it reads anew, from its cache and into its cache are told apart and add up.
fn usage(counts: &Value, request: &Request, answer_bytes: usize) -> Usage {
    let estimate = Usage::estimate(request, answer_bytes);
    let (fresh, output) = (
        count(&counts["input_tokens"]),
        count(&counts["output_tokens"]),
    );
    let (cached, odd_cached) = optional_count(&counts["cache_read_input_tokens"]);
    let (written, odd_written) = optional_count(&counts["cache_creation_input_tokens"]);
    let estimated = fresh.is_none() || output.is_none() || odd_cached || odd_written;
    Usage {
        input_tokens: fresh.map_or(estimate.input_tokens.max(cached + written), |fresh| {
            fresh + cached + written
        }),
        output_tokens: output.unwrap_or(estimate.output_tokens),
        cached_input_tokens: cached,
        cache_write_tokens: written,
        reasoning_tokens: 0,
        estimated,
    }
}
