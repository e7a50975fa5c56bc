//! What an answer says about the tokens it used, and what the ledger books for it.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{ask::Ask, said::Said};

/// Bytes of text per counted token.
const BYTES_PER_TOKEN: usize = 4;

/// What an answer says about the tokens it used.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum UsageSays {
    /// One token per four bytes of text, each way.
    #[default]
    Counted,
    /// Nothing. The ledger counts as above all the same.
    Missing,
    /// These numbers.
    Exactly {
        /// Tokens read, cached ones among them.
        input_tokens: u64,
        /// Tokens written.
        output_tokens: u64,
        /// Of those read, cached.
        #[serde(default)]
        cached_input_tokens: u64,
    },
    /// These numbers, and all that a provider may add to them.
    Detailed(Tokens),
    /// The dearest honest numbers: every byte of the prompt (system, messages, tools with their schemas) a token,
    /// and as many tokens written as the request allows.
    Greedy,
    /// This as the `usage` of the answer, whatever it is: negative, huge, a text. The ledger counts bytes.
    Raw(Value),
}

/// Tokens of one answer. In JSON every field may be left out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Tokens {
    /// Read, cached ones and those written to a cache among them.
    pub input_tokens: u64,
    /// Written, reasoning among them.
    pub output_tokens: u64,
    /// Of those read, from a cache.
    pub cached_input_tokens: u64,
    /// Of those read, written to a cache (only Anthropic's protocol tells).
    pub cache_write_tokens: u64,
    /// Of those written, reasoning (only OpenAI's protocol tells).
    pub reasoning_tokens: u64,
    /// The provider's own figure in US dollars, as OpenRouter sends it (only in OpenAI's protocol).
    pub cost_usd: Option<f64>,
}

/// US dollars per million tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Prices {
    /// Of a million read.
    pub input_usd: f64,
    /// Of a million written.
    pub output_usd: f64,
}

/// What an answer shows.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Shown {
    Nothing,
    Tokens(Tokens),
    Raw(Value),
}

impl UsageSays {
    /// What is booked for an answer, and what it shows.
    pub(super) fn of(&self, ask: &Ask, said: &Said, prices: Option<&Prices>) -> (Tokens, Shown) {
        let counted = Tokens::counted(&ask.text, said.written());
        let booked = match self {
            Self::Counted | Self::Missing | Self::Raw(_) => counted,
            Self::Exactly {
                input_tokens,
                output_tokens,
                cached_input_tokens,
            } => Tokens {
                input_tokens: *input_tokens,
                output_tokens: *output_tokens,
                cached_input_tokens: *cached_input_tokens,
                ..Tokens::default()
            },
            Self::Detailed(tokens) => *tokens,
            Self::Greedy => Tokens {
                input_tokens: ask.prompt_bytes,
                output_tokens: ask.max_tokens.unwrap_or(counted.output_tokens),
                ..Tokens::default()
            },
        };
        let shown = match self {
            Self::Missing => Shown::Nothing,
            Self::Raw(usage) => Shown::Raw(usage.clone()),
            Self::Counted | Self::Exactly { .. } | Self::Detailed(_) | Self::Greedy => {
                Shown::Tokens(booked.priced(prices))
            }
        };
        (booked, shown)
    }
}

impl Tokens {
    /// One token per four bytes, each way.
    pub(super) fn counted(read: &str, written: usize) -> Self {
        let tokens = |bytes: usize| bytes.div_ceil(BYTES_PER_TOKEN) as u64;
        Self {
            input_tokens: tokens(read.len()),
            output_tokens: tokens(written),
            ..Self::default()
        }
    }

    /// Tokens read that no cache had a part in.
    pub(super) fn uncached(&self) -> u64 {
        self.input_tokens
            .saturating_sub(self.cached_input_tokens)
            .saturating_sub(self.cache_write_tokens)
    }

    fn priced(self, prices: Option<&Prices>) -> Self {
        let cost = |prices: &Prices| {
            let read = self.input_tokens as f64 * prices.input_usd;
            let written = self.output_tokens as f64 * prices.output_usd;
            (read + written) / 1e6
        };
        Self {
            cost_usd: self.cost_usd.or_else(|| prices.map(cost)),
            ..self
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask() -> Ask {
        Ask {
            text: "12345".into(),
            prompt_bytes: 70,
            max_tokens: Some(512),
            ..Ask::default()
        }
    }

    fn booked(says: &UsageSays) -> (u64, u64) {
        let (booked, _) = says.of(&ask(), &Said::text("1234"), None);
        (booked.input_tokens, booked.output_tokens)
    }

    #[test]
    fn greed_is_a_token_a_byte_and_all_that_is_allowed() {
        assert_eq!(booked(&UsageSays::Counted), (2, 1));
        assert_eq!(booked(&UsageSays::Greedy), (70, 512));
        assert_eq!(booked(&UsageSays::Raw(Value::Null)), (2, 1));
    }

    #[test]
    fn a_price_is_for_a_million_tokens_and_a_given_cost_wins() {
        let prices = Prices {
            input_usd: 3.0,
            output_usd: 15.0,
        };
        let cost = |says: UsageSays| match says.of(&ask(), &Said::text("1234"), Some(&prices)).1 {
            Shown::Tokens(tokens) => tokens.cost_usd,
            other => panic!("{other:?}"),
        };
        assert_eq!(cost(UsageSays::Counted), Some(21e-6));
        let given = Tokens {
            cost_usd: Some(0.5),
            ..Tokens::default()
        };
        assert_eq!(cost(UsageSays::Detailed(given)), Some(0.5));
    }
}
