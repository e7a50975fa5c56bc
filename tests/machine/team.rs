//! Several tasks at once: who waits for whom, who is in work, and what a crash leaves of it.

use modulatio::{effect, prompts::Turn};
use projections::{
    event::{Decision, FailureClass},
    plan::{Status, TaskStage},
};

use crate::{
    script::{Script, needing, tasks, verdict},
    world::World,
};

fn place(world: &World, label: &str) -> usize {
    let asked = world.asked.iter().position(|asked| asked == label);
    asked.unwrap_or_else(|| panic!("{label} was never asked: {:?}", world.asked))
}

/// Labels without those of planner and Leader.
fn of_tasks(world: &World) -> Vec<&str> {
    let labels = world.asked.iter().map(String::as_str);
    labels.filter(|label| label.contains("-t")).collect()
}

#[test]
fn needs_that_name_no_task_or_lead_in_a_circle_are_repaired_once() {
    let unknown = tasks(1, 1).replace(r#""needs":[]"#, r#""needs":["t7"]"#);
    let cases = [
        (unknown, "which is no task"),
        (needing(1, &[&[2], &[1]]), "needs itself"),
        (needing(1, &[&[1]]), "needs itself"),
    ];
    for (text, why) in cases {
        let mut world = World::approved();
        let mut script = Script::default().says("s1-plan", text);
        while world.asked.len() < 2 {
            world.tick(&mut |step| script.answer(step));
        }
        let turns = &world.last_prompt.as_ref().unwrap().turns;
        let Some(Turn::Asked(repair)) = turns.last() else {
            panic!("{turns:?}")
        };
        assert!(repair.contains(why), "{repair}");
        world.drive(script);
        assert_eq!(world.plan.status, Status::Done);
        assert_eq!(world.asked.iter().filter(|l| *l == "s1-plan").count(), 2);
        world.check_replay();
    }
}

#[test]
fn a_task_waits_for_what_it_needs_and_is_told_what_that_has_made() {
    let mut world = World::approved();
    let mut script = Script::default().says("s1-plan", needing(1, &[&[3], &[1, 3], &[], &[]]));
    while world.asked.last().map(String::as_str) != Some("s1-t2-produce-1") {
        world.tick(&mut |step| script.answer(step));
    }
    let Turn::Asked(text) = &world.last_prompt.as_ref().unwrap().turns[0] else {
        panic!()
    };
    assert!(text.contains("- s1-t1 Task 1: s1/t1.md"), "{text}");
    assert!(text.contains("- s1-t3 Task 3: s1/t3.md"), "{text}");
    assert!(!text.contains("s1-t4"), "{text}");
    world.drive(script);
    assert_eq!(world.plan.status, Status::Done);
    assert!(place(&world, "s1-t3-qc-1") < place(&world, "s1-t1-produce-1"));
    assert!(place(&world, "s1-t1-qc-1") < place(&world, "s1-t2-produce-1"));
    assert!(place(&world, "s1-t4-produce-1") < place(&world, "s1-t3-qc-1"));
    world.check_replay();
}

#[test]
fn as_many_tasks_are_in_work_as_may_be_and_the_begun_ones_keep_their_place() {
    let mut world = World::approved();
    world.policy.parallel = 2;
    let script = Script::default()
        .says("s1-plan", tasks(1, 4))
        .says("s1-t1-qc-1", verdict(false, "substantive"));
    world.drive(script);
    let expected = [
        "s1-t1-produce-1",
        "s1-t2-produce-1",
        "s1-t1-qc-1",
        "s1-t2-qc-1",
        // Rejected, and before those that nobody has begun with.
        "s1-t1-produce-2",
        "s1-t3-produce-1",
        "s1-t1-qc-2",
        "s1-t3-qc-1",
        "s1-t4-produce-1",
        "s1-t4-qc-1",
        "s2-t1-produce-1",
        "s2-t1-qc-1",
    ];
    assert_eq!(of_tasks(&world), expected);
    world.check_replay();
}

#[test]
fn a_task_that_waits_to_be_tried_again_keeps_its_place_too() {
    let mut world = World::approved();
    world.policy.parallel = 2;
    world.policy.retry.base_ms = 600_000;
    world.policy.retry.max_ms = 600_000;
    // The third frees the first two while the fourth waits for its provider.
    let mut script = Script::default()
        .says("s1-plan", needing(1, &[&[3], &[3], &[], &[]]))
        .fails("s1-t4-produce-1", FailureClass::Server);
    while !world.asked.contains(&"s1-t1-produce-1".to_owned()) {
        world.tick(&mut |step| script.answer(step));
    }
    let due = effect::due(&world.plan, world.now, 2);
    assert!(due.effects.is_empty(), "two are in work: {due:?}");
    assert!(due.wake_at.is_some());
    world.drive(script);
    assert_eq!(world.plan.status, Status::Done);
}

#[test]
fn a_task_that_comes_back_from_a_person_waits_for_a_place() {
    let mut world = World::approved();
    world.policy.parallel = 2;
    let mut script = Script::default()
        .says("s1-plan", tasks(1, 4))
        .says("s1-t1-qc-1", verdict(false, "environmental"));
    while world.under_way() != ["s1-t2-qc-1", "s1-t3-produce-1"] {
        world.tick(&mut |step| script.answer(step));
    }
    assert_eq!(world.blocked(), ["s1-t1"]);
    world.answer(Decision::Approved);
    let due = effect::due(&world.plan, world.now, 2);
    assert!(due.effects.is_empty(), "two are in work: {due:?}");
    world.drive(script);
    assert_eq!(world.plan.status, Status::Done);
}

#[test]
fn one_at_a_time_is_one_at_a_time() {
    let mut world = World::approved();
    world.policy.parallel = 1;
    world.drive(Script::default().says("s1-plan", tasks(1, 2)));
    let expected = [
        "s1-t1-produce-1",
        "s1-t1-qc-1",
        "s1-t2-produce-1",
        "s1-t2-qc-1",
    ];
    assert_eq!(of_tasks(&world)[..4], expected);
}

#[test]
fn answers_come_back_in_any_order() {
    for first in 0..4 {
        let mut world = World::approved();
        world.first = first;
        world.drive(Script::default().says("s1-plan", needing(1, &[&[], &[], &[2], &[]])));
        assert_eq!(world.plan.status, Status::Done);
        assert_eq!(world.plan.calls.completed, 14);
        world.check_replay();
    }
}

/// A team at work, killed at the first frame of at least `at`; `None` never.
fn killed(at: Option<usize>) -> World {
    let mut world = World::approved();
    world.policy.parallel = 2;
    let called = |tool: &str| modulatio::command::Called {
        tool: tool.to_owned(),
        arguments: "s1/t2.md".to_owned(),
    };
    let turns = vec![vec![called("write_file"), called("list_files")]];
    world.tools.insert("s1-t2-produce-1".to_owned(), turns);
    let mut script = Script::default()
        .says("s1-plan", tasks(1, 3))
        .says("s1-t1-qc-1", verdict(false, "mechanical"));
    if let Some(at) = at {
        while world.frames.len() < at {
            world.tick(&mut |step| script.answer(step));
        }
        world.kill();
    }
    world.drive(script);
    world
}

#[test]
fn a_crash_in_the_middle_of_two_tasks_resumes_both_and_asks_nothing_completed_again() {
    let whole = killed(None);
    let mut two_lost = 0;
    for at in 3..whole.frames.len() {
        let world = killed(Some(at));
        assert_eq!(world.plan.status, Status::Done, "killed after frame {at}");
        let paid = (world.plan.calls.completed, whole.plan.calls.completed);
        assert_eq!(
            paid.0, paid.1,
            "killed after frame {at}: nothing is paid twice"
        );
        two_lost += u32::from(world.plan.calls.abandoned == 2);
        world.check_replay();
    }
    assert!(two_lost > 3, "the crashes hit two calls at once");
}

#[test]
fn both_of_two_cut_calls_are_asked_again_first() {
    let mut world = World::approved();
    world.policy.parallel = 2;
    let mut script = Script::default().says("s1-plan", tasks(1, 3));
    while world.under_way().len() < 2 {
        world.tick(&mut |step| script.answer(step));
    }
    let cut = world.under_way();
    world.kill();
    while world.under_way().len() < 2 {
        world.tick(&mut |step| script.answer(step));
    }
    assert_eq!(world.under_way(), cut);
    assert_eq!(world.plan.calls.abandoned, 2);
}

#[test]
fn a_sub_objective_is_reflected_on_once_every_task_has_passed() {
    let mut world = World::approved();
    let mut script = Script::default().says("s1-plan", tasks(1, 3));
    while world.asked.last().map(String::as_str) != Some("s1-reflect") {
        world.tick(&mut |step| script.answer(step));
    }
    let run = world.plan.run.as_ref().unwrap();
    assert!(run.tasks.iter().all(|task| task.stage == TaskStage::Passed));
    world.drive(script);
    assert_eq!(world.plan.finished[0].tasks.len(), 3);
}
