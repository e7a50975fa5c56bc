use super::*;

/// The model of one entry.
pub(super) fn model(entry: &str) -> ModelConfig {
    let config =
        parse(&format!("models: {{a: {{{entry}}}}}")).unwrap_or_else(|e| panic!("{entry}: {e}"));
    config.models["a"].clone()
}

fn endpoint(model: &ModelConfig) -> &Endpoint {
    match &model.provider {
        Provider::OpenAi(endpoint) | Provider::Anthropic(endpoint) => endpoint,
        Provider::Rehearsal(_) => panic!("{} rehearses", model.label),
    }
}

#[test]
fn a_provider_brings_its_address_its_key_and_its_dialect() {
    use MaxTokensKey::{MaxCompletionTokens, MaxTokens};
    for (provider, base_url, key, stream_options, max_tokens_key) in [
        (
            "openai",
            "https://api.openai.com/v1",
            Some("OPENAI_API_KEY"),
            true,
            MaxCompletionTokens,
        ),
        (
            "anthropic",
            "https://api.anthropic.com",
            Some("ANTHROPIC_API_KEY"),
            true,
            MaxTokens,
        ),
        (
            "groq",
            "https://api.groq.com/openai/v1",
            Some("GROQ_API_KEY"),
            true,
            MaxCompletionTokens,
        ),
        (
            "mistral",
            "https://api.mistral.ai/v1",
            Some("MISTRAL_API_KEY"),
            false,
            MaxTokens,
        ),
        (
            "lmstudio",
            "http://127.0.0.1:1234/v1",
            None,
            true,
            MaxTokens,
        ),
    ] {
        let model = model(&format!("provider: {provider}, model: m"));
        assert_eq!(model.label, format!("{provider}/m"));
        assert_eq!(endpoint(&model).base_url, base_url);
        assert_eq!(endpoint(&model).api_key_env(), key);
        let dialect = Dialect {
            stream_options,
            max_tokens_key,
        };
        assert_eq!(model.dialect, dialect, "{provider}");
        assert_eq!(
            matches!(model.provider, Provider::Anthropic(_)),
            provider == "anthropic"
        );
    }
    let other = model("provider: openai, model: m, max_tokens_key: max_tokens");
    assert_eq!(other.dialect.max_tokens_key, MaxTokens);
}

#[test]
fn the_address_decides_the_label_the_price_and_the_customary_key() {
    for (entry, label, source, key) in [
        (
            "provider: openai, base_url: 'https://openrouter.ai/api/v1', model: anthropic/claude-haiku-4.5",
            "openrouter/anthropic/claude-haiku-4.5",
            "catalog",
            Some("OPENROUTER_API_KEY"),
        ),
        (
            "provider: openai, base_url: 'https://openrouter.ai.example/v1', model: anthropic/claude-haiku-4.5",
            "openai/anthropic/claude-haiku-4.5",
            "unknown",
            None,
        ),
        (
            "provider: openai, base_url: 'http://127.0.0.1:11434/v1', model: gpt-5",
            "openai/gpt-5",
            "unknown",
            None,
        ),
        (
            "provider: openai, base_url: 'https://proxy.example/v1', model: gpt-5",
            "openai/gpt-5",
            "unknown",
            None,
        ),
        (
            "provider: openai, base_url: 'https://api.openai.com/v1', model: gpt-5",
            "openai/gpt-5",
            "catalog",
            Some("OPENAI_API_KEY"),
        ),
        (
            "provider: openrouter, base_url: 'https://proxy.example/v1', model: anthropic/claude-haiku-4.5",
            "openrouter/anthropic/claude-haiku-4.5",
            "unknown",
            None,
        ),
        (
            "provider: anthropic, base_url: 'https://proxy.example', model: claude-haiku-4-5",
            "anthropic/claude-haiku-4-5",
            "unknown",
            None,
        ),
        (
            "provider: openrouter, model: no/such-model",
            "openrouter/no/such-model",
            "unknown",
            Some("OPENROUTER_API_KEY"),
        ),
        (
            "provider: openrouter, model: 'z-ai/glm-4.6:free'",
            "openrouter/z-ai/glm-4.6:free",
            "provider",
            Some("OPENROUTER_API_KEY"),
        ),
        (
            "provider: ollama, model: 'qwen3:8b'",
            "ollama/qwen3:8b",
            "provider",
            None,
        ),
        (
            "provider: ollama, model: 'qwen3:8b', base_url: 'http://localhost:9/v1'",
            "ollama/qwen3:8b",
            "provider",
            None,
        ),
        (
            "provider: ollama, model: 'qwen3:8b', base_url: 'http://10.0.0.7:11434/v1'",
            "ollama/qwen3:8b",
            "unknown",
            None,
        ),
        (
            "provider: ollama, model: 'gpt-oss:120b-cloud'",
            "ollama/gpt-oss:120b-cloud",
            "unknown",
            None,
        ),
        (
            "provider: ollama, model: m, price: {input: 1, output: 1}",
            "ollama/m",
            "config",
            None,
        ),
        (
            "provider: openai, model: gpt-5, price: free, api_key_env: MINE",
            "openai/gpt-5",
            "config",
            Some("MINE"),
        ),
        ("provider: rehearsal", "rehearsal/a", "provider", None),
    ] {
        let model = model(entry);
        assert_eq!(model.label, label, "of {entry:?}");
        let found = match model.price_source {
            PriceSource::Config => "config",
            PriceSource::Catalog { .. } => "catalog",
            PriceSource::Provider => "provider",
            PriceSource::Unknown => "unknown",
        };
        assert_eq!(
            (found, model.price.is_some()),
            (source, source != "unknown"),
            "of {entry:?}"
        );
        if !matches!(model.provider, Provider::Rehearsal(_)) {
            assert_eq!(endpoint(&model).api_key_env(), key, "of {entry:?}");
        }
    }
}

#[test]
fn the_catalogue_gives_windows_that_the_file_may_override() {
    for (entry, context, output) in [
        ("model: gpt-4.1", 1_047_576, 8192),
        ("model: gpt-4", 8192, 4096),
        ("model: gpt-4, context_tokens: 100000", 100_000, 4096),
        (
            "model: gpt-4.1, max_output_tokens: 32000",
            1_047_576,
            32_000,
        ),
        ("model: unheard-of", 128_000, 8192),
        (
            "model: gpt-4.1, base_url: 'https://proxy.example/v1'",
            128_000,
            8192,
        ),
    ] {
        let model = model(&format!("provider: openai, {entry}"));
        assert_eq!(
            (model.context_tokens, model.max_output_tokens),
            (context, output),
            "of {entry:?}"
        );
    }
    let rehearsal = model("provider: rehearsal, model: gpt-4.1");
    assert_eq!(
        (rehearsal.context_tokens, rehearsal.max_output_tokens),
        (128_000, 8192)
    );
}

#[test]
fn a_key_may_lie_in_a_file_or_in_a_credential() {
    for (written, key) in [
        ("/etc/keys/openai", KeyFrom::File("/etc/keys/openai".into())),
        (
            "'credential:openai.key'",
            KeyFrom::Credential("openai.key".to_owned()),
        ),
    ] {
        let model = model(&format!(
            "provider: openai, model: m, api_key_file: {written}"
        ));
        assert_eq!(endpoint(&model).key, key);
        assert_eq!(endpoint(&model).api_key_env(), None);
    }
}

#[test]
fn a_larger_window_of_a_local_model_leaves_room_for_longer_answers() {
    let config = parse("models: {m: {provider: ollama, model: q, context_tokens: 32768}}").unwrap();
    let model = &config.models["m"];
    assert_eq!(
        (model.context_tokens, model.max_output_tokens),
        (32_768, 8_192)
    );
}
