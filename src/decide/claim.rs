//! Taking a plan, and what follows when there is nothing left to take it for.

use projections::{
    body::BodyFault,
    event::{
        ModelCallAbandoned, PauseReason, PlanClaimed, PlanCompleted, SubObjectiveStarted,
        TicketSubject,
    },
    ids::CallId,
    plan::{Plan, Status},
};

use super::{Decided, Decision, Refusal, drafting, question, stuck, tools};

/// Claims an approved plan, or one whose runner was lost. The caller holds its lease, so no runner is alive.
pub(super) fn claim(decision: &mut Decision<'_>) -> Decided {
    let recovered = match decision.plan.status {
        Status::Approved => false,
        Status::Executing { .. } => true,
        Status::Draft if decision.plan.is_being_drafted() => return claim_draft(decision),
        Status::Draft
        | Status::Paused { .. }
        | Status::Declined
        | Status::Cancelled { .. }
        | Status::Aborted
        | Status::Done => return Err(decision.refuse("claimed", "")),
    };
    if let Some(fault) = body_fault(&decision.plan) {
        let what = fault.to_string();
        return question::ask(decision, PauseReason::Body, TicketSubject::Body, &what);
    }
    if recovered && let Some(what) = barren(decision) {
        abandon_calls(decision, "its runner was lost");
        return question::ask(
            decision,
            PauseReason::Quarantine,
            TicketSubject::Quarantine,
            &what,
        );
    }
    decision.push(PlanClaimed {
        epoch: decision.plan.epoch.next(),
        recovered,
    });
    abandon_calls(decision, "its runner was lost");
    tools::interrupt(decision);
    go_on(decision);
    stuck::pause_if_stuck(decision);
    Ok(())
}

/// Why nobody takes a plan any more that brings its runners down.
fn barren(decision: &Decision<'_>) -> Option<String> {
    let lost = decision.plan.barren_claims;
    (lost >= decision.context.policy.barren_claims)
        .then(|| format!("{lost} runners in a row were lost before they completed a step"))
}

/// Whoever lets the Leader write the plan works on a draft.
fn claim_draft(decision: &mut Decision<'_>) -> Decided {
    let recovered = !decision.plan.calls.in_flight.is_empty();
    if recovered && let Some(what) = barren(decision) {
        abandon_calls(decision, "its runner was lost");
        return drafting::failed(decision, &what);
    }
    decision.push(PlanClaimed {
        epoch: decision.plan.epoch.next(),
        recovered,
    });
    abandon_calls(decision, "its runner was lost");
    Ok(())
}

/// Why the list of sub-objectives cannot be run from where the plan stands. A plan that says it has finished
/// more than it lists (an imported file, a list cut by hand) must not pass for done.
fn body_fault(plan: &Plan) -> Option<BodyFault> {
    let (finished, count) = match &plan.items {
        Err(fault) => return Some(fault.clone()),
        Ok(items) => (usize::try_from(plan.current_index).ok()?, items.len()),
    };
    (finished > count).then_some(BodyFault::BeyondTheEnd { finished, count })
}

/// Begins the next sub-objective of an executing plan that has none in work, or completes the plan.
pub(super) fn go_on(decision: &mut Decision<'_>) {
    if !decision.is_executing() || decision.plan.run.is_some() {
        return;
    }
    let index = decision.plan.current_index.saturating_add(1);
    match decision.plan.item(index).map(|item| item.title.clone()) {
        Some(title) => decision.push(SubObjectiveStarted { index, title }),
        None => {
            let summary = format!(
                "all {} sub-objectives completed",
                decision.plan.item_count()
            );
            decision.push(PlanCompleted { summary });
        }
    }
}

/// Books every call under way as cut: whether it was billed is unknown.
pub(super) fn abandon_calls(decision: &mut Decision<'_>, why: &str) {
    let calls: Vec<CallId> = decision.plan.calls.in_flight.keys().cloned().collect();
    for call_id in calls {
        decision.push(ModelCallAbandoned {
            call_id,
            why: why.to_owned(),
        });
    }
}

/// Settles calls that were under way when their plan was cancelled or paused and its runner died.
pub(super) fn settle_orphans(decision: &mut Decision<'_>) -> Decided {
    if decision.plan.is_at_work() || decision.plan.calls.in_flight.is_empty() {
        return Err(Refusal::Moot);
    }
    abandon_calls(decision, "its runner was lost");
    Ok(())
}
