//! The fake model server as clients meet it: what is on the wire, byte by byte, in both protocols.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says so")]

mod anthropic;
mod binary;
mod chaos;
mod client;
mod faults;
mod openai;
mod refusals;
mod sales;

use client::{Got, Protocol, call, call_until_silent};
use modulatio_tools::fake_model::{Behaviour, FakeModel, Script, Step};
use serde_json::{Value, json};

/// A server whose every answer is this behaviour, written as in a script.
fn serving(behaviour: &Value) -> FakeModel {
    let answer: Behaviour = serde_json::from_value(behaviour.clone()).unwrap();
    FakeModel::start(Script::of([Step::new(answer).times(0)])).unwrap()
}

/// What comes back from a server that does this, for the usual request.
fn got(protocol: Protocol, stream: bool, behaviour: &Value) -> Got {
    ask(&serving(behaviour), protocol, stream, behaviour)
}

/// The same, from a server that is there already.
fn ask(server: &FakeModel, protocol: Protocol, stream: bool, behaviour: &Value) -> Got {
    let body = protocol.body(stream);
    if behaviour.to_string().contains("stall") {
        call_until_silent(server, protocol, &body)
    } else {
        call(server, protocol, &body)
    }
}

/// Both protocols, with and without a stream.
fn everywhere() -> impl Iterator<Item = (Protocol, bool)> {
    let both = [Protocol::OpenAi, Protocol::Anthropic];
    both.into_iter()
        .flat_map(|protocol| [(protocol, false), (protocol, true)])
}

/// What the default answer to the usual request calls `submit_verdict` with.
fn verdict() -> Value {
    json!({"passed": true, "summary": "The fake model server passes everything.", "defects": []})
}
