//! Caps: the worst case of a call is reserved before it is made, and a call that could pass a cap is not made. An
//! operator changes caps, and takes reservations off the books that were never billed.

use projections::{
    event::{
        BudgetExhausted, BudgetWarned, CapKind, Caps, CapsChanged, PauseReason,
        ReservationReleased, Reserved, TicketSubject,
    },
    ids::CallId,
    plan::Plan,
    time::{MicroUsd, Timestamp},
};

use super::{Decided, Decision, Policy, Refusal, question};
use crate::command::Change;

/// One cap with what is used of it, both in the cap's unit.
struct Level {
    cap: CapKind,
    used: u64,
    limit: u64,
}

/// Whether a call to `model` of worst case `next` may be made. If not, the plan is paused with a ticket in this
/// decision; [`Refusal::Later`] while other calls are under way that may make room.
pub(super) fn admits(
    decision: &mut Decision<'_>,
    model: &str,
    next: Reserved,
) -> Result<bool, Refusal> {
    if must_wait(
        &decision.plan,
        &decision.context.policy,
        decision.context.now,
        next,
    ) {
        return Err(Refusal::Later);
    }
    let levels = levels(decision, caps(decision), next);
    // A call of unknown price could pass any cap on cost.
    let passes = |level: &&Level| {
        level.used > level.limit || (level.cap == CapKind::Cost && next.cost.is_none())
    };
    if let Some(over) = levels.iter().find(passes) {
        let what = if over.used > over.limit {
            spent(&decision.plan, over)
        } else {
            unpriced(&[model.to_owned()])
        };
        exhausted(decision, over, &what)?;
        return Ok(false);
    }
    warn_near(decision);
    Ok(true)
}

/// Whether a call of worst case `next` passes a cap only for now: others are under way, booked at their worst, and what
/// they leave may be enough.
#[must_use]
pub fn must_wait(plan: &Plan, policy: &Policy, now: Timestamp, next: Reserved) -> bool {
    let over = |level: &Level| level.cap != CapKind::WallClock && level.used > level.limit;
    !plan.calls.in_flight.is_empty()
        && levels_of(plan, caps_of(plan, policy), now, next)
            .iter()
            .any(over)
}

/// The vault's cap for the day leaves no room for the next call.
pub(super) fn over_daily_cap(
    decision: &mut Decision<'_>,
    cap: CapKind,
    used: u64,
    limit: u64,
) -> Decided {
    if !decision.plan.is_at_work() {
        return Err(Refusal::Moot);
    }
    let over = Level { cap, used, limit };
    let what = format!(
        "the vault's cap {cap} would be passed: {} with the next call's worst case. This plan has spent in all: \
         {}. The cap holds for one day, UTC, over all plans of the vault: raise it in modulatio.yaml, or approve \
         after midnight UTC.",
        measured(&over),
        bill(&decision.plan),
    );
    exhausted(decision, &over, &what)
}

/// Before the first call: a cap on cost cannot be kept with models whose price is unknown.
pub(super) fn unpriced_models(
    decision: &mut Decision<'_>,
    models: &[String],
    daily: bool,
) -> Decided {
    let capped = daily || caps(decision).max_cost_usd.is_some();
    if !decision.plan.is_at_work() || !capped {
        return Err(Refusal::Moot);
    }
    question::ask(
        decision,
        PauseReason::Budget,
        TicketSubject::Budget,
        &unpriced(models),
    )
}

fn exhausted(decision: &mut Decision<'_>, over: &Level, what: &str) -> Decided {
    decision.push(BudgetExhausted {
        cap: over.cap,
        used: over.used,
        limit: over.limit,
    });
    question::ask(decision, PauseReason::Budget, TicketSubject::Budget, what)
}

/// An operator changes caps; those not named stay.
pub(super) fn edit(
    decision: &mut Decision<'_>,
    tokens: Change<u64>,
    cost: Change<MicroUsd>,
    minutes: Change<u64>,
) -> Decided {
    if decision.status().is_terminal() {
        return Err(decision.refuse("given another budget", ""));
    }
    let before = decision.plan.caps;
    let caps = Caps {
        max_tokens: tokens.over(before.max_tokens),
        max_cost_usd: cost.over(before.max_cost_usd),
        max_wall_clock_min: minutes.over(before.max_wall_clock_min),
    };
    if caps == before {
        return Err(Refusal::Moot);
    }
    decision.push(CapsChanged { caps });
    Ok(())
}

/// An operator says that calls in doubt were not billed, or are accounted for elsewhere.
pub(super) fn release(decision: &mut Decision<'_>, call: Option<&CallId>, note: &str) -> Decided {
    let doubtful = decision.plan.calls.in_doubt.keys();
    let chosen: Vec<CallId> = doubtful
        .filter(|id| call.is_none_or(|call| call == *id))
        .cloned()
        .collect();
    if chosen.is_empty() {
        let why = match call {
            Some(call) => format!("no reservation of {call} is in doubt"),
            None => "no reservation is in doubt".to_owned(),
        };
        return Err(Refusal::NotInDoubt(why));
    }
    for call_id in chosen {
        decision.push(ReservationReleased {
            call_id,
            why: note.to_owned(),
        });
    }
    Ok(())
}

/// Warns of every cap that is nearly reached by what is spent or may be, without what a next call could add at
/// worst. Once a cap, until the caps change.
pub(super) fn warn_near(decision: &mut Decision<'_>) {
    for level in levels(decision, caps(decision), Reserved::default()) {
        warn(decision, &level);
    }
}

fn warn(decision: &mut Decision<'_>, level: &Level) {
    let near = u128::from(level.used) * 100
        >= u128::from(level.limit) * u128::from(decision.context.policy.warn_percent);
    if near && !decision.plan.calls.warned.contains(&level.cap) {
        decision.push(BudgetWarned {
            cap: level.cap,
            used: level.used,
            limit: level.limit,
        });
    }
}

/// The plan's own caps, and the defaults where it sets none.
fn caps(decision: &Decision<'_>) -> Caps {
    caps_of(&decision.plan, &decision.context.policy)
}

fn caps_of(plan: &Plan, policy: &Policy) -> Caps {
    let (own, default) = (plan.caps, policy.default_caps);
    Caps {
        max_wall_clock_min: own.max_wall_clock_min.or(default.max_wall_clock_min),
        max_tokens: own.max_tokens.or(default.max_tokens),
        max_cost_usd: own.max_cost_usd.or(default.max_cost_usd),
    }
}

fn levels(decision: &Decision<'_>, caps: Caps, next: Reserved) -> Vec<Level> {
    levels_of(&decision.plan, caps, decision.context.now, next)
}

fn levels_of(plan: &Plan, caps: Caps, now: Timestamp, next: Reserved) -> Vec<Level> {
    let total = plan.committed().plus(next);
    let seconds = plan
        .execution_started_at
        .map_or(0, |at| now.micros_since(at) / 1_000_000);
    let tokens = caps.max_tokens.map(|limit| Level {
        cap: CapKind::Tokens,
        used: total.tokens,
        limit,
    });
    let cost = caps.max_cost_usd.map(|limit| Level {
        cap: CapKind::Cost,
        used: total.cost.unwrap_or_default().0,
        limit: limit.0,
    });
    let clock = caps.max_wall_clock_min.map(|minutes| Level {
        cap: CapKind::WallClock,
        used: seconds,
        limit: minutes.saturating_mul(60),
    });
    [tokens, cost, clock].into_iter().flatten().collect()
}

fn unpriced(models: &[String]) -> String {
    format!(
        "cost unknown: the cap on cost cannot be kept, because nobody knows the price of {}. Set `price` under \
         `models:` in modulatio.yaml (`price: free` if it costs nothing), or remove the cap: from the plan \
         (`modulatio plan edit-budget PLAN --max-cost-usd none`), from `defaults:`, from `daily:`.",
        models.join(", ")
    )
}

fn spent(plan: &Plan, over: &Level) -> String {
    format!(
        "the cap {} would be passed: {} with the next call's worst case. Spent so far: {}.",
        over.cap,
        measured(over),
        bill(plan),
    )
}

fn measured(over: &Level) -> String {
    let amount = over.cap.measured(over.used, over.limit);
    match over.cap {
        CapKind::Tokens | CapKind::DailyTokens => format!("{amount} tokens"),
        CapKind::Cost | CapKind::DailyCost | CapKind::WallClock => amount,
    }
}

/// What was spent on what.
fn bill(plan: &Plan) -> String {
    let calls = &plan.calls;
    let unknown = match calls.unpriced {
        0 => String::new(),
        count => format!(" ({count} of them of unknown cost)"),
    };
    format!(
        "{} tokens and ${} in {} calls{unknown}{}",
        calls.tokens,
        calls.cost,
        calls.completed,
        doubt(plan)
    )
}

/// What may have been spent besides, and how to say that it was not.
fn doubt(plan: &Plan) -> String {
    let possible = plan.calls.possible();
    if plan.calls.in_doubt.is_empty() {
        return String::new();
    }
    format!(
        "; in doubt: at most {} tokens and ${} in {} calls (`modulatio plan release {}` takes them off the books, once \
         you know that they were not billed)",
        possible.tokens,
        possible.cost.unwrap_or_default(),
        plan.calls.in_doubt.len(),
        plan.id,
    )
}
