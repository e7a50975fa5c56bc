//! What a refusal means: status, headers and body → [`Failure`]. Shared by every protocol over HTTP, because
//! providers differ in the words and agree on the statuses.

use std::time::Duration;

use chrono::DateTime;
use reqwest::{
    StatusCode,
    header::{DATE, HeaderMap, RETRY_AFTER},
};
use serde_json::Value;

use super::{Failure, FailureClass, KeyFrom, http::Refusal, report::Report};

/// What providers write when a prompt does not fit, in lower case. Each is said of the prompt or the window; that
/// `max_tokens` alone is too large is another matter.
const TOO_LONG: [&str; 27] = [
    // OpenAI, Azure, Groq, DeepSeek, vLLM, SGLang, OpenRouter, Together.
    "context length",
    "context_length",
    "context window",
    "maximum context",
    // Groq, where a single request is above the account's limit.
    "reduce your message size",
    "reduce the length of the messages",
    // Anthropic, Bedrock, Vertex.
    "prompt is too long",
    "input is too long",
    "exceed context limit",
    // Gemini.
    "input token count",
    // Mistral.
    "too large for model with",
    // llama.cpp, Ollama, LM Studio.
    "context size",
    "context_size",
    "prompt too long",
    "max context",
    "context overflows",
    // vLLM.
    "maximum model length",
    "longer than the model",
    // xAI.
    "maximum prompt length",
    // Cohere.
    "too many tokens",
    // Hugging Face's text-generation-inference.
    "`inputs` tokens",
    "`inputs` must have less",
    // Moonshot.
    "exceeded model token limit",
    // Qwen.
    "range of input length",
    // Zhipu.
    "prompt exceeds max length",
    // GitHub.
    "prompt token count",
    "max_prompt_tokens_exceeded",
];

/// What providers write, in lower case, when they would take the key but not the request.
const ELSEWHERE: [&str; 5] = ["moderation", "flagged", "country", "region", "territory"];

/// The failure that a response without success is.
pub(super) fn refusal(response: &Refusal, report: &Report<'_>) -> Failure {
    let text = String::from_utf8_lossy(&response.body);
    let class = class_of(response.status, &text);
    let mut ours = response.status.to_string();
    if class == FailureClass::Authentication {
        ours.push_str(&about_key(report.key_from));
    }
    if class == FailureClass::Refused && speaks_of_tools(&text) {
        ours.push_str(" (hint: a model that calls no tools may do with `json_schema: true`)");
    } else if response.status.is_redirection() || response.status == StatusCode::NOT_FOUND {
        ours.push_str(" (hint: check base_url and model)");
    }
    Failure {
        retry_after: retry_after(&response.headers),
        maybe_billed: gave_up_waiting(response.status),
        ..report.failure(class, &ours, &said(&text))
    }
}

/// Whether somebody in between gave up waiting for a provider that may go on and bill: HTTP's own timeouts, a broken
/// upstream, and what Cloudflare says of an origin that did not answer (520 to 527).
fn gave_up_waiting(status: StatusCode) -> bool {
    matches!(status.as_u16(), 408 | 499 | 502 | 504 | 520..=527)
}

/// Whether a refusal says that the model cannot call tools, as Ollama and OpenRouter put it.
fn speaks_of_tools(body: &str) -> bool {
    let body = body.to_lowercase();
    [
        "not support tools",
        "support tool use",
        "not support function",
    ]
    .iter()
    .any(|words| body.contains(words))
}

/// Which key it was that a provider would not take.
fn about_key(from: &KeyFrom) -> String {
    match from {
        KeyFrom::None => ": no key was sent (hint: name one in the model's settings)".to_owned(),
        KeyFrom::Env(_) | KeyFrom::File(_) | KeyFrom::Credential(_) => {
            format!(": the key in {from} was refused")
        }
    }
}

/// What to do about a status, given the body that came with it.
pub(super) fn class_of(status: StatusCode, body: &str) -> FailureClass {
    let body = body.to_lowercase();
    match status.as_u16() {
        // Not the key: what was asked, or from where.
        403 if ELSEWHERE.iter().any(|words| body.contains(words)) => FailureClass::Refused,
        401 | 403 => FailureClass::Authentication,
        // OpenAI's word for an account without money; waiting does not fill it.
        429 if body.contains("insufficient_quota") => FailureClass::Refused,
        429 => FailureClass::RateLimited,
        529 => FailureClass::Overloaded,
        500..=599 if body.contains("overload") => FailureClass::Overloaded,
        408 | 500..=599 => FailureClass::Server,
        400 | 413 | 422 if is_too_long(&body) => FailureClass::ContextTooLong,
        _ => FailureClass::Refused,
    }
}

/// Whether a text, in lower case, says that the prompt does not fit.
fn is_too_long(body: &str) -> bool {
    TOO_LONG.iter().any(|words| body.contains(words))
}

/// The failure that a body without JSON in it is, although it came with a status of success.
pub(super) fn unreadable(body: &[u8], error: &serde_json::Error, report: &Report<'_>) -> Failure {
    let text = String::from_utf8_lossy(&body[..body.len().min(4096)]);
    if is_page(&text) {
        let ours = "answered with a page instead of JSON (hint: check base_url)";
        return report.maybe_billed(FailureClass::Malformed, ours, &said(&text));
    }
    let ours = "the response is not what the protocol promises";
    report.maybe_billed(FailureClass::Malformed, ours, &error.to_string())
}

/// An error inside a response of success, where a router passes on what the provider behind it answered, and
/// where a stream tells what stopped it. Unless an answer had `begun`, it is a refusal like any other, if it can be
/// understood.
pub(super) fn inner_error(error: &Value, begun: bool, report: &Report<'_>) -> Failure {
    let text = error.to_string();
    let class = match status_in(error) {
        Some(status) => class_of(status, &text),
        None => class_in_words(&text.to_lowercase()),
    };
    let mut ours = "an error inside the response".to_owned();
    if class == FailureClass::Authentication {
        ours.push_str(&about_key(report.key_from));
    }
    let words = error.as_str().or_else(|| said_in(error)).unwrap_or(&text);
    Failure {
        maybe_billed: begun || class == FailureClass::Malformed,
        ..report.failure(class, &ours, words)
    }
}

/// The HTTP status that an error names, as a number or in digits.
fn status_in(error: &Value) -> Option<StatusCode> {
    let read = |value: &Value| match value {
        Value::String(digits) => digits.parse().ok(),
        other => other.as_u64(),
    };
    ["code", "status", "status_code", "http_status"]
        .iter()
        .filter_map(|field| read(error.get(field)?))
        .filter_map(|code| StatusCode::from_u16(u16::try_from(code).ok()?).ok())
        .find(|status| status.is_client_error() || status.is_server_error())
}

/// What an error without a status is, by the names that providers have for its kinds.
fn class_in_words(text: &str) -> FailureClass {
    let kinds: [(&[&str], FailureClass); 5] = [
        (&["overload"], FailureClass::Overloaded),
        (
            &["rate_limit", "rate limit", "too_many_requests"],
            FailureClass::RateLimited,
        ),
        (
            &["authentication", "permission_error", "invalid_api_key"],
            FailureClass::Authentication,
        ),
        (
            &["server_error", "api_error", "timeout_error", "unavailable"],
            FailureClass::Server,
        ),
        (
            &[
                "invalid_request",
                "not_found",
                "billing_error",
                "request_too_large",
            ],
            FailureClass::Refused,
        ),
    ];
    if is_too_long(text) {
        return FailureClass::ContextTooLong;
    }
    let known = kinds
        .iter()
        .find(|(words, _)| words.iter().any(|word| text.contains(word)));
    known.map_or(FailureClass::Malformed, |(_, class)| *class)
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
    let until = date_seconds(asked)?;
    let now = date_seconds(text(DATE.as_str())?)?;
    Some(Duration::from_secs(u64::try_from(until - now).unwrap_or(0)))
}

/// A date of HTTP in seconds since 1970.
pub(super) fn date_seconds(text: &str) -> Option<i64> {
    DateTime::parse_from_rfc2822(text.trim())
        .ok()
        .map(|date| date.timestamp())
}

#[cfg(test)]
mod tests;
