//! A response of success that comes as a whole → [`Reply`].

use super::{
    super::{
        Failure, FailureClass, Reply, Request,
        refusal::{inner_error, unreadable},
        report::Report,
    },
    heard::Heard,
    said::Response,
};

/// Reads a body that came with a status of success.
pub(super) fn reply(request: &Request, body: &[u8], report: &Report<'_>) -> Result<Reply, Failure> {
    let response: Response =
        serde_json::from_slice(body).map_err(|error| unreadable(body, &error, report))?;
    let choices = response.choices.as_ref().map_or(0, Vec::len);
    if let Some(error) = response.error() {
        return Err(inner_error(error, choices > 0, report));
    }
    let usage = response.usage().cloned().unwrap_or_default();
    let Some(choice) = response.choices.into_iter().flatten().next() else {
        let (ours, theirs) = (
            "the response holds no choice",
            String::from_utf8_lossy(body),
        );
        return Err(report.maybe_billed(FailureClass::Malformed, ours, &theirs));
    };
    let mut heard = Heard::default();
    heard.finish = choice.finish_reason;
    heard.model = response.model;
    heard.usage = usage;
    heard.whole(choice.message.or(choice.delta).unwrap_or_default());
    Ok(heard.into_reply(request, report))
}
