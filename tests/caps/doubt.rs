//! Calls of which nobody knows whether they were billed: they count, until an operator says that they do not.

use modulatio_tools::fake_model::{Behaviour, FakeModel, Script, Step};
use projections::event::Event;

use crate::{
    greedy,
    support::{TestVault, body, books::total, today, within_one_day},
};

/// A server of which the first answer is sold and lost.
fn model() -> FakeModel {
    FakeModel::start(Script::of([Step::new(Behaviour::Truncated)])).expect("a free port")
}

/// What the plan's first call may cost at most, told by a cap that leaves room for nothing.
fn first_call(vault: &TestVault, plan: &str) -> u64 {
    vault.run_until_idle();
    let journal = vault.journal(plan);
    let asked = journal.events().find_map(|event| match event {
        Event::BudgetExhausted(e) => Some(e.used),
        _ => None,
    });
    asked.expect("the cap leaves no room")
}

fn in_doubt(vault: &TestVault, plan: &str) -> Vec<String> {
    let journal = vault.journal(plan);
    let calls = journal.plan.calls.in_doubt.keys();
    calls.map(ToString::to_string).collect()
}

#[test]
fn a_call_in_doubt_counts_against_the_plans_cap_until_it_is_released() {
    let model = model();
    let vault = greedy::vault(&model, "");
    let plan = vault.draft(&body(1));
    vault
        .run(&["plan", "edit-budget", &plan, "--max-tokens", "1"])
        .ok();
    vault.run(&["plan", "approve", &plan]).ok();
    let worst = first_call(&vault, &plan);
    let cap = (2 * worst - 1).to_string();
    vault
        .run(&["plan", "edit-budget", &plan, "--max-tokens", &cap])
        .ok();
    vault.run(&["plan", "approve", &plan]).ok();
    vault.run_until_idle();
    assert_eq!(vault.journal(&plan).status(), "paused");
    assert_eq!((model.requests().len(), model.sold().calls), (1, 1));
    let [call] = &in_doubt(&vault, &plan)[..] else {
        panic!("one call is in doubt")
    };
    vault
        .run(&["plan", "release", &plan, "c0099-s1-plan"])
        .code(6);
    vault
        .run(&["plan", "release", &plan, call])
        .ok()
        .shows(call);
    assert!(in_doubt(&vault, &plan).is_empty());
    vault.run(&["plan", "approve", &plan]).ok();
    vault.run_until_idle();
    assert!(model.sold().calls > 1, "the plan went on");
    vault.is_proven(&plan);
}

#[test]
fn a_call_in_doubt_counts_against_the_days_cap_until_it_is_released() {
    within_one_day();
    let model = model();
    let vault = greedy::vault(&model, "daily: {max_tokens: 1}\n");
    let plan = vault.approved(&body(1));
    let worst = first_call(&vault, &plan);
    let daily = format!("daily: {{max_tokens: {}}}\n", 2 * worst - 1);
    vault.write("modulatio.yaml", &greedy::config(&model, &daily));
    vault.run(&["plan", "approve", &plan]).ok();
    vault.run_until_idle();
    assert_eq!(model.requests().len(), 1);
    assert_eq!(today(&vault).committed().tokens, worst);
    assert!(worst >= total(&model.sold()).tokens);
    vault.run(&["plan", "release", &plan]).ok();
    assert_eq!(today(&vault).committed().tokens, 0);
    vault.run(&["plan", "approve", &plan]).ok();
    vault.run_until_idle();
    assert!(model.sold().calls > 1, "the plan went on");
    vault.is_proven(&plan);
}
