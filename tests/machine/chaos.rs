//! Anything may happen in any order: bad answers, failing providers, killed runners, and an operator who
//! changes their mind. What must hold after every frame is checked by the world; here is what must hold at the
//! end: the journal replays to the same state, and a plan that is left in peace comes to its end.

use modulatio::{
    command::{Called, Command, Report, Room},
    decide::Refusal,
    effect,
};
use projections::{
    event::{Decision, FailureClass, Mandate},
    ids::TicketId,
    payload::Digest,
    plan::{Plan, Status},
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
    Work(u8, u8),
    Kill,
    Zombie,
    Full,
    Pause,
    Resume,
    Decide(u8, Decision),
    Redraft,
    RewriteItem(u8),
    RewriteRest,
    BreakBody,
    RaiseCap,
    Cancel(bool),
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        120 => any::<(u8, u8)>().prop_map(|(dice, more)| Act::Work(dice, more)),
        4 => Just(Act::Kill),
        2 => Just(Act::Zombie),
        2 => Just(Act::Full),
        3 => Just(Act::Pause),
        6 => Just(Act::Resume),
        10 => any::<u8>().prop_map(|which| Act::Decide(which, Decision::Approved)),
        1 => any::<u8>().prop_map(|which| Act::Decide(which, Decision::Declined)),
        1 => Just(Act::Redraft),
        2 => any::<u8>().prop_map(Act::RewriteItem),
        2 => Just(Act::RewriteRest),
        1 => Just(Act::BreakBody),
        1 => Just(Act::RaiseCap),
        2 => any::<bool>().prop_map(Act::Cancel),
    ]
}

/// Mostly good answers, and every kind of bad one.
fn answer(dice: u8, more: u8, step: &Step) -> Answer {
    match dice % 16 {
        0 => Answer::Says("I would rather not.".to_owned()),
        1 => Answer::Fails(FailureClass::Server),
        2 if more.is_multiple_of(4) => Answer::Fails(FailureClass::Authentication),
        3 if more.is_multiple_of(2) => Answer::Dies,
        4 | 5 => Answer::Calls(tools(more)),
        6..10 => Answer::Says(odd(more, step)),
        _ => Answer::Says(script::good(step)),
    }
}

/// One call of a tool, or two.
fn tools(more: u8) -> Vec<Called> {
    const TOOLS: [&str; 4] = ["list_files", "read_file", "run_shell", "write_file"];
    let called = |at: u8| Called {
        tool: TOOLS[usize::from(at % 4)].to_owned(),
        arguments: "s1/t1.md".to_owned(),
    };
    let second = more.is_multiple_of(3).then(|| called(more / 4));
    [called(more)].into_iter().chain(second).collect()
}

/// An answer of the asked-for form that is not simply good; now and then one that does not fit.
fn odd(more: u8, step: &Step) -> String {
    const CLASSES: [&str; 4] = ["mechanical", "substantive", "environmental", "mechanical"];
    match step {
        Step::Draft { .. } if more.is_multiple_of(4) => script::draft(" ", &["One"]),
        Step::Draft { .. } => script::draft("Other", &["One", "Two", "Three"]),
        Step::PlanTasks { index } => {
            let needs: &[&[usize]] = match more % 5 {
                0 => &[&[], &[], &[], &[]],
                1 => &[&[], &[1], &[1]],
                2 => &[&[2], &[]],
                3 => &[&[2], &[1]],
                _ => &[&[9]],
            };
            script::needing(*index, needs)
        }
        Step::Produce { .. } | Step::Fix { .. } if more.is_multiple_of(3) => {
            script::handed_in(&[("nobody/asked.md", "x")])
        }
        Step::Produce { .. } | Step::Fix { .. } => script::handed_in(&[]),
        Step::Review { .. } => script::verdict(false, CLASSES[usize::from(more % 4)]),
        Step::Reflect { .. } => reflection(more),
        Step::Decompose { .. } if more.is_multiple_of(4) => script::parts(&["One"]),
        Step::Decompose { .. } => script::parts(&["A", "B", "C"]),
    }
}

fn reflection(more: u8) -> String {
    match more % 8 {
        0 => script::reflect("pause"),
        1 | 2 => script::revise(&["Another", "And another"]),
        3 if more > 200 => script::reflect("abort"),
        4 => script::reflect("revise-major"),
        5 => r#"{"outcome":"continue","rationale":"no report"}"#.to_owned(),
        _ => script::reflect("revise-minor"),
    }
}

fn perform(world: &mut World, act: &Act) {
    let note = String::new();
    let _refused_or_not = match act {
        Act::Work(dice, more) => {
            world.first = usize::from(dice / 16);
            world.tick(&mut |step| answer(*dice, *more, step));
            return;
        }
        Act::Kill => return world.kill(),
        Act::Zombie => return zombie(world),
        Act::Full => full(world),
        Act::Pause => world.operator(Command::Pause { note }),
        Act::Resume => world.operator(Command::Resume { note }),
        Act::Cancel(cut) => world.operator(Command::Cancel { note, cut: *cut }),
        Act::Decide(which, decision) => decide(world, *which, *decision),
        Act::Redraft => world.operator(Command::RequestDraft {
            wish: "otherwise".to_owned(),
            attachments: Vec::new(),
            mandate: Mandate::default(),
        }),
        Act::RewriteItem(n) => edits::edit(world, |text| {
            text.replace("another.", &format!("another, {n}."))
        }),
        Act::RewriteRest => edits::edit(world, |text| {
            text.replace("### Ask", "### Ask, ask")
                .replace("### Risks", "### Risks, risks")
        }),
        Act::BreakBody => edits::edit(world, |text| text.replace("\n**2. ", "\n**20. ")),
        Act::RaiseCap => edits::edit(world, |text| edits::with_key(text, "max_tokens", "60000")),
    };
}

type Heard = Result<Vec<projections::event::Event>, Refusal>;

/// Answers any ticket that waits for one, those that only tell included.
fn decide(world: &mut World, which: u8, decision: Decision) -> Heard {
    let waits = world
        .plan
        .tickets
        .iter()
        .filter(|(_, ticket)| ticket.is_open());
    let ids: Vec<TicketId> = waits.map(|(id, _)| id.clone()).collect();
    let id = ids.get(usize::from(which) % ids.len().max(1));
    let id = id.ok_or(Refusal::Moot)?;
    let told = world.plan.tickets[id].for_information;
    let before = world.plan.status.clone();
    let heard = world.answer_to(id, decision);
    assert!(
        !told || world.plan.status == before,
        "what only tells changes nothing"
    );
    heard
}

/// A prompt of a step where the plan stands does not fit its model.
fn full(world: &mut World) -> Heard {
    let epoch = world.runner.ok_or(Refusal::Moot)?;
    let step = steps(&world.plan).find(|step| effect::stands_at(&world.plan, step));
    let report = Report::ContextFull {
        step: step.ok_or(Refusal::Moot)?,
        model: "main".to_owned(),
        room: Room {
            estimated_tokens: 2,
            window_tokens: 1,
        },
        checkpoint: "runs/ESS-P-001/checkpoints/c.json".to_owned(),
        b3: Digest([0; 32]),
        bytes: 1,
    };
    world.report(report, epoch)
}

fn steps(plan: &Plan) -> impl Iterator<Item = Step> {
    let run = plan.run.iter();
    let of_run = run.flat_map(|run| {
        let index = run.index;
        let tasks = run.tasks.iter().filter_map(|task| task.talking());
        let others = [Step::PlanTasks { index }, Step::Reflect { index }];
        tasks.chain(others).collect::<Vec<_>>()
    });
    of_run.collect::<Vec<_>>().into_iter()
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
    let note = String::new;
    for _ in 0..1_500 {
        world.tick(&mut |step| Answer::Says(script::good(step)));
        let drafting = world.plan.is_being_drafted();
        match world.plan.status {
            Status::Paused { .. } => {
                mend(world);
                world.operator(Command::Resume { note: note() }).unwrap();
            }
            Status::Draft if world.plan.open_tickets().next().is_some() => {
                drop(world.answer(Decision::Approved));
            }
            Status::Draft if !drafting => {
                mend(world);
                let again = Command::RequestDraft {
                    wish: "once more".to_owned(),
                    attachments: Vec::new(),
                    mandate: Mandate::default(),
                };
                world.operator(again).unwrap();
            }
            _ => {}
        }
        if world.plan.status.name().is_terminal() {
            return;
        }
    }
    panic!("left in peace, the plan does not end: {:?}", world.plan);
}

fn mend(world: &mut World) {
    let whole = |text: &str| text.replace("\n**20. ", "\n**2. ");
    let mended = edits::edit(world, |text| {
        edits::with_key(&whole(text), "max_tokens", "10000000")
    });
    assert!(mended.is_ok() || edits::fault(mended).contains("without a change"));
}

fn mandate() -> impl Strategy<Value = Mandate> {
    let approved = proptest::option::of(Just("in advance".to_owned()));
    (approved, any::<bool>()).prop_map(|(approved, unattended)| Mandate {
        approved,
        unattended,
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 240, failure_persistence: None, max_shrink_iters: 100, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_the_promises_hold_and_the_plan_can_end(
        acts in proptest::collection::vec(act(), 0..200),
        cap in proptest::option::of(0u64..40_000),
        wished in any::<bool>(),
        mandate in mandate(),
        (parallel, redos, max_iters) in (1u32..4, 0u32..4, 1u32..5),
    ) {
        let mut world = match cap {
            Some(cap) => World::approved_with(&format!("max_tokens: {cap}")),
            None if wished => World::wished_under("Two essays.", mandate),
            None => World::approved(),
        };
        world.policy.parallel = parallel;
        world.policy.redos = redos;
        world.policy.max_iters = max_iters;
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
