//! Models that fail: again later inside the wall limit, then the next one for the whole task, then a person.

use modulatio::command::{Fallback, Report};
use projections::{
    event::{Decision, Event, FailureClass, ModelCallFailed, PauseReason, TicketSubject},
    ids::Epoch,
    plan::Status,
    work::Step,
};

use crate::{script::Script, world::World};

fn reason(world: &World) -> PauseReason {
    match &world.plan.status {
        Status::Paused { reason, .. } => *reason,
        other => panic!("{other:?}"),
    }
}

fn other(rank: u32) -> Fallback {
    Fallback {
        model: "other".to_owned(),
        rank,
    }
}

fn failures(world: &World) -> Vec<ModelCallFailed> {
    let failed = |event| match event {
        Event::ModelCallFailed(e) => Some(e),
        _ => None,
    };
    world.events().into_iter().filter_map(failed).collect()
}

fn failing(times: usize, label: &str, class: FailureClass) -> Script {
    (0..times).fold(Script::default(), |script, _| script.fails(label, class))
}

const PASSING: [FailureClass; 6] = [
    FailureClass::Connection,
    FailureClass::Timeout,
    FailureClass::Stalled,
    FailureClass::RateLimited,
    FailureClass::Server,
    FailureClass::Overloaded,
];

#[test]
fn every_passing_class_is_tried_again_for_as_long_as_the_wall_limit_says() {
    for class in PASSING {
        let mut world = World::approved();
        world.policy.retry.wall_ms = 20_000;
        world.drive(failing(4, "s1-plan", class));
        // 2 + 4 + 8 s and a second a frame; the next wait of 16 s would end beyond 20 s.
        assert_eq!(reason(&world), PauseReason::Model, "{class:?}");
        let again: Vec<bool> = failures(&world)
            .iter()
            .map(|e| e.retry_at.is_some())
            .collect();
        assert_eq!(again, [true, true, true, false], "{class:?}");
        world.answer(Decision::Approved);
        world.drive(failing(3, "s1-plan", class));
        assert_eq!(
            world.plan.status,
            Status::Done,
            "an approval gives the step a fresh limit"
        );
        world.check_replay();
    }
}

#[test]
fn a_wall_limit_of_zero_never_tries_again() {
    let mut world = World::approved();
    world.policy.retry.wall_ms = 0;
    world.drive(failing(1, "s1-plan", FailureClass::Server));
    assert_eq!(reason(&world), PauseReason::Model);
}

/// A call that fails so long after it began, with a wait that comes out as nothing.
fn fails_after(seconds: i64, wall_ms: u64) -> World {
    let mut world = World::approved();
    (world.chance, world.policy.retry.wall_ms) = (0, wall_ms);
    world.claim().unwrap();
    world.tick(&mut |step| Script::default().answer(step));
    world.now = world.now.plus_seconds(seconds);
    let report = Report::CallFailed {
        call_id: world.flying().unwrap(),
        class: FailureClass::Timeout,
        message: "no answer".to_owned(),
        retry_after_ms: None,
        in_doubt: true,
        next: None,
        dead: false,
    };
    world.report(report, Epoch(1)).unwrap();
    world
}

#[test]
fn the_wall_limit_counts_from_the_first_failure_however_long_the_call_took() {
    assert!(
        failures(&fails_after(8 * 3_600, 20_000))[0]
            .retry_at
            .is_some()
    );
    assert!(
        failures(&fails_after(0, 0))[0].retry_at.is_none(),
        "a limit of nothing is one"
    );
}

#[test]
fn the_wall_limit_holds_over_lost_runners() {
    let mut world = World::approved();
    world.policy.retry.wall_ms = 20_000;
    let mut script = failing(2, "s1-plan", FailureClass::Server);
    while failures(&world).len() < 2 {
        world.tick(&mut |step| script.answer(step));
    }
    world.kill();
    world.now = world.now.plus_seconds(60);
    world.drive(failing(1, "s1-plan", FailureClass::Server));
    assert_eq!(reason(&world), PauseReason::Model);
}

/// The lid of a laptop is closed, or a clock is set: the runner lives on and finds that it is another day.
#[test]
fn a_night_slept_through_does_not_count_against_the_wall_limit() {
    for asleep_in_a_call in [false, true] {
        let mut world = World::approved();
        world.policy.retry.wall_ms = 20_000;
        let mut script = failing(3, "s1-plan", FailureClass::Server);
        while failures(&world).is_empty() {
            world.tick(&mut |step| script.answer(step));
        }
        while asleep_in_a_call && world.flying().is_none() {
            world.tick(&mut |step| script.answer(step));
        }
        world.now = world.now.plus_seconds(8 * 3_600);
        world.drive(script);
        assert_eq!(world.plan.status, Status::Done, "{asleep_in_a_call}");
        assert!(failures(&world).iter().all(|e| e.retry_at.is_some()));
    }
}

#[test]
fn a_night_without_a_daemon_does_not_count_against_the_wall_limit() {
    let mut world = World::approved();
    world.policy.retry.wall_ms = 20_000;
    let mut script = failing(1, "s1-plan", FailureClass::Server);
    while failures(&world).is_empty() {
        world.tick(&mut |step| script.answer(step));
    }
    let stop = Report::Releasing {
        why: "asked to stop".to_owned(),
    };
    world.report(stop, Epoch(1)).unwrap();
    world.kill();
    world.now = world.now.plus_seconds(8 * 3_600);
    world.drive(failing(1, "s1-plan", FailureClass::Server));
    assert_eq!(world.plan.status, Status::Done);
    world.check_replay();
}

#[test]
fn nonsense_is_asked_for_once_more_only() {
    let mut world = World::approved();
    world.drive(failing(2, "s1-plan", FailureClass::Malformed));
    assert_eq!(reason(&world), PauseReason::Model);
    assert_eq!(world.asked.len(), 2);
}

#[test]
fn other_failures_do_not_count_as_nonsense() {
    let mut world = World::approved();
    let script = failing(3, "s1-plan", FailureClass::Server);
    world.drive(script.fails("s1-plan", FailureClass::Malformed));
    assert_eq!(world.plan.status, Status::Done);
    world.check_replay();
}

#[test]
fn a_provider_that_asks_to_wait_longer_than_the_limit_is_not_waited_for() {
    for (wait, waited) in [(1_799_000, true), (1_801_000, false)] {
        let mut world = World::approved();
        world.chance = 0;
        world.claim().unwrap();
        world.tick(&mut |step| Script::default().answer(step));
        let report = Report::CallFailed {
            call_id: world.flying().unwrap(),
            class: FailureClass::RateLimited,
            message: "429".to_owned(),
            retry_after_ms: Some(wait),
            in_doubt: false,
            next: None,
            dead: false,
        };
        let before = world.now;
        world.report(report, Epoch(1)).unwrap();
        let at = failures(&world)[0].retry_at;
        assert_eq!(at.is_some(), waited, "{wait}");
        assert!(at.is_none_or(|at| at.micros_since(before) == wait * 1_000));
    }
}

#[test]
fn a_missing_or_refused_key_asks_a_person_at_once_and_no_other_model() {
    let mut world = World::approved();
    world.next = vec!["other".to_owned()];
    world.drive(failing(1, "s1-plan", FailureClass::Authentication));
    assert_eq!(reason(&world), PauseReason::Environment);
    let (_, ticket) = world.plan.open_tickets().next().unwrap();
    assert_eq!(ticket.subject, TicketSubject::Environment);
    assert_eq!(world.asked.len(), 1);
    world.answer(Decision::Approved);
    world.drive(Script::default());
    assert_eq!(world.plan.status, Status::Done);
}

#[test]
fn the_next_model_takes_over_for_the_whole_task_and_no_longer() {
    for (class, times) in [(FailureClass::Refused, 1), (FailureClass::Malformed, 2)] {
        let mut world = World::approved();
        world.next = vec!["other".to_owned(); times];
        let script = failing(times, "s1-t1-produce-1", class)
            .says("s1-t1-qc-1", crate::script::verdict(false, "mechanical"));
        world.drive(script);
        assert_eq!(world.plan.status, Status::Done);
        let fell: Vec<(String, String)> = world
            .events()
            .into_iter()
            .filter_map(|event| match event {
                Event::ModelFellBack(e) => Some((e.step.seat(), e.to)),
                _ => None,
            })
            .collect();
        assert_eq!(
            fell,
            [("s1-t1-produce".to_owned(), "other".to_owned())],
            "redos stay with it, other seats begin with the first model"
        );
        world.check_replay();
    }
}

#[test]
fn a_seat_keeps_its_fallback_over_a_crash_and_begins_anew_after_an_approval() {
    let mut world = World::approved();
    world.next = vec!["other".to_owned()];
    let mut script = failing(1, "s1-plan", FailureClass::Refused);
    while failures(&world).is_empty() {
        world.tick(&mut |step| script.answer(step));
    }
    let rank = |world: &World| {
        world
            .plan
            .run
            .as_ref()
            .unwrap()
            .fallen_back
            .get("s1-plan")
            .copied()
    };
    assert_eq!(rank(&world), Some(1));
    world.kill();
    world.claim().unwrap();
    assert_eq!(rank(&world), Some(1));
    world.drive(failing(1, "s1-plan", FailureClass::Refused));
    assert_eq!(reason(&world), PauseReason::Model, "no further model");
    world.answer(Decision::Approved);
    assert_eq!(rank(&world), None);
}

#[test]
fn approving_a_pause_over_models_tries_every_model_again_from_the_beginning() {
    let mut world = World::approved();
    let called = modulatio::command::Called {
        tool: "list_files".to_owned(),
        arguments: String::new(),
    };
    world
        .tools
        .insert("s1-t1-produce-1".to_owned(), vec![vec![called]]);
    world.next = vec!["other".to_owned()];
    let label = "s1-t1-produce-1";
    let mut script = failing(1, label, FailureClass::Refused);
    while world.plan.calls.tools == 0 {
        world.tick(&mut |step| script.answer(step));
    }
    world.drive(failing(1, label, FailureClass::Refused));
    assert_eq!(
        reason(&world),
        PauseReason::Model,
        "the fallback is spent too"
    );
    world.answer(Decision::Approved);
    let run = world.plan.run.as_ref().unwrap();
    assert!(run.fallen_back.is_empty(), "from the first");
    assert!(
        run.tasks[0].talk.is_empty(),
        "no model takes over another's talk"
    );
    world.drive(Script::default());
    assert_eq!(world.plan.status, Status::Done);
    world.check_replay();
}

#[test]
fn a_dead_endpoint_is_given_up_at_once_if_there_is_another_model() {
    for (next, falls) in [(Some(other(1)), true), (None, false)] {
        let mut world = World::approved();
        world.claim().unwrap();
        world.tick(&mut |step| Script::default().answer(step));
        let report = Report::CallFailed {
            call_id: world.flying().unwrap(),
            class: FailureClass::Connection,
            message: "refused".to_owned(),
            retry_after_ms: None,
            in_doubt: false,
            next,
            dead: true,
        };
        let events = world.report(report, Epoch(1)).unwrap();
        let fell = events.iter().any(|e| matches!(e, Event::ModelFellBack(_)));
        assert_eq!(fell, falls);
        assert_eq!(failures(&world)[0].retry_at.is_none(), falls);
    }
}

#[test]
fn falling_back_before_a_call_is_refused_once_the_plan_has_moved_on() {
    let mut world = World::approved();
    world.claim().unwrap();
    let report = |index| Report::FallingBack {
        step: Step::PlanTasks { index },
        from: "a".to_owned(),
        to: other(1),
        why: "dead".to_owned(),
    };
    assert!(world.report(report(2), Epoch(1)).is_err());
    assert_eq!(world.report(report(1), Epoch(1)).unwrap().len(), 1);
    assert!(world.report(report(1), Epoch(1)).is_err(), "given up once");
}

#[test]
fn a_failed_call_that_may_have_been_billed_keeps_its_reservation_until_it_is_released() {
    let mut world = World::approved();
    world.doubtful = true;
    world.drive(failing(2, "s1-plan", FailureClass::Stalled));
    assert_eq!(world.plan.calls.possible().tokens, 2_000);
    let first = world.plan.calls.in_doubt.keys().next().unwrap().clone();
    let release = |call| modulatio::command::Command::ReleaseReservations {
        call,
        note: "not on the invoice".to_owned(),
    };
    world.operator(release(Some(first.clone()))).unwrap();
    assert!(world.operator(release(Some(first))).is_err());
    assert_eq!(world.plan.calls.possible().tokens, 1_000);
    world.operator(release(None)).unwrap();
    assert!(world.plan.calls.in_doubt.is_empty());
    assert!(world.operator(release(None)).is_err());
    world.check_replay();
}

#[test]
fn an_answer_to_a_plan_that_was_paused_meanwhile_still_counts_and_a_failure_asks_nobody() {
    let mut world = World::approved();
    world.claim().unwrap();
    world.tick(&mut |step| Script::default().answer(step));
    world
        .operator(modulatio::command::Command::Cancel {
            note: String::new(),
            cut: false,
        })
        .unwrap();
    let report = Report::CallFailed {
        call_id: world.flying().unwrap(),
        class: FailureClass::Authentication,
        message: "401".to_owned(),
        retry_after_ms: None,
        in_doubt: false,
        next: None,
        dead: false,
    };
    world.report(report, Epoch(1)).unwrap();
    assert_eq!(world.plan.status, Status::Cancelled { cut: false });
    assert!(world.plan.open_tickets().next().is_none());
}
