//! Any endpoint that speaks Anthropic's Messages API.
//!
//! ```text
//!  Request ──wire──▶ POST {base_url}[/v1]/messages ──2xx, JSON────▶ answer ─┬▶ Reply
//!                         │ x-api-key: …           ├─2xx, events──▶ stream ─┘
//!                         │ anthropic-version      └─else─────────▶ refusal ──▶ Failure
//! ```

mod answer;
mod stream;
mod wire;

use std::sync::Arc;

use reqwest::header::{HeaderName, HeaderValue};

use self::wire::MessagesRequest;
use super::{
    Answering, Arrived, Failure, InvalidSettings, ModelProvider, Reply, Request, Service,
    http::Arrival,
    key::Lookup,
    refusal::refusal,
    report::Report,
    service::{Line, environment},
};

/// The method's path below a host; a base address may end in its first segment.
pub(super) const PATH: &str = "/v1/messages";

/// The version of the protocol, which the provider asks to be named
/// (<https://docs.anthropic.com/en/api/versioning>).
pub(super) const VERSION: (HeaderName, HeaderValue) = (
    HeaderName::from_static("anthropic-version"),
    HeaderValue::from_static("2023-06-01"),
);

/// The header that carries the key.
pub(super) const API_KEY: HeaderName = HeaderName::from_static("x-api-key");

/// Where the protocol is spoken and as whom.
#[derive(Clone, Debug, PartialEq)]
pub struct AnthropicSettings {
    /// Where, which model, as whom, how patiently.
    pub service: Service,
    /// Sent where it is set.
    pub temperature: Option<f64>,
}

impl AnthropicSettings {
    /// `service` without optional settings.
    #[must_use]
    pub fn new(service: Service) -> Self {
        Self {
            service,
            temperature: None,
        }
    }
}

/// A provider that speaks Anthropic's protocol.
#[derive(Debug)]
pub struct Anthropic {
    settings: AnthropicSettings,
    line: Line,
}

impl Anthropic {
    /// A provider whose key is read from its source at every call. Opens no connection.
    ///
    /// # Errors
    /// [`InvalidSettings`] for a base address or a header that cannot be used.
    pub fn new(settings: AnthropicSettings) -> Result<Self, InvalidSettings> {
        Self::over(settings, environment())
    }

    /// A provider for which environment variables are what `variables` finds for their names at every call.
    ///
    /// # Errors
    /// As [`Anthropic::new`].
    pub fn with_keys(
        settings: AnthropicSettings,
        variables: impl Fn(&str) -> Option<String> + Send + Sync + 'static,
    ) -> Result<Self, InvalidSettings> {
        Self::over(settings, Arc::new(variables))
    }

    fn over(settings: AnthropicSettings, lookup: Lookup) -> Result<Self, InvalidSettings> {
        let line = Line::new(&settings.service, PATH, lookup)?.with_header(VERSION);
        Ok(Self { settings, line })
    }

    /// Scheme, host and port of the endpoint, as [`super::Breakers`] name it.
    #[must_use]
    pub fn endpoint_origin(&self) -> String {
        self.line.endpoint().origin()
    }

    async fn ask(&self, request: &Request) -> Result<Reply, Failure> {
        let pass = self.line.pass(request, API_KEY, "")?;
        let report = self.line.report(Some(&pass));
        let body = MessagesRequest::new(request, &self.settings).to_bytes();
        let arrival = self.line.post(&pass, body, &report).await?;
        read(request, arrival, &report).await
    }

    /// Reads what has arrived as the answer to `request`; nobody is asked.
    ///
    /// # Errors
    /// [`Failure`], as a call would end with it.
    pub async fn hear(&self, request: &Request, arrived: Arrived) -> Result<Reply, Failure> {
        let pass = self.line.pass(request, API_KEY, "")?;
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

impl ModelProvider for Anthropic {
    fn call<'a>(&'a self, request: &'a Request) -> Answering<'a> {
        Box::pin(self.ask(request))
    }
}
