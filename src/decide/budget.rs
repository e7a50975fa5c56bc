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

/// Whether a call to `model` of worst case `next` may be made. If not, the plan is paused with a ticket in this
/// decision.
pub(super) fn admits(
    decision: &mut Decision<'_>,
    model: &str,
    next: Reserved,
) -> Result<bool, Refusal> {
    let levels = levels(decision, caps(decision), next);
    // A call of unknown price could pass any cap on cost.
    let passes = |level: &&Level| {
        level.used > level.limit || (level.cap == CapKind::Cost && next.cost.is_none())
    };
    if let Some(over) = levels.iter().find(passes) {
        let what = if over.used > over.limit {
            spent(&decision.plan, over)
        } else {
            unpriced(model)
        };
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

fn unpriced(model: &str) -> String {
    format!(
        "the cap max_cost_usd cannot be kept: the price of the model {model} is unknown. Set its `price` in \
         modulatio.yaml (`price: free` if it costs nothing), or remove the cap from the plan."
    )
}

fn spent(plan: &Plan, over: &Level) -> String {
    let unit = match over.cap {
        CapKind::Tokens => "tokens",
        CapKind::Cost => "millionths of a dollar",
        CapKind::WallClock => "seconds",
    };
    format!(
        "the cap {} would be passed: {} of {} {unit} with the next call's worst case. Spent so far: {} tokens \
         and ${} in {} calls; in doubt after cut calls: {} tokens.",
        over.cap,
        over.used,
        over.limit,
        plan.calls.tokens,
        plan.calls.cost,
        plan.calls.completed,
        plan.calls.in_doubt.tokens,
    )
}
