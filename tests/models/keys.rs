//! Keys: named when they are missing or refused, asked for at once, and written down nowhere.

use std::os::unix::fs::PermissionsExt;

use modulatio_tools::fake_model::{FakeModel, Step};

use crate::{
    bench::{PROTOCOLS, QUICK, at, config, entry, files_with, is_done, server, status, ticket},
    support::{Daemon, TestVault, body, wait_until},
};

const KEY: &str = "MODULATIO_TEST_KEY";
const SECRET: &str = "zq-4f9c2e7a81d3b6";

fn vault(protocol: &str, model: &FakeModel, key: &str) -> TestVault {
    let entry = entry("fake-1", protocol, model, &format!(", price: free, {key}"));
    TestVault::with(&config(&[entry], "{leader: fake-1}", QUICK))
}

fn by_variable(protocol: &str, model: &FakeModel) -> TestVault {
    vault(protocol, model, &format!("api_key_env: {KEY}"))
}

const DAEMON: [&str; 4] = ["-v", "-v", "daemon", "--until-idle"];

/// The plan waits for a person, who is told of this.
#[track_caller]
fn asks_about(vault: &TestVault, plan: &str, named: &str) {
    let journal = vault.journal(plan);
    assert_eq!(journal.status(), "paused");
    assert_eq!(journal.count("ModelCallFailed"), 1);
    let text = ticket(vault, 1);
    for part in [
        "kind: environment",
        "priority: critical",
        named,
        "openai/fake-1",
    ] {
        let part = part.replace("openai/", "/");
        assert!(text.contains(&part), "{part:?} is not in {text}");
    }
    let shown = vault.run(&["plan", "show", plan]).ok();
    assert!(shown.out.contains(named), "{}", shown.out);
}

#[test]
fn a_missing_variable_is_named_and_nobody_is_asked() {
    for protocol in PROTOCOLS {
        let model = server([]);
        let vault = by_variable(protocol, &model);
        let plan = vault.approved(&body(1));
        vault.run(&DAEMON).ok();
        asks_about(&vault, &plan, KEY);
        assert_eq!(model.requests().len(), 0);
        vault.run(&["project", "resume", &plan]).ok();
        let ran = vault.run_with(&DAEMON, &[(KEY, SECRET)]).ok();
        is_done(&vault, &plan, &model);
        assert!(!ran.err.contains(SECRET), "{}", ran.err);
        assert_eq!(
            files_with(vault.root(), SECRET),
            [] as [std::path::PathBuf; 0]
        );
        let header = if protocol == "anthropic" {
            "x-api-key"
        } else {
            "authorization"
        };
        assert!(model.requests()[0].headers[header].contains(SECRET));
    }
}

#[test]
fn a_refused_key_is_asked_about_after_one_call_and_told_to_nobody() {
    for protocol in PROTOCOLS {
        for code in [401, 403] {
            let echo = status(code, None, Some("bad key {authorization}, sent by you"));
            let model = server([Step::new(echo)]);
            let vault = by_variable(protocol, &model);
            let plan = vault.approved(&body(1));
            let ran = vault.run_with(&DAEMON, &[(KEY, SECRET)]).ok();
            asks_about(&vault, &plan, KEY);
            assert_eq!(model.requests().len(), 1);
            assert!(ticket(&vault, 1).contains(&code.to_string()));
            assert!(!ran.err.contains(SECRET), "{}", ran.err);
            vault.run(&["project", "resume", &plan]).ok();
            let ran = vault.run_with(&DAEMON, &[(KEY, SECRET)]).ok();
            is_done(&vault, &plan, &model);
            assert!(!ran.err.contains(SECRET), "{}", ran.err);
            assert_eq!(
                files_with(vault.root(), SECRET),
                [] as [std::path::PathBuf; 0]
            );
        }
    }
}

/// A provider that repeats the key in the middle of an answer: the answer is the plan's, and still holds no key of
/// ours in what the program itself writes about it.
#[test]
fn a_key_in_an_error_inside_a_stream_is_scrubbed() {
    let model = server([Step::new(
        modulatio_tools::fake_model::Behaviour::ErrorInStream {
            after: 1,
            code: 500,
            message: Some(format!("cannot serve {SECRET}")),
            answer: Box::default(),
        },
    )]);
    let vault = by_variable("openai", &model);
    let plan = vault.approved(&body(1));
    let ran = vault.run_with(&DAEMON, &[(KEY, SECRET)]).ok();
    is_done(&vault, &plan, &model);
    assert!(ran.err.contains("cannot serve [key]"), "{}", ran.err);
    assert_eq!(
        files_with(vault.root(), SECRET),
        [] as [std::path::PathBuf; 0]
    );
}

#[test]
fn a_key_file_must_be_private_and_is_named_when_it_is_not() {
    let model = server([]);
    let beside = tempfile::tempdir().unwrap();
    let file = beside.path().join("provider.key");
    let named = file.to_str().unwrap();
    std::fs::write(&file, format!("{SECRET}\n")).unwrap();
    std::fs::set_permissions(&file, PermissionsExt::from_mode(0o644)).unwrap();
    let vault = vault("anthropic", &model, &format!("api_key_file: {named}"));
    let plan = vault.approved(&body(1));
    vault.run(&DAEMON).ok();
    asks_about(&vault, &plan, named);
    assert!(ticket(&vault, 1).contains("0644"));
    assert_eq!(model.requests().len(), 0);
    std::fs::set_permissions(&file, PermissionsExt::from_mode(0o600)).unwrap();
    vault.run(&["project", "resume", &plan]).ok();
    let ran = vault.run(&DAEMON).ok();
    is_done(&vault, &plan, &model);
    assert!(!ran.err.contains(SECRET), "{}", ran.err);
    assert_eq!(
        files_with(vault.root(), SECRET),
        [] as [std::path::PathBuf; 0]
    );
    assert_eq!(model.requests()[0].headers["x-api-key"], SECRET);
}

#[test]
fn a_credential_of_the_service_is_read_where_systemd_put_it() {
    let model = server([]);
    let beside = tempfile::tempdir().unwrap();
    let vault = vault("openai", &model, "api_key_file: \"credential:provider\"");
    let plan = vault.approved(&body(1));
    vault.run(&DAEMON).ok();
    asks_about(&vault, &plan, "CREDENTIALS_DIRECTORY");
    std::fs::write(beside.path().join("provider"), SECRET).unwrap();
    vault.run(&["project", "resume", &plan]).ok();
    let directory = beside.path().to_str().unwrap();
    let ran = vault
        .run_with(&DAEMON, &[("CREDENTIALS_DIRECTORY", directory)])
        .ok();
    is_done(&vault, &plan, &model);
    assert!(!ran.err.contains(SECRET), "{}", ran.err);
    assert_eq!(
        files_with(vault.root(), SECRET),
        [] as [std::path::PathBuf; 0]
    );
}

#[test]
fn a_key_file_that_is_replaced_counts_from_the_next_call_on_without_a_restart() {
    let refuse = status(401, None, None);
    let model = server([Step::new(refuse)]);
    let beside = tempfile::tempdir().unwrap();
    let file = beside.path().join("provider.key");
    std::fs::write(&file, "the-old-key").unwrap();
    std::fs::set_permissions(&file, PermissionsExt::from_mode(0o600)).unwrap();
    let key = format!("api_key_file: {}", file.display());
    let vault = vault("openai", &model, &key);
    let plan = vault.approved(&body(1));
    let _daemon = Daemon::start(&vault, &[]);
    wait_until("it asks for a key", || {
        vault.journal(&plan).status() == "paused"
    });
    std::fs::write(&file, "the-new-key").unwrap();
    vault.run(&["project", "resume", &plan]).ok();
    wait_until("the plan is done", || {
        vault.journal(&plan).status() == "done"
    });
    let sent: Vec<String> = model
        .requests()
        .iter()
        .map(|request| request.headers["authorization"].clone())
        .collect();
    assert_eq!(sent[0], "Bearer the-old-key");
    assert!(
        sent[1..]
            .iter()
            .all(|header| header == "Bearer the-new-key")
    );
}

#[test]
fn a_secret_in_the_query_of_an_address_is_told_to_nobody() {
    let gone = "http://127.0.0.1:1/v1".to_owned();
    let model = server([
        Step::new(status(500, None, None)),
        Step::new(status(400, None, None)),
    ]);
    for (url, sections) in [
        (model.base_url(), QUICK),
        (
            gone,
            "retry: {base: 10ms, max: 20ms, wall: 100ms}\nbreaker: {failures: 1000}\n",
        ),
    ] {
        let entry = at(
            "fake-1",
            "openai",
            &format!("{url}?key={SECRET}"),
            ", price: free",
        );
        let vault = TestVault::with(&config(&[entry], "{leader: fake-1}", sections));
        let plan = vault.approved(&body(1));
        let ran = vault.run(&DAEMON).ok();
        assert_eq!(vault.journal(&plan).status(), "paused");
        assert!(!ran.err.contains(SECRET), "{}", ran.err);
        let found = files_with(vault.root(), SECRET);
        assert_eq!(found, [vault.path("modulatio.yaml")]);
    }
    assert!(model.requests()[0].path.contains(SECRET), "it is sent");
}
