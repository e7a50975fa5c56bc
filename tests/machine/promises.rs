//! What must hold after every frame, whatever happened.

use std::collections::BTreeSet;

use modulatio::effect;
use projections::{
    event::{Event, PauseReason},
    plan::{Plan, RunStage, Status, TaskStage},
};

use crate::world::World;

/// What the frames say, counted apart from the fold.
#[derive(Default)]
pub(crate) struct Ledger {
    tokens: u64,
    finished: u32,
    taken: BTreeSet<String>,
}

impl World {
    pub(crate) fn check(&mut self, before: &Plan, events: &[Event]) {
        let after = &self.plan;
        assert!(
            after.current_index >= before.current_index,
            "finished work is never unfinished"
        );
        assert!(after.epoch >= before.epoch, "epochs only grow");
        assert!(after.calls.in_flight.len() <= 1, "one call at a time");
        assert!(
            !before.status.name().is_terminal() || before.status == after.status,
            "an end is an end"
        );
        self.ledger.count(events);
        assert_eq!(
            after.calls.tokens, self.ledger.tokens,
            "tokens are the sum of what was reported"
        );
        let by_machine = matches!(&after.status, Status::Paused { reason, .. } if *reason != PauseReason::Operator);
        assert!(
            !by_machine || after.open_tickets().next().is_some(),
            "a machine that stops says why"
        );
        self.check_work();
    }

    fn check_work(&self) {
        let plan = &self.plan;
        if plan.status == Status::Done {
            assert_eq!(
                Ok(plan.current_index as usize),
                plan.items.as_ref().map(Vec::len).map_err(|_| ())
            );
            assert_eq!(plan.current_index, self.ledger.finished);
        }
        if let Some(run) = plan
            .run
            .as_ref()
            .filter(|run| run.stage == RunStage::Reflecting)
        {
            assert!(
                run.tasks.iter().all(|t| t.stage == TaskStage::Passed),
                "no reflection over open work"
            );
        }
        let due = effect::due(plan, self.now);
        let is_due = !due.effects.is_empty() || due.wake_at.is_some();
        assert!(
            self.is_executing() || !is_due,
            "nothing is due but in execution"
        );
        let waits = is_due || !plan.calls.in_flight.is_empty();
        assert!(
            !self.is_executing() || waits,
            "a plan in execution always waits for something"
        );
    }
}

impl Ledger {
    fn count(&mut self, events: &[Event]) {
        for event in events {
            match event {
                Event::ModelCallCompleted(e) => self.tokens += e.usage.total(),
                Event::SubObjectiveFinished(_) => self.finished += 1,
                Event::ModelCallStarted(e) => {
                    assert!(
                        !self.taken.contains(&e.step.label()),
                        "{} was paid and taken already",
                        e.step.label()
                    );
                }
                // Work that now reads otherwise starts anew.
                Event::PlanRevised(e) if e.body.is_some() => self.taken.clear(),
                _ => {}
            }
        }
        self.taken.extend(events.iter().filter_map(taken));
    }
}

/// The step whose answer this event takes.
fn taken(event: &Event) -> Option<String> {
    match event {
        Event::TasksPlanned(e) => Some(format!("s{}-plan", e.index)),
        Event::TaskProduced(e) => Some(format!("{}-produce-{}", e.task, e.attempt)),
        Event::TaskReviewed(e) => Some(format!("{}-qc-{}", e.task, e.attempt)),
        Event::SubObjectiveFinished(e) => Some(format!("s{}-reflect", e.index)),
        _ => None,
    }
}
