//! Any endpoint that speaks OpenAI's `/chat/completions`: OpenAI, OpenRouter, Ollama, vLLM, llama.cpp and kin.
//!
//! ```text
//!  Request ──wire──▶ POST {base_url}/chat/completions ──2xx, JSON────▶ answer ─┬▶ heard ──▶ Reply
//!                         │ Idempotency-Key: call id  ├─2xx, events──▶ stream ─┘
//!                         │ Authorization: Bearer …   └─else─────────▶ refusal ──────────▶ Failure
//! ```

mod answer;
mod arguments;
mod dialect;
mod heard;
mod said;
mod stream;
mod usage;
mod wire;

use std::sync::Arc;

use reqwest::header::AUTHORIZATION;

pub use self::dialect::Dialect;
use self::wire::ChatRequest;
use super::{
    Answering, Arrived, Failure, InvalidSettings, ModelProvider, Reply, Request, Service,
    http::Arrival,
    refusal::refusal,
    report::Report,
    service::{Line, environment},
};

/// The method's path below a base address.
pub(super) const PATH: &str = "/chat/completions";

/// Where the protocol is spoken, as whom, and in which dialect.
#[derive(Clone, Debug, PartialEq)]
pub struct OpenAiSettings {
    /// Where, which model, as whom, how patiently.
    pub service: Service,
    /// What the endpoint understands.
    pub dialect: Dialect,
    /// Sent where it is set.
    pub temperature: Option<f64>,
    /// Sent where it is set, in the provider's words (`low`, `medium`, `high`, …).
    pub reasoning_effort: Option<String>,
}

impl OpenAiSettings {
    /// `service` in the dialect that its host is known to speak, without optional settings.
    #[must_use]
    pub fn new(service: Service) -> Self {
        Self {
            dialect: Dialect::of(&service.base_url),
            service,
            temperature: None,
            reasoning_effort: None,
        }
    }
}

/// A provider that speaks OpenAI's chat protocol.
#[derive(Debug)]
pub struct OpenAi {
    settings: OpenAiSettings,
    line: Line,
}

impl OpenAi {
    /// A provider whose key is read from its source at every call. Opens no connection.
    ///
    /// # Errors
    /// [`InvalidSettings`] for a base address or a header that cannot be used.
    pub fn new(settings: OpenAiSettings) -> Result<Self, InvalidSettings> {
        let line = Line::new(&settings.service, PATH, environment())?;
        Ok(Self { settings, line })
    }

    /// A provider for which environment variables are what `variables` finds for their names at every call.
    ///
    /// # Errors
    /// As [`OpenAi::new`].
    pub fn with_keys(
        settings: OpenAiSettings,
        variables: impl Fn(&str) -> Option<String> + Send + Sync + 'static,
    ) -> Result<Self, InvalidSettings> {
        let line = Line::new(&settings.service, PATH, Arc::new(variables))?;
        Ok(Self { settings, line })
    }

    /// Scheme, host and port of the endpoint, as [`super::Breakers`] name it.
    #[must_use]
    pub fn endpoint_origin(&self) -> String {
        self.line.endpoint().origin()
    }

    async fn ask(&self, request: &Request) -> Result<Reply, Failure> {
        let pass = self.line.pass(request, AUTHORIZATION, "Bearer ")?;
        let report = self.line.report(Some(&pass));
        let body = ChatRequest::new(request, &self.settings, self.line.endpoint()).to_bytes();
        let arrival = self.line.post(&pass, body, &report).await?;
        read(request, arrival, &report).await
    }

    /// Reads what has arrived as the answer to `request`; nobody is asked.
    ///
    /// # Errors
    /// [`Failure`], as a call would end with it.
    pub async fn hear(&self, request: &Request, arrived: Arrived) -> Result<Reply, Failure> {
        let pass = self.line.pass(request, AUTHORIZATION, "Bearer ")?;
        let report = self.line.report(Some(&pass));
        read(request, self.line.hear(arrived, &report), &report).await
    }
}

async fn read(
    request: &Request,
    arrival: Arrival<'_>,
    report: &Report<'_>,
) -> Result<Reply, Failure> {
    let reply = match arrival {
        Arrival::Whole(body) => answer::reply(request, &body, report),
        Arrival::Events(body) => stream::reply(request, body, report).await,
        Arrival::Refused(refused) => Err(refusal(&refused, report)),
    };
    reply.map(|reply| report.scrubbed(reply))
}

impl ModelProvider for OpenAi {
    fn call<'a>(&'a self, request: &'a Request) -> Answering<'a> {
        Box::pin(self.ask(request))
    }
}
