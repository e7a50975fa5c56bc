//! A team's script, the vault that it works in, and what is read off it afterwards.

use modulatio::toolbox::sandbox;
use modulatio_tools::fake_model::{Behaviour, FakeModel, Recorded, Script, Step, ToolCall};
use projections::event::Event;
use serde_json::{Value, json};

use crate::support::{Journal, TestVault};

pub(crate) const TASKS: &str = "submit_tasks";
pub(crate) const ARTIFACT: &str = "submit_artifact";
pub(crate) const VERDICT: &str = "submit_verdict";
pub(crate) const REFLECTION: &str = "submit_reflection";

/// What the request of a producer begins with, and that of quality control which mends.
pub(crate) const PRODUCER: &str = "Do this task and hand in its artifacts";
pub(crate) const FIXER: &str = "A producer has had its tries at this task";

/// Retries without patience, and no breaker that would get in their way.
pub(crate) const QUICK: &str = "daemon: {tick_seconds: 1}\nretry: {base: 10ms, max: 50ms, wall: 20s}\n\
                                breaker: {failures: 1000}\n";

/// A server that plays these steps; what no step is for gets the default answer.
pub(crate) fn server(steps: impl IntoIterator<Item = Step>) -> FakeModel {
    FakeModel::start(Script::of(steps)).expect("a free port")
}

/// An answer of these arguments to requests that want `tool`.
pub(crate) fn say(tool: &str, arguments: Value) -> Step {
    Step::new(Behaviour::Arguments(arguments)).for_tool(tool)
}

/// The planner's tasks.
pub(crate) fn tasks(tasks: &[Value]) -> Step {
    say(TASKS, json!({ "tasks": tasks }))
}

/// A task that makes one document; its title is its id.
pub(crate) fn task(id: &str, artifact: &str, needs: &[&str]) -> Value {
    json!({"id": id, "title": id, "brief": format!("Write {artifact}."), "kind": "document",
           "artifacts": [artifact], "acceptance": [format!("{artifact} is there")], "needs": needs})
}

/// A producer's artifact, handed in.
pub(crate) fn hand_in(content: &str) -> Step {
    say(
        ARTIFACT,
        json!({"content": content, "summary_for_state_doc": format!("I wrote: {content}")}),
    )
}

/// Nothing handed in: tools have written it.
pub(crate) fn written(claim: &str) -> Step {
    say(ARTIFACT, json!({ "summary_for_state_doc": claim }))
}

/// A producer's turn of tool calls.
pub(crate) fn turn(calls: Vec<ToolCall>) -> Step {
    Step::new(Behaviour::ToolCalls(calls)).for_tool(ARTIFACT)
}

pub(crate) fn tool(name: &str, arguments: Value) -> ToolCall {
    ToolCall {
        name: name.to_owned(),
        arguments,
    }
}

pub(crate) fn shell(command: &str) -> Step {
    turn(vec![tool("run_shell", json!({ "command": command }))])
}

/// A verdict that fails with one defect of this class.
pub(crate) fn fails(class: &str, what: &str) -> Step {
    let defect = json!({"severity": "major", "class": class, "location": "line 1", "what": what});
    say(
        VERDICT,
        json!({"passed": false, "summary": format!("no: {what}"), "defects": [defect]}),
    )
}

pub(crate) fn passes() -> Step {
    say(
        VERDICT,
        json!({"passed": true, "summary": "good", "defects": []}),
    )
}

/// An entry of `models:` behind this server.
pub(crate) fn entry(name: &str, model: &FakeModel, more: &str) -> String {
    let url = model.base_url();
    format!(
        "  {name}: {{provider: openai, model: {name}, base_url: \"{url}\", price: free{more}}}\n"
    )
}

/// A configuration with one free model, `fake-1`, and these further sections.
pub(crate) fn config(model: &FakeModel, more: &str) -> String {
    let entry = entry("fake-1", model, "");
    format!("models:\n{entry}team: {{leader: fake-1}}\n{QUICK}{more}")
}

pub(crate) fn vault(model: &FakeModel, more: &str) -> TestVault {
    TestVault::with(&config(model, more))
}

/// Adds a finished configuration's line to the project.
pub(crate) fn project(vault: &TestVault, more: &str) {
    vault.write(
        "ess/project.yaml",
        &format!("objective: Essays on Stoicism.\n{more}"),
    );
}

/// The requests that hold this text, oldest first.
pub(crate) fn asked(model: &FakeModel, text: &str) -> Vec<Recorded> {
    let mut requests = model.requests();
    requests.retain(|request| conversation(request).contains(text));
    requests
}

/// All that a request says, one message after the other.
pub(crate) fn conversation(request: &Recorded) -> String {
    let messages = request.body["messages"].as_array().expect("messages");
    let texts: Vec<String> = messages.iter().map(said).collect();
    texts.join("\n")
}

fn said(message: &Value) -> String {
    match &message["content"] {
        Value::String(text) => text.clone(),
        Value::Array(blocks) => {
            let texts = blocks.iter().filter_map(|block| block["text"].as_str());
            texts.collect::<Vec<_>>().join("\n")
        }
        _ => String::new(),
    }
}

/// The message that follows the system prompt: what the step is about.
pub(crate) fn question(request: &Recorded) -> String {
    said(&request.body["messages"][1])
}

pub(crate) fn last_message(request: &Recorded) -> String {
    let messages = request.body["messages"].as_array().expect("messages");
    said(messages.last().expect("a message"))
}

/// Names of the tools that a request offers, sorted.
pub(crate) fn offered(request: &Recorded) -> Vec<String> {
    let tools = request.body["tools"].as_array().into_iter().flatten();
    let name = |tool: &Value| tool["function"]["name"].as_str().map(str::to_owned);
    let mut names: Vec<String> = tools.filter_map(name).collect();
    names.sort();
    names
}

/// The tool that a request forces.
pub(crate) fn forced(request: &Recorded) -> Option<&str> {
    request.body["tool_choice"]["function"]["name"].as_str()
}

/// The question of the n-th request to this producer, or to quality control that mends.
#[track_caller]
pub(crate) fn nth_question(model: &FakeModel, text: &str, nth: usize) -> String {
    let asked = asked(model, text);
    let found = asked.get(nth);
    question(found.unwrap_or_else(|| panic!("{text:?} was asked {} times", asked.len())))
}

/// The steps of the calls that were started, in order.
pub(crate) fn started(journal: &Journal) -> Vec<String> {
    let step = |event: &Event| match event {
        Event::ModelCallStarted(e) => Some(e.step.label()),
        _ => None,
    };
    journal.events().filter_map(step).collect()
}

/// The lines of a plan's ledger.
pub(crate) fn ledger(vault: &TestVault, plan: &str) -> Vec<Value> {
    lines(&vault.read(&format!("ess/plans/{plan}.usage.jsonl")))
}

pub(crate) fn lines(text: &str) -> Vec<Value> {
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}")))
        .collect()
}

pub(crate) fn artifact(vault: &TestVault, plan: &str, path: &str) -> String {
    vault.read(&format!("ess/runs/{plan}/artifacts/{path}"))
}

/// A ticket's text.
pub(crate) fn ticket(vault: &TestVault, number: u32) -> String {
    vault.read(&format!("ess/tickets/ESS-{number}.md"))
}

/// What is on disk is what the journal says, nothing was paid twice, and today's program would do the same again.
#[track_caller]
pub(crate) fn is_proven(vault: &TestVault, plan: &str, model: &FakeModel) {
    vault.is_proven(plan);
    vault.run(&["replay", "--all", "--check"]).ok();
    let twice: Vec<_> = model
        .sold()
        .by_key
        .into_iter()
        .filter(|(_, count)| *count > 1)
        .collect();
    assert!(twice.is_empty(), "{twice:?}");
    vault
        .run(&["plan", "rehearse", plan])
        .ok()
        .shows("steps would be asked the same");
}

/// As [`is_proven`], of a plan that stands like this.
#[track_caller]
pub(crate) fn stands(vault: &TestVault, plan: &str, model: &FakeModel, status: &str) {
    let journal = vault.journal(plan);
    assert_eq!(journal.status(), status, "{:?}", journal.plan.status);
    is_proven(vault, plan, model);
}

/// Whether commands of agents can be confined on this machine; a test without that says so and is over.
pub(crate) fn sandboxed(test: &str) -> bool {
    let keeper = std::path::Path::new(env!("CARGO_BIN_EXE_modulatio"));
    match sandbox::find_with(sandbox::Wish::Auto, keeper) {
        Ok(_) => true,
        Err(why) => {
            eprintln!("SKIPPED {test}: no sandbox works here: {why}");
            false
        }
    }
}
