//! The model server: answers that depend on nothing but what is asked, so that a repeated question gets the same answer,
//! and faults by lot where no step answers.

use std::{collections::BTreeMap, time::Duration};

use modulatio_tools::{
    books::PRICE,
    fake_model::{Behaviour, Chaos, FakeModel, Prices, Script, Step, ToolCall},
};
use serde_json::{Value, json};

use super::shapes::Shape;

/// Tasks of one sub-objective in work at the same time.
pub(super) const PARALLEL: usize = 3;

/// Of a hundred requests that no step takes, so many meet a fault.
const PERCENT: u8 = 20;

const ARTIFACT: &str = "submit_artifact";
const DEFECT: &str = "the ending is missing";
const FIRST_TRY: &str = "half an essay";
const FIRST_WORDS: &str = "First words.\n";
const ALL_WORDS: &str = "First words, and the last ones.\n";

/// The server's script for plans of so many sub-objectives.
pub(super) fn script(sub_objectives: u32, chance: &mut fastrand::Rng) -> Script {
    // A division moves the numbers behind it.
    let steps = (1..=sub_objectives + 1).rev().flat_map(|n| {
        let mut steps = vec![divided(n), asking(n), large(n)];
        steps.extend(tooled(n));
        steps.extend(mended(n));
        steps
    });
    let mut steps: Vec<Step> = steps.chain([rejected()]).collect();
    for step in &mut steps {
        step.times = 0;
        *step = step.clone().after(Duration::from_millis(chance.u64(2..15)));
    }
    let chaos = Chaos {
        seed: chance.u64(..),
        percent: PERCENT,
        faults: faults(),
    };
    Script {
        delay_ms: chance.u64(3..12),
        prices: Some(Prices {
            input_usd: 3.0,
            output_usd: 15.0,
        }),
        ..Script::of(steps).with_chaos(chaos)
    }
}

fn say(tool: &str, arguments: Value) -> Step {
    Step::new(Behaviour::Arguments(arguments)).for_tool(tool)
}

fn call(name: &str, arguments: Value) -> Step {
    let call = ToolCall {
        name: name.to_owned(),
        arguments,
    };
    Step::new(Behaviour::ToolCalls(vec![call])).for_tool(ARTIFACT)
}

fn file(shape: Shape, n: u32) -> String {
    format!("{}{n}.md", shape.word())
}

/// How the text of a question names the sub-objective that it is about.
fn about(shape: Shape, n: u32) -> String {
    format!("sub-objective\n\n{n}. {} essay", shape.word())
}

/// The planner's question; its heading has a capital.
fn to_plan(shape: Shape, n: u32) -> String {
    format!("\n\n{n}. {} essay", shape.word())
}

fn divided(n: u32) -> Step {
    let parts = ["a", "b", "c", "d"];
    let tasks = parts.map(|part| {
        let needs: &[&str] = if part == "d" { &parts[..3] } else { &[] };
        json!({"id": part, "title": format!("Part {part}"), "brief": "Write it.", "kind": "document",
               "artifacts": [format!("{part}{n}.md")], "needs": needs, "acceptance": ["it is whole"]})
    });
    say("submit_tasks", json!({ "tasks": tasks })).for_message(&to_plan(Shape::Divided, n))
}

fn asking(n: u32) -> Step {
    let thought = json!({"outcome": "pause", "rationale": "a person must look", "team_state": "It waits.",
                         "quality_report": "All is written."});
    say("submit_reflection", thought).for_message(&about(Shape::Asking, n))
}

fn large(n: u32) -> Step {
    let task = format!("# Task: Write {}", file(Shape::Large, n));
    Step::new(Behaviour::ContextTooLong)
        .for_tool(ARTIFACT)
        .for_text(&task)
}

/// The last words of the conversation say how far its producer has come. One whose tool was interrupted hands in all of
/// it at once.
fn tooled(n: u32) -> Vec<Step> {
    let name = file(Shape::Tooled, n);
    let write = |text: &str| call("write_file", json!({"path": name, "content": text}));
    let there = |text: &str| format!("{name} ({} bytes)", text.len());
    let done = || say(ARTIFACT, json!({"summary": "written with tools"}));
    let whole = say(
        ARTIFACT,
        json!({"content": ALL_WORDS, "summary": "written"}),
    );
    let asked = format!("Artifacts:\n\n- {name}");
    let steps = vec![
        whole.for_message("This call was interrupted"),
        done().for_message(ALL_WORDS.trim()),
        done().for_message(&there(ALL_WORDS)),
        write(ALL_WORDS).for_message(FIRST_WORDS.trim()),
        call("read_file", json!({"path": name})).for_message(&there(FIRST_WORDS)),
        call("list_files", json!({"path": "."})).for_message(&asked),
        write(FIRST_WORDS),
    ];
    let task = format!("# Task: Write {name}");
    let of_task = |step: Step| step.for_text(&task);
    steps.into_iter().map(of_task).collect()
}

fn mended(n: u32) -> Vec<Step> {
    let hands_in = |text: &str| say(ARTIFACT, json!({"content": text, "summary": "written"}));
    let task = format!("# Task: Write {}", file(Shape::Mended, n));
    vec![
        hands_in("# A whole essay\n\nWith its ending.\n")
            .for_message(DEFECT)
            .for_text(&task),
        hands_in(FIRST_TRY).for_text(&task),
    ]
}

fn rejected() -> Step {
    let defect =
        json!({"severity": "major", "class": "substantive", "location": "end", "what": DEFECT});
    let verdict = json!({"passed": false, "summary": DEFECT, "defects": [defect]});
    say("submit_verdict", verdict).for_message(FIRST_TRY)
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
        Behaviour::Slow {
            pause_ms: 4,
            answer: whole(),
        },
        Behaviour::NoDone { answer: whole() },
    ]
}

/// A vault whose four roles speak both protocols, with and without streaming, and give up nothing too early. The one
/// model whose window can be too small has no fallback.
pub(super) fn config(model: &FakeModel) -> String {
    let (openai, anthropic) = (model.base_url(), model.address());
    let common = format!("stall_timeout: 400ms, timeout: 2s, max_output_tokens: 1000, {PRICE}");
    format!(
        "models:
  divides: {{provider: openai, model: o-1, base_url: \"{openai}\", {common}}}
  writes: {{provider: anthropic, model: a-1, base_url: \"{anthropic}\", {common}}}
  judges: {{provider: openai, model: o-2, base_url: \"{openai}\", stream: false, {common}}}
  leads: {{provider: anthropic, model: a-2, base_url: \"{anthropic}\", stream: false, {common}}}
team: {{leader: leads, planner: divides, qc: judges, producers: [{{name: drafter, model: writes}}]}}
defaults: {{max_parallel_tasks: {PARALLEL}}}
retry: {{base: 1ms, max: 10ms, wall: 10m, malformed: 10}}
breaker: {{failures: 3, open: 5ms, max_open: 20ms}}
daily: {{max_tokens: 1000000000}}
embedder: lexical
daemon: {{tick_seconds: 1}}
"
    )
}
