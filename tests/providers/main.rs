//! Every provider over HTTP against a real server on loopback: both protocols, streamed and whole.

mod answers;
mod anthropic;
mod broken;
mod chunks;
mod keys;
mod refused;
#[path = "../support/request.rs"]
mod request;
mod silent;

use std::time::Duration;

use modulatio::models::{
    Anthropic, AnthropicSettings, Failure, KeyFrom, ModelProvider, OpenAi, OpenAiSettings, Reply,
    Service,
};
use modulatio_tools::fake_model::{Behaviour, FakeModel, Script, Step};
use request::request;

const KEY: &str = "sk-test-5f0c1a";

/// How a provider is spoken with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Way {
    protocol: Protocol,
    stream: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Protocol {
    OpenAi,
    Anthropic,
}

const WAYS: [Way; 4] = [
    way(Protocol::OpenAi, true),
    way(Protocol::OpenAi, false),
    way(Protocol::Anthropic, true),
    way(Protocol::Anthropic, false),
];

const fn way(protocol: Protocol, stream: bool) -> Way {
    Way { protocol, stream }
}

impl Way {
    fn service(self, base_url: String) -> Service {
        Service {
            key: KeyFrom::Env("THE_KEY".into()),
            stream: self.stream,
            timeout: Duration::from_secs(20),
            stall_timeout: Duration::from_secs(10),
            ..Service::new(base_url, "fake-1")
        }
    }

    fn provider(self, service: Service) -> Box<dyn ModelProvider> {
        let keys = |name: &str| (name == "THE_KEY").then(|| KEY.to_owned());
        match self.protocol {
            Protocol::OpenAi => {
                let settings = OpenAiSettings::new(service);
                Box::new(OpenAi::with_keys(settings, keys).expect("good settings"))
            }
            Protocol::Anthropic => {
                let settings = AnthropicSettings::new(service);
                Box::new(Anthropic::with_keys(settings, keys).expect("good settings"))
            }
        }
    }

    /// One call against a server that does this with it.
    async fn ask(self, step: Step) -> Result<Reply, Failure> {
        self.ask_with(step, |_| {}).await
    }

    async fn ask_with(
        self,
        step: Step,
        change: impl FnOnce(&mut Service),
    ) -> Result<Reply, Failure> {
        let server = FakeModel::start(Script::of([step])).expect("a free port");
        let mut service = self.service(server.base_url());
        change(&mut service);
        let answer = self.provider(service).call(&request()).await;
        if let Err(failure) = &answer {
            let shown = format!("{failure} {failure:?}");
            assert!(!shown.contains(KEY), "the key shows in {shown}");
            assert!(shown.contains(&server.base_url()), "no endpoint in {shown}");
        }
        answer
    }

    async fn does(self, behaviour: Behaviour) -> Result<Reply, Failure> {
        self.ask(Step::new(behaviour)).await
    }

    async fn fails(self, behaviour: Behaviour) -> Failure {
        let answer = self.does(behaviour).await;
        answer.expect_err(&format!("{self:?}"))
    }
}

/// At once, for rules that take their time.
async fn in_every_way(rule: impl AsyncFn(Way)) {
    tokio::join!(rule(WAYS[0]), rule(WAYS[1]), rule(WAYS[2]), rule(WAYS[3]));
}

/// With a stall timeout that a test can wait for.
fn impatient(service: &mut Service) {
    service.stall_timeout = Duration::from_millis(300);
}
