//! `models:` — who can be asked, where, for how long and at what price.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use super::{
    reader::{Field, Section},
    values::{is_name, is_variable},
};

/// Default size of a model's context window, in tokens.
const CONTEXT_TOKENS: u32 = 128_000;
/// Default bound of an answer, in tokens.
const MAX_OUTPUT_TOKENS: u32 = 8192;
/// Default bound of one call.
const TIMEOUT: Duration = Duration::from_secs(600);
/// Default bound of silence within a call.
const STALL_TIMEOUT: Duration = Duration::from_secs(60);
const SHORTEST_TIMEOUT: Duration = Duration::from_millis(1);

/// What is wrong with a `models:` that names none.
pub(super) const NONE: &str = "holds no model; add one, or remove the key to rehearse";

const COMMON: [&str; 7] = [
    "provider",
    "model",
    "context_tokens",
    "max_output_tokens",
    "timeout",
    "stall_timeout",
    "price",
];
const OF_ENDPOINT: [&str; 2] = ["base_url", "api_key_env"];
const OF_REHEARSAL: [&str; 4] = ["delay", "reject", "reject_in", "outcomes"];

/// One entry of `models:`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelConfig {
    /// Which protocol it speaks, and what only that protocol needs.
    pub provider: Provider,
    /// The provider's name for the model.
    pub model: String,
    /// Size of its context window, in tokens.
    pub context_tokens: u32,
    /// Most tokens of one answer; always below `context_tokens`.
    pub max_output_tokens: u32,
    /// Bound of one call from start to end.
    pub timeout: Duration,
    /// Bound of the silence between two pieces of an answer.
    pub stall_timeout: Duration,
    /// What its tokens cost; `None` where the file does not say.
    pub price: Option<Price>,
}

/// The protocols.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Provider {
    /// OpenAI's chat completions, which many others speak too.
    OpenAi(Endpoint),
    /// Anthropic's messages.
    Anthropic(Endpoint),
    /// The embedded offline model, for tests and for trying a plan at no cost.
    Rehearsal(Rehearsal),
}

/// Where a provider listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// `http(s)://…` without a slash at its end, perhaps with a query; the provider's own when the file names none.
    pub base_url: String,
    /// Name of the environment variable that holds the key. When the file names neither it nor a `base_url`,
    /// the provider's customary one.
    pub api_key_env: Option<String>,
}

/// How the rehearsal model behaves.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rehearsal {
    /// How long each answer takes.
    pub delay: Duration,
    /// How many productions of each task its QC rejects before it passes one.
    pub reject: u32,
    /// Numbers of the sub-objectives in which it rejects; empty means in all.
    pub reject_in: BTreeSet<u32>,
    /// What its reflection decides after these sub-objectives; `continue` after all others.
    pub outcomes: BTreeMap<u32, RehearsedOutcome>,
}

/// What a rehearsed reflection decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RehearsedOutcome {
    /// `continue`.
    Continue,
    /// `revise-minor`.
    ReviseMinor,
    /// `revise-major`.
    ReviseMajor,
    /// `pause`.
    Pause,
    /// `abort`.
    Abort,
}

impl RehearsedOutcome {
    const ALL: [Self; 5] = [
        Self::Continue,
        Self::ReviseMinor,
        Self::ReviseMajor,
        Self::Pause,
        Self::Abort,
    ];

    /// The word that stands for it in the file.
    pub fn word(self) -> &'static str {
        match self {
            Self::Continue => "continue",
            Self::ReviseMinor => "revise-minor",
            Self::ReviseMajor => "revise-major",
            Self::Pause => "pause",
            Self::Abort => "abort",
        }
    }
}

/// What a model's tokens cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Price {
    /// Nothing.
    Free,
    /// So much for each million.
    PerMillion(TokenPrices),
}

/// Prices in micro-dollars (millionths of a US dollar) for one million tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenPrices {
    /// Of tokens read.
    pub input: u64,
    /// Of tokens written.
    pub output: u64,
    /// Of tokens read from the provider's cache; the price of `input` when the file does not say.
    pub cached_input: u64,
}

impl ModelConfig {
    /// The embedded offline model.
    pub fn rehearsal() -> Self {
        Self {
            provider: Provider::Rehearsal(Rehearsal::default()),
            model: "rehearsal".to_owned(),
            context_tokens: CONTEXT_TOKENS,
            max_output_tokens: MAX_OUTPUT_TOKENS,
            timeout: TIMEOUT,
            stall_timeout: STALL_TIMEOUT,
            price: Some(Price::Free),
        }
    }
}

/// Reads all models. A faulty one keeps its name here, so that a team that names it is not blamed too.
pub(super) fn read(field: &Field<'_>) -> BTreeMap<String, ModelConfig> {
    let mut models = BTreeMap::new();
    let entries = field.entries().unwrap_or_default();
    if field.value.as_mapping().is_some_and(|m| m.is_empty()) {
        field.fault(NONE);
    }
    for (key, entry) in entries {
        match key.as_str().filter(|name| is_name(name)) {
            Some(name) => {
                let model = read_model(&entry).unwrap_or_else(ModelConfig::rehearsal);
                models.insert(name.to_owned(), model);
            }
            None => entry.fault("is not a name for a model; use up to 64 of A-Z a-z 0-9 _ . -"),
        }
    }
    models
}

#[derive(Clone, Copy)]
enum Protocol {
    OpenAi,
    Anthropic,
    Rehearsal,
}

impl Protocol {
    const ALL: [(&str, Self); 3] = [
        ("openai", Self::OpenAi),
        ("anthropic", Self::Anthropic),
        ("rehearsal", Self::Rehearsal),
    ];

    /// Keys that belong to the other protocols, and whose they are.
    fn foreign(self) -> (&'static [&'static str], &'static str) {
        match self {
            Self::OpenAi | Self::Anthropic => (&OF_REHEARSAL, "a rehearsal model"),
            Self::Rehearsal => (&OF_ENDPOINT, "a model that is called over the network"),
        }
    }
}

fn read_model(field: &Field<'_>) -> Option<ModelConfig> {
    let known: Vec<&str> = COMMON
        .into_iter()
        .chain(OF_ENDPOINT)
        .chain(OF_REHEARSAL)
        .collect();
    let section = field.section(&known)?;
    let provider = section
        .require("provider")
        .and_then(|f| f.word(&Protocol::ALL));
    if let Some(protocol) = provider {
        refuse_foreign(&section, protocol);
    }
    let model = read_name(&section, provider);
    let (context_tokens, max_output_tokens) = read_windows(&section);
    let timeout = |key| {
        section
            .get(key)
            .and_then(|field| field.duration(SHORTEST_TIMEOUT))
    };
    let (total, stall) = (timeout("timeout"), timeout("stall_timeout"));
    let rehearses = matches!(provider, Some(Protocol::Rehearsal));
    let price = section.get("price").and_then(|field| read_price(&field));
    Some(ModelConfig {
        provider: read_provider(&section, provider?),
        model: model?,
        context_tokens,
        max_output_tokens,
        timeout: total.unwrap_or(TIMEOUT),
        stall_timeout: stall.unwrap_or(STALL_TIMEOUT),
        price: price.or_else(|| rehearses.then_some(Price::Free)),
    })
}

fn refuse_foreign(section: &Section<'_>, protocol: Protocol) {
    let (keys, owner) = protocol.foreign();
    for key in keys.iter().filter(|key| section.has(key)) {
        section.note(key, format!("belongs to {owner}; remove it"));
    }
}

fn read_name(section: &Section<'_>, protocol: Option<Protocol>) -> Option<String> {
    let field = match protocol {
        Some(Protocol::Rehearsal) if !section.has("model") => return Some("rehearsal".to_owned()),
        _ => section.require("model")?,
    };
    Some(field.text()?.trim().to_owned())
}

fn read_windows(section: &Section<'_>) -> (u32, u32) {
    let tokens = |key| section.get(key).and_then(|field| field.count(2..=u32::MAX));
    let context = tokens("context_tokens").unwrap_or(CONTEXT_TOKENS);
    let output = tokens("max_output_tokens");
    if let Some(output) = output.filter(|output| *output >= context) {
        let problem = format!("{output} leaves no room in a context of {context} tokens");
        section.note("max_output_tokens", problem);
    }
    (
        context,
        output.unwrap_or(MAX_OUTPUT_TOKENS.min(context / 2)),
    )
}

fn read_provider(section: &Section<'_>, protocol: Protocol) -> Provider {
    match protocol {
        Protocol::OpenAi => {
            let own = ("https://api.openai.com/v1", "OPENAI_API_KEY");
            Provider::OpenAi(read_endpoint(section, own))
        }
        Protocol::Anthropic => {
            let own = ("https://api.anthropic.com", "ANTHROPIC_API_KEY");
            Provider::Anthropic(read_endpoint(section, own))
        }
        Protocol::Rehearsal => Provider::Rehearsal(read_rehearsal(section)),
    }
}

fn read_endpoint(section: &Section<'_>, (own_url, own_key): (&str, &str)) -> Endpoint {
    let base_url = section.get("base_url").and_then(|field| read_url(&field));
    let api_key_env = section
        .get("api_key_env")
        .and_then(|field| read_variable(&field));
    let own_key = (!section.has("base_url")).then(|| own_key.to_owned());
    Endpoint {
        base_url: base_url.unwrap_or_else(|| own_url.to_owned()),
        api_key_env: api_key_env.or(own_key),
    }
}

/// Neither this nor [`read_variable`] echoes the value: both are places where people paste keys.
fn read_url(field: &Field<'_>) -> Option<String> {
    let url = field.text()?.trim_end_matches('/');
    let rest = url
        .strip_prefix("https://")
        .or_else(|| url.strip_prefix("http://"));
    let host = rest
        .and_then(|rest| rest.split(['/', '?', '#']).next())
        .unwrap_or_default();
    if host.is_empty() || url.contains(|c: char| c.is_whitespace() || c.is_control()) {
        field.fault("is not a URL; write e.g. https://openrouter.ai/api/v1");
        return None;
    }
    if host.contains('@') || url.contains('#') {
        field.fault("holds more than scheme, host, path and query; a key belongs in the environment, see api_key_env");
        return None;
    }
    Some(url.to_owned())
}

fn read_variable(field: &Field<'_>) -> Option<String> {
    let name = field.value.as_str().filter(|name| is_variable(name));
    if name.is_none() {
        field.fault("is not the name of an environment variable such as OPENROUTER_API_KEY; the key itself belongs in the environment (the value is not shown here)");
    }
    name.map(str::to_owned)
}

fn read_rehearsal(section: &Section<'_>) -> Rehearsal {
    let delay = section
        .get("delay")
        .and_then(|field| field.duration(Duration::ZERO));
    let reject = section
        .get("reject")
        .and_then(|field| field.count(0..=1000));
    let reject_in = section.get("reject_in").and_then(|field| field.items());
    let numbers = reject_in.unwrap_or_default();
    Rehearsal {
        delay: delay.unwrap_or_default(),
        reject: reject.unwrap_or_default(),
        reject_in: numbers
            .iter()
            .filter_map(|field| field.count(1..=1000))
            .collect(),
        outcomes: section
            .get("outcomes")
            .map(|field| read_outcomes(&field))
            .unwrap_or_default(),
    }
}

fn read_outcomes(field: &Field<'_>) -> BTreeMap<u32, RehearsedOutcome> {
    let words = RehearsedOutcome::ALL.map(|outcome| (outcome.word(), outcome));
    let mut outcomes = BTreeMap::new();
    for (key, entry) in field.entries().unwrap_or_default() {
        let number = key.as_u64().and_then(|number| u32::try_from(number).ok());
        match (number.filter(|number| *number > 0), entry.word(&words)) {
            (Some(number), Some(outcome)) => {
                outcomes.insert(number, outcome);
            }
            (Some(_), None) => {}
            (None, _) => entry.fault("is not the number of a sub-objective, from 1"),
        }
    }
    outcomes
}

fn read_price(field: &Field<'_>) -> Option<Price> {
    if field.value.as_str() == Some("free") {
        return Some(Price::Free);
    }
    if field.value.as_mapping().is_none() {
        field.fault("is not a price; write free or {input: 0.60, output: 2.20}");
        return None;
    }
    let section = field.section(&["input", "output", "cached_input"])?;
    let (input, output) = (section.require("input"), section.require("output"));
    let cached = section
        .get("cached_input")
        .map(|field| field.micro_dollars());
    let (input, output) = (input?.micro_dollars(), output?.micro_dollars());
    let prices = TokenPrices {
        input: input?,
        output: output?,
        cached_input: cached.unwrap_or(input)?,
    };
    Some(Price::PerMillion(prices))
}
