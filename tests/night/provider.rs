//! The night's provider: both protocols, and everything that goes wrong with providers.

use std::collections::BTreeMap;

use modulatio_tools::fake_model::{Behaviour, Chaos, FakeModel, Prices, Script, Step};
use serde_json::json;

use crate::support::{Lots, TestVault, books};

/// Of a hundred requests, so many meet a fault.
const PERCENT: u8 = 20;

/// How long each answer takes at least: calls are to be under way when the daemon dies.
const DELAY_MS: u64 = 4;

/// A server that fails at one request in five.
pub(crate) fn start(lots: &mut Lots) -> FakeModel {
    let chaos = Chaos {
        seed: lots.any(),
        percent: PERCENT,
        faults: faults(),
    };
    let script = Script {
        delay_ms: DELAY_MS,
        prices: Some(Prices {
            input_usd: 3.0,
            output_usd: 15.0,
        }),
        ..Script::of(bad_answers().into_iter().chain(divisions())).with_chaos(chaos)
    };
    FakeModel::start(script).expect("a free port")
}

/// Answers that are paid and of no use. Two of them in a row at one step would ask a person, so they come on cue.
fn bad_answers() -> Vec<Step> {
    [
        ("submit_tasks", Behaviour::WrongSchema),
        ("submit_tasks", Behaviour::Fenced(None)),
        ("submit_artifact", Behaviour::MalformedArguments),
        ("submit_artifact", Behaviour::StopForLength),
        ("submit_verdict", Behaviour::Empty),
        ("submit_reflection", Behaviour::Refusal),
    ]
    .into_iter()
    .zip([7, 13, 3, 11, 5, 9])
    .map(|((tool, answer), essay)| {
        Step::new(answer)
            .for_tool(tool)
            .for_message(&format!("essay{essay}.md"))
    })
    .collect()
}

/// Sub-objectives that are divided into tasks, of which three are worked on at the same time.
const DIVIDED: [u32; 4] = [2, 6, 10, 14];

/// Tasks of each of them.
const TASKS: [&str; 5] = ["a", "b", "c", "d", "e"];

/// The last task needs the others.
fn divisions() -> impl Iterator<Item = Step> {
    let task = |n: u32, part: &str| {
        let needs: &[&str] = if part == "e" { &TASKS[..4] } else { &[] };
        json!({"id": part, "title": format!("Part {part}"), "brief": "Write it.", "kind": "document",
               "artifacts": [format!("{part}{n}.md")], "needs": needs, "acceptance": ["it is whole"]})
    };
    DIVIDED.into_iter().map(move |n| {
        let tasks = TASKS.map(|part| task(n, part));
        Step::new(Behaviour::Arguments(json!({"tasks": tasks})))
            .for_tool("submit_tasks")
            .for_message(&format!("essay{n}.md"))
            .times(0)
    })
}

/// The fewest calls of a plan of so many sub-objectives.
pub(crate) fn calls(sub_objectives: u32) -> u32 {
    let divided = DIVIDED.into_iter().filter(|n| *n <= sub_objectives).count() as u32;
    sub_objectives * 4 + divided * (TASKS.len() as u32 - 1) * 2
}

fn faults() -> Vec<Behaviour> {
    let whole = Box::<Behaviour>::default;
    let status = |code: u16, retry_after: Option<&str>| Behaviour::Status {
        code,
        retry_after: retry_after.map(str::to_owned),
        message: None,
    };
    let soon = BTreeMap::from([("retry-after-ms".to_owned(), "15".to_owned())]);
    vec![
        status(429, None),
        status(429, Some("0")),
        Behaviour::Refuse {
            code: 429,
            headers: soon,
            kind: None,
            message: None,
        },
        status(500, None),
        status(503, None),
        status(529, None),
        Behaviour::Html { code: 502 },
        Behaviour::HangUp,
        Behaviour::Truncated,
        Behaviour::TruncatedJson { answer: whole() },
        Behaviour::Cut {
            after: 2,
            answer: whole(),
        },
        Behaviour::Stall {
            after: 2,
            answer: whole(),
        },
        Behaviour::StallBeforeHead,
        Behaviour::MalformedData {
            after: 2,
            answer: whole(),
        },
        Behaviour::ErrorInStream {
            after: 2,
            code: 529,
            message: None,
            answer: whole(),
        },
        Behaviour::NoDone { answer: whole() },
        Behaviour::Slow {
            pause_ms: 2,
            answer: whole(),
        },
        Behaviour::Fragments {
            bytes: 7,
            answer: whole(),
        },
    ]
}

/// A vault whose four roles speak both protocols, with and without streaming, and give up nothing too early.
pub(crate) fn vault(model: &FakeModel) -> TestVault {
    let (openai, anthropic) = (model.base_url(), model.address());
    let common = format!(
        "stall_timeout: 200ms, timeout: 1s, max_output_tokens: 1000, {}",
        books::PRICE
    );
    TestVault::with(&format!(
        "models:
  divides: {{provider: openai, model: o-1, base_url: \"{openai}\", {common}}}
  writes: {{provider: anthropic, model: a-1, base_url: \"{anthropic}\", {common}}}
  judges: {{provider: openai, model: o-2, base_url: \"{openai}\", stream: false, {common}}}
  leads: {{provider: anthropic, model: a-2, base_url: \"{anthropic}\", stream: false, {common}}}
team: {{leader: leads, planner: divides, qc: judges, producers: [{{name: drafter, model: writes}}]}}
retry: {{base: 1ms, max: 10ms, wall: 10m, malformed: 10}}
breaker: {{failures: 3, open: 5ms, max_open: 20ms}}
daily: {{max_tokens: 1000000000}}
daemon: {{tick_seconds: 1}}
tools: {{disable: [run_shell]}}
"
    ))
}
