use std::{path::Path, time::Duration};

use super::*;

const MODELS: &str = "models: {main: {provider: openai, model: m}}\n";

fn parse(text: &str) -> Result<Config, Faults> {
    Config::parse(text, Path::new("modulatio.yaml"))
}

fn faults(text: &str) -> String {
    parse(text).unwrap_err().to_string()
}

fn project(text: &str) -> Result<ProjectConfig, Faults> {
    ProjectConfig::parse(text, Path::new("ess/project.yaml"))
}

const FULL: &str = r#"
models:
  main:  {provider: openai, model: z-ai/glm-5.1, base_url: "https://openrouter.ai/api/v1/", api_key_env: OPENROUTER_API_KEY,
          context_tokens: 200000, max_output_tokens: 4096, timeout: 10m, stall_timeout: 250ms,
          price: {input: 0.60, output: 2.20, cached_input: 0.11}}      # USD per million tokens
  local: {provider: openai, model: qwen3, base_url: "http://127.0.0.1:11434/v1", price: free}
  smart: {provider: anthropic, model: claude-haiku-4-5, api_key_env: ANTHROPIC_API_KEY}
  dry:   {provider: rehearsal, delay: 250ms, reject: 2, reject_in: [1, 3], outcomes: {2: revise-major, 4: pause}}
team:
  leader: [smart, main]
  planner: main
  qc: smart
  producers: [{name: drafter, model: main, good_at: "essays, reports"}, {name: second}]
defaults: {max_cost_usd: 5.00, max_tokens: 2000000, max_wall_clock_min: 480, max_parallel_tasks: 4}
daemon:   {tick_seconds: 45}
embedder: {model: minilm}
team_memory_enabled: false
"#;

#[test]
fn a_full_file_is_read() {
    let config = parse(FULL).unwrap();
    let main = &config.models["main"];
    assert_eq!(
        *main,
        ModelConfig {
            provider: Provider::OpenAi(Endpoint {
                base_url: "https://openrouter.ai/api/v1".to_owned(),
                api_key_env: Some("OPENROUTER_API_KEY".to_owned()),
            }),
            model: "z-ai/glm-5.1".to_owned(),
            context_tokens: 200_000,
            max_output_tokens: 4096,
            timeout: Duration::from_secs(600),
            stall_timeout: Duration::from_millis(250),
            price: Some(Price::PerMillion(TokenPrices {
                input: 600_000,
                output: 2_200_000,
                cached_input: 110_000,
            })),
        }
    );
    assert_eq!(config.models["local"].price, Some(Price::Free));
    assert_eq!(config.models["smart"].price, None);
    let Provider::Rehearsal(dry) = &config.models["dry"].provider else {
        panic!("dry rehearses");
    };
    assert_eq!(dry.delay, Duration::from_millis(250));
    assert_eq!((dry.reject, dry.reject_in.iter().sum::<u32>()), (2, 4));
    assert_eq!(dry.outcomes[&2], RehearsedOutcome::ReviseMajor);
    assert_eq!(dry.outcomes[&4], RehearsedOutcome::Pause);

    let names: Vec<&str> = config.team.leader.names().collect();
    assert_eq!(names, ["smart", "main"]);
    assert_eq!(config.team.planner, ModelChoice::only("main"));
    assert_eq!(config.team.producers[0].good_at, "essays, reports");
    assert_eq!(config.team.producers[1].model, config.team.leader);
    let caps = Caps {
        max_cost_micro_usd: Some(5_000_000),
        max_tokens: Some(2_000_000),
        max_wall_clock_min: Some(480),
        max_parallel_tasks: 4,
    };
    assert_eq!(config.defaults, caps);
    assert_eq!(config.daemon.tick, Duration::from_secs(45));
    assert!(config.embedder.is_some() && config.team_memory_enabled.is_some());
}

#[test]
fn without_models_every_role_rehearses() {
    for text in ["", "# nothing\n", "{}", "daemon:\n"] {
        assert_eq!(parse(text).unwrap(), Config::default());
    }
    let config = Config::default();
    assert_eq!(config.models["rehearsal"], ModelConfig::rehearsal());
    assert!(
        config
            .team
            .choices()
            .all(|choice| *choice == ModelChoice::only("rehearsal"))
    );
    assert_eq!(config.team.producers[0].name, "producer");
    assert_eq!(config.daemon.tick, Duration::from_secs(30));
    assert_eq!(config.defaults.max_cost_micro_usd, None);
    config.check_supported().unwrap();
}

#[test]
fn what_is_not_written_has_a_default() {
    let config = parse("models: {main: {provider: openai, model: m, context_tokens: 8000, price: {input: 1, output: 0.000001}}}").unwrap();
    let main = &config.models["main"];
    let endpoint = Endpoint {
        base_url: "https://api.openai.com/v1".to_owned(),
        api_key_env: Some("OPENAI_API_KEY".to_owned()),
    };
    assert_eq!(main.provider, Provider::OpenAi(endpoint));
    assert_eq!(main.max_output_tokens, 4000);
    assert_eq!(
        (main.timeout.as_secs(), main.stall_timeout.as_secs()),
        (600, 60)
    );
    let prices = TokenPrices {
        input: 1_000_000,
        output: 1,
        cached_input: 1_000_000,
    };
    assert_eq!(main.price, Some(Price::PerMillion(prices)));
    assert_eq!(config.team.leader, ModelChoice::only("main"));
    let local = parse("models: {l: {provider: openai, model: m, base_url: 'http://localhost/v1'}}")
        .unwrap();
    let Provider::OpenAi(endpoint) = &local.models["l"].provider else {
        panic!("l is openai");
    };
    assert_eq!(endpoint.api_key_env, None);
}

/// A model entry with one more key.
fn model_with(entry: &str) -> String {
    format!("models: {{main: {{provider: openai, model: m, {entry}}}}}")
}

#[test]
fn faults_of_a_model_say_what_to_write() {
    for (entry, expected) in [
        (
            "timeout: 600 parsecs",
            r#"timeout: "600 parsecs" is not a duration; write e.g. 600s, 10m or 1h"#,
        ),
        (
            "timeout: 600",
            "timeout: 600 is not a duration; write e.g. 600s, 10m or 1h",
        ),
        (
            "timeout: 0s",
            r#"timeout: "0s" is too short; write at least 1ms"#,
        ),
        (
            "stall_timeout: 99999999999999999h",
            r#"stall_timeout: "99999999999999999h" is not a duration; write e.g. 600s, 10m or 1h"#,
        ),
        (
            "timeuot: 1s",
            r#"timeuot: unknown key; the nearest known one is "timeout""#,
        ),
        ("7: 1", r#"7: unknown key; keys are text"#),
        (
            "api_key: sk-12345",
            r#"api_key: unknown key; the nearest known one is "api_key_env""#,
        ),
        (
            "sk-12345: x",
            r#"a text that may be a key: unknown key; the nearest known one is "provider""#,
        ),
        (
            "api_key_env: sk-or-v1-0123456789",
            "api_key_env: is not the name of an environment variable such as OPENROUTER_API_KEY; the key itself belongs in the environment (the value is not shown here)",
        ),
        (
            "api_key_env: 9A",
            "api_key_env: is not the name of an environment variable such as OPENROUTER_API_KEY; the key itself belongs in the environment (the value is not shown here)",
        ),
        (
            "base_url: localhost",
            "base_url: is not a URL; write e.g. https://openrouter.ai/api/v1",
        ),
        (
            "base_url: 'https://me:secret@host/v1'",
            "base_url: holds more than scheme, host, path and query; a key belongs in the environment, see api_key_env",
        ),
        (
            "context_tokens: many",
            r#"context_tokens: expected a whole number from 2 to 4294967295, found "many""#,
        ),
        (
            "context_tokens: 4000, max_output_tokens: 4000",
            "max_output_tokens: 4000 leaves no room in a context of 4000 tokens",
        ),
        (
            "price: gratis",
            "price: is not a price; write free or {input: 0.60, output: 2.20}",
        ),
        ("price: {input: 1}", "price.output: is missing"),
        (
            "price: {input: -1, output: 2}",
            "price.input: -1 is negative",
        ),
        (
            "price: {input: .nan, output: 2}",
            "price.input: NaN is not an amount of dollars below 1000000000",
        ),
        (
            "price: {input: 1e20, output: 2}",
            "price.input: 100000000000000000000 is not an amount of dollars below 1000000000",
        ),
        (
            "price: {input: 0.0000001, output: 2}",
            "price.input: 0.0000001 has more than six decimals; the smallest amount is 0.000001",
        ),
        (
            "price: {input: '1', output: 2}",
            r#"price.input: expected an amount of dollars such as 0.60, found "1""#,
        ),
        (
            "reject: 1",
            "reject: belongs to a rehearsal model; remove it",
        ),
    ] {
        let expected = format!("modulatio.yaml: models.main.{expected}");
        assert_eq!(faults(&model_with(entry)), expected, "of {entry:?}");
    }
}

#[test]
fn faults_of_a_file_say_what_to_write() {
    for (text, expected) in [
        (
            "modles: {}",
            r#"modles: unknown key; the nearest known one is "models""#,
        ),
        (
            "models:",
            "models: holds no model; add one, or remove the key to rehearse",
        ),
        (
            "models: {}\nteam: {leader: x}",
            "models: holds no model; add one, or remove the key to rehearse",
        ),
        ("models: [a]", "models: expected a mapping, found a list"),
        (
            "models: {main: fast}",
            r#"models.main: expected a mapping, found "fast""#,
        ),
        (
            "models: {main: {model: m}}",
            "models.main.provider: is missing",
        ),
        (
            "models: {main: {provider: openai}}",
            "models.main.model: is missing",
        ),
        (
            "models: {main: {provider: opneai, model: m}}",
            r#"models.main.provider: "opneai" is none of openai, anthropic, rehearsal; the nearest is "openai""#,
        ),
        (
            "models: {a b: {provider: rehearsal}}",
            "models.a b: is not a name for a model; use up to 64 of A-Z a-z 0-9 _ . -",
        ),
        (
            "models: {r: {provider: rehearsal, base_url: 'http://x'}}",
            "models.r.base_url: belongs to a model that is called over the network; remove it",
        ),
        (
            "models: {r: {provider: rehearsal, outcomes: {0: pause}}}",
            "models.r.outcomes.0: is not the number of a sub-objective, from 1",
        ),
        (
            "models: {r: {provider: rehearsal, outcomes: {1: stop}}}",
            r#"models.r.outcomes.1: "stop" is none of continue, revise-minor, revise-major, pause, abort; the nearest is "abort""#,
        ),
        (
            "models: {r: {provider: rehearsal, reject_in: [1, x]}}",
            r#"models.r.reject_in[1]: expected a whole number from 1 to 1000, found "x""#,
        ),
        (
            "models: {b: {provider: rehearsal}, a: {provider: rehearsal}}",
            "team.leader: is missing; name one of a, b",
        ),
        (
            "team: {leader: mian}",
            r#"team.leader: no model is named "mian"; the nearest is "rehearsal""#,
        ),
        (
            "team: {leader: []}",
            "team.leader: expected a list with at least one entry, found an empty list",
        ),
        ("team: {leader: 3}", "team.leader: expected text, found 3"),
        (
            "team: {leader: [rehearsal, rehearsal]}",
            r#"team.leader[1]: "rehearsal" stands here twice"#,
        ),
        (
            "team: {lead: rehearsal}",
            r#"team.lead: unknown key; the nearest known one is "leader""#,
        ),
        (
            "team: {producers: [{}]}",
            "team.producers[0].name: is missing",
        ),
        (
            "team: {producers: [{name: a}, {name: a}]}",
            r#"team.producers[1]: a second producer is named "a""#,
        ),
        (
            "team: {producers: [{name: a/b}]}",
            "team.producers[0].name: is not a name; use up to 64 of A-Z a-z 0-9 _ . -",
        ),
        (
            "team: {producers: [{name: a, model: x}]}",
            r#"team.producers[0].model: no model is named "x"; the nearest is "rehearsal""#,
        ),
        (
            "daemon: {tick_seconds: 0}",
            "daemon.tick_seconds: expected a whole number from 1 to 86400, found 0",
        ),
        (
            "defaults: {max_cost_usd: -1.5}",
            "defaults.max_cost_usd: -1.5 is negative",
        ),
        (
            "defaults: {max_tokens: 0}",
            "defaults.max_tokens: expected a whole number from 1 to 18446744073709551615, found 0",
        ),
        (
            "defaults: {max_parallel_tasks: 1.5}",
            "defaults.max_parallel_tasks: expected a whole number from 1 to 64, found 1.5",
        ),
        (
            "a: 1\na: 2\n",
            "line 2, column 1: the key \"a\" stands here twice",
        ),
        ("- a", "expected a mapping, found a list"),
    ] {
        assert_eq!(
            faults(text),
            format!("modulatio.yaml: {expected}"),
            "of {text:?}"
        );
    }
}

#[test]
fn all_faults_of_a_file_are_reported_together() {
    let text = "models:\n  main: {provider: openai, model: m, timeout: soon, price: {input: x, output: -1}}\nteam: {qc: mian}\ndaemon: {tick: 3}\n";
    let expected = [
        r#"modulatio.yaml: models.main.timeout: "soon" is not a duration; write e.g. 600s, 10m or 1h"#,
        r#"modulatio.yaml: models.main.price.input: expected an amount of dollars such as 0.60, found "x""#,
        "modulatio.yaml: models.main.price.output: -1 is negative",
        r#"modulatio.yaml: team.qc: no model is named "mian"; the nearest is "main""#,
        r#"modulatio.yaml: daemon.tick: unknown key; the nearest known one is "tick_seconds""#,
    ];
    assert_eq!(faults(text), expected.join("\n"));
    assert_eq!(parse(text).unwrap_err().as_slice().len(), expected.len());
}

#[test]
fn a_project_overrides_role_by_role_and_cap_by_cap() {
    let vault = parse(FULL).unwrap();
    let text = "objective: Write essays.\nfolders: [notes]\nteam: {leader: local}\ndefaults: {max_cost_usd: 0.5}\nembedder: none\n";
    let own = project(text).unwrap();
    assert_eq!(
        (own.objective.as_str(), own.folders.len()),
        ("Write essays.", 1)
    );
    let config = vault.for_project(&own).unwrap();
    assert_eq!(config.team.leader, ModelChoice::only("local"));
    assert_eq!(config.team.planner, ModelChoice::only("main"));
    assert_eq!(config.team.producers[1].model, ModelChoice::only("local"));
    assert_eq!(config.defaults.max_cost_micro_usd, Some(500_000));
    assert_eq!(config.defaults.max_tokens, Some(2_000_000));
    assert_ne!(config.embedder, vault.embedder);
    let plain = project("objective: x\n").unwrap();
    assert_eq!(vault.for_project(&plain).unwrap(), vault);
}

#[test]
fn a_leader_named_by_the_project_leads_roles_that_nobody_wrote() {
    let vault =
        parse("models: {a: {provider: rehearsal}, b: {provider: rehearsal}}\nteam: {leader: a}")
            .unwrap();
    let own = project("objective: x\nteam: {leader: [b, a]}").unwrap();
    let config = vault.for_project(&own).unwrap();
    assert!(config.team.choices().all(|choice| choice.primary == "b"));
}

#[test]
fn faults_of_a_project_name_its_file() {
    for (text, expected) in [
        ("", "objective: is missing"),
        ("objective: ' '", r#"objective: expected text, found " ""#),
        (
            "objective: x\nmodels: {}",
            r#"models: unknown key; the nearest known one is "folders""#,
        ),
        (
            "objective: x\nfolders: notes",
            r#"folders: expected a list with at least one entry, found "notes""#,
        ),
        (
            "objective: [",
            "line 2, column 1: did not find expected node content, while parsing a flow node",
        ),
    ] {
        let fault = project(text).unwrap_err().to_string();
        assert_eq!(
            fault,
            format!("ess/project.yaml: {expected}"),
            "of {text:?}"
        );
    }
    let vault = parse(MODELS).unwrap();
    let own = project("objective: x\nteam: {qc: mani}").unwrap();
    assert_eq!(
        vault.for_project(&own).unwrap_err().to_string(),
        r#"ess/project.yaml: team.qc: no model is named "mani"; the nearest is "main""#
    );
}

#[test]
fn a_protocol_that_is_not_spoken_is_refused_where_it_is_used() {
    let config = parse(FULL).unwrap();
    assert_eq!(
        config.check_supported().unwrap_err().to_string(),
        "modulatio.yaml: models.smart.provider: this version does not speak anthropic yet; use provider openai with an endpoint that offers the model"
    );
    let unused = "models: {a: {provider: openai, model: m}, s: {provider: anthropic, model: c}}\nteam: {leader: a}";
    parse(unused).unwrap().check_supported().unwrap();
}

#[test]
fn files_are_read_from_the_vault() {
    let vault = tempfile::tempdir().unwrap();
    assert_eq!(load(vault.path()).unwrap(), Config::default());
    assert_eq!(load_project(vault.path(), "ess").unwrap(), None);
    std::fs::create_dir(vault.path().join("ess")).unwrap();
    std::fs::write(vault.path().join(VAULT_FILE), "daemon: {tick_seconds: no}").unwrap();
    std::fs::write(vault.path().join("ess/project.yaml"), "objective: x").unwrap();
    assert_eq!(
        load(vault.path()).unwrap_err().to_string(),
        r#"modulatio.yaml: daemon.tick_seconds: expected a whole number from 1 to 86400, found "no""#
    );
    assert!(load_project(vault.path(), "ess").unwrap().is_some());
    std::fs::write(vault.path().join(VAULT_FILE), [0xff, 0xfe]).unwrap();
    assert!(matches!(load(vault.path()), Err(Error::Unreadable { .. })));
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig { cases: 256, failure_persistence: None, ..Default::default() })]

    #[test]
    fn no_text_panics(text in "(models|team|price|provider|openai|leader|: |\\{|\\}|\\[|\\]|, |\n|  |- |[a-z0-9.]|'|1){0,40}") {
        let _ = parse(&text);
        let _ = project(&text);
    }
}
