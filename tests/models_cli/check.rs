//! The check: real calls to a real server, its answers, and what the exit code makes of them.

use modulatio_tools::fake_model::{Behaviour, FakeModel, Script, Step, UsageSays};

use crate::{
    VARIABLE, hiding_the_key, objects,
    support::{Ran, TestVault},
    with_key,
};

fn serving(script: Script) -> FakeModel {
    FakeModel::start(script).expect("a free port")
}

/// A vault whose leader is asked at this address, with the key of the tests.
fn asking(base_url: &str) -> TestVault {
    TestVault::with(&format!(
        "models:\n  main: {{provider: openai, model: fake-1, base_url: \"{base_url}\", api_key_env: {VARIABLE}, \
         price: {{input: 1, output: 2}}}}\n  spare: {{provider: rehearsal}}\nteam: {{leader: main}}\n"
    ))
}

fn check(vault: &TestVault, args: &[&str]) -> Ran {
    with_key(vault, &[&["models", "check"], args].concat())
}

fn refusing(code: u16) -> Step {
    Step::new(Behaviour::Status {
        code,
        retry_after: None,
        message: Some("no such key: {authorization}".to_owned()),
    })
}

/// Its stdout without the latency and the address of the server.
fn redacted(ran: &Ran, server: &FakeModel) -> String {
    let text = ran.out.replace(&server.base_url(), "http://[address]/v1");
    let line = |line: &str| match (line.find("ok  "), line.find(" ms,")) {
        (Some(from), Some(to)) => format!("{}[latency]{}", &line[..from + 4], &line[to..]),
        _ => line.to_owned(),
    };
    text.lines().map(line).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_model_that_answers_is_ok_with_latency_tokens_and_cost() {
    let usage = UsageSays::Exactly {
        input_tokens: 21,
        output_tokens: 2,
        cached_input_tokens: 0,
    };
    let step = Step::new(Behaviour::Text("OK".into())).usage(usage);
    let server = serving(Script::of([step]));
    let ran = check(&asking(&server.base_url()), &[]).ok();
    insta::assert_snapshot!(redacted(&ran, &server));
    ran.says("billed by the provider and booked in no plan");
}

#[test]
fn one_tiny_call_is_made_to_each_model_in_use_and_none_to_others() {
    let server = serving(Script::default());
    let vault = asking(&server.base_url());
    let ran = check(&vault, &[]).ok();
    assert!(!ran.out.contains("spare"), "{ran:?}");
    let requests = server.requests();
    assert_eq!(requests.len(), 1);
    let body = &requests[0].body;
    assert_eq!(body["max_tokens"], 64);
    assert!(body.get("tools").is_none(), "{body}");
    check(&vault, &[]).ok();
    let key = |at: usize| server.requests()[at].headers["idempotency-key"].clone();
    assert_ne!(key(0), key(1));
}

#[test]
fn a_refused_key_ends_with_4_and_does_not_show() {
    let server = serving(Script::of([refusing(401)]));
    let ran = check(&asking(&server.base_url()), &[]).code(4);
    insta::assert_snapshot!(redacted(&ran, &server));
    ran.says("error: 1 of 1 model(s) did not answer, 1 for want of a valid key")
        .says("hint: ");
}

#[test]
fn a_missing_key_ends_with_4_and_asks_nobody() {
    let server = serving(Script::default());
    let ran = asking(&server.base_url()).run(&["models", "check"]).code(4);
    ran.shows("failed: authentication: the environment variable MODULATIO_TESTS_KEY is not set");
    assert!(server.requests().is_empty());
}

#[test]
fn any_other_failure_ends_with_1() {
    let server = serving(Script::of([refusing(404)]));
    let ran = check(&asking(&server.base_url()), &[]).code(1);
    ran.shows("failed: refused: POST http://").shows("404");
    let gone = server.base_url();
    drop(server);
    let ran = check(&asking(&gone), &[]).code(1);
    ran.shows("failed: connection: POST http://")
        .shows("no connection");
}

#[test]
fn a_failed_key_outweighs_other_failures_and_the_rest_is_asked_all_the_same() {
    let server = serving(Script::of([refusing(401), refusing(404)]));
    let url = server.base_url();
    let model = format!("{{provider: openai, model: m, base_url: \"{url}\", price: free}}");
    let vault = TestVault::with(&format!(
        "models: {{a: {model}, b: {model}, c: {model}}}\nteam: {{leader: [a, b, c]}}\n"
    ));
    let ran = vault.run(&["models", "check"]).code(4);
    assert_eq!(ran.out.lines().count(), 3, "{ran:?}");
    ran.says("2 of 3 model(s) did not answer, 1 for want of a valid key");
}

#[test]
fn a_model_that_is_named_is_asked_whether_in_use_or_not_and_once() {
    let server = serving(Script::default());
    let vault = asking(&server.base_url());
    let ran = check(&vault, &["spare", "spare"]).ok();
    assert_eq!(ran.out.lines().count(), 1, "{ran:?}");
    assert_eq!(ran.err, "");
    assert!(server.requests().is_empty());
}

#[test]
fn an_unknown_name_makes_no_sense_and_the_nearest_is_told_before_anybody_is_asked() {
    let server = serving(Script::default());
    let ran = check(&asking(&server.base_url()), &["main", "spear"]).code(2);
    assert_eq!(
        ran.err,
        "error: no model is named \"spear\"; the nearest is \"spare\"\n"
    );
    assert!(server.requests().is_empty());
}

#[test]
fn the_object_of_a_check_has_the_figures_or_the_failure() {
    let server = serving(Script::of([
        Step::new(Behaviour::Text("OK".into())),
        refusing(403),
    ]));
    let vault = asking(&server.base_url());
    let good = &objects(&check(&vault, &["--json"]).ok())[0];
    assert_eq!(good["name"], "main");
    assert_eq!(good["label"], "openai/fake-1");
    assert_eq!(good["ok"], true);
    for figure in ["latency_ms", "input_tokens", "output_tokens", "cost_usd"] {
        assert!(good[figure].is_number(), "{figure}: {good}");
    }
    let bad = &objects(&check(&vault, &["--json"]).code(4))[0];
    assert_eq!(bad["ok"], false);
    assert_eq!(bad["class"], "authentication");
    let message = bad["message"].as_str().expect("a text");
    assert!(
        message.contains("the key in MODULATIO_TESTS_KEY was refused"),
        "{message}"
    );
}

#[test]
fn anthropics_protocol_is_checked_like_openais() {
    let server = serving(Script::of([Step::new(Behaviour::Default), refusing(401)]));
    let vault = TestVault::with(&format!(
        "models:\n  main: {{provider: anthropic, model: m, base_url: \"{}\", api_key_env: {VARIABLE}, price: free}}\n",
        server.address()
    ));
    check(&vault, &[]).ok().shows("main  anthropic/m  ok  ");
    check(&vault, &[]).code(4).shows("failed: authentication");
    assert!(server.requests()[0].path.ends_with("/v1/messages"));
    hiding_the_key(vault.run(&["models"])).ok();
}
