//! Rules of refusals.

use reqwest::header::{HeaderName, HeaderValue};
use serde_json::json;

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
        (529, FailureClass::Overloaded),
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
fn every_mainstream_providers_words_for_a_prompt_too_long_are_known() {
    for words in [
        "This model's maximum context length is 128000 tokens. However, your messages resulted in 130000 tokens.",
        "Your input exceeds the context window of this model. Please adjust your input and try again.",
        "prompt is too long: 208310 tokens > 200000 maximum",
        "input length and `max_tokens` exceed context limit: 199000 + 8192 > 200000, decrease input length",
        "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).",
        "Prompt contains 40000 tokens and 0 draft tokens, too large for model with 32768 maximum context length",
        "Please reduce the length of the messages or completion.",
        "Request too large for model `x` on tokens per minute (TPM): please reduce your message size and try again.",
        "'max_tokens' is too large: 9000. This model's maximum context length is 8192 tokens",
        "The decoder prompt (length 5000) is longer than the maximum model length of 4096.",
        r#"{"error":{"code":400,"type":"exceed_context_size_error","message":"the request exceeds the available context size"}}"#,
        "the input length exceeds the context length",
        "prompt too long; exceeded max context length by 120 tokens",
        "This model's maximum prompt length is 131072 but the request contains 150000 tokens.",
        "Invalid request: Your request exceeded model token limit: 8192",
        "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4097",
        "Input is too long for requested model.",
        "Range of input length should be [1, 30720]",
        "too many tokens: total number of tokens in the prompt cannot exceed 4081",
    ] {
        assert_eq!(class(400, words), FailureClass::ContextTooLong, "{words}");
    }
}

#[test]
fn a_limit_of_output_that_is_too_large_is_no_prompt_too_long() {
    for words in [
        "max_tokens is too large: 100000. This model supports at most 16384 completion tokens.",
        "max_tokens: 9000 > 8192, which is the maximum allowed number of output tokens for this model",
        "Invalid 'messages[0].name': string too long. Expected a string with maximum length 64.",
        "`max_tokens` must be less than or equal to `8192`, the maximum value for `max_tokens`",
    ] {
        assert_eq!(class(400, words), FailureClass::Refused, "{words}");
    }
}

#[test]
fn a_403_that_speaks_of_something_else_is_not_about_the_key() {
    for body in [
        "Your input was flagged",
        "Country, region, or territory not supported",
    ] {
        assert_eq!(class(403, body), FailureClass::Refused, "{body}");
    }
    assert_eq!(class(403, ""), FailureClass::Authentication);
}

#[test]
fn a_model_without_tools_is_told_by_its_words() {
    for body in [
        "registry.ollama.ai/library/gemma:2b does not support tools",
        "No endpoints found that support tool use. Try disabling \"list_files\".",
    ] {
        assert!(speaks_of_tools(body), "{body}");
    }
    assert!(!speaks_of_tools("tools: too many"));
}

#[test]
fn only_a_gateway_that_gave_up_leaves_a_doubt() {
    for (status, doubt) in [
        (408, true),
        (502, true),
        (504, true),
        (524, true),
        (429, false),
        (500, false),
        (503, false),
        (529, false),
    ] {
        assert_eq!(
            gave_up_waiting(StatusCode::from_u16(status).unwrap()),
            doubt,
            "{status}"
        );
    }
}

#[test]
fn an_empty_account_is_no_rate_limit() {
    let words = r#"{"error": {"message": "You exceeded your current quota", "code": "insufficient_quota"}}"#;
    assert_eq!(class(429, words), FailureClass::Refused);
}

#[test]
fn an_overload_is_told_by_its_status_or_its_words() {
    assert_eq!(class(529, ""), FailureClass::Overloaded);
    let words = "The model is overloaded. Please try again later.";
    assert_eq!(class(503, words), FailureClass::Overloaded);
    assert_eq!(class(503, "no upstream"), FailureClass::Server);
    assert_eq!(class(429, words), FailureClass::RateLimited);
}

#[test]
fn an_error_inside_a_response_has_the_class_of_its_status_or_its_kind() {
    let key_from = KeyFrom::Env("SOME_KEY".into());
    let report = Report {
        endpoint: "http://h",
        key: None,
        key_from: &key_from,
    };
    let inner = |error: Value| inner_error(&error, false, &report);
    for (error, class) in [
        (json!({"code": 429}), FailureClass::RateLimited),
        (json!({"code": "502"}), FailureClass::Server),
        (json!({"code": null, "status": 400}), FailureClass::Refused),
        (
            json!({"type": "overloaded_error"}),
            FailureClass::Overloaded,
        ),
        (
            json!({"type": "rate_limit_error"}),
            FailureClass::RateLimited,
        ),
        (
            json!({"type": "authentication_error"}),
            FailureClass::Authentication,
        ),
        (json!({"type": "api_error"}), FailureClass::Server),
        (
            json!({"type": "server_error", "code": null}),
            FailureClass::Server,
        ),
        (
            json!({"code": "context_length_exceeded"}),
            FailureClass::ContextTooLong,
        ),
        (
            json!({"type": "invalid_request_error"}),
            FailureClass::Refused,
        ),
    ] {
        let failure = inner(error.clone());
        assert_eq!(failure.class, class, "{error}");
        assert!(!failure.maybe_billed, "{error}");
        assert!(inner_error(&error, true, &report).maybe_billed, "{error}");
    }
    let odd = inner(json!("odd"));
    assert!(odd.class == FailureClass::Malformed && odd.maybe_billed);
    let refused = inner(json!({"code": 401})).message;
    assert!(
        refused.contains("the key in SOME_KEY was refused"),
        "{refused}"
    );
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
