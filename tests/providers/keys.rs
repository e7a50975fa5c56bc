//! The key: where it is read, where it goes, and where it never shows.

use std::{fs, path::Path};

use modulatio::models::{
    Anthropic, AnthropicSettings, FailureClass, KeyFrom, OpenAi, OpenAiSettings,
};
use modulatio_tools::fake_model::{Behaviour, FakeModel, Script, Step};
use serde_json::json;

use super::{KEY, Protocol, WAYS, Way, request};

fn private(path: &Path, key: &str) {
    fs::write(path, key).expect("a temporary directory");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        fs::set_permissions(path, fs::Permissions::from_mode(0o600)).expect("a file of ours");
    }
}

fn sent_key(way: Way, server: &FakeModel) -> String {
    let sent = server.requests().pop().expect("a request");
    match way.protocol {
        Protocol::OpenAi => sent.headers["authorization"].clone(),
        Protocol::Anthropic => sent.headers["x-api-key"].clone(),
    }
}

#[tokio::test]
async fn a_key_file_is_read_at_every_call_and_named_when_its_key_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("the-key");
    for way in WAYS {
        let _ = fs::remove_file(&path);
        let refusal = Behaviour::Status {
            code: 401,
            retry_after: None,
            message: Some("no such key: {authorization}".into()),
        };
        let script = Script::of([Step::new(Behaviour::Default), Step::new(refusal)]);
        let server = FakeModel::start(script).unwrap();
        let mut service = way.service(server.base_url());
        service.key = KeyFrom::File(path.clone());
        let provider = way.provider(service);
        let missing = provider.call(&request()).await.unwrap_err();
        assert_eq!(missing.class, FailureClass::Authentication);
        assert!(!missing.maybe_billed && missing.message.contains("the-key"));
        assert!(server.requests().is_empty());
        private(&path, "sk-first\n");
        provider.call(&request()).await.unwrap();
        assert!(sent_key(way, &server).ends_with("sk-first"));
        private(&path, "sk-second\n");
        let refused = provider.call(&request()).await.unwrap_err().message;
        assert!(sent_key(way, &server).ends_with("sk-second"));
        assert!(refused.contains(&format!("the key in {} was refused", path.display())));
        assert!(refused.contains("[key]") && !refused.contains("sk-second"));
    }
}

#[tokio::test]
async fn a_missing_key_names_its_variable_and_asks_nobody() {
    for way in WAYS {
        let server = FakeModel::start(Script::default()).unwrap();
        let mut service = way.service(server.base_url());
        service.key = KeyFrom::Env("ANOTHER_KEY".into());
        let failure = way.provider(service).call(&request()).await.unwrap_err();
        assert_eq!(failure.class, FailureClass::Authentication);
        assert!(failure.message.contains("ANOTHER_KEY") && !failure.maybe_billed);
        assert!(server.requests().is_empty());
    }
}

#[tokio::test]
async fn without_a_key_none_is_sent() {
    for way in WAYS {
        let server = FakeModel::start(Script::default()).unwrap();
        let mut service = way.service(server.base_url());
        service.key = KeyFrom::None;
        // The server may refuse it; what matters is what it was sent.
        let _ = way.provider(service).call(&request()).await;
        let sent = server.requests().remove(0);
        for name in ["authorization", "x-api-key"] {
            assert!(!sent.headers.contains_key(name), "{way:?}");
        }
    }
}

#[tokio::test]
async fn a_key_that_the_provider_repeats_is_scrubbed_wherever_it_repeats_it() {
    let error = json!({"error": {"type": "api_error", "message": format!("bad key {KEY}")}});
    let torn = format!("data: {{\"type\": \"ping\", \"{KEY}\": \n\n");
    for way in WAYS {
        for code in [400, 401, 500] {
            let echo = Behaviour::Status {
                code,
                retry_after: None,
                message: Some("no such key: {authorization}".into()),
            };
            let failure = way.fails(echo).await;
            assert!(failure.message.ends_with("[key]"), "{way:?} {failure}");
        }
        for event in [
            format!("data: {error}\n\n"),
            format!("event: error\ndata: {error}\n\n"),
            torn.clone(),
        ] {
            let failure = way.fails(Behaviour::EventStream(event)).await;
            assert!(!failure.message.contains(KEY), "{way:?} {failure}");
        }
        let failure = way.fails(Behaviour::Body(error.to_string())).await;
        assert!(failure.message.ends_with("bad key [key]"), "{way:?}");
    }
}

#[tokio::test]
async fn a_provider_in_debug_shows_neither_key_nor_query() {
    let server = FakeModel::start(Script::default()).unwrap();
    let base = format!("{}?secret=hidden", server.base_url());
    for way in WAYS {
        let keys = |_: &str| Some(KEY.to_owned());
        let mut service = way.service(base.clone());
        service.headers.insert("x-title".into(), "hidden".into());
        let shown = match way.protocol {
            Protocol::OpenAi => {
                let provider = OpenAi::with_keys(OpenAiSettings::new(service), keys).unwrap();
                assert_eq!(provider.endpoint_origin(), server.address());
                format!("{provider:?}")
            }
            Protocol::Anthropic => {
                let settings = AnthropicSettings::new(service);
                let provider = Anthropic::with_keys(settings, keys).unwrap();
                assert_eq!(provider.endpoint_origin(), server.address());
                format!("{provider:?}")
            }
        };
        assert!(!shown.contains(KEY) && !shown.contains("hidden"), "{shown}");
        assert!(shown.contains("THE_KEY"), "{shown}");
    }
}
