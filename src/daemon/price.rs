//! What a call costs, and what it can cost at most. Micro-dollars, rounded up.

use projections::{
    event::{Reserved, Usage},
    time::MicroUsd,
};

use crate::{
    config::{Price, TokenPrices},
    models::Request,
};

/// Tokens that a provider may add to a prompt of its own: roles, separators, instructions on how to call tools
/// (Anthropic states up to 346 for its models).
const OVERHEAD: u64 = 1_024;

/// Tokens that mark the beginning and the end of one message.
const PER_MESSAGE: u64 = 16;

/// The most that a call can use. No tokenizer makes more tokens than bytes: those in use fall back to single bytes
/// at worst. A cap that trusted a likelier guess could be passed.
pub(super) fn worst_case(price: Option<&Price>, request: &Request) -> Reserved {
    let usage = Usage {
        input_tokens: (request.prompt_bytes() as u64)
            .saturating_add(PER_MESSAGE * request.messages.len() as u64)
            .saturating_add(OVERHEAD),
        output_tokens: u64::from(request.max_output_tokens),
        ..Usage::default()
    };
    Reserved {
        tokens: usage.total(),
        cost: price.map(|price| match price {
            Price::Free => MicroUsd(0),
            Price::PerMillion(prices) => dearest(prices, &usage),
        }),
    }
}

/// What a call cost; `None` when the price is unknown.
pub(super) fn cost(price: Option<&Price>, usage: &Usage) -> Option<MicroUsd> {
    match price? {
        Price::Free => Some(MicroUsd(0)),
        Price::PerMillion(prices) => Some(priced(prices, usage)),
    }
}

/// Every input token at the dearest price that it can have, in the dearer tier.
fn dearest(prices: &TokenPrices, usage: &Usage) -> MicroUsd {
    let tiers = [
        *prices,
        prices.of_prompt(u64::MAX),
        prices.of_prompt(usage.input_tokens),
    ];
    let worst = |prices: &TokenPrices| {
        let input = prices
            .input
            .max(prices.cached_input)
            .max(prices.cache_write);
        micros(sum(usage.input_tokens, input) + sum(usage.output_tokens, prices.output))
    };
    tiers.iter().map(worst).max().unwrap_or_default()
}

fn priced(prices: &TokenPrices, usage: &Usage) -> MicroUsd {
    let prices = prices.of_prompt(usage.input_tokens);
    let cached = usage.cached_input_tokens.min(usage.input_tokens);
    let written = usage.cache_write_tokens.min(usage.input_tokens - cached);
    let plain = usage.input_tokens - cached - written;
    micros(
        sum(plain, prices.input)
            + sum(cached, prices.cached_input)
            + sum(written, prices.cache_write)
            + sum(usage.output_tokens, prices.output),
    )
}

fn sum(tokens: u64, per_million: u64) -> u128 {
    u128::from(tokens) * u128::from(per_million)
}

fn micros(millionths: u128) -> MicroUsd {
    MicroUsd(u64::try_from(millionths.div_ceil(1_000_000)).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::PricesAbove;

    const PRICES: TokenPrices = TokenPrices {
        input: 3_000_000,
        output: 15_000_000,
        cached_input: 300_000,
        cache_write: 3_750_000,
        above: Some(PricesAbove {
            tokens: 200_000,
            input: 6_000_000,
            output: 22_500_000,
            cached_input: 600_000,
            cache_write: 7_500_000,
        }),
    };

    fn usage(input: u64, output: u64, cached: u64, written: u64) -> Usage {
        Usage {
            input_tokens: input,
            output_tokens: output,
            cached_input_tokens: cached,
            cache_write_tokens: written,
            ..Usage::default()
        }
    }

    fn cost_of(usage: &Usage) -> u64 {
        cost(Some(&Price::PerMillion(PRICES)), usage).unwrap().0
    }

    #[test]
    fn every_kind_of_token_has_its_own_price() {
        assert_eq!(cost_of(&usage(1_000, 0, 0, 0)), 3_000);
        assert_eq!(cost_of(&usage(0, 1_000, 0, 0)), 15_000);
        assert_eq!(cost_of(&usage(1_000, 0, 1_000, 0)), 300);
        assert_eq!(cost_of(&usage(1_000, 0, 0, 1_000)), 3_750);
        assert_eq!(
            cost_of(&usage(1_000, 100, 600, 300)),
            300 + 180 + 1_125 + 1_500
        );
    }

    #[test]
    fn a_long_prompt_costs_the_dearer_tier_for_all_its_tokens() {
        assert_eq!(cost_of(&usage(200_000, 0, 0, 0)), 600_000);
        assert_eq!(cost_of(&usage(200_001, 0, 0, 0)), 1_200_006);
    }

    #[test]
    fn a_fraction_of_a_millionth_is_rounded_up_once() {
        assert_eq!(cost_of(&usage(1, 0, 1, 0)), 1);
        assert_eq!(cost_of(&usage(0, 0, 0, 0)), 0);
    }

    #[test]
    fn more_cached_tokens_than_were_read_are_no_gain() {
        assert_eq!(cost_of(&usage(10, 0, 1_000, 1_000)), 3);
    }

    #[test]
    fn no_usage_that_a_request_allows_costs_more_than_its_worst_case() {
        for bytes in [0_u64, 1, 1_000, 150_000, 250_000] {
            let most = usage(bytes + OVERHEAD, 8_192, 0, bytes + OVERHEAD);
            let worst = dearest(&PRICES, &most);
            for cached in [0, bytes / 2, bytes] {
                let used = usage(bytes, 8_192, cached, bytes - cached);
                assert!(cost_of(&used) <= worst.0, "{bytes} {cached}");
            }
        }
    }
}
