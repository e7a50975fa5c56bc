//! When every task that is left waits for a person, the plan does. Until then the others go on.

use projections::{
    event::PauseReason,
    plan::{Run, RunStage},
};

use super::Decision;

/// Pauses a plan whose work has come to a standstill; one that was resumed while its last call was still under way
/// would else be claimed for nothing.
pub(super) fn pause_if_stuck(decision: &mut Decision<'_>) {
    if let Some(note) = decision.plan.run.as_ref().and_then(standstill) {
        decision.pause(PauseReason::Blocked, &note);
    }
}

/// Whether somebody can work on the sub-objective, whatever else is blocked.
pub(super) fn is_workable(run: &Run) -> bool {
    run.stage != RunStage::Working || run.workable().next().is_some()
}

/// Which tasks nothing goes on without.
fn standstill(run: &Run) -> Option<String> {
    let blocked: Vec<String> = run.blocked().map(|task| task.spec.id.to_string()).collect();
    if blocked.is_empty() || is_workable(run) {
        return None;
    }
    Some(match &blocked[..] {
        [one] => format!("task {one} is blocked; see its ticket"),
        more => format!("tasks {} are blocked; see their tickets", more.join(", ")),
    })
}
