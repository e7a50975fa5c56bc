//! What a refusal means: status, headers and body → [`Failure`]. Shared by every protocol over HTTP, because
//! providers differ in the words and agree on the statuses.

use std::time::Duration;

use chrono::DateTime;
use reqwest::{
    StatusCode,
    header::{DATE, HeaderMap, RETRY_AFTER},
};
use serde_json::Value;

use super::{Failure, FailureClass, http::Response, report::Report};

/// What providers write when a prompt does not fit, in lower case.
const TOO_LONG: [&str; 7] = [
    "context length",
    "context_length",
    "context window",
    "maximum context",
    "prompt is too long",
    "too long",
    "too many tokens",
];

/// The failure that a response without success is.
pub(super) fn refusal(response: &Response, report: &Report<'_>) -> Failure {
    let text = String::from_utf8_lossy(&response.body);
    let class = class_of(response.status, &text);
    let mut ours = response.status.to_string();
    if response.status.is_redirection() || response.status == StatusCode::NOT_FOUND {
        ours.push_str(" (hint: check base_url and model)");
    }
    Failure {
        retry_after: retry_after(&response.headers),
        ..report.failure(class, &ours, &said(&text))
    }
}

/// What to do about a status, given the body that came with it.
pub(super) fn class_of(status: StatusCode, body: &str) -> FailureClass {
    match status.as_u16() {
        401 | 403 => FailureClass::Authentication,
        429 => FailureClass::RateLimited,
        408 | 500..=599 => FailureClass::Server,
        400 | 413 if is_too_long(body) => FailureClass::ContextTooLong,
        _ => FailureClass::Refused,
    }
}

fn is_too_long(body: &str) -> bool {
    let body = body.to_lowercase();
    TOO_LONG.iter().any(|words| body.contains(words))
}

/// The provider's own words in a body: the message of a JSON error, the title of a page, else the text itself.
pub(super) fn said(body: &str) -> String {
    if let Ok(json) = serde_json::from_str::<Value>(body) {
        return said_in(&json).map_or_else(|| body.to_owned(), str::to_owned);
    }
    if is_page(body) {
        return page_title(body).map_or_else(
            || "an HTML page".to_owned(),
            |title| format!("an HTML page: {title}"),
        );
    }
    body.to_owned()
}

/// The message in one of the shapes that servers of this protocol use.
pub(super) fn said_in(json: &Value) -> Option<&str> {
    let places = [
        "/error/message",
        "/error",
        "/message",
        "/detail",
        "/error_description",
    ];
    places
        .iter()
        .find_map(|place| json.pointer(place)?.as_str())
}

/// Whether a body is HTML, as proxies and login pages send it.
pub(super) fn is_page(body: &str) -> bool {
    let start: String = body.trim_start().chars().take(15).collect();
    let start = start.to_ascii_lowercase();
    start.starts_with("<!doctype html") || start.starts_with("<html")
}

fn page_title(body: &str) -> Option<&str> {
    let lower = body.to_ascii_lowercase();
    let start = lower.find("<title>")? + "<title>".len();
    let end = start + lower[start..].find("</title>")?;
    body.get(start..end)
}

/// The wait that a provider asks for: milliseconds, seconds, or a date, counted from the response's own date so
/// that no clock is read here.
pub(super) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = |name: &str| headers.get(name)?.to_str().ok().map(str::trim);
    if let Some(wait) = text("retry-after-ms").and_then(|text| text.parse().ok()) {
        return Some(Duration::from_millis(wait));
    }
    let asked = text(RETRY_AFTER.as_str())?;
    if let Ok(seconds) = asked.parse::<f64>() {
        return Duration::try_from_secs_f64(seconds).ok();
    }
    let until = DateTime::parse_from_rfc2822(asked).ok()?;
    let now = DateTime::parse_from_rfc2822(text(DATE.as_str())?).ok()?;
    Some((until - now).to_std().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use reqwest::header::{HeaderName, HeaderValue};

    use super::*;

    fn class(status: u16, body: &str) -> FailureClass {
        class_of(StatusCode::from_u16(status).unwrap(), body)
    }

    fn wait(pairs: &[(&'static str, &'static str)]) -> Option<Duration> {
        let headers = pairs
            .iter()
            .map(|(name, value)| {
                (
                    HeaderName::from_static(name),
                    HeaderValue::from_static(value),
                )
            })
            .collect();
        retry_after(&headers)
    }

    #[test]
    fn every_status_has_its_class() {
        let classes = [
            (401, FailureClass::Authentication),
            (403, FailureClass::Authentication),
            (408, FailureClass::Server),
            (429, FailureClass::RateLimited),
            (500, FailureClass::Server),
            (503, FailureClass::Server),
            (529, FailureClass::Server),
            (301, FailureClass::Refused),
            (400, FailureClass::Refused),
            (402, FailureClass::Refused),
            (404, FailureClass::Refused),
            (413, FailureClass::Refused),
            (422, FailureClass::Refused),
        ];
        for (status, expected) in classes {
            assert_eq!(class(status, "no"), expected, "{status}");
        }
    }

    #[test]
    fn a_prompt_too_long_is_told_by_its_words() {
        for body in [
            "This model's maximum context length is 8192 tokens",
            r#"{"error":{"code":"context_length_exceeded"}}"#,
            "Prompt is TOO LONG: 210000 tokens",
        ] {
            assert_eq!(class(400, body), FailureClass::ContextTooLong, "{body}");
            assert_eq!(class(413, body), FailureClass::ContextTooLong, "{body}");
            assert_eq!(class(500, body), FailureClass::Server, "{body}");
        }
    }

    #[test]
    fn the_providers_words_are_found_in_every_known_shape() {
        for body in [
            r#"{"error":{"message":"so"}}"#,
            r#"{"error":"so"}"#,
            r#"{"message":"so"}"#,
            r#"{"detail":"so"}"#,
            "so",
        ] {
            assert_eq!(said(body), "so", "{body}");
        }
        assert_eq!(said("<html><head><TITLE>502</title>"), "an HTML page: 502");
        assert_eq!(said("<!DOCTYPE html><p>"), "an HTML page");
    }

    #[test]
    fn a_wait_is_read_in_every_form() {
        assert_eq!(wait(&[("retry-after", "7")]), Some(Duration::from_secs(7)));
        assert_eq!(
            wait(&[("retry-after", "1.5")]),
            Some(Duration::from_millis(1500))
        );
        let both = wait(&[("retry-after", "7"), ("retry-after-ms", "250")]);
        assert_eq!(both, Some(Duration::from_millis(250)));
        let date = ("retry-after", "Wed, 21 Oct 2015 07:28:30 GMT");
        let now = ("date", "Wed, 21 Oct 2015 07:28:00 GMT");
        assert_eq!(wait(&[date, now]), Some(Duration::from_secs(30)));
        let past = ("retry-after", "Wed, 21 Oct 2015 07:27:00 GMT");
        assert_eq!(wait(&[past, now]), Some(Duration::ZERO));
    }

    #[test]
    fn an_unreadable_wait_is_none() {
        for asked in [
            "",
            "soon",
            "-3",
            "NaN",
            "1e300",
            "Wed, 21 Oct 2015 07:28:30 GMT",
        ] {
            assert_eq!(wait(&[("retry-after", asked)]), None, "{asked}");
        }
    }
}
