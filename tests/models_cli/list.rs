//! The list: lines, columns, keys, warnings.

use modulatio::catalog;
use projections::time::MicroUsd;
use serde_json::json;

use crate::{
    KEY, VARIABLE, hiding_the_key, objects,
    support::{Ran, TestVault},
    with_key,
};

const TEAM: &str = r#"
models:
  main:
    provider: openai
    model: z-ai/glm-5.1
    base_url: "https://openrouter.ai/api/v1?secret=hidden"
    api_key_env: MODULATIO_TESTS_KEY
    context_tokens: 200000
    max_output_tokens: 8192
    price: {input: 0.60, output: 2.20, cached_input: 0.11, above: {tokens: 100000, input: 1, output: 4}}
  judge: {provider: anthropic, model: fable-1, api_key_env: MODULATIO_TESTS_NO_KEY}
  local: {provider: ollama, model: "qwen3:8b", max_output_tokens: 2048}
  spare: {provider: openai, model: fake-1, base_url: "http://10.0.0.1/v1", api_key_env: MODULATIO_TESTS_NO_KEY_EITHER}
team:
  leader: [main, local]
  qc: judge
  producers: [{name: drafter, model: [local, main]}, {name: other, model: spare}]
"#;

fn list(config: &str, args: &[&str]) -> Ran {
    with_key(&TestVault::with(config), &[&["models"], args].concat()).ok()
}

#[test]
fn every_model_has_a_line_in_the_order_of_asking_and_the_unused_come_last() {
    let ran = list(TEAM, &[]);
    insta::assert_snapshot!(ran.out);
    assert_eq!(list(TEAM, &["list"]).out, ran.out);
}

#[test]
fn without_a_configuration_the_team_rehearses_and_is_told_so() {
    let ran = list("daemon: {tick_seconds: 1}\n", &[]);
    insta::assert_snapshot!(ran.out);
    ran.says("warning: every role is a rehearsal model");
}

#[test]
fn a_team_with_one_real_model_does_not_rehearse() {
    let config = "models:\n  dry: {provider: rehearsal}\n  main: {provider: ollama, model: m}\n";
    let ran = list(&format!("{config}team: {{leader: dry, qc: main}}\n"), &[]);
    assert_eq!(ran.err, "");
}

#[test]
fn the_object_of_a_model_says_all_that_its_line_says() {
    let ran = list(TEAM, &["--json"]);
    let objects = objects(&ran);
    let names: Vec<&str> = objects.iter().filter_map(|o| o["name"].as_str()).collect();
    assert_eq!(names, ["main", "local", "judge", "spare"]);
    assert_eq!(
        objects[0],
        json!({
            "name": "main",
            "label": "openrouter/z-ai/glm-5.1",
            "model": "z-ai/glm-5.1",
            "protocol": "openai",
            "endpoint": "https://openrouter.ai/api/v1",
            "context_tokens": 200_000,
            "max_output_tokens": 8192,
            "usd_per_million": {
                "input": 0.6, "output": 2.2, "cached_input": 0.11, "cache_write": 0.6,
                "above": {"tokens": 100_000, "input": 1.0, "output": 4.0, "cached_input": 1.0, "cache_write": 1.0},
            },
            "price_source": {"kind": "config"},
            "key": {"from": VARIABLE, "state": "set"},
            "in_use": true,
            "roles": [
                {"role": "leader", "fallback": 0, "asked": true},
                {"role": "planner", "fallback": 0, "asked": true},
                {"role": "producer drafter", "fallback": 1, "asked": true},
            ],
        })
    );
    assert_eq!(objects[1]["price_source"]["kind"], "free");
    assert_eq!(objects[1]["key"], json!(null));
    assert_eq!(objects[2]["usd_per_million"], json!(null));
    assert_eq!(objects[2]["key"]["state"], "missing");
    assert_eq!(objects[3]["in_use"], false);
}

#[test]
fn a_price_of_the_catalogue_names_its_version_and_day() {
    let ran = list(
        "team: {leader: openrouter/anthropic/claude-haiku-4.5}\n",
        &[],
    );
    let entry = catalog::lookup("openrouter", "anthropic/claude-haiku-4.5").expect("it is listed");
    let input = MicroUsd(entry.prices.expect("it has prices").input);
    let (version, date) = (&entry.source.version, &entry.source.date);
    ran.shows(&format!("(catalogue {version} of {date})"))
        .shows(&format!("  {input}/"));
}

#[test]
fn a_missing_key_of_a_model_in_use_is_a_warning_and_no_error() {
    let ran = list(TEAM, &[]);
    let told = "warning: judge: the environment variable MODULATIO_TESTS_NO_KEY is not set";
    assert_eq!(ran.err.lines().count(), 1, "{ran:?}");
    ran.says(told);
}

#[cfg(unix)]
#[test]
fn a_key_file_that_others_may_read_is_as_good_as_none() {
    use std::os::unix::fs::PermissionsExt;
    let vault = TestVault::new();
    let file = vault.beside().join("key");
    std::fs::write(&file, KEY).expect("a file");
    let show = |mode| {
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).expect("its mode");
        let path = file.display();
        let model = format!("{{provider: openai, model: m, api_key_file: {path}, price: free}}");
        vault.write("modulatio.yaml", &format!("models: {{main: {model}}}\n"));
        hiding_the_key(vault.run(&["models"])).ok()
    };
    let ran = show(0o644).shows("key missing").says("chmod 600");
    assert!(!ran.out.contains(" set"), "{ran:?}");
    let ran = show(0o600).shows("key set");
    assert_eq!(ran.err, "");
}

#[test]
fn a_cap_on_cost_without_a_price_is_warned_of_whichever_section_sets_it() {
    let model = "models:\n  main: {provider: openai, model: m, base_url: \"http://10.0.0.1\"}\n";
    for (section, said) in [
        ("defaults", "defaults.max_cost_usd cannot be kept"),
        ("daily", "daily.max_cost_usd cannot be kept"),
    ] {
        let ran = list(&format!("{model}{section}: {{max_cost_usd: 5}}\n"), &[]);
        ran.shows("cost unknown").says(said).says("price of main");
    }
    assert_eq!(list(model, &[]).err, "");
}

#[test]
fn an_address_that_cannot_be_asked_is_a_warning() {
    let model = "{provider: openai, model: m, base_url: \"http://[::zz/v1\", price: free}";
    let ran = list(&format!("models: {{main: {model}}}\n"), &[]);
    ran.says("warning: models.main: base_url is not an address");
}

#[test]
fn a_project_has_a_team_of_its_own() {
    let vault = TestVault::with(TEAM);
    let own = "objective: Essays.\nteam: {leader: local, qc: local, producers: [{name: a}]}\n";
    vault.write("ess/project.yaml", own);
    let names = |ran: &Ran| -> Vec<(String, bool)> {
        let named = |o: &serde_json::Value| {
            let name = o["name"].as_str().expect("a name").to_owned();
            (name, o["in_use"].as_bool().expect("a flag"))
        };
        objects(ran).iter().map(named).collect()
    };
    for args in [
        &["models", "--project", "ESS", "--json"][..],
        &["models", "list", "--json", "--project=ESS"],
    ] {
        let names = names(&vault.run(args).ok());
        assert_eq!(names[0], ("local".to_owned(), true));
        assert!(names[1..].iter().all(|(_, in_use)| !in_use), "{names:?}");
    }
    vault
        .run(&["models", "--project", "NIX"])
        .code(1)
        .says("NIX");
}

#[test]
fn a_fault_in_the_configuration_is_told_instead() {
    let vault = TestVault::with("models: {main: {provider: openai}}\n");
    vault.run(&["models"]).code(3).says("models.main.model");
}
