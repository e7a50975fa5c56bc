//! Caps and what an operator does about them, at the command line.

use modulatio_tools::fake_model::{Behaviour, FakeModel, Step};
use serde_json::Value;

use crate::{
    bench::{QUICK, config, entry, is_done, server, ticket},
    support::{Daemon, TestVault, body, wait_until, within_one_day},
};

fn priced(model: &FakeModel, price: &str, more: &str) -> TestVault {
    let entry = entry("fake-1", "openai", model, price);
    TestVault::with(&config(
        &[entry],
        "{leader: fake-1}",
        &format!("{QUICK}{more}"),
    ))
}

const PRICE: &str = ", max_output_tokens: 1000, price: {input: 3, output: 15}";

fn shown(vault: &TestVault, plan: &str) -> Value {
    let ran = vault.run(&["plan", "show", plan, "--json"]).ok();
    serde_json::from_str(&ran.out).expect("JSON")
}

#[test]
fn caps_are_set_and_taken_away_and_those_not_named_stay() {
    let model = server([]);
    let vault = priced(&model, PRICE, "");
    let plan = vault.draft(&body(1));
    let edit = |args: &[&str]| vault.run(&[&["plan", "edit-budget", &plan], args].concat());
    edit(&["--max-cost-usd", "2.50", "--max-tokens", "90000"])
        .ok()
        .shows("max_cost_usd 2.5, max_tokens 90000");
    edit(&["--max-wall-clock-min", "5"]).ok();
    let caps = &shown(&vault, &plan)["caps"];
    assert_eq!(caps["max_tokens"], 90_000);
    assert_eq!(caps["max_wall_clock_min"], 5);
    assert!(
        vault
            .read(&format!("ess/plans/{plan}.md"))
            .contains("max_tokens: 90000")
    );
    edit(&["--max-tokens", "none", "--max-wall-clock-min", "none"])
        .ok()
        .shows("max_cost_usd 2.5");
    edit(&["--max-cost-usd", "none"])
        .ok()
        .shows("no caps of its own");
    edit(&["--max-cost-usd", "none"])
        .ok()
        .says("the caps were that already");
    vault.is_proven(&plan);
}

#[test]
fn what_makes_no_sense_is_refused_and_changes_nothing() {
    let model = server([]);
    let vault = priced(&model, PRICE, "");
    let plan = vault.draft(&body(1));
    let before = vault.journal(&plan).entries.len();
    for args in [
        &[][..],
        &["--max-cost-usd", "much"],
        &["--max-cost-usd", "-1"],
        &["--max-cost-usd", "1.0000001"],
        &["--max-tokens", "1.5"],
        &["--max-tokens", "-3"],
        &["--max-tokens", ""],
        &["--max-wall-clock-min", "None"],
        &["--max-pens", "3"],
    ] {
        vault
            .run(&[&["plan", "edit-budget", &plan], args].concat())
            .code(2);
    }
    vault
        .run(&["plan", "edit-budget", "ESS-P-099", "--max-tokens", "1"])
        .code(1);
    vault
        .run(&["plan", "edit-budget", "--max-tokens", "1"])
        .code(2);
    vault.run(&["plan", "release"]).code(2);
    vault.run(&["plan", "release", &plan, "not a call"]).code(2);
    assert_eq!(vault.journal(&plan).entries.len(), before);
    vault.run(&["plan", "cancel", &plan]).ok();
    vault
        .run(&["plan", "edit-budget", &plan, "--max-tokens", "1"])
        .code(6)
        .says("cancelled");
}

#[test]
fn a_plan_paused_by_its_cap_shows_what_was_spent_and_goes_on_under_a_higher_one() {
    let model = server([]);
    let vault = priced(&model, PRICE, "");
    let plan = vault.draft(&body(3));
    vault
        .run(&["plan", "edit-budget", &plan, "--max-cost-usd", "0.035"])
        .ok();
    vault.run(&["plan", "approve", &plan]).ok();
    vault.run_until_idle();
    let journal = vault.journal(&plan);
    assert_eq!(journal.status(), "paused");
    let calls = &journal.plan.calls;
    assert!(calls.completed >= 1);
    assert!(calls.cost.0 <= 35_000, "the cap holds");
    let spent = format!(
        "{} tokens and ${} in {} calls",
        calls.tokens, calls.cost, calls.completed
    );
    let text = ticket(&vault, 1);
    for part in ["kind: budget", &spent, "of $0.035", "edit-budget"] {
        assert!(text.contains(part), "{part:?} is not in {text}");
    }
    let audit = vault.read(&format!("ess/runs/{plan}/audit.jsonl"));
    assert!(
        audit.contains("max_cost_usd: $0.0") && audit.contains(" of $0.035"),
        "{audit}"
    );
    let show = vault.run(&["plan", "show", &plan]).ok();
    let usage = format!(
        "{} tokens, ${} in {} calls",
        calls.tokens, calls.cost, calls.completed
    );
    assert!(
        show.out.contains(&usage) && show.out.contains("max_cost_usd 0.035"),
        "{}",
        show.out
    );
    let usage = &shown(&vault, &plan)["usage"];
    assert_eq!(usage["calls_completed"], calls.completed);
    let before = model.sold().calls;
    vault
        .run(&["plan", "edit-budget", &plan, "--max-cost-usd", "none"])
        .ok()
        .says("still paused");
    vault.run(&["plan", "approve", &plan]).ok();
    vault.run_until_idle();
    is_done(&vault, &plan, &model);
    assert_eq!(model.sold().calls, 12, "{before} before, and none twice");
}

/// A server that cuts the first answer after its head: that call is in doubt.
fn doubtful() -> (FakeModel, TestVault, String) {
    let cut = Behaviour::Cut {
        after: 1,
        answer: Box::default(),
    };
    let model = server([Step::new(cut).times(2)]);
    let vault = priced(&model, PRICE, "");
    let plan = vault.approved(&body(1));
    vault.run_until_idle();
    is_done(&vault, &plan, &model);
    (model, vault, plan)
}

#[test]
fn reservations_in_doubt_are_shown_and_released_one_by_one_or_all() {
    let (model, vault, plan) = doubtful();
    let doubts: Vec<String> = vault
        .journal(&plan)
        .plan
        .calls
        .in_doubt
        .keys()
        .map(ToString::to_string)
        .collect();
    assert_eq!(doubts.len(), 2);
    assert_eq!(model.sold().calls, 6, "the cut answers were sold");
    vault
        .run(&["plan", "show", &plan])
        .ok()
        .shows("in doubt   2 call(s)");
    assert!(shown(&vault, &plan)["usage"]["in_doubt_tokens"].as_u64() > Some(0));
    vault
        .run(&["plan", "release", &plan, "c0099-s1-plan"])
        .code(6)
        .says("no reservation of c0099-s1-plan is in doubt");
    let note = ["--note", "not on the bill"];
    vault
        .run(&[&["plan", "release", &plan, &doubts[0]], &note[..]].concat())
        .ok()
        .shows(&format!("{plan} released {}", doubts[0]));
    vault
        .run(&["plan", "show", &plan])
        .ok()
        .shows("in doubt   1 call(s)");
    vault
        .run(&["plan", "release", &plan])
        .ok()
        .shows(&doubts[1]);
    assert_eq!(shown(&vault, &plan)["usage"]["in_doubt_tokens"], 0);
    vault
        .run(&["plan", "release", &plan])
        .code(6)
        .says("no reservation is in doubt");
    let audit = vault.read(&format!("ess/runs/{plan}/audit.jsonl"));
    assert!(audit.contains("not on the bill"), "{audit}");
    vault.is_proven(&plan);
}

#[test]
fn with_a_cap_on_cost_and_no_price_nobody_is_asked() {
    let model = server([]);
    for caps in [
        "",
        "daily: {max_cost_usd: 9}\n",
        "defaults: {max_cost_usd: 9}\n",
    ] {
        let vault = priced(&model, "", caps);
        let plan = vault.draft(&body(1));
        if caps.is_empty() {
            vault
                .run(&["plan", "edit-budget", &plan, "--max-cost-usd", "9"])
                .ok();
        }
        vault.run(&["plan", "approve", &plan]).ok();
        vault.run_until_idle();
        assert_eq!(vault.journal(&plan).status(), "paused");
        assert_eq!(model.requests().len(), 0);
        let text = ticket(&vault, 1);
        for part in [
            "kind: budget",
            "cost unknown",
            "openai/fake-1",
            "price: free",
        ] {
            assert!(text.contains(part), "{part:?} is not in {text}");
        }
        vault
            .run(&["plan", "show", &plan])
            .ok()
            .shows("cost unknown");
        vault.is_proven(&plan);
    }
}

#[test]
fn a_price_written_into_the_file_lets_it_go_on() {
    let model = server([]);
    let vault = priced(&model, "", "defaults: {max_cost_usd: 9}\n");
    let plan = vault.approved(&body(1));
    vault.run_until_idle();
    let file = vault.read("modulatio.yaml");
    let file = file.replace(
        "model: fake-1,",
        "model: fake-1, price: {input: 1, output: 2},",
    );
    vault.write("modulatio.yaml", &file);
    vault.run(&["project", "resume", &plan]).ok();
    vault.run_until_idle();
    is_done(&vault, &plan, &model);
}

#[test]
fn without_a_cap_it_runs_and_says_that_nobody_knows_the_cost() {
    let model = server([]);
    let vault = priced(&model, "", "");
    let plan = vault.approved(&body(1));
    vault.run_until_idle();
    is_done(&vault, &plan, &model);
    vault
        .run(&["plan", "show", &plan])
        .ok()
        .shows("in 4 calls; cost unknown of 4");
    assert_eq!(shown(&vault, &plan)["usage"]["calls_of_unknown_price"], 4);
    let ledger = crate::bench::ledger(&vault, &plan);
    assert!(ledger.iter().all(|line| line["cost_usd"].is_null()));
}

#[test]
fn the_days_cap_stops_the_next_plan_and_says_what_to_do() {
    within_one_day();
    let model = server([]);
    let vault = priced(&model, PRICE, "daily: {max_cost_usd: 0.04}\n");
    let plans = [vault.approved(&body(2)), vault.approved(&body(2))];
    vault.run_until_idle();
    let paused: Vec<&String> = plans
        .iter()
        .filter(|plan| vault.journal(plan).status() == "paused")
        .collect();
    assert!(!paused.is_empty());
    let text = ticket(&vault, 1);
    assert!(
        text.contains("midnight UTC") && text.contains("$0.04"),
        "{text}"
    );
    let spent: u64 = plans
        .iter()
        .map(|plan| vault.journal(plan).plan.calls.cost.0)
        .sum();
    assert!(spent <= 40_000, "{spent}");
    let file = vault.read("modulatio.yaml").replace("0.04", "9");
    vault.write("modulatio.yaml", &file);
    for plan in paused {
        vault.run(&["project", "resume", plan]).ok();
    }
    vault.run_until_idle();
    for plan in &plans {
        is_done(&vault, plan, &model);
    }
}

/// Cut answers that nobody can say the price of fill a cap; the ticket says so, and how to take them off.
#[test]
fn a_cap_that_doubts_have_used_up_is_freed_by_releasing_them() {
    let cut = Behaviour::Cut {
        after: 1,
        answer: Box::default(),
    };
    let model = server([Step::new(cut).times(3)]);
    let vault = priced(&model, PRICE, "defaults: {max_cost_usd: 0.07}\n");
    let plan = vault.approved(&body(1));
    vault.run_until_idle();
    let journal = vault.journal(&plan);
    assert_eq!(
        (journal.status(), journal.plan.calls.completed),
        ("paused", 0)
    );
    let text = ticket(&vault, 1);
    assert!(
        text.contains(&format!("`modulatio plan release {plan}`")),
        "{text}"
    );
    vault.run(&["plan", "release", &plan]).ok();
    vault.run(&["project", "resume", &plan]).ok();
    vault.run_until_idle();
    vault.is_proven(&plan);
    assert!(vault.journal(&plan).plan.calls.completed >= 1);
}

#[test]
fn a_doubt_of_unknown_price_is_not_called_free() {
    let cut = Behaviour::Cut {
        after: 1,
        answer: Box::default(),
    };
    let model = server([Step::new(cut)]);
    let vault = priced(&model, "", "");
    let plan = vault.approved(&body(1));
    vault.run_until_idle();
    is_done(&vault, &plan, &model);
    vault
        .run(&["plan", "show", &plan])
        .ok()
        .shows("at most; cost unknown of 1");
}

/// A runner that dies in a call leaves its reservation on the day; released on the plan, the day has room again.
#[test]
fn a_reservation_of_a_killed_runner_weighs_on_the_day_until_it_is_released() {
    within_one_day();
    let model = server([Step::new(Behaviour::StallBeforeHead).times(2)]);
    let vault = priced(&model, PRICE, "daily: {max_cost_usd: 0.06}\n");
    let plan = vault.approved(&body(1));
    for calls in 1..=2 {
        let daemon = Daemon::start(&vault, &[]);
        wait_until("the call is under way", || model.requests().len() == calls);
        daemon.kill();
    }
    vault.run_until_idle();
    let journal = vault.journal(&plan);
    assert_eq!(
        journal.status(),
        "paused",
        "two doubts and a worst case are more than the day has"
    );
    assert_eq!(model.sold().calls, 0);
    assert!(ticket(&vault, 1).contains("daily.max_cost_usd"));
    vault.run(&["plan", "release", &plan]).ok();
    vault.run(&["project", "resume", &plan]).ok();
    vault.run_until_idle();
    is_done(&vault, &plan, &model);
}
