//! Answers with another status than 200, and pages that are no answers.

use modulatio_tools::fake_model::{FakeModel, Script};
use serde_json::{Value, json};

use crate::{
    client::{Ended, Protocol, call, get},
    everywhere, got, serving,
};

#[test]
fn each_status_has_its_type_in_the_protocols_shape() {
    let types = [
        (400, "invalid_request_error", "invalid_request_error"),
        (401, "authentication_error", "authentication_error"),
        (413, "invalid_request_error", "request_too_large"),
        (429, "rate_limit_error", "rate_limit_error"),
        (500, "server_error", "api_error"),
        (529, "server_error", "overloaded_error"),
    ];
    for (code, openai, anthropic) in types {
        for (protocol, stream) in everywhere() {
            let status = json!({"status": {"code": code, "message": "no: {authorization}"}});
            let refused = got(protocol, stream, &status);
            assert_eq!((refused.status, refused.ended), (code, Ended::Whole));
            let expected = match protocol {
                Protocol::OpenAi => json!({"error": {
                    "message": "no: Bearer the-key", "type": openai, "param": null, "code": code}}),
                Protocol::Anthropic => json!({"type": "error", "error": {
                    "type": anthropic, "message": "no: the-key"}}),
            };
            assert_eq!(refused.json(), expected);
        }
    }
}

#[test]
fn the_wait_is_told_in_seconds_as_a_date_in_milliseconds_or_not() {
    let date = "Wed, 21 Oct 2015 07:28:00 GMT";
    for (protocol, stream) in everywhere() {
        let header = |behaviour: &Value, name: &str| {
            let refused = got(protocol, stream, behaviour);
            assert_eq!(refused.status, 429);
            refused.headers.get(name).cloned()
        };
        for wait in ["7", date] {
            let behaviour = json!({"status": {"code": 429, "retry_after": wait}});
            assert_eq!(header(&behaviour, "retry-after").as_deref(), Some(wait));
        }
        let silent = json!({"status": {"code": 429}});
        assert_eq!(header(&silent, "retry-after"), None);
        let precise = json!({"refuse": {"code": 429, "headers": {"retry-after-ms": "20"}}});
        assert_eq!(header(&precise, "retry-after-ms").as_deref(), Some("20"));
    }
}

#[test]
fn a_refusal_may_have_a_type_of_its_own() {
    for (protocol, stream) in everywhere() {
        let behaviour = json!({"refuse": {"code": 429, "kind": "insufficient_quota"}});
        let error = got(protocol, stream, &behaviour).json();
        assert_eq!(error["error"]["type"], "insufficient_quota");
    }
}

#[test]
fn a_prompt_that_is_too_long_is_refused_in_the_providers_words() {
    for (protocol, stream) in everywhere() {
        let refused = got(protocol, stream, &json!("context_too_long"));
        assert_eq!(refused.status, 400);
        let error = &refused.json()["error"];
        let message = error["message"].as_str().unwrap().to_owned();
        match protocol {
            Protocol::OpenAi => {
                assert_eq!(error["code"], "context_length_exceeded");
                assert!(message.contains("maximum context length"), "{message}");
            }
            Protocol::Anthropic => assert!(message.contains("prompt is too long"), "{message}"),
        }
    }
}

#[test]
fn a_page_comes_with_any_status() {
    for (protocol, stream) in everywhere() {
        for code in [200, 502] {
            let page = got(protocol, stream, &json!({"html": {"code": code}}));
            assert_eq!((page.status, page.ended), (code, Ended::Whole));
            assert_eq!(page.headers["content-type"], "text/html");
            assert!(page.body.starts_with("<!DOCTYPE html>"));
        }
    }
}

#[test]
fn every_response_of_a_model_carries_the_id_of_its_request() {
    let server = serving(&json!({"status": {"code": 500}}));
    for (protocol, header) in [
        (Protocol::OpenAi, "x-request-id"),
        (Protocol::Anthropic, "request-id"),
    ] {
        let ordinal = server.requests().len();
        let refused = call(&server, protocol, &protocol.body(true));
        assert_eq!(refused.headers[header], format!("req_fake_{ordinal}"));
    }
}

#[test]
fn what_is_not_served_is_not_found() {
    let server = FakeModel::start(Script::default()).unwrap();
    let missing = get(&server, "/v1/models");
    assert_eq!(missing.status, 404);
    assert!(missing.body.contains("GET /v1/models"), "{}", missing.body);
}
