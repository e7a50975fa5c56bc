//! Reading the entries of `models:`.

use std::{collections::BTreeMap, time::Duration};

use projections::yaml::Value;

use super::{
    Dialect, Facts, ModelConfig, PriceSource, Provider, ReasoningEffort, Temperature, endpoint,
    price, rehearsal,
};
use crate::{
    catalog::{KNOWN, Known, MaxTokensKey, Protocol},
    config::{
        reader::{Field, Section},
        sections::{ContextConfig, read_context},
        values::is_name,
    },
};

const SHORTEST_TIMEOUT: Duration = Duration::from_millis(1);

/// What is wrong with a `models:` that names none.
pub(in crate::config) const NONE: &str = "holds no model; add one, or remove the key to rehearse";

const COMMON: [&str; 8] = [
    "provider",
    "model",
    "context_tokens",
    "max_output_tokens",
    "context",
    "timeout",
    "stall_timeout",
    "price",
];
const OF_NETWORK: [&str; 6] = [
    "base_url",
    "api_key_env",
    "api_key_file",
    "stream",
    "temperature",
    "headers",
];
const OF_OPENAI: [&str; 3] = ["reasoning_effort", "json_schema", "max_tokens_key"];
const OF_REHEARSAL: [&str; 4] = ["delay", "reject", "reject_in", "outcomes"];

/// Reads all models. A faulty one keeps its name here, so that a team that names it is not blamed too.
pub(in crate::config) fn read(
    field: &Field<'_>,
    context: ContextConfig,
) -> BTreeMap<String, ModelConfig> {
    let mut models = BTreeMap::new();
    let entries = field.entries().unwrap_or_default();
    if field.value.as_mapping().is_some_and(|m| m.is_empty()) {
        field.fault(NONE);
    }
    for (key, entry) in entries {
        match key.as_str().filter(|name| is_name(name)) {
            Some(name) => {
                let model = read_model(name, &entry, context);
                let model = model.unwrap_or_else(ModelConfig::rehearsal);
                models.insert(name.to_owned(), model);
            }
            None => entry.fault("is not a name for a model; use up to 64 of A-Z a-z 0-9 _ . -"),
        }
    }
    models
}

/// Who answers.
#[derive(Clone, Copy)]
enum Kind {
    Network(&'static Known),
    Rehearsal,
}

impl Kind {
    fn words() -> Vec<(&'static str, Self)> {
        let known = KNOWN
            .iter()
            .map(|known| (known.prefix, Self::Network(known)));
        known.chain([("rehearsal", Self::Rehearsal)]).collect()
    }

    /// Keys that belong to other kinds, and whose they are.
    fn foreign(self) -> Vec<(&'static [&'static str], &'static str)> {
        const NETWORK: &str = "a model that is called over the network";
        let protocol = match self {
            Self::Network(known) => known.protocol,
            Self::Rehearsal => return vec![(&OF_NETWORK, NETWORK), (&OF_OPENAI, NETWORK)],
        };
        let rehearsal: (&[&str], _) = (&OF_REHEARSAL, "a rehearsal model");
        match protocol {
            Protocol::OpenAi => vec![rehearsal],
            Protocol::Anthropic => {
                vec![
                    rehearsal,
                    (&OF_OPENAI, "a model that speaks OpenAI's protocol"),
                ]
            }
        }
    }
}

fn read_model(name: &str, field: &Field<'_>, context: ContextConfig) -> Option<ModelConfig> {
    let groups: [&[&str]; 4] = [&COMMON, &OF_NETWORK, &OF_OPENAI, &OF_REHEARSAL];
    let section = field.section(&groups.concat())?;
    let kind = section
        .require("provider")
        .and_then(|f| f.word(&Kind::words()));
    if let Some(kind) = kind {
        refuse_foreign(&section, kind);
    }
    let model = read_name(&section, kind);
    let base = match (kind, &model) {
        (Some(Kind::Network(known)), _) => {
            read_network(&section, known, model.clone().unwrap_or_default())
        }
        (Some(Kind::Rehearsal), Some(model)) => rehearsing(name, &section, model),
        (Some(Kind::Rehearsal) | None, _) => ModelConfig::rehearsal(),
    };
    let read = read_common(&section, context, base);
    (kind.is_some() && model.is_some()).then_some(read)
}

fn refuse_foreign(section: &Section<'_>, kind: Kind) {
    for (keys, owner) in kind.foreign() {
        for key in keys.iter().filter(|key| section.has(key)) {
            section.note(key, format!("belongs to {owner}; remove it"));
        }
    }
}

fn refuse_json_schema(section: &Section<'_>) {
    let wanted = section
        .get("json_schema")
        .and_then(|field| field.value.as_bool());
    if wanted == Some(true) {
        let problem = "this provider offers no JSON Schema as response format; remove it";
        section.note("json_schema", problem);
    }
}

fn read_name(section: &Section<'_>, kind: Option<Kind>) -> Option<String> {
    let field = match kind {
        Some(Kind::Rehearsal) if !section.has("model") => return Some("rehearsal".to_owned()),
        _ => section.require("model")?,
    };
    Some(field.text()?.trim().to_owned())
}

fn rehearsing(name: &str, section: &Section<'_>, model: &str) -> ModelConfig {
    let plain = ModelConfig::rehearsal();
    ModelConfig {
        provider: Provider::Rehearsal(rehearsal::read(section)),
        model: model.to_owned(),
        label: match name {
            "rehearsal" => plain.label.clone(),
            name => format!("rehearsal/{name}"),
        },
        ..plain
    }
}

/// What every model has.
fn read_common(section: &Section<'_>, context: ContextConfig, base: ModelConfig) -> ModelConfig {
    let (context_tokens, max_output_tokens) = read_windows(section, &base);
    let timeout = |key| section.read(key, |field| field.duration(SHORTEST_TIMEOUT));
    let (total, stall) = (timeout("timeout"), timeout("stall_timeout"));
    let price = section.read("price", price::read);
    let own = section.get("context");
    ModelConfig {
        context_tokens,
        max_output_tokens,
        context: own.map_or(context, |field| read_context(&field, context)),
        timeout: total.unwrap_or(base.timeout),
        stall_timeout: stall.unwrap_or(base.stall_timeout),
        price_source: price.map_or(base.price_source, |_| PriceSource::Config),
        price: price.or(base.price),
        ..base
    }
}

fn read_windows(section: &Section<'_>, base: &ModelConfig) -> (u32, u32) {
    let tokens = |key| section.read(key, |field| field.count(2..=u32::MAX));
    let context = tokens("context_tokens").unwrap_or(base.context_tokens);
    let output = tokens("max_output_tokens");
    if let Some(output) = output.filter(|output| *output >= context) {
        let problem = format!("{output} leaves no room in a context of {context} tokens");
        section.note("max_output_tokens", problem);
    }
    let default = base.max_output_tokens.min(context / 2);
    (context, output.unwrap_or(default))
}

/// What only a model has that is called over the network.
fn read_network(section: &Section<'_>, known: &'static Known, model: String) -> ModelConfig {
    let endpoint = endpoint::read(section, known);
    let facts = Facts::of(known, &endpoint.base_url, &model);
    if !facts.json_schema && known.protocol == Protocol::OpenAi {
        refuse_json_schema(section);
    }
    let base = facts.into_model(known.protocol, endpoint, model);
    let flag = |key| section.read(key, |field| field.flag());
    let keys = [
        ("max_tokens", MaxTokensKey::MaxTokens),
        ("max_completion_tokens", MaxTokensKey::MaxCompletionTokens),
    ];
    let key = section.read("max_tokens_key", |field| field.word(&keys));
    let headers = section.get("headers");
    ModelConfig {
        stream: flag("stream").unwrap_or(base.stream),
        reasoning_effort: section.read("reasoning_effort", |field| {
            field.word(&ReasoningEffort::ALL)
        }),
        temperature: section.read("temperature", |field| {
            read_temperature(field, known.protocol)
        }),
        headers: headers.map_or_else(BTreeMap::new, |field| endpoint::read_headers(&field)),
        json_schema: flag("json_schema").unwrap_or(base.json_schema),
        dialect: Dialect {
            max_tokens_key: key.unwrap_or(base.dialect.max_tokens_key),
            ..base.dialect
        },
        ..base
    }
}

fn read_temperature(field: &Field<'_>, protocol: Protocol) -> Option<Temperature> {
    let most: u16 = match protocol {
        Protocol::OpenAi => 2,
        Protocol::Anthropic => 1,
    };
    let number = match field.value {
        Value::Number(number) => number.as_f64(),
        _ => None,
    };
    let thousandths = (0..=most * 1000).find(|n| number == Some(Temperature(*n).as_f64()));
    if thousandths.is_none() {
        field.fault(format!(
            "is not a temperature; write a number from 0 to {most} with at most three decimals"
        ));
    }
    thousandths.map(Temperature)
}
