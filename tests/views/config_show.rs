//! `config show`: every setting with its value and its source, and no key.

use serde_json::{Value, json};

use crate::{
    objects,
    support::{Ran, TestVault},
};

const KEY: &str = "sk-test-5f3a9c1e";
const VARIABLE: &str = "MODULATIO_TESTS_KEY";

const VAULT: &str = r#"# ours
models:
  main:
    provider: openai
    model: fable-1
    base_url: "http://10.0.0.1/v1?secret=hidden"
    api_key_env: MODULATIO_TESTS_KEY
    price: {input: 0.60, output: 2.20}
  dry: {provider: rehearsal}
team:
  leader: [main, dry]
  producers: [{name: drafter, model: dry}]
defaults: {max_cost_usd: 5.00, max_redos: 1}
tools: {disable: [http_get]}
"#;

const PROJECT: &str = "objective: Essays on Stoicism.
team:
  leader: dry
defaults:
  max_cost_usd: 0.5
tools: {disable: [run_shell]}
folders: [notes]
";

fn vault() -> TestVault {
    let vault = TestVault::with(VAULT);
    vault.write("ess/project.yaml", PROJECT);
    vault
}

/// Runs it with a key in the environment, which must not show.
fn show(vault: &TestVault, args: &[&str]) -> Ran {
    let args = [&["config", "show"], args].concat();
    let ran = vault.run_with(&args, &[(VARIABLE, KEY)]).ok();
    let all = format!("{ran:?}");
    assert!(!all.contains(KEY) && !all.contains("hidden"), "{ran:#?}");
    ran
}

#[track_caller]
fn of<'a>(objects: &'a [Value], key: &str) -> &'a Value {
    let found = objects.iter().find(|object| object["key"] == key);
    found.unwrap_or_else(|| panic!("{key} is not shown: {objects:#?}"))
}

fn redacted(vault: &TestVault, ran: &Ran) -> String {
    let root = vault.root().canonicalize().expect("a directory");
    let root = root.to_str().expect("a plain path");
    // The column is as wide as the path, which differs from run to run.
    let squeezed = |line: &str| {
        let cells = line.split("  ").map(str::trim);
        let cells: Vec<&str> = cells.filter(|cell| !cell.is_empty()).collect();
        cells.join(" | ")
    };
    let text = ran.out.replace(root, "[vault]");
    text.lines().map(squeezed).collect::<Vec<_>>().join("\n")
}

#[test]
fn every_setting_of_a_project_has_a_line_with_its_source() {
    let vault = vault();
    insta::assert_snapshot!(redacted(&vault, &show(&vault, &["--project", "ESS"])));
}

#[test]
fn the_vault_alone_knows_nothing_of_its_projects() {
    let vault = vault();
    let objects = objects(&show(&vault, &["--json"]));
    assert!(objects.iter().all(|object| object["key"] != "objective"));
    let leader = of(&objects, "team.leader");
    assert_eq!(leader["value"], json!(["main", "dry"]));
    let place = json!({"file": "modulatio.yaml", "line": 11});
    assert_eq!(leader["from"], json!({"kind": "file", "places": [place]}));
    assert_eq!(leader.get("over"), None);
}

#[test]
fn the_object_of_a_setting_names_what_it_overrides() {
    let objects = objects(&show(&vault(), &["--project", "ESS", "--json"]));
    assert_eq!(
        *of(&objects, "defaults.max_cost_usd"),
        json!({
            "key": "defaults.max_cost_usd",
            "value": 0.5,
            "from": {"kind": "file", "places": [{"file": "ess/project.yaml", "line": 5}]},
            "over": {"file": "modulatio.yaml", "line": 13},
        })
    );
    assert_eq!(
        of(&objects, "team.qc")["from"],
        json!({"kind": "follows", "key": "team.leader"})
    );
    let disabled = of(&objects, "tools.disable");
    assert_eq!(disabled["value"], json!(["http_get", "run_shell"]));
    assert_eq!(disabled["from"]["places"].as_array().map(Vec::len), Some(2));
}

#[test]
fn of_a_key_only_its_place_is_told_and_whether_it_is_there() {
    let vault = vault();
    let key = |ran: &Ran| of(&objects(ran), "models.main.api_key_env").clone();
    let set = key(&show(&vault, &["--json"]));
    assert_eq!(
        (&set["value"], &set["state"]),
        (&json!(VARIABLE), &json!("set"))
    );
    let missing = key(&vault.run(&["config", "show", "--json"]).ok());
    assert_eq!(missing["state"], "not set");
    assert!(
        missing["why"]
            .as_str()
            .is_some_and(|why| why.contains(VARIABLE))
    );
}

#[test]
fn options_of_the_process_name_the_command_line_or_the_variable() {
    let vault = vault();
    let from = |ran: &Ran, key: &str| of(&objects(ran), key)["from"].clone();
    let typed = show(&vault, &["--json", "-v"]);
    assert_eq!(from(&typed, "--vault"), json!({"kind": "command-line"}));
    assert_eq!(from(&typed, "--log-level"), json!({"kind": "command-line"}));
    assert_eq!(from(&typed, "--log-format"), json!({"kind": "default"}));

    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_modulatio"));
    command
        .args(["config", "show", "--json"])
        .env("MODULATIO_VAULT", vault.root())
        .env("MODULATIO_LOG_FORMAT", "json")
        .env("RUST_LOG", "modulatio=trace");
    let output = command.output().expect("the binary starts");
    let ran = Ran {
        code: output.status.code(),
        out: String::from_utf8(output.stdout).expect("text"),
        err: String::from_utf8(output.stderr).expect("text"),
    };
    let variable = |name| json!({"kind": "environment", "variable": name});
    assert_eq!(from(&ran, "--vault"), variable("MODULATIO_VAULT"));
    assert_eq!(from(&ran, "--log-format"), variable("MODULATIO_LOG_FORMAT"));
    assert_eq!(from(&ran, "--log-level"), variable("RUST_LOG"));
    assert_eq!(
        of(&objects(&ran), "--log-level")["value"],
        "modulatio=trace"
    );
}

#[test]
fn a_price_of_the_catalogue_and_an_address_of_the_provider_say_so() {
    let vault = TestVault::with("team: {leader: openrouter/anthropic/claude-haiku-4.5}\n");
    let objects = objects(&show(&vault, &["--json"]));
    let of = |key: &str| {
        of(
            &objects,
            &format!("models.openrouter/anthropic/claude-haiku-4.5.{key}"),
        )["from"]["kind"]
            .clone()
    };
    assert_eq!(of("price.input"), "catalogue");
    assert_eq!(of("context_tokens"), "catalogue");
    assert_eq!(of("base_url"), "provider");
    assert_eq!(of("provider"), "id");
    assert_eq!(of("timeout"), "default");
}

#[test]
fn a_faulty_file_shows_nothing_and_ends_with_3() {
    let vault = TestVault::with("daemon: {tick: 1}\n");
    let ran = vault.run(&["config", "show"]).code(3);
    assert_eq!(ran.out, "");
    ran.says("daemon.tick: unknown key; the nearest known one is \"tick_seconds\"");
}
