//! What a call used and cost, in the many places where servers of this protocol say so.

use serde_json::Value;

use super::super::{
    Request, Usage,
    tokens::{count, optional_count},
};

/// Above this a price is a mistake: no single call costs ten thousand dollars.
const ABSURD_USD: f64 = 10_000.0;

/// The provider's counts; what it leaves out or writes as nonsense is estimated, and the whole marked so.
///
/// Reasoning belongs to what was written. xAI and Gemini count it in `total_tokens` only, so the total decides
/// where it is the larger.
pub(super) fn usage(counts: &Value, request: &Request, answer_bytes: usize) -> Usage {
    let estimate = Usage::estimate(request, answer_bytes);
    let (input, output) = (
        count(&counts["prompt_tokens"]),
        count(&counts["completion_tokens"]),
    );
    let (reasoning, odd_reasoning) = reasoning(counts);
    let input_tokens = input.unwrap_or(estimate.input_tokens);
    let output_tokens = match output {
        Some(said) => written(said, reasoning, input, counts),
        None => estimate.output_tokens.max(reasoning),
    };
    let (cached, odd_cached) = cached(counts);
    let (cache_write, odd_write) =
        optional_count(&counts["prompt_tokens_details"]["cache_write_tokens"]);
    let cached_input_tokens = cached.min(input_tokens);
    Usage {
        input_tokens,
        output_tokens,
        cached_input_tokens,
        cache_write_tokens: cache_write.min(input_tokens - cached_input_tokens),
        reasoning_tokens: output
            .map_or(reasoning, |said| reasoning.max(output_tokens - said))
            .min(output_tokens),
        estimated: input.is_none() || output.is_none() || odd_reasoning || odd_cached || odd_write,
    }
}

/// All that was written, given what the server counts as such.
fn written(said: u64, reasoning: u64, input: Option<u64>, counts: &Value) -> u64 {
    let total = input.and_then(|input| count(&counts["total_tokens"])?.checked_sub(input));
    let by_total = total.unwrap_or(0).max(said);
    if reasoning > by_total {
        return said + reasoning;
    }
    by_total
}

fn reasoning(counts: &Value) -> (u64, bool) {
    optional_count(&counts["completion_tokens_details"]["reasoning_tokens"])
}

/// Tokens read from a cache, under OpenAI's, DeepSeek's and Moonshot's name.
fn cached(counts: &Value) -> (u64, bool) {
    let places = [
        &counts["prompt_tokens_details"]["cached_tokens"],
        &counts["prompt_cache_hit_tokens"],
        &counts["cached_tokens"],
    ];
    let said = places.into_iter().find(|place| !place.is_null());
    said.map_or((0, false), optional_count)
}

/// What the call cost in millionths of a dollar, rounded up, where the server says it in dollars (OpenRouter). With
/// a key of one's own behind the router, its price is the router's fee and the provider's price comes on top.
pub(super) fn cost(counts: &Value) -> Option<u64> {
    let fee = dollars(&counts["cost"])?;
    if counts["is_byok"] == Value::Bool(true) {
        let upstream = dollars(&counts["cost_details"]["upstream_inference_cost"])?;
        return micro(fee + upstream);
    }
    micro(fee)
}

fn dollars(value: &Value) -> Option<f64> {
    match value {
        Value::String(digits) => digits.trim().parse().ok(),
        other => other.as_f64(),
    }
}

/// Millionths, rounded up; what is within a billionth of a whole number is that number, so that `0.0001` is 100.
fn micro(dollars: f64) -> Option<u64> {
    if !(0.0..=ABSURD_USD).contains(&dollars) {
        return None;
    }
    let exact = dollars * 1e6;
    let nearest = exact.round();
    let is_nearest = (exact - nearest).abs() <= nearest.max(1.0) * 1e-9;
    let up = if is_nearest && !(nearest == 0.0 && exact > 0.0) {
        nearest
    } else {
        exact.ceil()
    };
    format!("{up:.0}").parse().ok()
}

#[cfg(test)]
mod tests;
