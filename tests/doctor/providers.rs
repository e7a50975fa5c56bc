//! Keys, prices, and endpoints that answer, refuse, hang or are not there. Nothing is ever sold, and no key is shown.

use std::{net::TcpListener, time::Duration};

use modulatio_tools::fake_model::{FakeModel, Script};

use crate::{
    Found, chmod, doctor, doctor_with, private,
    server::{Server, response},
    support::TestVault,
};

const KEY: &str = "sk-test-5b1d0f6e";
const VARIABLE: &str = "MODULATIO_TESTS_DOCTOR_KEY";

fn asking(base_url: &str, more: &str) -> TestVault {
    private(TestVault::with(&format!(
        "models:\n  main: {{provider: openai, model: m, base_url: \"{base_url}\", price: free{more}}}\nteam: {{leader: main}}\n"
    )))
}

fn keyed() -> String {
    format!(", api_key_env: {VARIABLE}")
}

/// Asks with the key in the environment, which must not show.
fn with_key(vault: &TestVault) -> Found {
    let found = doctor_with(vault, &[], &[(VARIABLE, KEY)]);
    assert!(
        !found.ran.out.contains(KEY) && !found.ran.err.contains(KEY),
        "{:?}",
        found.ran
    );
    found
}

/// A server of one status.
fn of_status(status: &str, headers: &str) -> Server {
    Server::of(response(
        status,
        headers,
        "{\"error\":\"you sent sk-test-5b1d0f6e\"}",
    ))
}

#[test]
fn an_endpoint_that_answers_is_well_whatever_it_answers_and_nothing_is_sold() {
    let model = FakeModel::start(Script::default()).expect("a free port");
    let vault = asking(&model.base_url(), "");
    let found = doctor(&vault);
    found.one("reach", "ok", "/v1/models answers with HTTP 404 (for main)");
    found.one("keys", "ok", "no model in use wants a key");
    assert_eq!(model.sold().calls, 0);
}

#[test]
fn a_key_that_is_taken_and_one_that_is_refused() {
    let server = of_status("200 OK", "");
    let vault = asking(&server.url("/v1"), &keyed());
    let found = with_key(&vault);
    found.one("keys", "ok", &format!("{VARIABLE} is set, for main"));
    found.one("reach", "ok", "HTTP 200");
    let head = server.heads().concat();
    assert!(head.starts_with("GET /v1/models "), "{head}");
    assert!(
        head.contains(&format!("authorization: Bearer {KEY}")),
        "{head}"
    );

    for status in ["401 Unauthorized", "403 Forbidden"] {
        let server = of_status(status, "");
        let found = with_key(&asking(&server.url("/v1"), &keyed()));
        assert_eq!(found.ran.code, Some(4));
        found
            .one("reach", "fail", "refuses the key")
            .mends("models check");
    }
}

#[test]
fn anthropics_protocol_is_asked_in_its_own_words() {
    let server = of_status("200 OK", "");
    let vault = private(TestVault::with(&format!(
        "models:\n  main: {{provider: anthropic, model: m, base_url: \"{}\", price: free, api_key_env: {VARIABLE}}}\n",
        server.url("")
    )));
    with_key(&vault).one("reach", "ok", "/v1/models answers with HTTP 200");
    let head = server.heads().concat();
    assert!(head.starts_with("GET /v1/models "), "{head}");
    assert!(
        head.contains(&format!("x-api-key: {KEY}")) && head.contains("anthropic-version: "),
        "{head}"
    );
}

#[test]
fn a_missing_key_is_told_once_and_the_endpoint_is_asked_without_it() {
    let server = of_status("401 Unauthorized", "");
    let vault = asking(&server.url("/v1"), &keyed());
    let found = doctor(&vault);
    assert_eq!(found.ran.code, Some(4));
    found
        .one("keys", "fail", "is not set")
        .mends(&format!("export {VARIABLE}=KEY"));
    found.one("reach", "ok", "HTTP 401");
    assert!(!server.heads().concat().contains("authorization"));
}

#[test]
fn a_key_that_only_the_daemon_has_is_well() {
    let server = of_status("200 OK", "");
    let vault = asking(&server.url("/v1"), &keyed());
    let daemon = crate::support::Daemon::start_with(&vault, &[], &[(VARIABLE, KEY)]);
    crate::support::wait_until("its heartbeat", || {
        !vault.names(".modulatio/heartbeats").is_empty()
    });
    let found = doctor(&vault);
    found.one(
        "keys",
        "ok",
        &format!("but daemon {} was started with it", daemon.pid()),
    );
    assert!(!found.ran.out.contains(KEY));
}

#[test]
fn a_key_file_is_there_and_closed_or_a_failure() {
    let server = of_status("200 OK", "");
    let dir = tempfile::tempdir().expect("a directory");
    let file = dir.path().join("key");
    let vault = asking(
        &server.url("/v1"),
        &format!(", api_key_file: \"{}\"", file.display()),
    );
    doctor(&vault)
        .one("keys", "fail", "cannot be read")
        .mends("chmod 600");
    std::fs::write(&file, KEY).expect("a file");
    chmod(&file, 0o644);
    let found = doctor(&vault);
    assert_eq!(found.ran.code, Some(4));
    found
        .one("keys", "fail", "may be read by others")
        .mends("chmod 600");
    assert!(!server.heads().concat().contains(KEY));
    chmod(&file, 0o600);
    let found = doctor(&vault);
    found.one("keys", "ok", "is set");
    assert!(server.heads().concat().contains(KEY) && !found.ran.out.contains(KEY));
}

#[test]
fn a_credential_is_the_services_alone() {
    let server = of_status("200 OK", "");
    let vault = asking(&server.url("/v1"), ", api_key_file: \"credential:main\"");
    let found = doctor_with(&vault, &[], &[("CREDENTIALS_DIRECTORY", "/nonexistent")]);
    found
        .one("keys", "warn", "cannot be read")
        .mends("LoadCredential=main");
    let dir = tempfile::tempdir().expect("a directory");
    std::fs::write(dir.path().join("main"), KEY).expect("a file");
    let dir = dir.path().to_str().expect("a plain path");
    doctor_with(&vault, &[], &[("CREDENTIALS_DIRECTORY", dir)]).one("keys", "ok", "is set");
}

#[test]
fn nobody_at_the_address_is_a_failure_and_a_warning_where_another_model_answers() {
    let dead = "http://127.0.0.1:1/v1";
    let found = doctor(&asking(dead, ""));
    assert_eq!(found.ran.code, Some(1));
    found
        .one("reach", "fail", "does not answer: Connection refused")
        .mends("curl ");

    let server = of_status("200 OK", "");
    let vault = private(TestVault::with(&format!(
        "models:\n  dead: {{provider: openai, model: m, base_url: \"{dead}\", price: free}}\n  \
         live: {{provider: openai, model: m, base_url: \"{}\", price: free}}\nteam: {{leader: [dead, live]}}\n",
        server.url("/v1")
    )));
    let found = doctor(&vault);
    found.some(
        "reach",
        "warn",
        "every role has another model that is reached",
    );
    found.some("reach", "ok", "HTTP 200");
}

#[test]
fn a_silent_endpoint_holds_nobody_up_and_all_are_asked_at_once() {
    // They accept, and never answer.
    let silent: Vec<TcpListener> = (0..4)
        .map(|_| TcpListener::bind("127.0.0.1:0").expect("a port"))
        .collect();
    let entries: Vec<String> = silent
        .iter()
        .enumerate()
        .map(|(n, listener)| {
            let address = listener.local_addr().expect("an address");
            format!("  m{n}: {{provider: openai, model: m, base_url: \"http://{address}/v1\", price: free}}\n")
        })
        .collect();
    let vault = private(TestVault::with(&format!(
        "models:\n{}team: {{leader: [m0, m1, m2, m3]}}\n",
        entries.concat()
    )));
    let found = doctor(&vault);
    let all = found.all("reach");
    assert_eq!(all.len(), 4);
    assert!(
        all.iter()
            .all(|one| one.level == "fail" && one.found.contains("no answer within 3s")),
        "{all:#?}"
    );
    // Each was asked: a connection waits at every port.
    for listener in silent {
        listener.set_nonblocking(true).expect("a listener");
        listener.accept().expect("it was asked");
    }
}

#[test]
fn a_provider_in_trouble_is_told() {
    let server = of_status("503 Service Unavailable", "");
    doctor(&asking(&server.url("/v1"), ""))
        .one("reach", "warn", "HTTP 503")
        .mends("status page");
}

#[test]
fn offline_asks_nobody_and_says_so() {
    let server = of_status("200 OK", "");
    let vault = asking(&server.url("/v1"), "");
    let found = doctor_with(&vault, &["--offline"], &[]);
    found.one("reach", "ok", "because of --offline");
    std::thread::sleep(Duration::from_millis(20));
    assert!(server.heads().is_empty());
}

#[test]
fn a_clock_that_differs_from_the_providers_is_told() {
    let server = of_status("200 OK", "Date: Thu, 01 Jan 2099 00:00:00 GMT\r\n");
    let found = doctor(&asking(&server.url("/v1"), ""));
    found
        .one("clock", "warn", "ahead of this machine's")
        .mends("timedatectl");
    let server = of_status("200 OK", "Date: Thu, 01 Jan 2015 00:00:00 GMT\r\n");
    doctor(&asking(&server.url("/v1"), "")).one("clock", "warn", "behind this machine's");
    let server = of_status("200 OK", "Date: nonsense\r\n");
    doctor(&asking(&server.url("/v1"), "")).one("clock", "ok", "agrees with the disk");
}

#[test]
fn an_unknown_price_matters_where_a_cap_in_dollars_is() {
    let server = of_status("200 OK", "");
    let unpriced = |more: &str| {
        private(TestVault::with(&format!(
            "models:\n  main: {{provider: openai, model: m, base_url: \"{}\"}}\nteam: {{leader: main}}\n{more}",
            server.url("/v1")
        )))
    };
    doctor(&unpriced("")).one("prices", "ok", "no cap in dollars is set");
    let vault = unpriced("defaults: {max_cost_usd: 5}\n");
    let found = doctor(&vault);
    found
        .one("prices", "warn", "defaults.max_cost_usd 5.0")
        .mends("price: {input");
    doctor(&unpriced("daily: {max_cost_usd: 7}\n")).one("prices", "warn", "daily.max_cost_usd");
    let vault = unpriced("");
    vault.write(
        "ess/project.yaml",
        "objective: x\ndefaults: {max_cost_usd: 3}\n",
    );
    doctor(&vault).one("prices", "warn", "defaults.max_cost_usd 3.0");
    let vault = unpriced("");
    let plan = vault.draft(&format!("---\nmax_cost_usd: 2.00\n---\n{}", crate::body(1)));
    doctor(&vault).one("prices", "warn", &format!("max_cost_usd of {plan}"));
    vault.run(&["plan", "decline", &plan]).ok();
    doctor(&vault).one("prices", "ok", "no cap in dollars is set");
}

#[test]
fn a_model_that_only_a_project_asks_is_looked_at_too() {
    let server = of_status("200 OK", "");
    let vault = private(TestVault::with(&format!(
        "models:\n  dry: {{provider: rehearsal}}\n  main: {{provider: openai, model: m, base_url: \"{}\", price: free}}\nteam: {{leader: dry}}\n",
        server.url("/v1")
    )));
    doctor(&vault).one("reach", "ok", "no model in use has an endpoint");
    vault.write("ess/project.yaml", "objective: x\nteam: {qc: main}\n");
    doctor(&vault).one("reach", "ok", "HTTP 200");
}

#[test]
fn secrets_in_an_address_do_not_show() {
    let server = of_status("200 OK", "");
    let found = doctor(&asking(&server.url(&format!("/v1?key={KEY}")), ""));
    found.one("reach", "ok", "HTTP 200");
    assert!(!found.ran.out.contains(KEY) && server.heads().concat().contains(KEY));
}
