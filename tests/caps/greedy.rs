//! A provider that uses every token it may, and sells many of its answers in vain.

use modulatio_tools::fake_model::{Behaviour, Chaos, FakeModel, Script, Step, ToolCall, UsageSays};
use serde_json::json;

use crate::support::{Lots, TestVault, books};

/// A server of which every answer is as dear as its request allows; one in eight is sold and then lost.
pub(crate) fn start(lots: &mut Lots) -> FakeModel {
    let whole = Box::<Behaviour>::default;
    let cut = Behaviour::Cut {
        after: 2,
        answer: whole(),
    };
    let overloaded = Behaviour::Status {
        code: 529,
        retry_after: None,
        message: None,
    };
    let faults = vec![cut, Behaviour::Truncated, Behaviour::HangUp, overloaded];
    let chaos = Chaos {
        seed: lots.any(),
        percent: 12,
        faults,
    };
    let script = Script {
        delay_ms: 3,
        ..Script::of(divisions().chain(detours()))
            .with_chaos(chaos)
            .with_usage(UsageSays::Greedy)
    };
    FakeModel::start(script).expect("a free port")
}

/// Every second sub-objective is divided into tasks that are worked on at the same time.
fn divisions() -> impl Iterator<Item = Step> {
    let task = |n: u32, part: &str| {
        json!({"id": part, "title": format!("Part {part}"), "brief": "Write it.", "kind": "document",
               "artifacts": [format!("{part}{n}.md")], "needs": [], "acceptance": ["it is whole"]})
    };
    let division = move |n: u32| {
        let tasks = ["a", "b", "c", "d"].map(|part| task(n, part));
        Step::new(Behaviour::Arguments(json!({"tasks": tasks})))
            .for_tool("submit_tasks")
            .for_message(&format!("essay{n}.md"))
            .usage(UsageSays::Greedy)
            .times(0)
    };
    [1, 3, 5].into_iter().map(division)
}

/// Answers after which a prompt is longer the next time: tools that are called first, and one to be repaired.
fn detours() -> [Step; 3] {
    let look = |name: &str| {
        Behaviour::ToolCalls(vec![ToolCall {
            name: name.to_owned(),
            arguments: json!({"path": "essay1.md"}),
        }])
    };
    [
        ("submit_artifact", look("list_files")),
        ("submit_artifact", look("read_file")),
        ("submit_verdict", Behaviour::WrongSchema),
    ]
    .map(|(tool, answer)| Step::new(answer).for_tool(tool).usage(UsageSays::Greedy))
}

/// The settings of a vault that asks this server in both protocols, with these lines besides.
pub(crate) fn config(model: &FakeModel, besides: &str) -> String {
    let (openai, anthropic) = (model.base_url(), model.address());
    let common = format!(
        "stall_timeout: 2s, timeout: 4s, max_output_tokens: 700, {}",
        books::PRICE
    );
    format!(
        "models:
  o: {{provider: openai, model: o-1, base_url: \"{openai}\", {common}}}
  a: {{provider: anthropic, model: a-1, base_url: \"{anthropic}\", {common}}}
team: {{leader: a, planner: o, qc: a, producers: [{{name: drafter, model: o}}]}}
retry: {{base: 1ms, max: 5ms, wall: 10m, malformed: 10}}
breaker: {{failures: 3, open: 2ms, max_open: 10ms}}
daemon: {{tick_seconds: 1}}
tools: {{disable: [run_shell]}}
{besides}"
    )
}

/// A vault that asks this server.
pub(crate) fn vault(model: &FakeModel, besides: &str) -> TestVault {
    TestVault::with(&config(model, besides))
}
