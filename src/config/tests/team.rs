use super::*;

#[test]
fn a_role_may_name_a_model_by_its_id() {
    let config =
        parse("team: {leader: openrouter/anthropic/claude-haiku-4-5, qc: 'ollama/qwen3:8b'}")
            .unwrap();
    let names: Vec<&str> = config.models.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        ["ollama/qwen3:8b", "openrouter/anthropic/claude-haiku-4-5"]
    );
    assert_eq!(config.team.planner, config.team.leader);
    let leader = &config.models["openrouter/anthropic/claude-haiku-4-5"];
    assert_eq!(leader.label, "openrouter/anthropic/claude-haiku-4-5");
    assert_eq!(leader.model, "anthropic/claude-haiku-4-5");
    let endpoint = Endpoint {
        base_url: "https://openrouter.ai/api/v1".to_owned(),
        key: KeyFrom::Env("OPENROUTER_API_KEY".to_owned()),
    };
    assert_eq!(leader.provider, Provider::OpenAi(endpoint));
    assert_eq!(
        (leader.context_tokens, leader.max_output_tokens),
        (200_000, 8192)
    );
    let Some(Price::PerMillion(prices)) = leader.price else {
        panic!("the catalogue knows its price");
    };
    assert_eq!((prices.input, prices.output), (1_000_000, 5_000_000));
    assert!(matches!(leader.price_source, PriceSource::Catalog { .. }));
    let qc = &config.models["ollama/qwen3:8b"];
    assert_eq!(
        (qc.price, qc.price_source),
        (Some(Price::Free), PriceSource::Provider)
    );
    assert_eq!(
        (qc.context_tokens, qc.max_output_tokens),
        (4096, 2048),
        "it cuts longer prompts without a word"
    );
    let Provider::OpenAi(endpoint) = &qc.provider else {
        panic!("ollama speaks openai");
    };
    assert_eq!(endpoint.key, KeyFrom::None);
}

#[test]
fn an_id_of_anthropic_speaks_its_protocol() {
    let config = parse("team: {leader: anthropic/claude-haiku-4-5}").unwrap();
    let leader = &config.models["anthropic/claude-haiku-4-5"];
    let endpoint = Endpoint {
        base_url: "https://api.anthropic.com".to_owned(),
        key: KeyFrom::Env("ANTHROPIC_API_KEY".to_owned()),
    };
    assert_eq!(leader.provider, Provider::Anthropic(endpoint));
    assert_eq!(leader.context_tokens, 200_000);
}

#[test]
fn entries_and_ids_stand_side_by_side() {
    let text = "models: {main: {provider: openai, model: m}}\nteam: {qc: [main, xai/grok-4], producers: [{name: a, model: groq/x}]}\ncontext: {warn_percent: 10}";
    let config = parse(text).unwrap();
    assert_eq!(
        config.team.leader,
        ModelChoice::only("main"),
        "the only entry leads"
    );
    let names: Vec<&str> = config.models.keys().map(String::as_str).collect();
    assert_eq!(names, ["groq/x", "main", "xai/grok-4"]);
    assert!(
        config
            .models
            .values()
            .all(|model| model.context.warn_percent == 10)
    );
}

#[test]
fn a_team_with_an_id_never_rehearses_in_silence() {
    for text in [
        "team: {qc: ollama/q}",
        "team: {producers: [{name: a, model: ollama/q}]}",
    ] {
        let expected = "modulatio.yaml: team.leader: is missing; name one of ollama/q";
        assert_eq!(faults(text), expected, "of {text:?}");
    }
    let config = parse("team: {leader: ollama/q, qc: rehearsal}").unwrap();
    assert_eq!(
        config.team.qc,
        ModelChoice::only("rehearsal"),
        "unless a role says so"
    );
    assert_eq!(config.models.len(), 2);
    let config = parse("team: {producers: [{name: a}]}").unwrap();
    assert_eq!(config.team.leader, ModelChoice::only("rehearsal"));
}

#[test]
fn a_name_that_nothing_stands_for_is_told_what_does() {
    for (leader, expected) in [
        ("mian", format!(r#"no model is named "mian"; the nearest is "rehearsal"; or write {IDS}"#)),
        ("gpt-5", format!(r#"no model is named "gpt-5"; the nearest is "rehearsal"; or write {IDS}"#)),
        ("openruter/x", format!(r#"no provider is named "openruter"; the nearest is "openrouter"; ids are {IDS}"#)),
        ("OpenAI/gpt-5", format!(r#"no provider is named "OpenAI"; the nearest is "openai"; ids are {IDS}"#)),
        ("/x", format!(r#"no provider is named ""; the nearest is "xai"; ids are {IDS}"#)),
        (
            "ollama/",
            r#""ollama/" names no model; write ollama/ and the provider's own name for the model"#.to_owned(),
        ),
        (
            "ollama/a b",
            r#""ollama/a b" is not an id: it is one short word; write ollama/ and the provider's own name for the model"#.to_owned(),
        ),
    ] {
        let text = format!("team: {{leader: '{leader}'}}");
        assert_eq!(faults(&text), format!("modulatio.yaml: team.leader: {expected}"));
    }
    assert_eq!(
        faults("team: {producers: [{name: a, model: x}]}"),
        format!(
            r#"modulatio.yaml: team.producers[0].model: no model is named "x"; the nearest is "rehearsal"; or write {IDS}"#
        )
    );
    let secret = faults("team: {leader: sk-or-v1-0123456789abcdef}");
    assert!(!secret.contains("0123"), "{secret}");
}

#[test]
fn producers_stand_in_the_order_of_the_file() {
    let team = parse(FULL).unwrap().team;
    let producers = team.producers().iter();
    let producers: Vec<(&str, &str)> = producers
        .map(|producer| (producer.name.as_str(), producer.good_at.as_str()))
        .collect();
    assert_eq!(producers, [("drafter", "essays, reports"), ("second", "")]);
    assert_eq!(team.producer(), &team.producers()[0]);
    assert_eq!(Config::default().team.producers().len(), 1);
}
