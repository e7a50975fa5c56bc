//! A response of success that comes in events → [`Reply`].
//!
//! ```text
//!  message_start                        the model, and what it read
//!    content_block_start                a text, a call or a thought begins
//!      content_block_delta …            piece by piece
//!    content_block_stop
//!  message_delta                        why it stopped, and what it wrote: the answer is whole
//!  message_stop                         the end
//!  ping, error                          at any time
//! ```

use serde::Deserialize;
use serde_json::Value;

use super::{
    super::{
        Failure, FailureClass, Reply, Request,
        http::Body,
        refusal::inner_error,
        report::Report,
        sse::{Assemble, Progress, assemble},
    },
    answer::{Content, Heard, Message, Part},
};

/// One event: the fields of all kinds.
#[derive(Debug, Deserialize)]
struct Event {
    #[serde(default)]
    r#type: Option<String>,
    #[serde(default)]
    index: u64,
    #[serde(default)]
    message: Option<Message>,
    #[serde(default)]
    content_block: Option<Content>,
    #[serde(default)]
    delta: Option<Delta>,
    #[serde(default)]
    usage: Value,
    #[serde(default)]
    error: Value,
}

/// What an event adds.
#[derive(Debug, Deserialize)]
struct Delta {
    #[serde(default)]
    text: Option<String>,
    #[serde(default)]
    partial_json: Option<String>,
    #[serde(default)]
    thinking: Option<String>,
    #[serde(default)]
    stop_reason: Value,
}

/// Reads the events of a response with a status of success.
pub(super) async fn reply(
    request: &Request,
    body: Body<'_>,
    report: &Report<'_>,
) -> Result<Reply, Failure> {
    let heard = assemble(body, Heard::default(), report).await?;
    Ok(heard.into_reply(request, report))
}

impl Assemble for Heard {
    fn take(&mut self, name: &str, data: &str, report: &Report<'_>) -> Result<Progress, Failure> {
        let event: Event = serde_json::from_str(data).map_err(|error| {
            let ours = "an event of the stream is not what the protocol promises";
            report.maybe_billed(FailureClass::Malformed, ours, &error.to_string())
        })?;
        match event.r#type.as_deref().unwrap_or(name) {
            "message_start" => self.begin(event.message.unwrap_or_default()),
            "content_block_start" => self.open(event.index, event.content_block),
            "content_block_delta" => self.add(event.index, event.delta),
            "message_delta" => {
                self.count(event.usage);
                if let Some(delta) = event.delta {
                    self.stop(&delta.stop_reason);
                }
            }
            "message_stop" => return self.done(report),
            "error" => return Err(inner_error(&event.error, true, report)),
            // `ping`, `content_block_stop`, and what may come in later versions.
            _ => {}
        }
        Ok(Progress::Going)
    }

    fn is_whole(&self) -> bool {
        self.stop_reason.is_some()
    }
}

impl Heard {
    /// What is told here of tokens written is only of those so far; the last word has `message_delta`.
    fn begin(&mut self, mut message: Message) {
        if let Some(counts) = message.usage.as_object_mut() {
            counts.remove("output_tokens");
        }
        self.message(message);
    }

    fn open(&mut self, index: u64, content: Option<Content>) {
        if let Some(content) = content {
            self.begin_block(index, Part::new(content));
        }
    }

    fn add(&mut self, index: u64, delta: Option<Delta>) {
        let Some(delta) = delta else { return };
        let text = delta.text.unwrap_or_default();
        match self.block(index) {
            Some(Part::Text(words)) => words.push_str(&text),
            Some(Part::Call { json, .. }) => {
                json.push_str(&delta.partial_json.unwrap_or_default());
            }
            Some(Part::Unseen(bytes)) => {
                *bytes += delta.thinking.map_or(text.len(), |shown| shown.len());
            }
            // A server that streams text without saying that it begins.
            None => self.begin_block(index, Part::Text(text)),
        }
    }

    fn done(&mut self, report: &Report<'_>) -> Result<Progress, Failure> {
        if self.stop_reason.is_none() && self.blocks.is_empty() {
            let ours = "the stream ended without an answer";
            return Err(report.maybe_billed(FailureClass::Malformed, ours, ""));
        }
        Ok(Progress::Ended)
    }
}
