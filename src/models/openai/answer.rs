//! A response of success → [`Reply`]: what the model said and what it used.

use reqwest::StatusCode;
use serde_json::Value;

use super::{
    super::{
        Answer, Failure, FailureClass, Reply, Request, Usage,
        refusal::{class_of, is_page, said, said_in},
        report::Report,
    },
    wire::{ChatResponse, Choice, Said},
};

/// Reads a body that came with a status of success.
pub(super) fn reply(request: &Request, body: &[u8], report: &Report<'_>) -> Result<Reply, Failure> {
    let response: ChatResponse =
        serde_json::from_slice(body).map_err(|error| unreadable(body, &error, report))?;
    let error = response
        .choices
        .first()
        .map_or(&response.error, |choice| &choice.error);
    if !error.is_null() {
        return Err(inner_error(error, report));
    }
    let malformed =
        |ours: &str, theirs: &str| report.failure(FailureClass::Malformed, ours, theirs);
    let Some(choice) = response.choices.into_iter().next() else {
        return Err(malformed(
            "the response holds no choice",
            &String::from_utf8_lossy(body),
        ));
    };
    let Choice {
        message,
        finish_reason,
        ..
    } = choice;
    let answer = answer(message, request.answer_with.is_some())
        .ok_or_else(|| malformed("the answer is empty", &stopped(finish_reason)))?;
    Ok(Reply {
        usage: usage(&response.usage, request, &answer),
        answer,
        served_by: response.model.map(|model| report.safe(&model)),
    })
}

fn stopped(reason: Option<String>) -> String {
    reason.map_or_else(String::new, |reason| {
        format!("the model stopped for: {reason}")
    })
}

fn unreadable(body: &[u8], error: &serde_json::Error, report: &Report<'_>) -> Failure {
    let text = String::from_utf8_lossy(&body[..body.len().min(4096)]);
    if is_page(&text) {
        let ours = "answered with a page instead of JSON (hint: check base_url)";
        return report.failure(FailureClass::Malformed, ours, &said(&text));
    }
    report.failure(
        FailureClass::Malformed,
        "the response is not what the protocol promises",
        &error.to_string(),
    )
}

/// An error inside a response of success: a router passes on what the provider behind it answered.
fn inner_error(error: &Value, report: &Report<'_>) -> Failure {
    let text = error.to_string();
    let status = error["code"]
        .as_u64()
        .and_then(|code| StatusCode::from_u16(u16::try_from(code).ok()?).ok())
        .filter(|status| status.is_client_error() || status.is_server_error());
    let class = match status {
        Some(status) => class_of(status, &text),
        None if text.to_lowercase().contains("overload") => FailureClass::Server,
        None => FailureClass::Malformed,
    };
    let words = error.as_str().or_else(|| said_in(error)).unwrap_or(&text);
    report.failure(class, "an error inside the response", words)
}

/// The answer in what the model said; `None` if it said nothing.
fn answer(said: Said, wants_tool: bool) -> Option<Answer> {
    let arguments = said
        .tool_calls
        .and_then(|calls| calls.into_iter().next())
        .map(|call| call.function.into_text())
        .filter(|arguments| wants_tool && !arguments.trim().is_empty());
    let text = || {
        let content = said.content.map(super::wire::Content::into_text);
        content
            .filter(|text| !text.trim().is_empty())
            .or(said.refusal)
    };
    match arguments {
        Some(arguments) => Some(Answer::ToolCall(arguments)),
        None => text()
            .filter(|text| !text.trim().is_empty())
            .map(Answer::Text),
    }
}

/// The provider's counts; what it leaves out is estimated, and the whole marked so.
fn usage(counts: &Value, request: &Request, answer: &Answer) -> Usage {
    let (Answer::ToolCall(text) | Answer::Text(text)) = answer;
    let estimate = Usage::estimate(request, text.len());
    let (input, output) = (
        counts["prompt_tokens"].as_u64(),
        counts["completion_tokens"].as_u64(),
    );
    let cached = counts["prompt_tokens_details"]["cached_tokens"].as_u64();
    let input_tokens = input.unwrap_or(estimate.input_tokens);
    Usage {
        input_tokens,
        output_tokens: output.unwrap_or(estimate.output_tokens),
        cached_input_tokens: cached.unwrap_or(0).min(input_tokens),
        estimated: input.is_none() || output.is_none(),
    }
}
