//! Configuration with faults.

use crate::support::{TestVault, body};

#[test]
fn an_unknown_key_names_the_nearest_known_one() {
    let vault = TestVault::with("modles: {}\n");
    vault
        .run(&["daemon", "--until-idle"])
        .code(3)
        .says("modles")
        .says("models");
    let vault = TestVault::with("daemon: {tick_second: 1}\n");
    vault
        .run(&["daemon", "--until-idle"])
        .code(3)
        .says("tick_seconds");
}

#[test]
fn a_configuration_that_is_no_yaml_is_named() {
    let vault = TestVault::with("daemon: [\n");
    vault
        .run(&["daemon", "--until-idle"])
        .code(3)
        .says("modulatio.yaml");
    assert_eq!(vault.read("modulatio.yaml"), "daemon: [\n");
}

#[test]
fn a_missing_key_opens_a_ticket_that_names_the_variable() {
    let config = "models:\n  m: {provider: openai, model: x, base_url: \"http://127.0.0.1:1/v1\", api_key_env: THE_MISSING_KEY}\nteam: {leader: m}\n";
    let vault = TestVault::with(config);
    let plan = vault.approved(&body(1));
    vault.run_until_idle();
    assert_eq!(vault.journal(&plan).status(), "paused");
    let ticket = vault.read("ess/tickets/ESS-1.md");
    assert!(
        ticket.contains("THE_MISSING_KEY") && ticket.contains("kind: environment"),
        "{ticket}"
    );
    vault.is_proven(&plan);
}

#[test]
fn no_key_is_ever_written_down() {
    let secret = "sk-4f1ba2-not-to-be-seen";
    let refuse = modulatio_tools::fake_model::Behaviour::Status {
        code: 401,
        retry_after: None,
        message: Some("no such key: {authorization}".into()),
    };
    let step = modulatio_tools::fake_model::Step::new(refuse).times(0);
    let model =
        modulatio_tools::fake_model::FakeModel::start(modulatio_tools::fake_model::Script::of([
            step,
        ]))
        .expect("a free port");
    let vault = TestVault::with(&format!(
        "models:\n  m: {{provider: openai, model: x, base_url: \"{}\", api_key_env: THE_KEY}}\nteam: {{leader: m}}\n",
        model.base_url()
    ));
    let plan = vault.approved(&body(1));
    let ran = vault
        .run_with(&["-vv", "daemon", "--until-idle"], &[("THE_KEY", secret)])
        .ok();
    assert!(!ran.err.contains(secret), "the key is in the log");
    assert_eq!(vault.journal(&plan).status(), "paused");
    for below in [
        "ess/plans",
        "ess/tickets",
        &format!("ess/runs/{plan}"),
        ".modulatio/heartbeats",
    ] {
        for name in vault.names(below) {
            let path = vault.path(&format!("{below}/{name}"));
            let bytes = std::fs::read(&path).unwrap_or_default();
            assert!(
                !String::from_utf8_lossy(&bytes).contains(secret),
                "{}",
                path.display()
            );
        }
    }
    assert!(model.requests()[0].headers["authorization"].contains(secret));
}

#[test]
fn a_project_that_cannot_be_configured_holds_up_no_other() {
    let vault = TestVault::new();
    vault.project("bad");
    vault.write("bad/project.yaml", "- not a mapping\n");
    let plan = vault.approved(&body(1));
    vault.run_until_idle();
    assert_eq!(vault.journal(&plan).status(), "done");
    vault.run(&["project", "list"]).ok().shows("ESS");
}
