//! Anything may happen in any order: bad answers, failing providers, killed runners, and an operator who
//! changes their mind. What must hold after every frame is checked by the world; here is what must hold at the
//! end: the journal replays to the same state, and a plan that is left in peace comes to its end.

use modulatio::{command::Command, decide::Refusal};
use projections::{
    event::{Decision, FailureClass},
    plan::Status,
    work::Step,
};
use proptest::prelude::*;

use crate::{
    edits,
    script::{self, Answer},
    world::World,
};

#[derive(Clone, Debug)]
enum Act {
    Work(u8),
    Kill,
    Zombie,
    Pause,
    Resume,
    Decide(Decision),
    RewriteBody(u8),
    BreakBody,
    RaiseCap,
    Cancel,
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        60 => any::<u8>().prop_map(Act::Work),
        4 => Just(Act::Kill),
        2 => Just(Act::Zombie),
        3 => Just(Act::Pause),
        6 => Just(Act::Resume),
        4 => Just(Act::Decide(Decision::Approved)),
        1 => Just(Act::Decide(Decision::Declined)),
        2 => any::<u8>().prop_map(Act::RewriteBody),
        1 => Just(Act::BreakBody),
        1 => Just(Act::RaiseCap),
        1 => Just(Act::Cancel),
    ]
}

/// Mostly good answers, and every kind of bad one.
fn answer(dice: u8, step: &Step) -> Answer {
    let class = if dice.is_multiple_of(2) {
        "mechanical"
    } else {
        "environmental"
    };
    match (dice % 16, step) {
        (0, _) => Answer::Says("I would rather not.".to_owned()),
        (1, _) => Answer::Fails(FailureClass::Server),
        (2, _) => Answer::Fails(FailureClass::Authentication),
        (3, _) => Answer::Dies,
        (4..7, Step::Review { .. }) => Answer::Says(script::verdict(false, class)),
        (4..9, Step::Reflect { .. }) => Answer::Says(reflection(dice)),
        (7..10, Step::PlanTasks { index }) => Answer::Says(script::tasks(*index, 3)),
        _ => Answer::Says(script::good(step)),
    }
}

fn reflection(dice: u8) -> String {
    match dice % 16 {
        4 => script::reflect("pause"),
        5 => script::revise(&["Another", "And another"]),
        6 if dice > 200 => script::reflect("abort"),
        7 => script::reflect("revise-major"),
        _ => script::reflect("revise-minor"),
    }
}

fn perform(world: &mut World, act: &Act) {
    let note = String::new();
    let _refused_or_not = match act {
        Act::Work(dice) => {
            world.tick(&mut |step| answer(*dice, step));
            return;
        }
        Act::Kill => return world.kill(),
        Act::Zombie => return zombie(world),
        Act::Pause => world.operator(Command::Pause { note }),
        Act::Resume => world.operator(Command::Resume { note }),
        Act::Cancel => world.operator(Command::Cancel { note }),
        Act::Decide(decision) if world.plan.open_tickets().next().is_some() => {
            Ok(world.answer(*decision))
        }
        Act::Decide(_) => return,
        Act::RewriteBody(n) => edits::edit(world, |text| {
            text.replace("another.", &format!("another, {n}."))
        }),
        Act::BreakBody => edits::edit(world, |text| text.replace("\n**2. ", "\n**20. ")),
        Act::RaiseCap => edits::edit(world, |text| edits::with_key(text, "max_tokens", "60000")),
    };
}

/// A runner that was thought dead reports its call after another has claimed the plan.
fn zombie(world: &mut World) {
    let (Some(call), Some(epoch)) = (world.flying(), world.runner) else {
        return;
    };
    if world.claim().is_ok() && world.plan.epoch > epoch {
        let late = world.complete(epoch, call, script::reflect("abort"));
        assert!(matches!(late, Err(Refusal::StaleEpoch { .. })));
    }
}

/// From here on all goes well: the body is mended, every question answered with yes, every call with a good
/// answer.
fn heal(world: &mut World) {
    let whole = |text: &str| text.replace("\n**20. ", "\n**2. ");
    for _ in 0..200 {
        world.tick(&mut |step| Answer::Says(script::good(step)));
        if matches!(world.plan.status, Status::Paused { .. }) {
            let mended = edits::edit(world, |text| {
                edits::with_key(&whole(text), "max_tokens", "10000000")
            });
            assert!(mended.is_ok() || edits::fault(mended).contains("without a change"));
            world
                .operator(Command::Resume {
                    note: String::new(),
                })
                .unwrap();
        }
        if world.plan.status.name().is_terminal() {
            return;
        }
    }
    panic!("left in peace, the plan does not end: {:?}", world.plan);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 160, failure_persistence: None, max_shrink_iters: 100, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_the_promises_hold_and_the_plan_can_end(acts in proptest::collection::vec(act(), 0..120), cap in proptest::option::of(0u64..20_000)) {
        let mut world = cap.map_or_else(World::approved, |cap| World::approved_with(&format!("max_tokens: {cap}")));
        for act in &acts {
            perform(&mut world, act);
        }
        world.check_replay();
        if !world.plan.status.name().is_terminal() {
            heal(&mut world);
            prop_assert_eq!(&world.plan.status, &Status::Done);
        }
        world.check_replay();
    }
}
