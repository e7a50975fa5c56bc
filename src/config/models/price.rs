//! What a model's tokens cost, and who says so.

use crate::{
    catalog::{self, Known, Prices},
    config::reader::{Field, Section},
};

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
    /// Of tokens read from the provider's cache; the price of `input` when nobody says.
    pub cached_input: u64,
    /// Of tokens read and put into the provider's cache; the price of `input` when nobody says.
    pub cache_write: u64,
    /// What all tokens of a call cost whose prompt is long.
    pub above: Option<PricesAbove>,
}

/// Prices of calls with a long prompt, in micro-dollars for one million tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PricesAbove {
    /// The longest prompt, in tokens, that does not cost this.
    pub tokens: u64,
    /// Of tokens read.
    pub input: u64,
    /// Of tokens written.
    pub output: u64,
    /// Of tokens read from the provider's cache.
    pub cached_input: u64,
    /// Of tokens read and put into the provider's cache.
    pub cache_write: u64,
}

impl TokenPrices {
    /// The prices of a call that reads so many tokens, cached ones included. They hold for all its tokens.
    pub fn of_prompt(self, input_tokens: u64) -> Self {
        match self.above.filter(|above| input_tokens > above.tokens) {
            None => Self {
                above: None,
                ..self
            },
            Some(above) => Self {
                input: above.input,
                output: above.output,
                cached_input: above.cached_input,
                cache_write: above.cache_write,
                above: None,
            },
        }
    }
}

/// Who says what a model costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PriceSource {
    /// The configuration.
    Config,
    /// The catalogue that the program ships.
    Catalog {
        /// The day on which its source was read, `YYYY-MM-DD`.
        date: &'static str,
        /// The version of its source.
        version: &'static str,
    },
    /// What the provider is: a program on this machine, or a variant that costs nothing.
    Provider,
    /// Nobody. No cap on cost can be kept.
    Unknown,
}

/// What the catalogue says of a model at that provider's own address.
pub(super) fn known(provider: &Known, model: &str) -> (Option<Price>, PriceSource) {
    if provider.local {
        return match is_hosted_elsewhere(model) {
            true => (None, PriceSource::Unknown),
            false => (Some(Price::Free), PriceSource::Provider),
        };
    }
    let entry = catalog::lookup(provider.prefix, model);
    match entry.and_then(|entry| Some((entry, entry.prices?))) {
        Some((_, prices)) if prices.is_free() => (Some(Price::Free), PriceSource::Provider),
        Some((entry, prices)) => {
            let source = PriceSource::Catalog {
                date: &entry.source.date,
                version: &entry.source.version,
            };
            (Some(Price::PerMillion(of_table(&prices))), source)
        }
        None => (None, PriceSource::Unknown),
    }
}

/// Ollama passes models named `…:cloud` or `…-cloud` on to its paid service.
fn is_hosted_elsewhere(model: &str) -> bool {
    model.ends_with(":cloud") || model.ends_with("-cloud")
}

fn of_table(prices: &Prices) -> TokenPrices {
    TokenPrices {
        input: prices.input,
        output: prices.output,
        cached_input: prices.cached_input.unwrap_or(prices.input),
        cache_write: prices.cache_write.unwrap_or(prices.input),
        above: prices.above.map(|above| PricesAbove {
            tokens: above.tokens,
            input: above.input,
            output: above.output,
            cached_input: above.cached_input.unwrap_or(above.input),
            cache_write: above.cache_write.unwrap_or(above.input),
        }),
    }
}

/// Reads `price:`.
pub(super) fn read(field: &Field<'_>) -> Option<Price> {
    if field.value.as_str() == Some("free") {
        return Some(Price::Free);
    }
    if field.value.as_mapping().is_none() {
        field.fault("is not a price; write free or {input: 0.60, output: 2.20}");
        return None;
    }
    let known = ["input", "output", "cached_input", "cache_write", "above"];
    let section = field.section(&known)?;
    let rates = read_rates(&section);
    let above = section.get("above").map(|field| read_above(&field));
    let rates = rates?;
    Some(Price::PerMillion(TokenPrices {
        input: rates.input,
        output: rates.output,
        cached_input: rates.cached_input,
        cache_write: rates.cache_write,
        above: above.flatten(),
    }))
}

fn read_above(field: &Field<'_>) -> Option<PricesAbove> {
    let known = ["tokens", "input", "output", "cached_input", "cache_write"];
    let section = field.section(&known)?;
    let tokens = section.require("tokens");
    let tokens = tokens.and_then(|field| field.whole(1..=u64::from(u32::MAX)));
    let rates = read_rates(&section)?;
    Some(PricesAbove {
        tokens: tokens?,
        ..rates
    })
}

/// The four prices of one tier, whose `tokens` are the caller's to fill in.
fn read_rates(section: &Section<'_>) -> Option<PricesAbove> {
    let (input, output) = (section.require("input"), section.require("output"));
    let own = |key| section.get(key).map(|field| field.micro_dollars());
    let (cached, write) = (own("cached_input"), own("cache_write"));
    let (input, output) = (input?.micro_dollars(), output?.micro_dollars());
    Some(PricesAbove {
        tokens: 0,
        input: input?,
        output: output?,
        cached_input: cached.unwrap_or(input)?,
        cache_write: write.unwrap_or(input)?,
    })
}
