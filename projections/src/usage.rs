//! `<plan>.usage.jsonl`: one line per completed model call, with the guide's keys first.

use serde_json::{Value, json};

use crate::{event::Event, fold::Entry, payload::Payload, plan::Plan, time::MicroUsd};

/// The line that `event` adds; `plan` is the state right after it.
#[must_use]
pub fn line(plan: &Plan, entry: &Entry, event: &Event) -> Option<String> {
    let Event::ModelCallCompleted(done) = event else {
        return None;
    };
    let (call, _) = plan.calls.last_reply.as_ref()?;
    let mut line = json!({
        "timestamp": entry.mark.at.guide_form(),
        "model": call.model,
        "input_tokens": done.usage.input_tokens,
        "output_tokens": done.usage.output_tokens,
        "cost_usd": done.cost.map(MicroUsd::to_json),
        "call_id": done.call_id,
        "agent_id": call.agent_id,
        "cached_input_tokens": done.usage.cached_input_tokens,
        "estimated": done.usage.estimated,
        "latency_ms": done.latency_ms,
        "step": call.step.label(),
        "tokens_total": plan.calls.tokens,
        "cost_total": MicroUsd::to_json(plan.calls.cost),
    });
    // Only where there are some: a line of an older program stays what it was.
    let further = [
        ("cache_write_tokens", done.usage.cache_write_tokens),
        ("reasoning_tokens", done.usage.reasoning_tokens),
    ];
    for (key, count) in further.into_iter().filter(|(_, count)| *count > 0) {
        line[key] = count.into();
    }
    Some(format!("{line}\n"))
}

/// What the file holds before our first line: the ledger that lay beside an imported plan.
#[must_use]
pub fn before(event: &Event) -> Option<&Payload> {
    if let Event::PlanImported(e) = event {
        e.found.usage.as_ref()
    } else {
        None
    }
}

/// Totals of a plan's calls, for people and views.
#[must_use]
pub fn totals(plan: &Plan) -> Value {
    let calls = &plan.calls;
    let possible = calls.possible();
    json!({
        "calls_completed": calls.completed,
        "calls_abandoned": calls.abandoned,
        "calls_in_flight": calls.in_flight.len(),
        "tokens": calls.tokens,
        "cost_usd": MicroUsd::to_json(calls.cost),
        "calls_of_unknown_price": calls.unpriced,
        "in_doubt_tokens": possible.tokens,
        "in_doubt_cost_usd": MicroUsd::to_json(possible.cost.unwrap_or_default()),
    })
}
