//! Answers that arrive as server-sent events: the chunks of a body, cut into events, assembled into an answer.
//!
//! An answer is whole when its protocol says so, not when the connection ends; and once it is whole, nothing that
//! breaks afterwards takes it away again, for it is paid.

use std::{io::Cursor, pin::Pin};

use futures_util::{Stream, StreamExt, stream::unfold};
use sse_stream::{Error, Sse, SseByteStream};

use super::{Failure, FailureClass, http::Body, report::Report};

/// How far an answer has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Progress {
    /// More will come.
    Going,
    /// The protocol's own last word has come.
    Ended,
}

/// Takes events and makes an answer of them.
pub(super) trait Assemble {
    /// Takes one event: its name, if it has one, and its data.
    fn take(&mut self, event: &str, data: &str, report: &Report<'_>) -> Result<Progress, Failure>;

    /// Whether nothing is missing, should the stream end here.
    fn is_whole(&self) -> bool;
}

/// Reads events into `answer` until it is whole.
pub(super) async fn assemble<A: Assemble + Send>(
    body: Body<'_>,
    mut answer: A,
    report: &Report<'_>,
) -> Result<A, Failure> {
    match read(body, &mut answer, report).await {
        Err(failure) if !answer.is_whole() => Err(failure),
        Ok(()) | Err(_) => Ok(answer),
    }
}

type Chunks<'a> = Pin<Box<dyn Stream<Item = Result<Cursor<Vec<u8>>, Failure>> + Send + 'a>>;

/// The chunks of a body, the last of which may be the failure that it ends with.
fn chunks(body: Body<'_>) -> Chunks<'_> {
    Box::pin(unfold(Some(body), |body| async {
        let mut body = body?;
        match body.chunk().await {
            Ok(chunk) => Some((Ok(Cursor::new(chunk?)), Some(body))),
            Err(failure) => Some((Err(failure), None)),
        }
    }))
}

async fn read<A: Assemble + Send>(
    body: Body<'_>,
    answer: &mut A,
    report: &Report<'_>,
) -> Result<(), Failure> {
    let mut events = SseByteStream::new(chunks(body));
    while let Some(event) = events.next().await {
        let Sse { event, data, .. } = event.map_err(|error| failed(error, report))?;
        let data = data.unwrap_or_default();
        if data.trim().is_empty() {
            continue;
        }
        let event = event.unwrap_or_default();
        if answer.take(&event, &data, report)? == Progress::Ended {
            return Ok(());
        }
    }
    let ours = "the stream ended before the answer did";
    Err(report.maybe_billed(FailureClass::Connection, ours, ""))
}

fn failed(error: Error, report: &Report<'_>) -> Failure {
    let other = match error {
        Error::Body(cause) => match cause.downcast::<Failure>() {
            Ok(failure) => return *failure,
            Err(other) => other.to_string(),
        },
        other => other.to_string(),
    };
    let ours = "the stream is not what the protocol promises";
    report.maybe_billed(FailureClass::Malformed, ours, &other)
}
