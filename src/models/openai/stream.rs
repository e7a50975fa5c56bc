//! A response of success that comes in chunks → [`Reply`].
//!
//! ```text
//!  data: {"choices": [{"delta": {…}}]}                  what the model says, piece by piece
//!  data: {"choices": [{"finish_reason": "stop"}]}       the answer is whole
//!  data: {"choices": [], "usage": {…}}                  what it used, if that is told at all
//!  data: [DONE]                                         the end, which some servers leave out
//! ```

use serde_json::Value;

use super::{
    super::{
        Failure, FailureClass, Reply, Request,
        http::Body,
        refusal::inner_error,
        report::Report,
        sse::{Assemble, Progress, assemble},
    },
    heard::Heard,
    said::{Choice, Response},
};

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
    fn take(&mut self, event: &str, data: &str, report: &Report<'_>) -> Result<Progress, Failure> {
        if data.trim() == "[DONE]" {
            return self.done(report);
        }
        if event == "error" {
            return Err(stopped(data, report));
        }
        let chunk: Response = serde_json::from_str(data).map_err(|error| {
            let ours = "a chunk of the stream is not what the protocol promises";
            report.maybe_billed(FailureClass::Malformed, ours, &error.to_string())
        })?;
        if let Some(error) = chunk.error() {
            return Err(inner_error(error, true, report));
        }
        self.chunk(chunk);
        Ok(Progress::Going)
    }

    fn is_whole(&self) -> bool {
        self.finish.is_some()
    }
}

/// The failure that an event called `error` tells of.
fn stopped(data: &str, report: &Report<'_>) -> Failure {
    let told: Value = serde_json::from_str(data).unwrap_or_else(|_| data.into());
    inner_error(told.get("error").unwrap_or(&told), true, report)
}

impl Heard {
    /// The server says that this was all. Some say so without a reason to stop.
    fn done(&mut self, report: &Report<'_>) -> Result<Progress, Failure> {
        if self.finish.is_none() && self.is_empty() {
            let ours = "the stream ended without an answer";
            return Err(report.maybe_billed(FailureClass::Malformed, ours, ""));
        }
        Ok(Progress::Ended)
    }

    fn chunk(&mut self, chunk: Response) {
        if let Some(usage) = chunk.usage() {
            self.usage = usage.clone();
        }
        if chunk.model.as_ref().is_some_and(|model| !model.is_empty()) {
            self.model = chunk.model;
        }
        let Some(choice) = chunk.choices.into_iter().flatten().next() else {
            return;
        };
        let Choice {
            delta,
            message,
            finish_reason,
            ..
        } = choice;
        match (delta, message) {
            (Some(delta), _) => self.delta(delta),
            // A server that streams its whole answer as one chunk.
            (None, Some(message)) if self.is_empty() => self.whole(message),
            (None, Some(_) | None) => {}
        }
        if finish_reason.as_ref().is_some_and(|why| !why.is_empty()) {
            self.finish = finish_reason;
        }
    }
}
