//! A vault whose models are scripted servers, and what is read off them afterwards.

use modulatio_tools::fake_model::{Behaviour, FakeModel, Script, Step};
use projections::event::{Event, FailureClass, ModelCallFailed};
use serde_json::Value;

use crate::support::{Journal, TestVault};

/// Retries without patience, and no breaker that would get in their way.
pub(crate) const QUICK: &str = "tools: {disable: [run_shell]}\ndaemon: {tick_seconds: 1}\nretry: {base: 10ms, max: 50ms, wall: 20s}\n\
                                breaker: {failures: 1000}\n";

/// The two protocols, as `provider` names them.
pub(crate) const PROTOCOLS: [&str; 2] = ["openai", "anthropic"];

/// The tools of the four steps, in the order of a plan.
pub(crate) const TOOLS: [&str; 4] = [
    "submit_tasks",
    "submit_artifact",
    "submit_verdict",
    "submit_reflection",
];

/// A server that plays these steps.
pub(crate) fn server(steps: impl IntoIterator<Item = Step>) -> FakeModel {
    FakeModel::start(Script::of(steps)).expect("a free port")
}

/// An entry of `models:`; `more` are further keys, each with a comma before it.
pub(crate) fn entry(name: &str, protocol: &str, model: &FakeModel, more: &str) -> String {
    at(name, protocol, &base_url(protocol, model), more)
}

/// As [`entry`], of a server at this address.
pub(crate) fn at(name: &str, protocol: &str, base_url: &str, more: &str) -> String {
    format!("  {name}: {{provider: {protocol}, model: {name}, base_url: \"{base_url}\"{more}}}\n")
}

/// The address that a protocol's `base_url` names.
pub(crate) fn base_url(protocol: &str, model: &FakeModel) -> String {
    if protocol == "anthropic" {
        model.address()
    } else {
        model.base_url()
    }
}

/// A configuration of these entries, this team, and further sections.
pub(crate) fn config(entries: &[String], team: &str, more: &str) -> String {
    format!("models:\n{}team: {team}\n{more}", entries.concat())
}

/// A vault with one free model, `fake-1`, behind this server.
pub(crate) fn vault(protocol: &str, model: &FakeModel, more: &str) -> TestVault {
    let entry = entry("fake-1", protocol, model, &format!(", price: free{more}"));
    TestVault::with(&config(&[entry], "{leader: fake-1}", QUICK))
}

/// A plan of one sub-objective with this title, whose file has its name.
pub(crate) fn titled(title: &str) -> String {
    format!("## Essays\n\n### Sub-objectives\n\n**1. {title}** — write it.\n- Files: {title}.md\n")
}

/// A status as a refusal.
pub(crate) fn status(code: u16, retry_after: Option<&str>, message: Option<&str>) -> Behaviour {
    Behaviour::Status {
        code,
        retry_after: retry_after.map(str::to_owned),
        message: message.map(str::to_owned),
    }
}

/// The lines of a plan's ledger.
pub(crate) fn ledger(vault: &TestVault, plan: &str) -> Vec<Value> {
    let text = vault.read(&format!("ess/plans/{plan}.usage.jsonl"));
    text.lines()
        .map(|line| serde_json::from_str(line).expect("a line of JSON"))
        .collect()
}

/// The failed calls of a journal.
pub(crate) fn failed(journal: &Journal) -> Vec<&ModelCallFailed> {
    let events = journal.events();
    let failed = events.filter_map(|event| match event {
        Event::ModelCallFailed(e) => Some(e),
        _ => None,
    });
    failed.collect()
}

/// Class and doubt of the failed calls.
pub(crate) fn classes(journal: &Journal) -> Vec<(FailureClass, bool)> {
    let of = |e: &ModelCallFailed| (e.class, e.in_doubt);
    failed(journal).into_iter().map(of).collect()
}

/// The steps of the calls that were started, in order.
pub(crate) fn started(journal: &Journal) -> Vec<String> {
    let events = journal.events();
    let steps = events.filter_map(|event| match event {
        Event::ModelCallStarted(e) => Some(e.step.label()),
        _ => None,
    });
    steps.collect()
}

/// A ticket's text.
pub(crate) fn ticket(vault: &TestVault, number: u32) -> String {
    vault.read(&format!("ess/tickets/ESS-{number}.md"))
}

/// No call was sold twice by this server.
#[track_caller]
pub(crate) fn nothing_sold_twice(model: &FakeModel) {
    let twice: Vec<_> = model
        .sold()
        .by_key
        .into_iter()
        .filter(|(_, count)| *count > 1)
        .collect();
    assert!(twice.is_empty(), "{twice:?}");
}

/// The models that the server was asked for, in order.
pub(crate) fn asked(model: &FakeModel) -> Vec<String> {
    let named = |body: &Value| body["model"].as_str().unwrap_or_default().to_owned();
    model
        .requests()
        .iter()
        .map(|request| named(&request.body))
        .collect()
}

/// The plan is done, what is on disk is what its journal says, and nothing was paid twice.
#[track_caller]
pub(crate) fn is_done(vault: &TestVault, plan: &str, model: &FakeModel) {
    let journal = vault.journal(plan);
    assert_eq!(journal.status(), "done", "{:?}", journal.plan.status);
    vault.is_proven(plan);
    nothing_sold_twice(model);
}

/// The files below a directory that hold this text, or whose names do.
pub(crate) fn files_with(dir: &std::path::Path, text: &str) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir).expect("a directory") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(files_with(&path, text));
        }
        let bytes = if path.is_file() {
            std::fs::read(&path).expect("a file")
        } else {
            Vec::new()
        };
        let holds = bytes
            .windows(text.len())
            .any(|part| part == text.as_bytes());
        if holds || path.to_string_lossy().contains(text) {
            found.push(path);
        }
    }
    found
}
