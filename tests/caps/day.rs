//! The caps of a day, over all plans and daemons of the vault.

use std::time::Duration;

use modulatio_tools::fake_model::{FakeModel, Script};
use projections::{
    event::{CapKind, Event, PauseReason},
    plan::Status,
};

use crate::{
    greedy,
    support::{
        Daemon, Lots, TestVault, body,
        books::{Books, total},
        today, wait_until, within_one_day,
    },
};

/// Three daemons; those that were killed are replaced. Then whatever is left is run.
fn three_daemons(vault: &TestVault, plans: &[String], lots: &mut Lots) {
    let mut daemons: Vec<Daemon> = (0..3).map(|_| Daemon::start(vault, &[])).collect();
    // One plan alone could be done within the cap; three that are well on their way leave no room for any.
    let well_begun = |plan: &&String| vault.journal(plan).count("ModelCallCompleted") >= 3;
    wait_until("three plans are in work", || {
        plans.iter().filter(well_begun).count() >= 3
    });
    for _ in 0..4 {
        std::thread::sleep(Duration::from_millis(lots.within(50, 400)));
        daemons.remove(0).kill();
        daemons.push(Daemon::start(vault, &[]));
    }
    daemons.into_iter().for_each(Daemon::kill);
    vault.run_until_idle();
}

/// On a busy machine three runners of a plan may be killed before they complete a call, which sets it aside.
fn let_poisoned_go_on(vault: &TestVault, plans: &[String]) {
    let poisoned = |plan: &&String| {
        let status = vault.journal(plan).plan.status;
        matches!(status, Status::Paused { reason, .. } if reason == PauseReason::Quarantine)
    };
    for plan in plans.iter().filter(poisoned) {
        vault.run(&["plan", "approve", plan]).ok();
    }
    vault.run_until_idle();
}

fn is_done(vault: &TestVault, plan: &str) -> bool {
    vault.journal(plan).status() == "done"
}

fn paused_by(vault: &TestVault, plan: &str) -> Option<CapKind> {
    let journal = vault.journal(plan);
    let last = journal.events().filter_map(|event| match event {
        Event::BudgetExhausted(e) => Some(e.cap),
        _ => None,
    });
    let last = last.last();
    matches!(journal.plan.status, Status::Paused { .. }).then_some(last)?
}

/// Plans that together need far more than the cap of the day, which is then raised.
fn case(daily: &str, cap: u64, of_cost: bool) {
    within_one_day();
    let mut lots = Lots::of("MODULATIO_CAPS_SEED", 3 + u64::from(of_cost));
    let model = greedy::start(&mut lots);
    let vault = greedy::vault(&model, &format!("daily: {{{daily}}}\n"));
    let plans: Vec<String> = (0..4).map(|_| vault.approved(&body(3))).collect();
    three_daemons(&vault, &plans, &mut lots);
    let_poisoned_go_on(&vault, &plans);
    let sold = model.sold();
    let spent = if of_cost {
        total(&sold).micros
    } else {
        total(&sold).tokens
    };
    println!("sold {spent} of {cap} in {} sales", sold.calls);
    assert!(spent <= cap, "{spent} of {cap}");
    let kind = if of_cost {
        CapKind::DailyCost
    } else {
        CapKind::DailyTokens
    };
    // Where one was fast and the others were killed, it may be done within the cap.
    let left: Vec<&String> = plans.iter().filter(|plan| !is_done(&vault, plan)).collect();
    assert!(!left.is_empty(), "the cap was never met");
    for plan in left {
        let status = vault.journal(plan).plan.status;
        assert_eq!(paused_by(&vault, plan), Some(kind), "{plan}: {status:?}");
    }
    let audit = Books::of(&vault, &plans).agree_with(&sold);
    let day = today(&vault);
    assert_eq!(
        (day.settled.tokens, day.settled.cost.0),
        (audit.paid.tokens, audit.paid.micros)
    );
    assert_eq!(day.open.len(), audit.in_doubt);
    raised(&vault, &model, &plans);
}

/// With a higher cap in the file, plans that are approved go on.
fn raised(vault: &TestVault, model: &modulatio_tools::fake_model::FakeModel, plans: &[String]) {
    vault.write(
        "modulatio.yaml",
        &greedy::config(model, "daily: {max_tokens: 10000000, max_cost_usd: 1000}\n"),
    );
    for plan in plans.iter().filter(|plan| !is_done(vault, plan)) {
        vault.run(&["plan", "approve", plan]).ok();
    }
    vault.run_until_idle();
    for plan in plans {
        assert_eq!(vault.journal(plan).status(), "done", "{plan}");
        vault.is_proven(plan);
    }
    let audit = Books::of(vault, plans).agree_with(&model.sold());
    let day = today(vault);
    assert_eq!(day.settled.tokens, audit.paid.tokens);
    assert_eq!(day.open.len(), audit.in_doubt);
}

#[test]
fn three_daemons_together_use_no_more_tokens_than_the_day_allows_and_go_on_once_it_allows_more() {
    case("max_tokens: 150000", 150_000, false);
}

#[test]
fn three_daemons_together_pay_no_more_than_the_day_allows_and_go_on_once_it_allows_more() {
    case("max_cost_usd: 0.75", 750_000, true);
}

#[test]
fn a_daily_cap_that_is_set_while_plans_run_holds_from_their_next_call_on() {
    within_one_day();
    let mut lots = Lots::of("MODULATIO_CAPS_SEED", 6);
    let model = greedy::start(&mut lots);
    let vault = greedy::vault(&model, "");
    let plans: Vec<String> = (0..3).map(|_| vault.approved(&body(6))).collect();
    let daemons: Vec<Daemon> = (0..2).map(|_| Daemon::start(&vault, &[])).collect();
    wait_until("both are at work", || model.sold().calls > 8);
    let cap = total(&model.sold()).tokens + 40_000;
    let text = greedy::config(&model, &format!("daily: {{max_tokens: {cap}}}\n"));
    // Saved whole, as editors do.
    vault.write("modulatio.yaml.new", &text);
    std::fs::rename(
        vault.path("modulatio.yaml.new"),
        vault.path("modulatio.yaml"),
    )
    .unwrap();
    for plan in &plans {
        wait_until(
            "the day is full, and what was under way is answered",
            || {
                paused_by(&vault, plan) == Some(CapKind::DailyTokens)
                    && vault.journal(plan).plan.calls.in_flight.is_empty()
            },
        );
    }
    plans.iter().for_each(|plan| vault.follows(plan));
    drop(daemons);
    let sold = model.sold();
    let spent = total(&sold).tokens;
    println!("sold {spent} of {cap}");
    assert!(spent <= cap, "{spent} of {cap}");
    Books::of(&vault, &plans).agree_with(&sold);
}

#[test]
fn a_daily_cap_on_cost_asks_no_model_whose_price_is_unknown() {
    let mut lots = Lots::of("MODULATIO_CAPS_SEED", 5);
    let model = greedy::start(&mut lots);
    let config = greedy::config(&model, "daily: {max_cost_usd: 1000}\n");
    let vault = TestVault::with(&config.replacen(crate::support::books::PRICE, "stream: true", 1));
    let plan = vault.approved(&body(1));
    vault.run_until_idle();
    assert!(model.requests().is_empty());
    let journal = vault.journal(&plan);
    assert_eq!(journal.status(), "paused");
    let (_, ticket) = journal.plan.open_tickets().next().expect("a ticket");
    assert!(ticket.body.contains("openai/o-1"), "{}", ticket.body);
    assert_eq!(journal.count("ModelCallStarted"), 0);
    vault.is_proven(&plan);
}

#[test]
fn a_day_without_a_cap_is_accounted_for_all_the_same_and_can_be_looked_at() {
    within_one_day();
    let model = FakeModel::start(Script::default()).expect("a free port");
    let vault = greedy::vault(&model, "");
    let plan = vault.approved(&body(1));
    vault.run_until_idle();
    let sold: u64 = model.sold().input_tokens + model.sold().output_tokens;
    assert_eq!(vault.journal(&plan).plan.calls.tokens, sold);
    let shown = vault.run(&["spend", "--json"]).ok().out;
    let day: serde_json::Value = serde_json::from_str(&shown).expect("JSON");
    assert_eq!(
        (&day["tokens"], &day["possible_tokens"]),
        (&sold.into(), &0.into())
    );
    assert_eq!(day["max_tokens"], serde_json::Value::Null);
    // A cap that is set now holds for the whole day.
    let daily = format!("daily: {{max_tokens: {}}}\n", sold + 1);
    vault.write("modulatio.yaml", &greedy::config(&model, &daily));
    vault
        .run(&["spend"])
        .ok()
        .shows(&format!("paid      {sold} tokens"))
        .shows(&format!("cap       {} tokens", sold + 1));
    let second = vault.approved(&body(1));
    vault.run_until_idle();
    assert_eq!(paused_by(&vault, &second), Some(CapKind::DailyTokens));
    assert_eq!(model.sold().calls, 4, "no call of the second plan was made");
}
