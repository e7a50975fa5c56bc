use super::{providers::model, *};

#[test]
fn what_is_not_written_has_a_default() {
    let config = parse("models: {main: {provider: openai, model: m, context_tokens: 8000, price: {input: 1, output: 0.000001}}}").unwrap();
    let main = &config.models["main"];
    let endpoint = Endpoint {
        base_url: "https://api.openai.com/v1".to_owned(),
        key: KeyFrom::Env("OPENAI_API_KEY".to_owned()),
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
        cache_write: 1_000_000,
        above: None,
    };
    assert_eq!(main.price, Some(Price::PerMillion(prices)));
    assert_eq!(config.team.leader, ModelChoice::only("main"));
    let local = parse("models: {l: {provider: openai, model: m, base_url: 'http://localhost/v1'}}")
        .unwrap();
    let Provider::OpenAi(endpoint) = &local.models["l"].provider else {
        panic!("l is openai");
    };
    assert_eq!(endpoint.key, KeyFrom::None);
    assert_eq!(local.models["l"].price_source, PriceSource::Unknown);
    assert!(main.stream && !main.json_schema && main.headers.is_empty());
    assert_eq!((main.temperature, main.reasoning_effort), (None, None));
    assert_eq!(main.context, ContextConfig::default());
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
            r#"a text that may be a key: unknown key; the nearest known one is "stream""#,
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
            "price: {input: 1, output: 2, above: {input: 2, output: 4}}",
            "price.above.tokens: is missing",
        ),
        (
            "price: {input: 1, output: 2, above: {tokens: 0, input: 2, output: 4}}",
            "price.above.tokens: expected a whole number from 1 to 4294967295, found 0",
        ),
        (
            "price: {input: 1, output: 2, cache_write: -1}",
            "price.cache_write: -1 is negative",
        ),
        (
            "stream: yes please",
            r#"stream: expected true or false, found "yes please""#,
        ),
        (
            "json_schema: 1",
            "json_schema: expected true or false, found 1",
        ),
        (
            "reasoning_effort: hihg",
            r#"reasoning_effort: "hihg" is none of low, medium, high; the nearest is "high""#,
        ),
        (
            "max_tokens_key: max_token",
            r#"max_tokens_key: "max_token" is none of max_tokens, max_completion_tokens; the nearest is "max_tokens""#,
        ),
        (
            "temperature: 2.1",
            "temperature: is not a temperature; write a number from 0 to 2 with at most three decimals",
        ),
        (
            "temperature: -0.1",
            "temperature: is not a temperature; write a number from 0 to 2 with at most three decimals",
        ),
        (
            "temperature: 0.12345",
            "temperature: is not a temperature; write a number from 0 to 2 with at most three decimals",
        ),
        (
            "temperature: hot",
            "temperature: is not a temperature; write a number from 0 to 2 with at most three decimals",
        ),
        (
            "context: {warn_percent: 90, compress_percent: 80}",
            "context.warn_percent: 90 is more than compress_percent, which is 80",
        ),
        (
            "api_key_file: key.txt",
            "api_key_file: is neither the absolute path of a file that holds the key nor credential:NAME; the key itself belongs in that file (the value is not shown here)",
        ),
        (
            "api_key_file: sk-or-v1-0123456789",
            "api_key_file: is neither the absolute path of a file that holds the key nor credential:NAME; the key itself belongs in that file (the value is not shown here)",
        ),
        (
            "api_key_file: 'credential:../x'",
            "api_key_file: is neither the absolute path of a file that holds the key nor credential:NAME; the key itself belongs in that file (the value is not shown here)",
        ),
        (
            "api_key_file: 'credential:..'",
            "api_key_file: is neither the absolute path of a file that holds the key nor credential:NAME; the key itself belongs in that file (the value is not shown here)",
        ),
        (
            "api_key_env: A, api_key_file: /k",
            "api_key_file: stands beside api_key_env; keep one of them",
        ),
        ("headers: [a]", "headers: expected a mapping, found a list"),
        (
            "headers: {Authorization: x}",
            "headers.Authorization: is a header for secrets; name the key's place in api_key_env or api_key_file instead",
        ),
        (
            "headers: {X-API-Key: x}",
            "headers.X-API-Key: is a header for secrets; name the key's place in api_key_env or api_key_file instead",
        ),
        (
            "headers: {X-Title: sk-0123}",
            "headers.X-Title: looks like a secret; name the key's place in api_key_env or api_key_file instead (the value is not shown here)",
        ),
        (
            "headers: {X-Title: 0123456789abcdefghij}",
            "headers.X-Title: looks like a secret; name the key's place in api_key_env or api_key_file instead (the value is not shown here)",
        ),
        (
            "headers: {X-Title: Bearer abc}",
            "headers.X-Title: looks like a secret; name the key's place in api_key_env or api_key_file instead (the value is not shown here)",
        ),
        (
            "headers: {Content-Type: text/plain}",
            "headers.Content-Type: is a header that the program writes itself; remove it",
        ),
        (
            "headers: {'a b': x}",
            "headers.a b: is not the name of a header",
        ),
        (
            "headers: {X-Title: 3}",
            "headers.X-Title: is not the value of a header; write text of plain ASCII",
        ),
        (
            r#"headers: {X-Title: "a\r\nb"}"#,
            "headers.X-Title: is not the value of a header; write text of plain ASCII",
        ),
        (
            "headers: {x-a: b, X-A: c}",
            "headers.X-A: stands here twice",
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
fn a_key_belongs_to_the_kind_that_understands_it() {
    for (entry, expected) in [
        (
            "provider: rehearsal, stream: false",
            "stream: belongs to a model that is called over the network; remove it",
        ),
        (
            "provider: rehearsal, api_key_file: /k",
            "api_key_file: belongs to a model that is called over the network; remove it",
        ),
        (
            "provider: rehearsal, json_schema: true",
            "json_schema: belongs to a model that is called over the network; remove it",
        ),
        (
            "provider: anthropic, model: c, reasoning_effort: low",
            "reasoning_effort: belongs to a model that speaks OpenAI's protocol; remove it",
        ),
        (
            "provider: anthropic, model: c, delay: 1s",
            "delay: belongs to a rehearsal model; remove it",
        ),
        (
            "provider: anthropic, model: c, temperature: 1.5",
            "temperature: is not a temperature; write a number from 0 to 1 with at most three decimals",
        ),
        (
            "provider: deepseek, model: deepseek-chat, json_schema: true",
            "json_schema: this provider offers no JSON Schema as response format; remove it",
        ),
    ] {
        let expected = format!("modulatio.yaml: models.a.{expected}");
        assert_eq!(
            faults(&format!("models: {{a: {{{entry}}}}}")),
            expected,
            "of {entry:?}"
        );
    }
    parse("models: {a: {provider: deepseek, model: deepseek-chat, json_schema: false}}").unwrap();
}

#[test]
fn headers_and_windows_are_read_per_model() {
    let model = model(
        "provider: openrouter, model: m, context: {warn_percent: 30}, headers: {HTTP-Referer: 'https://example.org/x', anthropic-beta: 'context-1m-2025-08-07'}",
    );
    let headers: Vec<&str> = model.headers.keys().map(String::as_str).collect();
    assert_eq!(headers, ["anthropic-beta", "http-referer"]);
    assert_eq!(
        (model.context.warn_percent, model.context.compress_percent),
        (30, 80)
    );
}

#[test]
fn a_temperature_is_what_was_written() {
    for written in [0.0, 0.001, 0.1, 0.7, 1.0, 1.999, 2.0] {
        let model = model(&format!(
            "provider: openai, model: m, temperature: {written}"
        ));
        assert_eq!(model.temperature.map(Temperature::as_f64), Some(written));
    }
}

#[test]
fn a_long_prompt_costs_what_its_tier_costs() {
    let model = model(
        "provider: openai, model: m, price: {input: 1, output: 2, cached_input: 0.5, above: {tokens: 1000, input: 3, output: 4}}",
    );
    let Some(Price::PerMillion(prices)) = model.price else {
        panic!("a price is written");
    };
    let short = prices.of_prompt(1000);
    assert_eq!(
        (short.input, short.cached_input, short.above),
        (1_000_000, 500_000, None)
    );
    let long = prices.of_prompt(1001);
    assert_eq!((long.input, long.output), (3_000_000, 4_000_000));
    assert_eq!(
        (long.cached_input, long.cache_write, long.above),
        (3_000_000, 3_000_000, None)
    );
}
