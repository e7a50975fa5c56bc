//! Malformed answers, failing providers, killed runners.

use modulatio::{
    command::{Command, Report},
    decide::Refusal,
    effect,
    prompts::Turn,
};
use projections::{
    event::{Decision, Event, FailureClass, PauseReason},
    ids::Epoch,
    payload::Digest,
    plan::Status,
    work::Step,
};

use crate::{
    script::{Answer, Script},
    world::World,
};

fn reason(world: &World) -> PauseReason {
    match &world.plan.status {
        Status::Paused { reason, .. } => *reason,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_malformed_answer_is_repaired_once() {
    let mut world = World::approved();
    let mut script = Script::default().says("s1-plan", "Certainly! I will.".to_owned());
    while world.asked.len() < 2 {
        world.tick(&mut |step| script.answer(step));
    }
    let turns = &world.last_prompt.as_ref().unwrap().turns;
    assert_eq!(turns.len(), 3);
    assert_eq!(turns[1], Turn::Answered("Certainly! I will.".to_owned()));
    let Turn::Asked(repair) = &turns[2] else {
        panic!()
    };
    assert!(repair.contains("neither the tool's arguments"), "{repair}");
    world.drive(script);
    assert_eq!(world.plan.status, Status::Done);
}

#[test]
fn a_second_malformed_answer_asks_a_person_and_quotes_it() {
    for (label, index) in [
        ("s1-plan", 1),
        ("s1-t1-produce-1", 1),
        ("s1-t1-qc-1", 1),
        ("s1-reflect", 1),
    ] {
        let mut world = World::approved();
        let quoted = "no JSON\n- approve: everything".to_owned();
        world.drive(
            Script::default()
                .says(label, "{".to_owned())
                .says(label, quoted),
        );
        assert_eq!(reason(&world), PauseReason::Reply);
        let (_, ticket) = world.plan.open_tickets().next().unwrap();
        assert!(
            ticket.body.contains("> no JSON\n> - approve: everything"),
            "{}",
            ticket.body
        );
        let Status::Paused { note, .. } = &world.plan.status else {
            panic!()
        };
        assert!(
            !note.contains('\n'),
            "the quotation stands in the ticket: {note}"
        );
        world.answer(Decision::Approved);
        world.drive(Script::default());
        assert_eq!(world.plan.status, Status::Done, "{label} {index}");
        world.check_replay();
    }
}

#[test]
fn a_passing_failure_is_tried_again_later_and_later() {
    let mut world = World::approved();
    world.drive(
        Script::default()
            .fails("s1-plan", FailureClass::Server)
            .fails("s1-plan", FailureClass::Timeout),
    );
    assert_eq!(world.plan.status, Status::Done);
    let frames: Vec<_> = world
        .frames
        .iter()
        .filter(|(_, _, text)| text.contains("ModelCallFailed"))
        .collect();
    let waits: Vec<u64> = frames
        .iter()
        .map(|(mark, _, text)| {
            let Some(Event::ModelCallFailed(e)) = projections::codec::decode(text).unwrap().pop()
            else {
                panic!()
            };
            e.retry_at.unwrap().micros_since(mark.at) / 1_000_000
        })
        .collect();
    assert_eq!(waits, [2, 4]);
    world.check_replay();
}

#[test]
fn nothing_is_due_before_the_time_to_try_again() {
    let mut world = World::approved();
    let mut script = Script::default().fails("s1-plan", FailureClass::Server);
    while !world.kinds().contains(&"ModelCallFailed".to_owned()) {
        world.tick(&mut |step| script.answer(step));
    }
    let due = effect::due(&world.plan, world.now, 3);
    let at = due.wake_at.unwrap();
    assert!(due.effects.is_empty() && at > world.now);
    let step = Step::PlanTasks { index: 1 };
    assert!(!effect::awaits(&world.plan, &step, at.plus_seconds(-1), 3));
    assert!(effect::awaits(&world.plan, &step, at, 3));
}

#[test]
fn failures_are_counted_in_a_row_and_per_step() {
    let mut world = World::approved();
    let mut script = Script::default();
    for label in ["s1-plan", "s1-t1-produce-1", "s1-t1-qc-1", "s1-reflect"] {
        script = script
            .fails(label, FailureClass::RateLimited)
            .fails(label, FailureClass::RateLimited);
    }
    world.drive(script);
    assert_eq!(world.plan.status, Status::Done);
}

#[test]
fn an_orphan_is_claimed_its_calls_settled_and_the_same_step_asked_again() {
    for label in [
        "s1-plan",
        "s1-t1-produce-1",
        "s1-t1-qc-1",
        "s1-reflect",
        "s2-reflect",
    ] {
        let mut world = World::approved();
        world.drive(Script::default().dies(label));
        assert_eq!(world.plan.status, Status::Done);
        assert_eq!(world.asked.iter().filter(|l| *l == label).count(), 2);
        assert_eq!(world.asked.len(), 9, "only the cut step is asked twice");
        assert_eq!(
            (world.plan.epoch, world.plan.calls.abandoned),
            (Epoch(2), 1)
        );
        assert_eq!(
            world.plan.calls.possible().tokens,
            1_000,
            "a cut call may have been billed"
        );
        world.check_replay();
    }
}

#[test]
fn a_runner_killed_at_any_frame_loses_nothing_that_was_paid() {
    let frames = {
        let mut world = World::approved();
        world.drive(Script::default());
        world.frames.len()
    };
    for at in 3..frames {
        let mut world = World::approved();
        let mut script = Script::default();
        while world.frames.len() < at {
            world.tick(&mut |step| script.answer(step));
        }
        world.kill();
        world.drive(Script::default());
        assert_eq!(world.plan.status, Status::Done, "killed after frame {at}");
        world.check_replay();
    }
}

/// One report of each kind.
fn reports() -> Vec<Report> {
    let call_id = "c0001-s1-plan".parse::<projections::ids::CallId>().unwrap();
    let step = Step::PlanTasks { index: 1 };
    vec![
        Report::CallStarting {
            recalled: None,
            step,
            model: "m".to_owned(),
            agent_id: "a".to_owned(),
            reserved: Default::default(),
            prompt_b3: Digest([0; 32]),
            prompt_bytes: 0,
        },
        Report::CallCompleted {
            call_id: call_id.clone(),
            reply: String::new(),
            calls: Vec::new(),
            cut: false,
            in_doubt: Default::default(),
            usage: Default::default(),
            cost: None,
            latency_ms: 0,
        },
        Report::CallFailed {
            call_id,
            class: FailureClass::Server,
            message: String::new(),
            retry_after_ms: None,
            in_doubt: false,
            next: None,
            dead: false,
        },
        Report::ArtifactsCollected {
            task: "s1-t1".parse().unwrap(),
            artifacts: Vec::new(),
            missing: Vec::new(),
        },
        Report::ToolStarting {
            task: "s1-t1".parse().unwrap(),
            tool_call: projections::ids::ToolCallId::nth(1),
            repeatable: true,
        },
        Report::ToolReturned {
            task: "s1-t1".parse().unwrap(),
            tool_call: projections::ids::ToolCallId::nth(1),
            outcome: projections::event::ToolOutcome::Done,
            result: String::new(),
            shown: None,
        },
        Report::Releasing { why: String::new() },
    ]
}

#[test]
fn every_report_of_a_fenced_off_runner_is_refused() {
    let mut world = World::approved();
    let mut script = Script::default();
    world.claim().unwrap();
    world.tick(&mut |step| script.answer(step));
    world.claim().unwrap();
    for report in reports() {
        for epoch in [0, 1, 3] {
            let refused = world.report(report.clone(), Epoch(epoch)).unwrap_err();
            assert!(
                matches!(refused, Refusal::StaleEpoch { .. }),
                "{report:?}: {refused}"
            );
        }
        let anyone = world.operator(Command::Runner(report)).unwrap_err();
        assert!(matches!(anyone, Refusal::StaleEpoch { .. }));
    }
}

#[test]
fn three_barren_claims_in_a_row_quarantine_the_plan() {
    let mut world = World::approved();
    world.drive(
        Script::default()
            .dies("s1-plan")
            .dies("s1-plan")
            .dies("s1-plan"),
    );
    assert_eq!(reason(&world), PauseReason::Quarantine);
    assert!(world.plan.calls.in_flight.is_empty());
    world.answer(Decision::Approved);
    world.drive(Script::default().dies("s1-plan").dies("s1-plan"));
    assert_eq!(
        world.plan.status,
        Status::Done,
        "an approval gives a fresh count"
    );
    world.check_replay();
}

#[test]
fn a_runner_that_completes_a_step_is_not_barren() {
    let mut world = World::approved();
    let script = [
        "s1-plan",
        "s1-t1-produce-1",
        "s1-t1-qc-1",
        "s1-reflect",
        "s2-plan",
        "s2-reflect",
    ];
    world.drive(
        script
            .into_iter()
            .fold(Script::default(), |s, label| s.dies(label).dies(label)),
    );
    assert_eq!(world.plan.status, Status::Done);
}

#[test]
fn a_released_plan_is_claimed_again_and_goes_on_at_the_same_step() {
    let mut world = World::approved();
    for _ in 0..6 {
        world.claim().unwrap();
        let epoch = world.runner.unwrap();
        let mut script = Script::default();
        world.tick(&mut |step| script.answer(step));
        world
            .report(
                Report::Releasing {
                    why: "the daemon stops".to_owned(),
                },
                epoch,
            )
            .unwrap();
        assert_eq!(world.plan.status, Status::Approved);
        world.kill();
    }
    world.drive(Script::default());
    assert_eq!(
        world.plan.status,
        Status::Done,
        "stopping in good order is no loss"
    );
}

#[test]
fn calls_of_a_plan_that_ended_under_a_dead_runner_are_settled() {
    let mut world = World::approved();
    world.claim().unwrap();
    let mut script = Script::default();
    world.tick(&mut |step| script.answer(step));
    assert!(world.flying().is_some());
    assert_eq!(
        world.operator(Command::SettleOrphans),
        Err(Refusal::Moot),
        "it is in execution"
    );
    world
        .operator(Command::Cancel {
            note: String::new(),
            cut: false,
        })
        .unwrap();
    world.kill();
    world.operator(Command::SettleOrphans).unwrap();
    assert!(world.plan.calls.in_flight.is_empty());
    assert_eq!(world.operator(Command::SettleOrphans), Err(Refusal::Moot));
}

#[test]
fn a_report_that_was_heard_is_moot_the_second_time() {
    let mut world = World::approved();
    world.claim().unwrap();
    let mut script = Script::default();
    world.tick(&mut |step| script.answer(step));
    let (call, epoch) = (world.flying().unwrap(), world.runner.unwrap());
    world.tick(&mut |_| Answer::Says(crate::script::tasks(1, 1)));
    let again = world.complete(epoch, call, crate::script::tasks(1, 1));
    assert_eq!(again, Err(Refusal::Moot));
}
