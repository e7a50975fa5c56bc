//! Caps, held against every beginning of a call.

use std::collections::BTreeMap;

use projections::{
    event::{Caps, Event},
    ids::CallId,
};

use super::{Amount, Result, check};

/// At the start of every call, what was spent and reserved stayed within the plan's own caps as they were then.
///
/// # Errors
/// The first call that began over a cap.
pub fn never_over<'a>(events: impl IntoIterator<Item = &'a Event>) -> Result<()> {
    let mut caps = Caps::default();
    let mut held: BTreeMap<CallId, Amount> = BTreeMap::new();
    for event in events {
        match event {
            Event::PlanDrafted(e) => caps = e.caps,
            Event::PlanImported(e) => caps = e.caps,
            Event::CapsChanged(e) => caps = e.caps,
            Event::ModelCallStarted(e) => {
                held.insert(e.call_id.clone(), Amount::from(e.reserved));
                let all = held.values().copied().fold(Amount::default(), Amount::plus);
                let limit = limit(&caps);
                check(limit.covers(all), || {
                    format!("{} began with {all:?} of {limit:?}", e.call_id)
                })?;
            }
            Event::ModelCallCompleted(e) => {
                let earlier = e.in_doubt.cost.unwrap_or_default();
                let spent = Amount {
                    tokens: e.usage.total() + e.in_doubt.tokens,
                    micros: e.cost.unwrap_or_default().plus(earlier).0,
                };
                held.insert(e.call_id.clone(), spent);
            }
            Event::ModelCallFailed(e) if !e.in_doubt => drop(held.remove(&e.call_id)),
            Event::ReservationReleased(e) => drop(held.remove(&e.call_id)),
            _ => {}
        }
    }
    Ok(())
}

fn limit(caps: &Caps) -> Amount {
    Amount {
        tokens: caps.max_tokens.unwrap_or(u64::MAX),
        micros: caps.max_cost_usd.map_or(u64::MAX, |cost| cost.0),
    }
}
