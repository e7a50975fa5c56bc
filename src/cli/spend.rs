//! `modulatio spend`: what all plans of the vault have spent on models today, and what that leaves of the day's caps.

use projections::{
    event::Reserved,
    ids::{CallId, PlanId},
    time::{MicroUsd, Timestamp},
};
use serde_json::json;

use super::output;
use crate::{
    clock,
    config::{self, DailyCaps},
    error::Result,
    vault::{Day, DayKey, Spent, Vault},
};

pub(super) fn run(vault: &Vault, json: bool) -> Result<()> {
    let now = clock::now();
    let (day, caps) = (vault.day_spent(now)?, config::load(vault.root())?.daily);
    if json {
        output::print_json(&view(now, &day, caps));
    } else {
        output::print(&text(now, &day, caps));
    }
    Ok(())
}

/// Calls under way, or cut after they may have been billed, at their worst.
fn possible(day: &Day) -> Spent {
    let possible = day.open.values().chain(day.in_doubt.values());
    possible.fold(Spent::default(), |sum, worst| sum.plus(Spent::from(*worst)))
}

fn unknown(spent: Spent) -> String {
    match spent.unpriced {
        0 => String::new(),
        count => format!(", cost unknown of {count} call(s)"),
    }
}

fn text(now: Timestamp, day: &Day, caps: DailyCaps) -> String {
    let (paid, possible) = (day.settled, possible(day));
    let mut lines = vec![
        format!("{} (UTC)", DayKey::of(now)),
        format!(
            "  paid      {} tokens, ${}{}",
            paid.tokens,
            paid.cost,
            unknown(paid)
        ),
        format!(
            "  possible  {} tokens, ${} in {} call(s) under way or in doubt{}",
            possible.tokens,
            possible.cost,
            day.open.len() + day.in_doubt.len(),
            unknown(possible),
        ),
    ];
    let cost = caps
        .max_cost_micro_usd
        .map(|cap| format!("${}", MicroUsd(cap)));
    let tokens = caps.max_tokens.map(|cap| format!("{cap} tokens"));
    let caps: Vec<String> = tokens.into_iter().chain(cost).collect();
    if !caps.is_empty() {
        lines.push(format!("  cap       {}", caps.join(", ")));
    }
    lines.join("\n")
}

fn view(now: Timestamp, day: &Day, caps: DailyCaps) -> serde_json::Value {
    let (paid, possible) = (day.settled, possible(day));
    let of_call = |((plan, call), worst): (&(PlanId, CallId), &Reserved)| json!({"plan": plan, "call_id": call, "tokens": worst.tokens, "cost_usd": worst.cost.map(MicroUsd::to_json)});
    json!({
        "day": DayKey::of(now).to_string(),
        "tokens": paid.tokens,
        "cost_usd": paid.cost.to_json(),
        "calls_of_unknown_price": paid.unpriced,
        "possible_tokens": possible.tokens,
        "possible_cost_usd": possible.cost.to_json(),
        "open": day.open.iter().map(of_call).collect::<Vec<_>>(),
        "in_doubt": day.in_doubt.iter().map(of_call).collect::<Vec<_>>(),
        "max_tokens": caps.max_tokens,
        "max_cost_usd": caps.max_cost_micro_usd.map(|cap| MicroUsd(cap).to_json()),
    })
}
