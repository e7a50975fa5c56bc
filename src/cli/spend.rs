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
    vault::{Day, DayKey, Vault},
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
fn open(day: &Day) -> Reserved {
    let open = day.committed();
    Reserved {
        tokens: open.tokens.saturating_sub(day.settled.tokens),
        cost: Some(MicroUsd(open.cost.0.saturating_sub(day.settled.cost.0))),
    }
}

fn text(now: Timestamp, day: &Day, caps: DailyCaps) -> String {
    let (settled, open) = (day.settled, open(day));
    let unknown = match settled.unpriced {
        0 => String::new(),
        count => format!(", cost unknown of {count} call(s)"),
    };
    let mut lines = vec![
        format!("{} (UTC)", DayKey::of(now)),
        format!(
            "  paid      {} tokens, ${}{unknown}",
            settled.tokens, settled.cost
        ),
        format!(
            "  possible  {} tokens, ${} in {} call(s) under way or in doubt",
            open.tokens,
            open.cost.unwrap_or_default(),
            day.open.len()
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
    let (settled, open) = (day.settled, open(day));
    let of_call = |((plan, call), worst): (&(PlanId, CallId), &Reserved)| json!({"plan": plan, "call_id": call, "tokens": worst.tokens, "cost_usd": worst.cost.map(MicroUsd::to_json)});
    json!({
        "day": DayKey::of(now).to_string(),
        "tokens": settled.tokens,
        "cost_usd": settled.cost.to_json(),
        "calls_of_unknown_price": settled.unpriced,
        "possible_tokens": open.tokens,
        "possible_cost_usd": open.cost.unwrap_or_default().to_json(),
        "open": day.open.iter().map(of_call).collect::<Vec<_>>(),
        "max_tokens": caps.max_tokens,
        "max_cost_usd": caps.max_cost_micro_usd.map(|cap| MicroUsd(cap).to_json()),
    })
}
