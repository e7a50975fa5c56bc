//! A command that dies while the Leader writes a plan: it is written in the end, and no answer is paid twice.

use modulatio_tools::fake_model::{FakeModel, Script};

use crate::support::TestVault;

/// Frames of a draft, of its day and of the ticket's number: the wish, the claim, the call reserved, begun, answered
/// and settled, and the number.
const FRAMES: usize = 7;

const DRAFT: [&str; 4] = ["plan", "draft", "ESS", "Two essays on Stoicism"];

/// One case; `false` when the plan was written before the fault was reached.
fn is_written_in_the_end(fault: &str) -> bool {
    let model = FakeModel::start(Script::default()).expect("a free port");
    let vault = TestVault::asking(&model.base_url());
    let cut = vault.run_with(&DRAFT, &[("MODULATIO_FAULT", fault)]);
    if cut.code.is_none() {
        go_on(&vault);
    }
    let plan = plan(&vault).expect("it is written");
    let journal = vault.journal(&plan);
    let lost = journal.count("ModelCallAbandoned");
    assert!(lost <= 1, "{fault}");
    assert_eq!(journal.count("ModelCallCompleted"), 1, "{fault}");
    let open: Vec<String> = journal
        .plan
        .open_tickets()
        .map(|t| t.0.to_string())
        .collect();
    let [ticket] = &open[..] else {
        panic!("{fault}: the plan waits for one answer, not for {open:?}");
    };
    vault.is_proven(&plan);
    vault.run(&["ticket", "approve", ticket]).ok();
    vault.run_until_idle();
    assert_eq!(vault.journal(&plan).status(), "done", "{fault}");
    vault.is_proven(&plan);
    let sold = model.sold();
    assert!(sold.by_key.values().all(|count| *count == 1), "{fault}");
    let completed = vault.journal(&plan).count("ModelCallCompleted");
    assert!(sold.by_key.len() - completed <= lost, "{fault}: {sold:?}");
    cut.code.is_none()
}

/// What an operator does who finds the command dead, and a daemon that renders what was left unrendered.
fn go_on(vault: &TestVault) {
    match plan(vault) {
        None => drop(vault.run(&DRAFT).ok()),
        Some(plan) if vault.journal(&plan).plan.is_being_drafted() => {
            vault.run(&["plan", "revise", &plan]).ok();
        }
        Some(_) => {}
    }
    vault.run_until_idle();
}

/// The only plan. A number that was taken before the plan was made is not taken again.
fn plan(vault: &TestVault) -> Option<String> {
    let names = vault.names("ess/plans");
    let mut plans = names
        .iter()
        .filter_map(|name| name.strip_suffix(".journal.jsonl"));
    let plan = plans.next().map(str::to_owned);
    assert_eq!(plans.next(), None, "one plan");
    plan
}

fn walk(point: &str) {
    let died = (1..).take_while(|n| is_written_in_the_end(&format!("{point}:{n}")));
    let died = died.count();
    assert!(died >= FRAMES, "{point} was reached only {died} times");
}

#[test]
fn a_draft_killed_before_any_of_its_frames_is_written_and_paid_once() {
    walk("kill-before-append");
}

#[test]
fn a_draft_killed_after_any_of_its_frames_is_written_and_paid_once() {
    walk("kill-after-append");
}
