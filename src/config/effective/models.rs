//! The models.

use projections::yaml::{Mapping, Value};

use super::{Scope, Settings, Source, UNSHOWN, dollars, list};
use crate::{
    catalog::{self, MaxTokensKey},
    config::{
        Config, Endpoint, KeyFrom, ModelConfig, Price, PriceSource, Provider, Rehearsal,
        Temperature, TokenPrices, models::behind, values::span,
    },
};

impl Settings {
    pub(super) fn models(&mut self, config: &Config) {
        for (name, model) in &config.models {
            Model {
                settings: self,
                at: format!("models.{name}"),
                model,
            }
            .note();
        }
    }
}

/// One model's settings as they are gathered.
struct Model<'a> {
    settings: &'a mut Settings,
    at: String,
    model: &'a ModelConfig,
}

impl Model<'_> {
    fn set(&mut self, key: &str, value: impl Into<Value>, unless: Source) {
        let field = format!("{}.{key}", self.at);
        self.settings.note(Scope::Vault, &field, value, unless);
    }

    fn is_written(&self, key: &str) -> bool {
        let field = format!("{}.{key}", self.at);
        self.settings.vault.value(&field).is_some()
    }

    fn note(mut self) {
        let model = self.model;
        self.provider();
        match &model.provider {
            Provider::OpenAi(endpoint) | Provider::Anthropic(endpoint) => self.endpoint(endpoint),
            Provider::Rehearsal(rehearsal) => self.rehearsal(rehearsal),
        }
        self.windows();
        self.set("timeout", span(model.timeout), Source::Default);
        self.set("stall_timeout", span(model.stall_timeout), Source::Default);
        self.price();
        match &model.provider {
            Provider::OpenAi(_) => {
                self.network();
                self.dialect();
            }
            Provider::Anthropic(_) => self.network(),
            Provider::Rehearsal(_) => {}
        }
    }

    /// The provider as the file names it, else by the prefix of the id.
    fn provider(&mut self) {
        let field = format!("{}.provider", self.at);
        let written = self.settings.vault.value(&field).cloned();
        let prefix = self.model.label.split('/').next().unwrap_or_default();
        let unless = match &self.model.provider {
            Provider::OpenAi(_) | Provider::Anthropic(_) => Source::Id,
            Provider::Rehearsal(_) => Source::Default,
        };
        let provider = written.unwrap_or_else(|| prefix.into());
        self.set("provider", provider, unless.clone());
        let name = self.model.model.as_str();
        self.set("model", name, unless);
    }

    fn endpoint(&mut self, endpoint: &Endpoint) {
        let address = endpoint.base_url.split('?').next().unwrap_or_default();
        self.set("base_url", address, Source::Provider);
        match &endpoint.key {
            KeyFrom::Env(variable) => {
                self.set("api_key_env", variable.as_str(), Source::Provider);
            }
            KeyFrom::File(path) => {
                self.set(
                    "api_key_file",
                    path.to_string_lossy().as_ref(),
                    Source::Default,
                );
            }
            KeyFrom::Credential(name) => {
                let credential = format!("credential:{name}");
                self.set("api_key_file", credential, Source::Default);
            }
            KeyFrom::None => self.set("api_key_env", Value::Null, Source::Nobody),
        }
    }

    fn windows(&mut self) {
        let model = self.model;
        let (prefix, name) = match &model.provider {
            Provider::OpenAi(at) | Provider::Anthropic(at) if is_known(&model.label, at) => {
                model.label.split_once('/').unwrap_or_default()
            }
            // Nothing is listed under these.
            Provider::OpenAi(_) | Provider::Anthropic(_) | Provider::Rehearsal(_) => ("", ""),
        };
        let known = catalog::windows(prefix, name);
        let from = |known: Option<u32>, holds: u32| match known == Some(holds) {
            true => catalogue(prefix, name),
            false => Source::Default,
        };
        let window = from(known.context, model.context_tokens);
        self.set("context_tokens", model.context_tokens, window);
        let answer = from(known.max_output, model.max_output_tokens);
        self.set("max_output_tokens", model.max_output_tokens, answer);
        let follows = || Source::Follows("context");
        let context = model.context;
        self.set("context.warn_percent", context.warn_percent, follows());
        self.set(
            "context.compress_percent",
            context.compress_percent,
            follows(),
        );
    }

    fn price(&mut self) {
        let source = match self.model.price_source {
            PriceSource::Config => Source::Follows("price.input"),
            PriceSource::Catalog { date, version } => Source::Catalog { version, date },
            PriceSource::Provider => Source::Provider,
            PriceSource::Unknown => Source::Nobody,
        };
        match &self.model.price {
            None => self.set("price", "unknown", source),
            Some(Price::Free) => self.set("price", "free", source),
            Some(Price::PerMillion(prices)) => self.prices(prices, &source),
        }
    }

    fn prices(&mut self, prices: &TokenPrices, unless: &Source) {
        let tiers = [
            ("input", prices.input),
            ("output", prices.output),
            ("cached_input", prices.cached_input),
            ("cache_write", prices.cache_write),
        ];
        for (key, micros) in tiers {
            self.set(&format!("price.{key}"), dollars(micros), unless.clone());
        }
        let Some(above) = prices.above else {
            return;
        };
        self.set("price.above.tokens", above.tokens, unless.clone());
        let unless = match unless {
            Source::Follows(_) => &Source::Follows("price.above.input"),
            other => other,
        };
        for (key, micros) in [
            ("input", above.input),
            ("output", above.output),
            ("cached_input", above.cached_input),
            ("cache_write", above.cache_write),
        ] {
            let key = format!("price.above.{key}");
            self.set(&key, dollars(micros), unless.clone());
        }
    }

    fn network(&mut self) {
        let model = self.model;
        self.set("stream", model.stream, Source::Default);
        let temperature = model.temperature.map(Temperature::as_f64);
        self.set("temperature", super::maybe(temperature), Source::Provider);
        if !self.is_written("headers") {
            return;
        }
        let names = model.headers.keys();
        let hidden: Mapping = names
            .map(|name| (name.as_str().into(), UNSHOWN.into()))
            .collect();
        self.set("headers", Value::Mapping(hidden), Source::Default);
    }

    fn dialect(&mut self) {
        let model = self.model;
        let effort = model.reasoning_effort.map(|effort| effort.word());
        self.set("reasoning_effort", super::maybe(effort), Source::Provider);
        self.set("json_schema", model.json_schema, Source::Default);
        let key = match model.dialect.max_tokens_key {
            MaxTokensKey::MaxTokens => "max_tokens",
            MaxTokensKey::MaxCompletionTokens => "max_completion_tokens",
        };
        self.set("max_tokens_key", key, Source::Provider);
    }

    fn rehearsal(&mut self, rehearsal: &Rehearsal) {
        self.set("delay", span(rehearsal.delay), Source::Default);
        self.set("reject", rehearsal.reject, Source::Default);
        let numbers = list(rehearsal.reject_in.iter().copied());
        self.set("reject_in", numbers, Source::Default);
        let outcomes = rehearsal.outcomes.iter();
        let outcomes: Mapping = outcomes
            .map(|(index, outcome)| ((*index).into(), outcome.word().into()))
            .collect();
        let outcomes = (!outcomes.is_empty()).then_some(outcomes);
        self.set("outcomes", super::maybe(outcomes), Source::Default);
    }
}

/// Whether the catalogue was asked: not of strangers who only speak OpenAI's protocol.
fn is_known(label: &str, endpoint: &Endpoint) -> bool {
    let prefix = label.split('/').next().unwrap_or_default();
    let named = catalog::by_prefix(prefix);
    named.is_some_and(|named| behind(named, &endpoint.base_url).is_some())
}

fn catalogue(prefix: &str, model: &str) -> Source {
    match catalog::lookup(prefix, model) {
        Some(entry) => Source::Catalog {
            version: &entry.source.version,
            date: &entry.source.date,
        },
        // What the vendor's own line says of a model that a router serves.
        None => Source::Provider,
    }
}
