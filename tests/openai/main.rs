//! The OpenAI-compatible provider against a real server on loopback, answers read as a whole.

mod answers;
mod failures;
mod keys;
#[path = "../support/request.rs"]
mod request;

use std::time::Duration;

use modulatio::models::{Failure, KeyFrom, ModelProvider, OpenAi, OpenAiSettings, Reply, Service};
use modulatio_tools::fake_model::{Behaviour, FakeModel, Script, Step};
use request::request;

const KEY: &str = "sk-test-5f0c1a";

fn settings(base_url: String) -> OpenAiSettings {
    OpenAiSettings::new(Service {
        key: KeyFrom::Env("THE_KEY".into()),
        stream: false,
        timeout: Duration::from_secs(10),
        ..Service::new(base_url, "fake-1")
    })
}

fn with_key(settings: OpenAiSettings) -> OpenAi {
    OpenAi::with_keys(settings, |name| (name == "THE_KEY").then(|| KEY.to_owned()))
        .expect("a good base_url")
}

/// One call against a server that does this with it.
async fn ask(step: Step) -> Result<Reply, Failure> {
    let server = FakeModel::start(Script::of([step])).expect("a free port");
    let answer = with_key(settings(server.base_url())).call(&request()).await;
    if let Err(failure) = &answer {
        let shown = format!("{failure} {failure:?}");
        assert!(!shown.contains(KEY), "the key shows in {shown}");
        assert!(shown.contains(&server.base_url()), "no endpoint in {shown}");
    }
    answer
}

/// The arguments of the one tool that was called, or the text if none was.
fn answered(reply: &Reply) -> &str {
    match reply.calls.as_slice() {
        [] => &reply.text,
        [call] => &call.arguments,
        more => panic!("{more:?}"),
    }
}

async fn refused(step: Step) -> Failure {
    ask(step).await.expect_err("the server refuses")
}

fn status(code: u16, message: &str) -> Step {
    Step::new(Behaviour::Status {
        code,
        retry_after: None,
        message: Some(message.to_owned()),
    })
}
