//! Calls that are refused, break off or come back as nonsense.

use std::time::{Duration, Instant};

use modulatio::models::{FailureClass, ModelProvider};
use modulatio_tools::fake_model::{Behaviour, FakeModel, Script, Step};
use serde_json::{Value, json};

use super::{ask, refused, request, settings, status, with_key};

#[tokio::test]
async fn each_status_has_its_class_and_says_so() {
    let classes = [
        (401, FailureClass::Authentication),
        (403, FailureClass::Authentication),
        (408, FailureClass::Server),
        (429, FailureClass::RateLimited),
        (500, FailureClass::Server),
        (503, FailureClass::Server),
        (529, FailureClass::Overloaded),
        (302, FailureClass::Refused),
        (400, FailureClass::Refused),
        (404, FailureClass::Refused),
        (413, FailureClass::Refused),
    ];
    for (code, class) in classes {
        let failure = refused(status(code, "the providers own words")).await;
        assert_eq!(failure.class, class, "{code}");
        assert_eq!(failure.maybe_billed, code == 408, "{code}");
        assert!(failure.message.contains(&code.to_string()), "{failure}");
        assert!(
            failure.message.contains("the providers own words"),
            "{failure}"
        );
    }
}

#[tokio::test]
async fn a_prompt_that_does_not_fit_is_told_apart_from_other_refusals() {
    for code in [400, 413] {
        let failure = refused(status(
            code,
            "This model's maximum context length is 8192 tokens.",
        ))
        .await;
        assert_eq!(failure.class, FailureClass::ContextTooLong);
    }
}

#[tokio::test]
async fn rate_limit_carries_its_retry_after() {
    let limited = |wait: &str| {
        Step::new(Behaviour::Status {
            code: 429,
            retry_after: Some(wait.to_owned()),
            message: None,
        })
    };
    assert_eq!(
        refused(limited("7")).await.retry_after,
        Some(Duration::from_secs(7))
    );
    assert_eq!(refused(limited("soon")).await.retry_after, None);
    let past = refused(limited("Wed, 21 Oct 2015 07:28:00 GMT")).await;
    assert_eq!(past.retry_after, Some(Duration::ZERO));
}

#[tokio::test]
async fn an_error_inside_a_success_has_the_class_of_its_code() {
    let inner = async |error: Value| {
        refused(Step::new(Behaviour::Body(
            json!({"error": error}).to_string(),
        )))
        .await
    };
    let limited = inner(json!({"code": 429, "message": "slow down"})).await;
    assert_eq!(limited.class, FailureClass::RateLimited);
    assert!(limited.message.ends_with("slow down"), "{limited}");
    let overloaded = inner(json!({"type": "overloaded_error"})).await;
    assert_eq!(overloaded.class, FailureClass::Overloaded);
    assert!(!overloaded.maybe_billed && !limited.maybe_billed);
    let odd = inner(json!("odd")).await;
    assert!(odd.class == FailureClass::Malformed && odd.maybe_billed);
}

#[tokio::test]
async fn a_page_instead_of_json_is_malformed_or_what_its_status_says() {
    let page = refused(Step::new(Behaviour::Html { code: 200 })).await;
    assert_eq!(page.class, FailureClass::Malformed);
    assert!(
        page.message.contains("base_url") && page.message.contains("Fake gateway"),
        "{page}"
    );
    let gateway = refused(Step::new(Behaviour::Html { code: 502 })).await;
    assert_eq!(gateway.class, FailureClass::Server);
    assert!(
        gateway.message.contains("Fake gateway") && !gateway.message.contains('<'),
        "{gateway}"
    );
}

#[tokio::test]
async fn a_response_that_breaks_the_protocol_is_malformed() {
    for body in ["", "{\"choices\": [", "[]", "{}", r#"{"choices": []}"#] {
        let failure = refused(Step::new(Behaviour::Body(body.into()))).await;
        assert_eq!(failure.class, FailureClass::Malformed, "{body}");
        assert!(failure.maybe_billed, "{body}");
    }
}

#[tokio::test]
async fn an_answer_above_the_cap_is_malformed() {
    let failure = refused(Step::new(Behaviour::Huge { bytes: 17 << 20 })).await;
    assert_eq!(failure.class, FailureClass::Malformed);
    assert!(failure.message.contains("16 MiB"), "{failure}");
    ask(Step::new(Behaviour::Huge { bytes: 1 << 20 }))
        .await
        .unwrap();
}

#[tokio::test]
async fn a_broken_connection_is_a_connection_failure() {
    for behaviour in [Behaviour::Truncated, Behaviour::HangUp] {
        let failure = refused(Step::new(behaviour)).await;
        assert_eq!(failure.class, FailureClass::Connection, "{failure}");
        assert!(failure.maybe_billed);
    }
}

#[tokio::test]
async fn a_refused_connection_is_a_connection_failure() {
    let failure = with_key(settings("http://127.0.0.1:1/v1?secret=hidden".to_owned()))
        .call(&request())
        .await
        .unwrap_err();
    assert_eq!(failure.class, FailureClass::Connection);
    assert!(!failure.maybe_billed);
    assert!(
        failure
            .message
            .contains("http://127.0.0.1:1/v1/chat/completions: "),
        "{failure}"
    );
    assert!(!failure.message.contains("hidden"), "{failure}");
}

#[tokio::test]
async fn a_slow_answer_is_a_timeout_and_is_not_bought() {
    let slow = Step::new(Behaviour::Default).after(Duration::from_secs(20));
    let server = FakeModel::start(Script::of([slow])).unwrap();
    let mut settings = settings(server.base_url());
    settings.service.timeout = Duration::from_millis(1_500);
    let provider = with_key(settings);
    let start = Instant::now();
    let failure = provider.call(&request()).await.unwrap_err();
    assert_eq!(failure.class, FailureClass::Timeout);
    assert!(failure.maybe_billed);
    assert!(failure.message.contains("1.5s"), "{failure}");
    assert!(start.elapsed() < Duration::from_secs(15));
    assert_eq!((server.requests().len(), server.sold().calls), (1, 0));
}

#[tokio::test]
async fn a_call_is_sent_once_whatever_happens() {
    for behaviour in [
        Behaviour::HangUp,
        Behaviour::Truncated,
        Behaviour::Html { code: 503 },
    ] {
        let server = FakeModel::start(Script::of([Step::new(behaviour).times(0)])).unwrap();
        with_key(settings(server.base_url()))
            .call(&request())
            .await
            .unwrap_err();
        assert_eq!(server.requests().len(), 1);
    }
}

#[tokio::test]
async fn a_providers_words_are_clipped_and_cleaned() {
    let failure = refused(status(500, &format!("a\u{1b}[2J\nb{}", "x".repeat(5000)))).await;
    assert!(failure.message.contains("a[2J bxxx"), "{failure}");
    assert!(
        failure.message.chars().count() < 420 && failure.message.ends_with('…'),
        "{failure}"
    );
}

#[tokio::test]
async fn a_failed_tls_handshake_is_a_connection_failure() {
    let server = FakeModel::start(Script::default()).unwrap();
    let base_url = server.base_url().replace("http:", "https:");
    let failure = with_key(settings(base_url))
        .call(&request())
        .await
        .unwrap_err();
    assert_eq!(failure.class, FailureClass::Connection, "{failure}");
    assert!(!failure.maybe_billed);
}
