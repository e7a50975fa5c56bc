//! What follows from a failed call: the same again later, the role's next model, or a person.
//!
//! ```text
//!  key missing or refused ───────────────────────────▶ ticket, at once
//!  prompt too long ──────────────────────────────────▶ the step stays due; its prompt must shrink
//!  passing, inside the wall limit, endpoint alive ───▶ again, after a wait with jitter
//!  passing otherwise, or refused ─── next model? ────▶ it takes the task over from its beginning
//!                                        └─ none ────▶ ticket
//! ```

use projections::{
    event::{FailureClass, ModelCallFailed, ModelFellBack, PauseReason, TicketSubject},
    ids::CallId,
    plan::{InFlight, Trouble},
    time::Timestamp,
    work::Step,
};

use super::{Decided, Decision, Refusal, Retry, question};
use crate::{
    command::{Fallback, Report},
    effect,
};

pub(super) fn failed(decision: &mut Decision<'_>, call_id: &CallId, report: &Report) -> Decided {
    let Report::CallFailed {
        class,
        message,
        retry_after_ms,
        in_doubt,
        next,
        dead,
        ..
    } = report
    else {
        return Err(Refusal::Moot);
    };
    let call = decision.plan.calls.in_flight.get(call_id).cloned();
    let call = call.ok_or(Refusal::Moot)?;
    let next = next
        .as_ref()
        .filter(|to| is_further(decision, &call.step, to));
    let given_up = *dead && next.is_some();
    let retry_at = (!given_up)
        .then(|| retry_at(decision, &call, *class, *retry_after_ms))
        .flatten();
    decision.push(ModelCallFailed {
        call_id: call_id.clone(),
        class: *class,
        message: message.clone(),
        retry_at,
        in_doubt: *in_doubt,
    });
    let moved_past = !effect::stands_at(&decision.plan, &call.step);
    if retry_at.is_some() || decision.status().is_terminal() || moved_past {
        return Ok(());
    }
    match (class, next) {
        (FailureClass::Authentication, _) => no_key(decision, &call, message),
        // The step stays due, and its prompt must shrink first.
        (FailureClass::ContextTooLong, _) => Ok(()),
        (_, Some(next)) => {
            fall_back(decision, &call.step, &call.model, next, message);
            Ok(())
        }
        (_, None) => {
            let retry = decision.context.policy.retry;
            no_model(decision, &call, &with_wish(message, *retry_after_ms, retry))
        }
    }
}

/// Gives a model up before it is asked: its endpoint is dead, or its window too small.
pub(super) fn falling_back(decision: &mut Decision<'_>, report: &Report) -> Decided {
    let Report::FallingBack {
        step,
        from,
        to,
        why,
    } = report
    else {
        return Err(Refusal::Moot);
    };
    let due = effect::stands_at(&decision.plan, step) && decision.plan.is_at_work();
    if !due || !is_further(decision, step, to) {
        return Err(Refusal::Moot);
    }
    fall_back(decision, step, from, to, why);
    Ok(())
}

/// Whether a model stands behind those that were given up already.
fn is_further(decision: &Decision<'_>, step: &Step, to: &Fallback) -> bool {
    let run = decision.plan.run.as_ref();
    run.is_some_and(|run| to.rank > run.given_up(step))
}

fn fall_back(decision: &mut Decision<'_>, step: &Step, from: &str, to: &Fallback, why: &str) {
    decision.push(ModelFellBack {
        step: step.clone(),
        from: from.to_owned(),
        to: to.model.clone(),
        rank: to.rank,
        why: why.to_owned(),
    });
}

/// When the call may be made again by itself; `None`: never.
fn retry_at(
    decision: &Decision<'_>,
    call: &InFlight,
    class: FailureClass,
    retry_after_ms: Option<u64>,
) -> Option<Timestamp> {
    if !class.is_passing() {
        return None;
    }
    let (now, retry) = (decision.context.now, decision.context.policy.retry);
    let run = decision.plan.run.as_ref();
    let trouble = run.and_then(|run| run.troubles.get(&call.step.label()));
    let count = |of: fn(&Trouble) -> u32| trouble.map_or(0, of) + 1;
    let failures = count(|trouble| trouble.failures);
    // From the first failure on: a call that itself takes longer than the limit, or through which the machine slept,
    // is worth another try; and so is one before which it slept.
    let since = trouble.map_or(now, |trouble| trouble.counts_since(call.started_at, now));
    let wait = wait_ms(retry, failures, decision.context.chance, retry_after_ms);
    let at = now.plus_millis(wait);
    let limit = retry.wall_ms.saturating_mul(1_000);
    let in_time = limit > 0 && at.micros_since(since) <= limit;
    // Other failures before it say nothing about the answers.
    let nonsense = count(|trouble| trouble.malformed);
    let worth_it = class != FailureClass::Malformed || nonsense < retry.malformed;
    (in_time && worth_it).then_some(at)
}

/// Exponential backoff with full jitter: any length up to `base · 2^(failures-1)`, at most `max`. A provider that
/// names a time is not asked before it; the jitter then comes on top, so that a crowd does not return as one.
fn wait_ms(retry: Retry, failures: u32, chance: u32, retry_after_ms: Option<u64>) -> u64 {
    let share = |most: u64| {
        let part = u128::from(most) * u128::from(chance) / u128::from(u32::MAX);
        u64::try_from(part).unwrap_or(most)
    };
    match retry_after_ms {
        Some(asked) => asked.saturating_add(share(retry.base_ms)),
        None => {
            let doubled = retry.base_ms.saturating_mul(1 << (failures - 1).min(32));
            share(doubled.min(retry.max_ms))
        }
    }
}

/// The message, and why a provider that named a time was not waited for.
fn with_wish(message: &str, retry_after_ms: Option<u64>, retry: Retry) -> String {
    match retry_after_ms {
        Some(asked) if asked > retry.wall_ms => format!(
            "{message} (it asks to wait {} s, retry.wall allows {} s)",
            asked.div_ceil(1_000),
            retry.wall_ms / 1_000
        ),
        Some(_) | None => message.to_owned(),
    }
}

fn no_key(decision: &mut Decision<'_>, call: &InFlight, message: &str) -> Decided {
    let what = format!(
        "the model {} cannot be used for {} without a valid key: {message}\n\nA variable is looked up in the environment \
         that the daemon was started with, so a new value needs a restart; a key file is read anew at every call.",
        call.model,
        call.step.label()
    );
    question::ask(
        decision,
        PauseReason::Environment,
        TicketSubject::Environment,
        &what,
    )
}

fn no_model(decision: &mut Decision<'_>, call: &InFlight, message: &str) -> Decided {
    let tries = decision
        .plan
        .run
        .as_ref()
        .and_then(|run| run.troubles.get(&call.step.label()))
        .map_or(1, |trouble| trouble.failures);
    let tries = match tries {
        1 => "1 try".to_owned(),
        more => format!("{more} tries"),
    };
    let what = format!(
        "the model {} could not be used for {} ({tries}, no model is left to fall back on): {message}",
        call.model,
        call.step.label()
    );
    question::ask(decision, PauseReason::Model, TicketSubject::Model, &what)
}

#[cfg(test)]
mod tests {
    use super::*;

    const RETRY: Retry = Retry {
        base_ms: 1_000,
        max_ms: 60_000,
        wall_ms: 1_800_000,
        malformed: 2,
    };

    #[test]
    fn the_longest_wait_doubles_up_to_the_limit() {
        let longest = |failures| wait_ms(RETRY, failures, u32::MAX, None);
        assert_eq!(
            [1, 2, 3, 6, 7, 40, u32::MAX].map(longest),
            [1_000, 2_000, 4_000, 32_000, 60_000, 60_000, 60_000]
        );
    }

    #[test]
    fn jitter_is_full_any_wait_down_to_none() {
        let at = |chance| wait_ms(RETRY, 3, chance, None);
        assert_eq!([at(0), at(u32::MAX / 2), at(u32::MAX)], [0, 1_999, 4_000]);
    }

    #[test]
    fn a_provider_is_never_asked_before_the_time_it_names() {
        for chance in [0, 1, u32::MAX] {
            let wait = wait_ms(RETRY, 1, chance, Some(7_000));
            assert!((7_000..=8_000).contains(&wait), "{wait}");
        }
        assert_eq!(wait_ms(RETRY, 1, u32::MAX, Some(u64::MAX)), u64::MAX);
    }
}
