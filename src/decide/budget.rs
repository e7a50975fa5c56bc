//! Caps: the worst case of a call is reserved before it is made, and a call that could pass a cap is not made.

use projections::{
    event::{BudgetExhausted, BudgetWarned, CapKind, Caps, PauseReason, Reserved, TicketSubject},
    plan::Plan,
};

use super::{Decision, Refusal, question};

/// One cap with what is used of it, both in the cap's unit.
struct Level {
    cap: CapKind,
    used: u64,
    limit: u64,
}

/// Whether a call of worst case `next` may be made. If not, the plan is paused with a ticket in this decision.
pub(super) fn admits(decision: &mut Decision<'_>, next: Reserved) -> Result<bool, Refusal> {
    let caps = caps(decision);
    if caps.max_cost_usd.is_some() && next.cost.is_none() {
        let what = "the plan has a cost cap, but the model's price is unknown, so the cap cannot be kept: state \
                    `price:` for the model in modulatio.yaml (`price: free` for a local one), or remove the cap";
        question::ask(decision, PauseReason::Budget, TicketSubject::Budget, what)?;
        return Ok(false);
    }
    let levels = levels(decision, caps, next);
    if let Some(over) = levels.iter().find(|level| level.used > level.limit) {
        let what = spent(&decision.plan, over);
        decision.push(BudgetExhausted {
            cap: over.cap,
            used: over.used,
            limit: over.limit,
        });
        question::ask(decision, PauseReason::Budget, TicketSubject::Budget, &what)?;
        return Ok(false);
    }
    for level in levels {
        warn(decision, &level);
    }
    Ok(true)
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
    let (own, default) = (decision.plan.caps, decision.context.policy.default_caps);
    Caps {
        max_wall_clock_min: own.max_wall_clock_min.or(default.max_wall_clock_min),
        max_tokens: own.max_tokens.or(default.max_tokens),
        max_cost_usd: own.max_cost_usd.or(default.max_cost_usd),
    }
}

fn levels(decision: &Decision<'_>, caps: Caps, next: Reserved) -> Vec<Level> {
    let plan = &decision.plan;
    let total = plan.committed().plus(next);
    let seconds = plan
        .execution_started_at
        .map_or(0, |at| decision.context.now.micros_since(at) / 1_000_000);
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

fn spent(plan: &Plan, over: &Level) -> String {
    let (name, unit) = match over.cap {
        CapKind::Tokens => ("max_tokens", "tokens"),
        CapKind::Cost => ("max_cost_usd", "millionths of a dollar"),
        CapKind::WallClock => ("max_wall_clock_min", "seconds"),
    };
    format!(
        "the cap {name} would be passed: {} of {} {unit} with the next call's worst case. Spent so far: {} tokens \
         and ${} in {} calls; in doubt after cut calls: {} tokens.",
        over.used,
        over.limit,
        plan.calls.tokens,
        plan.calls.cost,
        plan.calls.completed,
        plan.calls.in_doubt.tokens,
    )
}
