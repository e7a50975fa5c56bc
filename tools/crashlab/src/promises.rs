//! What must hold of a plan after every frame, whatever happened: asked of the state before it, the state after it
//! and the frame itself.

use std::collections::BTreeSet;

use modulatio::effect::{self, Due};
use projections::{
    event::{Caps, Event, PauseReason, TicketSubject},
    ids::TaskId,
    plan::{Plan, RunStage, Status, Task, TaskStage},
    time::Timestamp,
    work::Step,
};

/// A promise that was seen broken, in words.
pub type Broken = String;

/// What the frames say, counted apart from the fold.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    tokens: u64,
    finished: u32,
    taken: BTreeSet<String>,
}

/// Under which rules a frame was decided.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    /// When.
    pub now: Timestamp,
    /// Tasks in work at the same time, at most.
    pub parallel: u32,
    /// Caps for plans that set none themselves.
    pub default_caps: Caps,
}

fn holds(it_does: bool, what: &str) -> Result<(), Broken> {
    if it_does {
        Ok(())
    } else {
        Err(what.to_owned())
    }
}

impl Ledger {
    /// Looks at one frame.
    ///
    /// # Errors
    /// The promise that it breaks.
    pub fn check(
        &mut self,
        before: &Plan,
        after: &Plan,
        events: &[Event],
        rules: Rules,
    ) -> Result<(), Broken> {
        self.count(events)?;
        only_forward(before, after)?;
        one_call_a_task(after, rules.parallel)?;
        holds(
            after.calls.tokens == self.tokens,
            "tokens are not the sum of what was reported",
        )?;
        within_caps(before, after, events, rules.default_caps)?;
        says_why_it_stopped(after)?;
        self.done_is_done(after)?;
        no_reflection_over_open_work(after)?;
        something_is_awaited(after, rules)?;
        blocked_tasks_have_tickets(after)
    }

    /// The labels of steps whose answers were taken, of the work as it now reads.
    #[must_use]
    pub fn taken(&self) -> &BTreeSet<String> {
        &self.taken
    }

    fn count(&mut self, events: &[Event]) -> Result<(), Broken> {
        for event in events {
            match event {
                Event::ModelCallCompleted(e) => self.tokens += e.usage.total(),
                Event::SubObjectiveFinished(_) => self.finished += 1,
                Event::ModelCallStarted(e) => self.is_news(&e.step)?,
                // Work that now reads otherwise starts anew.
                Event::PlanRevised(e) if e.body.is_some() => self.taken.clear(),
                Event::SubObjectiveDecomposed(_) => self.taken.clear(),
                _ => {}
            }
        }
        self.taken.extend(events.iter().flat_map(taken));
        Ok(())
    }

    fn is_news(&self, step: &Step) -> Result<(), Broken> {
        let label = step.label();
        match self.taken.contains(&label) {
            true => Err(format!("{label} was paid and taken already")),
            false => Ok(()),
        }
    }

    fn done_is_done(&self, plan: &Plan) -> Result<(), Broken> {
        if plan.status != Status::Done {
            return Ok(());
        }
        holds(
            plan.open_tickets().count() == 0,
            "the plan is done, and a ticket waits for an answer",
        )?;
        let listed = plan.items.as_ref().map(Vec::len).ok();
        holds(
            listed == usize::try_from(plan.current_index).ok(),
            "the plan is done, and not all that it lists is finished",
        )?;
        holds(
            plan.current_index == self.finished,
            "what counts as finished was not finished by a frame",
        )
    }
}

fn only_forward(before: &Plan, after: &Plan) -> Result<(), Broken> {
    holds(
        after.current_index >= before.current_index,
        "finished work was unfinished",
    )?;
    holds(after.epoch >= before.epoch, "an epoch went back")?;
    let (was, is) = (before.status.name(), after.status.name());
    holds(!was.is_terminal() || was == is, "an end was left again")
}

/// Calls of one task come one after the other, and of tasks there are as many in work as may be.
fn one_call_a_task(plan: &Plan, parallel: u32) -> Result<(), Broken> {
    let flying = plan.calls.in_flight.values();
    let tasks: Vec<&TaskId> = flying
        .filter_map(|call| Some(call.step.task()?.0))
        .collect();
    let different: BTreeSet<&TaskId> = tasks.iter().copied().collect();
    holds(
        different.len() == tasks.len(),
        "two calls of one task are under way",
    )?;
    holds(
        tasks.len() <= parallel as usize,
        "more tasks are in work than may be",
    )?;
    let run = plan.run.as_ref();
    let passed = |id: &TaskId| {
        let task = run.and_then(|run| run.task(id));
        task.is_some_and(|task| task.stage == TaskStage::Passed)
    };
    let mut in_work = tasks.iter().filter_map(|id| run?.task(id));
    holds(
        in_work.all(|task| task.spec.needs.iter().all(passed)),
        "a task was begun before what it needs has passed",
    )
}

/// The worst case of a call fits before it is made; nothing else brings spend over a cap but a provider that counts
/// more than it was allowed, or a cap that is lowered.
fn within_caps(before: &Plan, after: &Plan, events: &[Event], default: Caps) -> Result<(), Broken> {
    let starts = events
        .iter()
        .any(|event| matches!(event, Event::ModelCallStarted(_)));
    if !starts {
        return Ok(());
    }
    let (was, is) = (before.committed(), after.committed());
    let tokens = after.caps.max_tokens.or(default.max_tokens);
    holds(
        tokens.is_none_or(|cap| is.tokens <= cap),
        &format!("a call began with {} of {tokens:?} tokens", is.tokens),
    )?;
    let cost = after.caps.max_cost_usd.or(default.max_cost_usd);
    holds(
        cost.is_none_or(|cap| is.cost.is_some_and(|cost| cost <= cap)),
        &format!("a call began with {:?} of {cost:?}", is.cost),
    )?;
    holds(is.tokens >= was.tokens, "a call began and freed tokens")
}

fn says_why_it_stopped(plan: &Plan) -> Result<(), Broken> {
    let by_machine =
        matches!(&plan.status, Status::Paused { reason, .. } if *reason != PauseReason::Operator);
    holds(
        !by_machine || plan.open_tickets().next().is_some(),
        "the machine stopped and asks nobody",
    )
}

fn no_reflection_over_open_work(plan: &Plan) -> Result<(), Broken> {
    let mut reflecting = plan
        .run
        .iter()
        .filter(|run| run.stage == RunStage::Reflecting);
    holds(
        reflecting.all(|run| run.tasks.iter().all(|task| task.stage == TaskStage::Passed)),
        "the Leader reflects over open work",
    )
}

fn something_is_awaited(plan: &Plan, rules: Rules) -> Result<(), Broken> {
    let Due { effects, wake_at } = effect::due(plan, rules.now, rules.parallel);
    let is_due = !effects.is_empty() || wake_at.is_some();
    holds(
        plan.is_at_work() || !is_due,
        "something is due of a plan that nobody may work on",
    )?;
    let waits = is_due || !plan.calls.in_flight.is_empty() || has_running_tools(plan);
    holds(
        !plan.is_at_work() || waits,
        "the plan is at work and waits for nothing",
    )
}

fn has_running_tools(plan: &Plan) -> bool {
    let tasks = plan.run.iter().flat_map(|run| &run.tasks);
    tasks
        .filter_map(Task::open_tool)
        .any(|used| used.started.is_some())
}

/// Every blocked task of a plan that has not ended has its ticket, and no ticket asks for one that is not blocked.
fn blocked_tasks_have_tickets(plan: &Plan) -> Result<(), Broken> {
    if plan.status.name().is_terminal() {
        return Ok(());
    }
    let subjects = plan.open_tickets().map(|(_, ticket)| &ticket.subject);
    let asked: Vec<&TaskId> = subjects
        .filter_map(|subject| match subject {
            TicketSubject::BlockedTask { task } => Some(task),
            _ => None,
        })
        .collect();
    let run = plan.run.as_ref();
    let is_blocked = |id: &&TaskId| {
        let task = run.and_then(|run| run.task(id));
        task.is_some_and(|task| matches!(task.stage, TaskStage::Blocked { .. }))
    };
    let at_rest = matches!(plan.status, Status::Paused { .. });
    if let Some(id) = asked.iter().find(|id| !at_rest && !is_blocked(id)) {
        return Err(format!("{id} waits for nobody, and its ticket asks"));
    }
    let mut blocked = run.into_iter().flat_map(|run| run.blocked());
    match blocked.find(|task| !asked.contains(&&task.spec.id)) {
        Some(task) => Err(format!(
            "{} waits for an answer that nobody was asked for",
            task.spec.id
        )),
        None => Ok(()),
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
