//! What must hold after every frame, whatever happened.

use std::collections::BTreeSet;

use modulatio::effect;
use projections::{
    event::{Event, PauseReason, TicketSubject},
    ids::TaskId,
    plan::{Plan, RunStage, Status, Task, TaskStage},
    work::Step,
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
        self.check_places();
        assert!(
            !before.status.name().is_terminal() || before.status.name() == after.status.name(),
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
                plan.open_tickets().count(),
                0,
                "nothing waits for an answer"
            );
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
        let due = effect::due(plan, self.now, self.policy.parallel);
        let is_due = !due.effects.is_empty() || due.wake_at.is_some();
        assert!(
            plan.is_at_work() || !is_due,
            "nothing is due but in execution, or of a draft that is written"
        );
        let waits = is_due || !plan.calls.in_flight.is_empty() || self.has_running_tools();
        assert!(
            !plan.is_at_work() || waits,
            "a plan at work always waits for something"
        );
        self.check_tickets();
    }

    fn has_running_tools(&self) -> bool {
        let tasks = self.plan.run.iter().flat_map(|run| &run.tasks);
        tasks
            .filter_map(Task::open_tool)
            .any(|used| used.started.is_some())
    }

    /// Calls of one task come one after the other, and of tasks there are as many in work as may be.
    fn check_places(&self) {
        let flying = self.plan.calls.in_flight.values();
        let steps: Vec<&Step> = flying.map(|call| &call.step).collect();
        let tasks: Vec<&TaskId> = steps.iter().filter_map(|s| Some(s.task()?.0)).collect();
        let different: BTreeSet<&TaskId> = tasks.iter().copied().collect();
        assert_eq!(different.len(), tasks.len(), "one call of a task at a time");
        assert!(tasks.len() <= self.policy.parallel as usize, "{steps:?}");
        let run = self.plan.run.as_ref();
        for task in tasks.iter().filter_map(|id| run?.task(id)) {
            let passed = |id: &TaskId| {
                run.and_then(|run| run.task(id))
                    .is_some_and(|t| t.stage == TaskStage::Passed)
            };
            assert!(
                task.spec.needs.iter().all(passed),
                "nothing begins before what it needs has passed"
            );
        }
    }

    /// Every blocked task of a plan that has not ended has its ticket.
    fn check_tickets(&self) {
        let plan = &self.plan;
        if plan.status.name().is_terminal() {
            return;
        }
        let asked: Vec<&TaskId> = plan
            .open_tickets()
            .filter_map(|(_, ticket)| match &ticket.subject {
                TicketSubject::BlockedTask { task } => Some(task),
                _ => None,
            })
            .collect();
        let at_rest = matches!(plan.status, Status::Paused { .. });
        for id in asked.iter().filter(|_| !at_rest) {
            let task = plan.run.as_ref().and_then(|run| run.task(id));
            let blocked = task.is_some_and(|t| matches!(t.stage, TaskStage::Blocked { .. }));
            assert!(blocked, "{id} waits for nobody, and its ticket asks");
        }
        for task in plan.run.iter().flat_map(|run| run.blocked()) {
            assert!(
                asked.contains(&&task.spec.id),
                "{} waits for an answer that nobody was asked for",
                task.spec.id
            );
        }
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
                Event::SubObjectiveDecomposed(_) => self.taken.clear(),
                _ => {}
            }
        }
        self.taken.extend(events.iter().flat_map(taken));
    }
}

/// The steps whose answer this event takes.
fn taken(event: &Event) -> Vec<String> {
    match event {
        Event::TasksPlanned(e) => vec![format!("s{}-plan", e.index)],
        Event::TaskProduced(e) => ["produce", "fix"]
            .map(|by| format!("{}-{by}-{}", e.task, e.attempt))
            .to_vec(),
        Event::TaskReviewed(e) if !e.by_engine => vec![format!("{}-qc-{}", e.task, e.attempt)],
        Event::SubObjectiveFinished(e) => vec![format!("s{}-reflect", e.index)],
        _ => Vec::new(),
    }
}
