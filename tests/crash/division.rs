//! A runner that dies while the Leader divides a sub-objective: it is divided once, by one paid answer.

use modulatio_tools::fake_model::{FakeModel, Script};

use crate::support::TestVault;

/// Frames of the daemon and of its day until the parts are planned: the claim, the division reserved, begun, answered
/// and settled, and the same of the first part's plan.
const FRAMES: u64 = 9;

fn config(model: &FakeModel, window: u32) -> String {
    format!(
        "models:\n  fake: {{provider: openai, model: fake-1, base_url: \"{}\", price: free, context_tokens: {window}, \
         max_output_tokens: 1000}}\nteam: {{leader: fake}}\ntools: {{disable: [run_shell]}}\n",
        model.base_url()
    )
}

/// A plan whose only sub-objective did not fit the window, which is wider now; its division is approved.
fn to_divide(model: &FakeModel) -> (TestVault, String) {
    let vault = TestVault::with(&config(model, 10_000));
    let long = "every word of it ".repeat(2_000);
    let body = format!("### Sub-objectives\n\n**1. Essay** — {long}\n- Files: essay.md\n");
    let plan = vault.approved(&body);
    vault.run_until_idle();
    assert!(model.requests().is_empty(), "it does not fit");
    vault.write("modulatio.yaml", &config(model, 60_000));
    vault.run(&["ticket", "approve", "ESS-1"]).ok();
    (vault, plan)
}

fn is_divided_once(fault: &str) {
    let model = FakeModel::start(Script::default()).expect("a free port");
    let (vault, plan) = to_divide(&model);
    let cut = vault.run_with(&["daemon", "--until-idle"], &[("MODULATIO_FAULT", fault)]);
    assert_eq!(cut.code, None, "{fault}: it was to be killed: {}", cut.err);
    vault.run_until_idle();
    let journal = vault.journal(&plan);
    assert_eq!(journal.status(), "done", "{fault}");
    assert_eq!(journal.count("SubObjectiveDecomposed"), 1, "{fault}");
    assert_eq!(journal.plan.current_index, 2, "{fault}");
    assert_eq!(journal.count("ModelCallCompleted"), 1 + 2 * 4, "{fault}");
    let lost = journal.count("ModelCallAbandoned");
    let sold = model.sold().by_key;
    assert!(lost <= 1 && sold.len() <= 1 + 2 * 4 + lost, "{fault}");
    assert!(sold.values().all(|count| *count == 1), "{fault}: {sold:?}");
    let made = vault.names(&format!("ess/runs/{plan}/artifacts"));
    assert_eq!(made, ["part1.md", "part2.md"], "{fault}");
    vault.is_proven(&plan);
}

#[test]
fn a_runner_killed_before_any_frame_of_a_division_divides_once() {
    (1..=FRAMES).for_each(|n| is_divided_once(&format!("kill-before-append:{n}")));
}

#[test]
fn a_runner_killed_after_any_frame_of_a_division_divides_once() {
    (1..=FRAMES).for_each(|n| is_divided_once(&format!("kill-after-append:{n}")));
}
