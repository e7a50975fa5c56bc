//! A cap caps: the worst case is reserved before, and a call that could pass a cap is not made.

use modulatio::{
    command::{Change, Command, Report},
    decide::Refusal,
};
use projections::{
    event::{CapKind, Decision, Event, PauseReason, Reserved},
    ids::Epoch,
    plan::Status,
    time::MicroUsd,
};
use proptest::prelude::*;

use crate::{script::Script, world::World};

fn over_budget(world: &World) -> bool {
    matches!(
        world.plan.status,
        Status::Paused {
            reason: PauseReason::Budget,
            ..
        }
    )
}

fn warnings(world: &World) -> Vec<CapKind> {
    let warned = |e: Event| match e {
        Event::BudgetWarned(e) => Some(e.cap),
        _ => None,
    };
    world.events().into_iter().filter_map(warned).collect()
}

#[test]
fn the_call_that_could_pass_the_cap_is_not_made() {
    let mut world = World::approved_with("max_tokens: 2999");
    world.greedy = true;
    world.drive(Script::default());
    assert!(over_budget(&world));
    assert_eq!(world.plan.calls.tokens, 2_000);
    let (_, ticket) = world.plan.open_tickets().next().unwrap();
    assert!(
        ticket
            .body
            .contains("max_tokens would be passed: 3000 of 2999 tokens"),
        "{}",
        ticket.body
    );
}

#[test]
fn a_cap_may_be_reached_exactly() {
    let mut world = World::approved_with("max_tokens: 8000");
    world.greedy = true;
    world.drive(Script::default());
    assert_eq!(
        (world.plan.status.clone(), world.plan.calls.tokens),
        (Status::Done, 8_000)
    );
}

#[test]
fn a_cap_of_zero_admits_nothing() {
    for head in ["max_tokens: 0", "max_cost_usd: 0"] {
        let mut world = World::approved_with(head);
        world.drive(Script::default());
        assert!(over_budget(&world) && world.asked.is_empty(), "{head}");
    }
}

#[test]
fn the_cost_cap_counts_in_its_own_unit() {
    let mut world = World::approved_with("max_cost_usd: 0.025");
    world.greedy = true;
    world.drive(Script::default());
    assert!(over_budget(&world));
    assert_eq!(world.plan.calls.cost, MicroUsd(20_000));
}

#[test]
fn a_call_of_unknown_price_cannot_be_made_under_a_cap_on_cost() {
    let mut world = World::approved_with("max_cost_usd: 5");
    world.reserve = Reserved {
        tokens: 10,
        cost: None,
    };
    world.drive(Script::default());
    assert!(over_budget(&world) && world.asked.is_empty());
    let (_, ticket) = world.plan.open_tickets().next().unwrap();
    assert!(
        ticket.body.contains("nobody knows the price of main"),
        "{}",
        ticket.body
    );
    let mut free = World::approved_with("max_tokens: 999999");
    free.reserve = Reserved {
        tokens: 10,
        cost: None,
    };
    free.drive(Script::default());
    assert_eq!(free.plan.status, Status::Done);
}

#[test]
fn the_clock_cap_counts_from_the_first_execution() {
    let mut world = World::approved_with("max_wall_clock_min: 1");
    world.claim().unwrap();
    world.now = world.now.plus_seconds(58);
    let mut script = Script::default();
    world.tick(&mut |step| script.answer(step));
    assert_eq!(world.asked.len(), 1, "59 seconds are within a minute");
    world.now = world.now.plus_seconds(60);
    world.drive(Script::default());
    assert!(over_budget(&world));
}

#[test]
fn what_may_have_been_billed_counts_against_the_cap() {
    let mut world = World::approved_with("max_tokens: 2000");
    world.drive(Script::default().dies("s1-plan"));
    assert!(over_budget(&world));
    assert_eq!(world.plan.committed().tokens, 1_120);
}

#[test]
fn a_warning_is_given_once_at_80_percent() {
    let mut world = World::approved_with("max_tokens: 8000");
    world.greedy = true;
    let mut script = Script::default();
    while world.plan.calls.tokens < 6_000 {
        world.tick(&mut |step| script.answer(step));
        let expected = usize::from(world.plan.committed().tokens >= 6_400);
        assert_eq!(warnings(&world).len(), expected);
    }
    world.drive(script);
    assert_eq!(warnings(&world), [CapKind::Tokens]);
}

#[test]
fn a_raised_cap_lets_an_approved_plan_go_on_and_warns_anew() {
    let mut world = World::approved_with("max_tokens: 4000");
    world.greedy = true;
    world.drive(Script::default());
    assert!(over_budget(&world));
    world.answer(Decision::Approved);
    world.drive(Script::default());
    assert!(over_budget(&world), "the cap is still the cap");
    crate::edits::edit(&mut world, |text| {
        text.replace("max_tokens: 4000", "max_tokens: 9000")
    })
    .unwrap();
    world
        .operator(Command::Resume {
            note: String::new(),
        })
        .unwrap();
    world.drive(Script::default());
    assert_eq!(world.plan.status, Status::Done);
    assert_eq!(warnings(&world).len(), 2);
    world.check_replay();
}

#[test]
fn a_cap_that_is_no_number_makes_no_plan() {
    let document = projections::document::read(b"---\nmax_tokens: lots\n---\n").unwrap();
    let fault = modulatio::decide::draft(&"ESS-P-001".parse().unwrap(), &document).unwrap_err();
    assert_eq!(fault.field, "max_tokens");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    /// A provider that uses every token it may, runners that die, and caps at every height.
    #[test]
    fn a_cap_is_never_passed(tokens in 0u64..9_000, cents in 0u64..9, reserve in 21u64..3_000, deaths in proptest::collection::vec(0usize..12, 0..3)) {
        let mut world = World::approved_with(&format!("max_tokens: {tokens}\nmax_cost_usd: 0.0{cents}"));
        world.reserve.tokens = reserve;
        world.greedy = true;
        let (mut script, mut move_) = (Script::default(), 0);
        for _ in 0..200 {
            world.tick(&mut |step| script.answer(step));
            if deaths.contains(&move_) { world.kill(); }
            move_ += 1;
            let committed = world.plan.committed();
            prop_assert!(committed.tokens <= tokens);
            prop_assert!(committed.cost.unwrap_or_default() <= MicroUsd(cents * 10_000));
        }
        let at_rest = world.operator(Command::Claim);
        prop_assert!(matches!(at_rest, Err(Refusal::Status { .. })), "done or paused");
        world.check_replay();
    }
}

#[test]
fn a_raised_cap_and_an_approval_let_the_plan_go_on() {
    let mut world = World::approved_with("max_tokens: 2999");
    world.greedy = true;
    world.drive(Script::default());
    assert!(over_budget(&world));
    let more = |tokens| Command::EditBudget {
        tokens,
        cost: Change::Keep,
        minutes: Change::Keep,
    };
    world.operator(more(Change::Set(50_000))).unwrap();
    assert!(over_budget(&world), "a raised cap alone starts nothing");
    assert!(world.operator(more(Change::Set(50_000))).is_err());
    world.answer(Decision::Approved);
    world.drive(Script::default());
    assert_eq!(world.plan.status, Status::Done);
    world.check_replay();
}

#[test]
fn a_cap_that_is_removed_is_the_defaults_again() {
    let mut world = World::approved_with("max_tokens: 999999");
    world.policy.default_caps.max_tokens = Some(1);
    let edit = Command::EditBudget {
        tokens: Change::Remove,
        cost: Change::Keep,
        minutes: Change::Keep,
    };
    world.operator(edit).unwrap();
    world.drive(Script::default());
    assert!(over_budget(&world));
}

#[test]
fn the_vaults_day_pauses_the_plan_and_says_which_cap() {
    for (cap, shown) in [
        (
            CapKind::DailyTokens,
            "daily.max_tokens would be passed: 31 of 30 tokens",
        ),
        (
            CapKind::DailyCost,
            "daily.max_cost_usd would be passed: $0.000031 of $0.00003",
        ),
    ] {
        let mut world = World::approved();
        world.claim().unwrap();
        let over = Report::OverDailyCap {
            cap,
            used: 31,
            limit: 30,
        };
        world.report(over, Epoch(1)).unwrap();
        assert!(over_budget(&world));
        let (_, ticket) = world.plan.open_tickets().next().unwrap();
        assert!(ticket.body.contains(shown), "{}", ticket.body);
    }
}

#[test]
fn unknown_prices_stop_a_plan_under_a_cap_on_cost_before_its_first_call() {
    let report = |daily| Report::Unpriced {
        models: vec!["openai/mystery".to_owned(), "openai/riddle".to_owned()],
        daily,
    };
    for (head, daily, stops) in [
        ("max_cost_usd: 5", false, true),
        ("max_tokens: 99999", false, false),
        ("max_tokens: 99999", true, true),
    ] {
        let mut world = World::approved_with(head);
        world.claim().unwrap();
        assert_eq!(
            world.report(report(daily), Epoch(1)).is_ok(),
            stops,
            "{head}"
        );
        assert_eq!(over_budget(&world), stops);
        let told = world
            .plan
            .open_tickets()
            .next()
            .map(|(_, t)| t.body.clone());
        assert_eq!(
            told.is_some_and(|t| t.contains("openai/mystery, openai/riddle")),
            stops
        );
    }
}
