//! A kickoff that dies at any frame, the drafting's included: whatever it left, a daemon brings to its end by itself, and
//! no answer is paid twice.

use std::sync::atomic::{AtomicU64, Ordering};

use modulatio_tools::fake_model::{Behaviour, FakeModel, Script, Step};
use serde_json::json;

use crate::support::{
    TestVault,
    books::{Books, PRICE},
};

/// Frames of a plan of one sub-objective: the wish, two claims, and five calls that are each reserved, begun, answered
/// and settled; one of the five answers hands in a file, whose writing is a frame.
const FRAMES: u64 = 1 + 2 + 5 * 4 + 1;

const KICKOFF: [&str; 3] = ["kickoff", "ESS", "An essay on Stoicism"];

/// A Leader that plans one essay.
fn model() -> FakeModel {
    let plan = json!({
        "title": "An essay", "diagnostic": "It is clear what is wanted.",
        "sub_objectives": [{"title": "Write it", "description": "an essay", "files": ["essay.md"],
                            "done_when": ["it is whole"], "out_of_scope": []}],
        "risks": [], "estimate": {"calls": 5, "tokens": 9000, "cost_usd": 0.5},
    });
    let step = Step::new(Behaviour::Arguments(plan)).for_tool("submit_plan");
    FakeModel::start(Script::of([step.times(0)])).expect("a free port")
}

/// One case; `false` when the plan was done before the fault was reached.
fn is_done_in_the_end(fault: &str) -> bool {
    let model = model();
    let url = model.base_url();
    let vault = TestVault::with(&format!(
        "models:\n  fake-1: {{provider: openai, model: fake-1, base_url: \"{url}\", {PRICE}}}\nteam: {{leader: fake-1}}\ntools: {{disable: [run_shell]}}\n"
    ));
    let cut = vault.run_with(&KICKOFF, &[("MODULATIO_FAULT", fault)]);
    if plan(&vault).is_none() {
        vault.run(&KICKOFF).ok();
    }
    vault.run_until_idle();
    let plan = plan(&vault).expect("there is a plan");
    let journal = vault.journal(&plan);
    assert_eq!(journal.status(), "done", "{fault}");
    assert_eq!(journal.count("PlanApproved"), 1, "{fault}");
    assert_eq!(journal.count("TicketOpened"), 0, "{fault}");
    let audit = Books::of(&vault, std::slice::from_ref(&plan)).agree_with(&model.sold());
    assert_eq!(audit.completed, 5, "{fault}");
    assert!(audit.in_doubt <= 1, "{fault}");
    vault.is_proven(&plan);
    cut.code.is_none()
}

/// The only plan.
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
    let (next, reached) = (AtomicU64::new(1), AtomicU64::new(0));
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let n = next.fetch_add(1, Ordering::Relaxed);
                    if !is_done_in_the_end(&format!("{point}:{n}")) {
                        return;
                    }
                    reached.fetch_max(n, Ordering::Relaxed);
                }
            });
        }
    });
    let reached = reached.into_inner();
    assert!(reached >= FRAMES, "{point} was reached {reached} times");
}

#[test]
fn a_kickoff_killed_before_any_of_its_frames_is_finished_and_paid_once() {
    walk("kill-before-append");
}

#[test]
fn a_kickoff_killed_after_any_of_its_frames_is_finished_and_paid_once() {
    walk("kill-after-append");
}
