//! `models:` — who can be asked, where, for how long and at what price.
//!
//! ```text
//!  entry of models: ──(entry)──┐                    ┌─ provider, address, key     (endpoint)
//!                              ├──▶ ModelConfig ◀───┼─ price, and who says so     (price)
//!  provider/model id ──────────┘                    └─ what the catalogue knows: windows, dialect, label  (Facts)
//! ```

mod endpoint;
mod entry;
mod price;
mod rehearsal;

use std::{collections::BTreeMap, time::Duration};

pub(super) use endpoint::behind;
pub use endpoint::{Endpoint, KeyFrom};
pub(super) use entry::{NONE, read};
pub use price::{Price, PriceSource, PricesAbove, TokenPrices};
pub use rehearsal::{Rehearsal, RehearsedOutcome};

use super::sections::ContextConfig;
use crate::catalog::{self, Known, MaxTokensKey, Protocol, Windows};

/// Default size of a model's context window, in tokens, where the catalogue does not know it.
const CONTEXT_TOKENS: u32 = 128_000;
/// Default bound of an answer, in tokens, whatever more a model could write.
const MAX_OUTPUT_TOKENS: u32 = 8192;
/// Default bound of one call.
const TIMEOUT: Duration = Duration::from_secs(600);
/// Default bound of silence within a call.
const STALL_TIMEOUT: Duration = Duration::from_secs(60);

/// A model: an entry of `models:`, or what an id such as `openrouter/z-ai/glm-5.1` stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelConfig {
    /// Which protocol it speaks, and what only that protocol needs.
    pub provider: Provider,
    /// The provider's name for the model.
    pub model: String,
    /// How journals, ledgers and logs name it, `<prefix>/<model>`: the prefix is that of the provider whose host the
    /// address names, else that of the provider that the file names. `rehearsal` and `rehearsal/<name>` rehearse.
    pub label: String,
    /// Size of its context window, in tokens.
    pub context_tokens: u32,
    /// Most tokens of one answer; always below `context_tokens`.
    pub max_output_tokens: u32,
    /// How full its window may get.
    pub context: ContextConfig,
    /// Bound of one call from start to end.
    pub timeout: Duration,
    /// Bound of the silence between two pieces of an answer.
    pub stall_timeout: Duration,
    /// What its tokens cost; `None` where nobody says.
    pub price: Option<Price>,
    /// Who says what they cost.
    pub price_source: PriceSource,
    /// Whether answers are streamed.
    pub stream: bool,
    /// How long it is to think; `None` leaves that to the provider.
    pub reasoning_effort: Option<ReasoningEffort>,
    /// How freely it picks its words; `None` leaves that to the provider.
    pub temperature: Option<Temperature>,
    /// Extra headers of every call, by name in lower case. Never secrets.
    pub headers: BTreeMap<String, String>,
    /// Whether answers are asked for by a JSON Schema as response format instead of a forced tool.
    pub json_schema: bool,
    /// What its endpoint understands of OpenAI's protocol.
    pub dialect: Dialect,
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

/// What an endpoint understands of OpenAI's protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dialect {
    /// Whether it understands `stream_options`.
    pub stream_options: bool,
    /// Which field bounds an answer.
    pub max_tokens_key: MaxTokensKey,
}

impl Dialect {
    /// What nearly every endpoint understands.
    pub const COMMON: Self = Self {
        stream_options: true,
        max_tokens_key: MaxTokensKey::MaxTokens,
    };
}

/// How long a model is to think before it answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReasoningEffort {
    /// `low`.
    Low,
    /// `medium`.
    Medium,
    /// `high`.
    High,
}

impl ReasoningEffort {
    const ALL: [(&str, Self); 3] = [
        ("low", Self::Low),
        ("medium", Self::Medium),
        ("high", Self::High),
    ];

    /// The word that stands for it in the file and in the protocol.
    pub fn word(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }
}

/// A sampling temperature from 0 to 2, in thousandths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Temperature(u16);

impl Temperature {
    /// As the protocols write it.
    pub fn as_f64(self) -> f64 {
        f64::from(self.0) / 1000.0
    }
}

impl ModelConfig {
    /// The embedded offline model.
    pub fn rehearsal() -> Self {
        let provider = Provider::Rehearsal(Rehearsal::default());
        let label = "rehearsal".to_owned();
        Self {
            price: Some(Price::Free),
            price_source: PriceSource::Provider,
            ..Self::plain(provider, label.clone(), label)
        }
    }

    /// What an id such as `openrouter/z-ai/glm-5.1` stands for: the provider's defaults and what the catalogue
    /// knows. `None` where no known provider's prefix stands before a `/` and a name.
    pub(super) fn of_id(id: &str, context: ContextConfig) -> Option<Self> {
        let (known, model) = catalog::split(id).filter(|_| is_id(id))?;
        let facts = Facts::of(known, known.base_url, model);
        let base = facts.into_model(known.protocol, Endpoint::of(known), model.to_owned());
        Some(Self {
            context,
            max_output_tokens: base.max_output_tokens.min(base.context_tokens / 2),
            ..base
        })
    }

    fn plain(provider: Provider, model: String, label: String) -> Self {
        Self {
            provider,
            model,
            label,
            context_tokens: CONTEXT_TOKENS,
            max_output_tokens: MAX_OUTPUT_TOKENS,
            context: ContextConfig::default(),
            timeout: TIMEOUT,
            stall_timeout: STALL_TIMEOUT,
            price: None,
            price_source: PriceSource::Unknown,
            stream: true,
            reasoning_effort: None,
            temperature: None,
            headers: BTreeMap::new(),
            json_schema: false,
            dialect: Dialect::COMMON,
        }
    }
}

/// An id stands in journals and messages: it is one short word.
fn is_id(id: &str) -> bool {
    id.len() <= 200 && id.chars().all(|c| c.is_ascii_graphic())
}

/// What is known of a model before its entry says otherwise.
struct Facts {
    label: String,
    windows: Windows,
    price: Option<Price>,
    price_source: PriceSource,
    dialect: Dialect,
    json_schema: bool,
    unnamed_window: u32,
}

impl Facts {
    fn of(named: &'static Known, base_url: &str, model: &str) -> Self {
        let behind = endpoint::behind(named, base_url);
        let own = behind.filter(|known| known.owns(base_url));
        let (price, price_source) = own.map_or((None, PriceSource::Unknown), |known| {
            price::known(known, model)
        });
        let dialect = behind.map_or(Dialect::COMMON, |known| Dialect {
            stream_options: known.stream_options,
            max_tokens_key: known.max_tokens_key,
        });
        Self {
            label: format!("{}/{model}", behind.unwrap_or(named).prefix),
            windows: behind.map_or_else(Windows::default, |known| {
                catalog::windows(known.prefix, model)
            }),
            price,
            price_source,
            dialect,
            json_schema: behind.is_none_or(|known| known.json_schema),
            unnamed_window: behind
                .and_then(|known| known.cuts_at)
                .unwrap_or(CONTEXT_TOKENS),
        }
    }

    /// A model of which the file says no more than provider, address and name. Its answers are not yet bounded by
    /// its window, of which the file may say more.
    fn into_model(self, protocol: Protocol, endpoint: Endpoint, model: String) -> ModelConfig {
        let provider = match protocol {
            Protocol::OpenAi => Provider::OpenAi(endpoint),
            Protocol::Anthropic => Provider::Anthropic(endpoint),
        };
        let context_tokens = self.windows.context.unwrap_or(self.unnamed_window);
        let most = self.windows.max_output.unwrap_or(MAX_OUTPUT_TOKENS);
        ModelConfig {
            context_tokens,
            max_output_tokens: most.min(MAX_OUTPUT_TOKENS),
            price: self.price,
            price_source: self.price_source,
            dialect: self.dialect,
            ..ModelConfig::plain(provider, model, self.label)
        }
    }
}
