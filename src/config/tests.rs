use std::{path::Path, time::Duration};

use super::*;

// Marked one by one: the import law reads each file for itself.
#[cfg(test)]
mod folders;
#[cfg(test)]
mod memory;
#[cfg(test)]
mod models;
#[cfg(test)]
mod project;
#[cfg(test)]
mod providers;
#[cfg(test)]
mod sections;
#[cfg(test)]
mod team;
#[cfg(test)]
mod tools;

const MODELS: &str = "models: {main: {provider: openai, model: m}}\n";

/// How a message says which ids there are.
const IDS: &str = "provider/model, with one of openai, anthropic, openrouter, groq, deepseek, xai, mistral, gemini, ollama, lmstudio, vllm, llamacpp";

fn parse(text: &str) -> Result<Config, Faults> {
    Config::parse(text, Path::new("modulatio.yaml"))
}

fn faults(text: &str) -> String {
    parse(text).unwrap_err().to_string()
}

fn project(text: &str) -> Result<ProjectConfig, Faults> {
    ProjectConfig::parse(text, Path::new("ess/project.yaml"))
}

pub(in crate::config) const FULL: &str = r#"
models:
  main:  {provider: openai, model: z-ai/glm-5.1, base_url: "https://openrouter.ai/api/v1/", api_key_env: OPENROUTER_API_KEY,
          context_tokens: 200000, max_output_tokens: 4096, timeout: 10m, stall_timeout: 250ms,
          context: {warn_percent: 60, compress_percent: 75}, stream: false, temperature: 0.7, reasoning_effort: low,
          headers: {X-Title: modulatio}, json_schema: true, max_tokens_key: max_completion_tokens,
          price: {input: 0.60, output: 2.20, cached_input: 0.11, cache_write: 0.70,   # USD per million tokens
                  above: {tokens: 100000, input: 1.20, output: 4.40}}}
  local: {provider: openai, model: qwen3, base_url: "http://127.0.0.1:11434/v1", price: free}
  smart: {provider: anthropic, model: claude-haiku-4-5, api_key_env: ANTHROPIC_API_KEY}
  dry:   {provider: rehearsal, delay: 250ms, reject: 2, reject_in: [1, 3], outcomes: {2: revise-major, 4: pause}}
team:
  leader: [smart, main]
  planner: main
  qc: smart
  producers: [{name: drafter, model: main, good_at: "essays, reports", kinds: [document, research]}, {name: second}]
defaults: {max_cost_usd: 5.00, max_tokens: 2000000, max_wall_clock_min: 480, max_parallel_tasks: 4, budget_warn_percent: 90,
           max_tasks: 8, max_iters: 40, max_redos: 1}
retry:    {base: 500ms, max: 2m, wall: 1h, malformed: 3}
breaker:  {failures: 3, open: 10s, max_open: 1m}
context:  {warn_percent: 50, compress_percent: 90}
daily:    {max_cost_usd: 20.00, max_tokens: 5000000}
daemon:   {tick_seconds: 45}
sandbox:  landlock
tools:    {disable: [http_get], shell: {timeout: 1m}}
embedder: {kind: lexical, model_dir: models/minilm, onnxruntime: /opt/onnx/libonnxruntime.so, idle_unload: 5m}
memory:   {min_similarity: 0.65, top: 3}
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
                key: KeyFrom::Env("OPENROUTER_API_KEY".to_owned()),
            }),
            model: "z-ai/glm-5.1".to_owned(),
            label: "openrouter/z-ai/glm-5.1".to_owned(),
            context_tokens: 200_000,
            max_output_tokens: 4096,
            context: ContextConfig {
                warn_percent: 60,
                compress_percent: 75,
            },
            timeout: Duration::from_secs(600),
            stall_timeout: Duration::from_millis(250),
            price: Some(Price::PerMillion(TokenPrices {
                input: 600_000,
                output: 2_200_000,
                cached_input: 110_000,
                cache_write: 700_000,
                above: Some(PricesAbove {
                    tokens: 100_000,
                    input: 1_200_000,
                    output: 4_400_000,
                    cached_input: 1_200_000,
                    cache_write: 1_200_000,
                }),
            })),
            price_source: PriceSource::Config,
            stream: false,
            reasoning_effort: Some(ReasoningEffort::Low),
            temperature: Some(main.temperature.unwrap()),
            headers: [("x-title".to_owned(), "modulatio".to_owned())].into(),
            json_schema: true,
            dialect: Dialect {
                stream_options: true,
                max_tokens_key: MaxTokensKey::MaxCompletionTokens,
            },
        }
    );
    assert_eq!(main.temperature.unwrap().as_f64(), 0.7);
    assert_eq!(config.models["local"].price, Some(Price::Free));
    assert_eq!(config.models["local"].price_source, PriceSource::Config);
    assert_eq!(config.models["dry"].label, "rehearsal/dry");
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
        max_tasks: 8,
        max_iters: 40,
        max_redos: 1,
        budget_warn_percent: 90,
    };
    assert_eq!(config.defaults, caps);
    assert_eq!(config.daemon.tick, Duration::from_secs(45));
    let retry = RetryConfig {
        base: Duration::from_millis(500),
        max: Duration::from_secs(120),
        wall: Duration::from_secs(3600),
        malformed: 3,
    };
    assert_eq!(config.retry, retry);
    let breaker = BreakerConfig {
        failures: 3,
        open: Duration::from_secs(10),
        max_open: Duration::from_secs(60),
    };
    assert_eq!(config.breaker, breaker);
    assert_eq!(config.models["smart"].context, config.context);
    assert_eq!(config.context.compress_percent, 90);
    let daily = DailyCaps {
        max_cost_micro_usd: Some(20_000_000),
        max_tokens: Some(5_000_000),
    };
    assert_eq!(config.daily, daily);
    assert_eq!(config.sandbox, SandboxConfig::Landlock);
    assert_eq!(config.tools.shell.timeout, Duration::from_secs(60));
    let embedder = EmbedderConfig {
        kind: EmbedderKind::Lexical,
        model_dir: Some("models/minilm".into()),
        onnxruntime: Some("/opt/onnx/libonnxruntime.so".into()),
        idle_unload: Duration::from_secs(300),
    };
    assert_eq!(config.embedder, embedder);
    let memory = MemoryConfig {
        team_memory: false,
        min_similarity: Some(0.65),
        top: 3,
    };
    assert_eq!(config.memory, memory);
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
            r#"models.main.provider: "opneai" is none of openai, anthropic, openrouter, groq, deepseek, xai, mistral, gemini, ollama, lmstudio, vllm, llamacpp, rehearsal; the nearest is "openai""#,
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
    let named = format!(
        r#"modulatio.yaml: team.qc: no model is named "mian"; the nearest is "main"; or write {IDS}"#
    );
    let expected = [
        r#"modulatio.yaml: models.main.timeout: "soon" is not a duration; write e.g. 600s, 10m or 1h"#,
        r#"modulatio.yaml: models.main.price.input: expected an amount of dollars such as 0.60, found "x""#,
        "modulatio.yaml: models.main.price.output: -1 is negative",
        &named,
        r#"modulatio.yaml: daemon.tick: unknown key; the nearest known one is "tick_seconds""#,
    ];
    assert_eq!(faults(text), expected.join("\n"));
    assert_eq!(parse(text).unwrap_err().as_slice().len(), expected.len());
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
    fn no_text_panics(text in "(models|team|price|provider|openai|leader|context|retry|base|headers|above|temperature|ollama/x|tools|disable|http|allow|folders|path|: |\\{|\\}|\\[|\\]|, |\n|  |- |[a-z0-9.]|'|1){0,40}") {
        let _ = parse(&text);
        let _ = project(&text);
    }
}

#[test]
fn a_file_that_is_full_of_faults_tells_so_many_and_counts_the_rest() {
    let keys: String = (0..900).map(|n| format!("k{n}: 1\n")).collect();
    let faults = parse(&keys).unwrap_err();
    let told = faults.as_slice();
    assert_eq!(told.len(), 201);
    assert_eq!(told[200].problem, "and 700 more; mend these first");
}

#[test]
fn a_list_or_mapping_without_end_is_one_fault() {
    let list = format!("team: {{leader: [{}]}}\n", "a, ".repeat(1_001));
    assert_eq!(
        faults(&list),
        "modulatio.yaml: team.leader: has 1001 entries; there may be 1000 at most"
    );
    let keys: String = (0..1_001).map(|n| format!("k{n}: 1\n")).collect();
    assert!(
        faults(&keys).contains("has 1001 entries"),
        "{}",
        faults(&keys)
    );
}
