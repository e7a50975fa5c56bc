//! The key: where it is read, where it goes, and where it never shows.

use modulatio::models::{FailureClass, KeyFrom, ModelProvider, OpenAi};
use modulatio_tools::fake_model::{Behaviour, FakeModel, Script, Step};
use serde_json::json;

use super::{KEY, ask, refused, request, settings, status, with_key};

#[tokio::test]
async fn a_missing_key_names_its_variable_and_asks_nobody() {
    let server = FakeModel::start(Script::default()).unwrap();
    let provider = OpenAi::with_keys(settings(server.base_url()), |_| None).unwrap();
    let failure = provider.call(&request()).await.unwrap_err();
    assert_eq!(failure.class, FailureClass::Authentication);
    assert!(failure.message.contains("THE_KEY"), "{failure}");
    assert!(server.requests().is_empty());
}

#[tokio::test]
async fn the_key_is_read_from_the_environment_at_the_call() {
    let server = FakeModel::start(Script::default()).unwrap();
    let variable = "CARGO_PKG_NAME";
    let mut settings = settings(server.base_url());
    settings.service.key = KeyFrom::Env(variable.into());
    let sent = OpenAi::new(settings).unwrap().call(&request()).await;
    let Ok(value) = std::env::var(variable) else {
        assert_eq!(sent.unwrap_err().class, FailureClass::Authentication);
        return;
    };
    assert_eq!(
        server.requests()[0].headers["authorization"],
        format!("Bearer {value}")
    );
}

#[tokio::test]
async fn without_a_key_variable_no_authorization_is_sent() {
    let server = FakeModel::start(Script::default()).unwrap();
    let mut settings = settings(server.base_url());
    settings.service.key = KeyFrom::None;
    let provider = with_key(settings);
    provider.call(&request()).await.unwrap();
    assert!(!server.requests()[0].headers.contains_key("authorization"));
}

#[tokio::test]
async fn a_key_that_the_provider_repeats_is_scrubbed() {
    for code in [401, 400, 500] {
        let failure = refused(status(code, "no such key: {authorization}")).await;
        assert!(
            failure.message.ends_with("no such key: Bearer [key]"),
            "{failure}"
        );
    }
    let echoed = json!({"model": KEY, "choices": [{"message": {"content": "hi"}}]}).to_string();
    let reply = ask(Step::new(Behaviour::Body(echoed))).await.unwrap();
    assert_eq!(reply.served_by.as_deref(), Some("[key]"));
}

#[tokio::test]
async fn a_provider_in_debug_shows_neither_key_nor_query() {
    let server = FakeModel::start(Script::default()).unwrap();
    let provider = with_key(settings(format!("{}?secret=hidden", server.base_url())));
    provider.call(&request()).await.unwrap();
    let shown = format!("{provider:?}");
    assert!(!shown.contains(KEY) && !shown.contains("hidden"), "{shown}");
    assert!(shown.contains("THE_KEY"), "{shown}");
    assert_eq!(
        server.requests()[0].path,
        "/v1/chat/completions?secret=hidden"
    );
}
