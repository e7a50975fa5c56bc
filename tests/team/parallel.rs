//! Tasks that do not need each other are worked on at the same time: a sub-objective takes the time of its longest
//! chain, and no more tasks are in work than the configuration lets.

use std::{collections::BTreeMap, time::Duration};

use modulatio_tools::fake_model::{Behaviour, FakeModel, Step};
use projections::event::Event;

use crate::{
    bench::{ARTIFACT, VERDICT, server, stands, task, tasks, vault},
    support::{Daemon, Journal, body, wait_until},
};

/// What the calls of tasks came to, from the journal's own times.
struct Working {
    /// From the planner's tasks to the last verdict.
    micros: u64,
    /// Summed up for each task: how long its calls took.
    chains: BTreeMap<String, u64>,
    /// The most calls that were under way at once.
    most: usize,
}

impl Working {
    fn of(journal: &Journal) -> Self {
        let (mut begun, mut ended, mut most) = (None, None, 0);
        let (mut flying, mut chains) = (BTreeMap::new(), BTreeMap::new());
        for (entry, event) in &journal.entries {
            let at = entry.mark.at;
            match event {
                Event::TasksPlanned(_) => begun = Some(at),
                Event::TaskReviewed(_) => ended = Some(at),
                Event::ModelCallStarted(e) => {
                    if let Some((task, _)) = e.step.task() {
                        flying.insert(e.call_id.clone(), (task.to_string(), at));
                        most = most.max(flying.len());
                    }
                }
                Event::ModelCallCompleted(e) => {
                    if let Some((task, since)) = flying.remove(&e.call_id) {
                        *chains.entry(task).or_default() += at.micros_since(since);
                    }
                }
                _ => {}
            }
        }
        let (begun, ended) = (begun.expect("tasks"), ended.expect("a verdict"));
        Self {
            micros: ended.micros_since(begun),
            chains,
            most,
        }
    }

    fn longest(&self) -> u64 {
        self.chains.values().copied().max().expect("a task")
    }
}

/// Four tasks without needs, each of whose calls takes so long.
fn four(delay: u64) -> FakeModel {
    let slow = |tool| {
        let answer = Step::new(Behaviour::Default).for_tool(tool).times(0);
        answer.after(Duration::from_millis(delay))
    };
    let four: Vec<_> = (1..=4)
        .map(|n| task(&format!("t{n}"), &format!("part{n}.md"), &[]))
        .collect();
    server([tasks(&four), slow(ARTIFACT), slow(VERDICT)])
}

fn worked(delay: u64, parallel: u32) -> Working {
    let model = four(delay);
    let more = format!("defaults: {{max_parallel_tasks: {parallel}}}\n");
    let vault = vault(&model, &more);
    let plan = vault.approved(&body(1));
    vault.run_until_idle();
    stands(&vault, &plan, &model, "done");
    let names = ["part1.md", "part2.md", "part3.md", "part4.md"];
    assert_eq!(vault.names(&format!("ess/runs/{plan}/artifacts")), names);
    let working = Working::of(&vault.journal(&plan));
    assert_eq!(working.chains.len(), 4);
    working
}

/// How long that takes is measured by a bench: `cargo bench -p modulatio-tools --bench team`.
#[test]
fn four_free_tasks_are_all_worked_on_at_once() {
    let working = worked(1_000, 4);
    assert_eq!(working.most, 4);
    let all: u64 = working.chains.values().sum();
    assert!(working.longest() >= 2_000_000, "{:?}", working.chains);
    assert!(working.micros < all, "{} of {all}", working.micros);
}

#[test]
fn one_task_at_a_time_is_one_after_the_other() {
    let working = worked(100, 1);
    assert_eq!(working.most, 1);
    let all: u64 = working.chains.values().sum();
    assert!(working.micros >= all, "{} < {all}", working.micros);
}

#[test]
fn no_more_tasks_are_in_work_than_may_be() {
    for parallel in [2, 3] {
        assert_eq!(worked(100, parallel).most, parallel as usize);
    }
}

/// Whatever becomes of the plan meanwhile: what is under way is paid, so it is waited for and booked.
#[test]
fn answers_that_come_after_a_pause_are_all_booked_and_not_asked_for_again() {
    let model = four(4_000);
    let vault = vault(&model, "defaults: {max_parallel_tasks: 4}\n");
    let plan = vault.approved(&body(1));
    let daemon = Daemon::start(&vault, &["--until-idle"]);
    wait_until("all four are asked", || model.requests().len() == 5);
    vault.run(&["plan", "pause", &plan]).ok();
    let (status, log) = daemon.ended();
    assert!(status.success(), "{log}");
    let journal = vault.journal(&plan);
    assert_eq!(journal.status(), "paused");
    assert_eq!(journal.plan.calls.completed, 5, "{log}");
    assert_eq!(journal.plan.calls.abandoned, 0);
    vault.run(&["plan", "approve", &plan]).ok();
    vault.run_until_idle();
    stands(&vault, &plan, &model, "done");
    assert_eq!(vault.journal(&plan).plan.calls.completed, 10);
    assert_eq!(model.sold().calls, 10);
}
