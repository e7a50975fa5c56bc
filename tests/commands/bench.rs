//! Models that take their time, and vaults whose books are kept.

use std::time::Duration;

use modulatio_tools::fake_model::{Behaviour, FakeModel, Script, Step, ToolCall};
use serde_json::json;

use crate::support::{
    TestVault,
    books::{Audit, Books, PRICE},
    today, wait_until, within_one_day,
};

pub(crate) const DIVISION: &str = "submit_tasks";
pub(crate) const ARTIFACT: &str = "submit_artifact";
pub(crate) const VERDICT: &str = "submit_verdict";
pub(crate) const DRAFT: &str = "submit_plan";

/// A server that follows these steps.
pub(crate) fn server(steps: impl IntoIterator<Item = Step>) -> FakeModel {
    FakeModel::start(Script::of(steps)).expect("a free port")
}

/// A vault that asks it, for money.
pub(crate) fn vault(model: &FakeModel, more: &str) -> TestVault {
    within_one_day();
    let url = model.base_url();
    TestVault::with(&format!(
        "models:\n  fake-1: {{provider: openai, model: fake-1, base_url: \"{url}\", {PRICE}}}\n\
         team: {{leader: fake-1}}\nretry: {{base: 10ms, max: 20ms, wall: 30s}}\n{more}"
    ))
}

/// The first answer of this kind begins, is sold, and never ends.
pub(crate) fn hangs(tool: &str) -> Step {
    let stall = Behaviour::Stall {
        after: 2,
        answer: Box::default(),
    };
    Step::new(stall).for_tool(tool)
}

/// So many answers of this kind take so long.
pub(crate) fn slow(tool: &str, times: u32, millis: u64) -> Step {
    let slow = Step::new(Behaviour::Default).for_tool(tool).times(times);
    slow.after(Duration::from_millis(millis))
}

/// Three tasks that nothing keeps from being worked on at the same time.
pub(crate) fn three_tasks() -> Step {
    let task = |id: &str| {
        json!({"id": id, "title": id, "brief": "Write it.", "kind": "document",
               "artifacts": [format!("{id}.md")], "needs": [], "acceptance": ["it is whole"]})
    };
    let tasks = ["a", "b", "c"].map(task);
    Step::new(Behaviour::Arguments(json!({"tasks": tasks}))).for_tool(DIVISION)
}

/// The producer runs this command before it hands in.
pub(crate) fn commands(command: &str) -> Step {
    let run = ToolCall {
        name: "run_shell".to_owned(),
        arguments: json!({"command": command}),
    };
    Step::new(Behaviour::ToolCalls(vec![run])).for_tool(ARTIFACT)
}

/// Waits until the server has sold so many answers, whole or begun.
pub(crate) fn has_sold(model: &FakeModel, calls: u64) {
    wait_until("the answers have been sold", || model.sold().calls == calls);
}

/// Waits until so many requests have arrived.
pub(crate) fn was_asked(model: &FakeModel, requests: usize) {
    wait_until("the requests have arrived", || {
        model.requests().len() >= requests
    });
}

/// The plan's journal, its ledger, the day's account and the server's sales agree.
pub(crate) fn books_agree(vault: &TestVault, plan: &str, model: &FakeModel) -> Audit {
    let audit = Books::of(vault, &[plan.to_owned()]).agree_with(&model.sold());
    let day = today(vault);
    assert_eq!(
        (day.settled.tokens, day.settled.cost.0),
        (audit.paid.tokens, audit.paid.micros),
        "the day's account"
    );
    assert_eq!(day.open.len(), audit.in_doubt, "open on the day");
    audit
}
