//! One POST to a model provider: lazy client, total timeout, size cap.
//!
//! The client is built at the first call, never at start-up: reading the system's root certificates takes time
//! and fails on machines without any. A plain-HTTP endpoint never reads them at all.

use std::{error::Error, time::Duration};

use reqwest::{Client, StatusCode, header::HeaderMap, redirect, retry};
use tokio::sync::OnceCell;

use super::{Failure, FailureClass, endpoint::Endpoint, report::Report};

/// Bytes of a completed answer that are read at most; more is [`FailureClass::Malformed`].
const ANSWER_CAP: usize = 16 << 20;
/// Bytes of a refusal that are read at most; the rest is not needed to tell what it says.
const REFUSAL_CAP: usize = 64 << 10;
/// How long a connection may take to open, within the total timeout.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(30);

/// A way to one endpoint.
#[derive(Debug)]
pub(super) struct Http {
    endpoint: Endpoint,
    timeout: Duration,
    client: OnceCell<Client>,
}

/// What came back, whole or, for a refusal, as much of it as is worth reading.
#[derive(Debug)]
pub(super) struct Response {
    /// The status of its first line.
    pub(super) status: StatusCode,
    /// Its headers.
    pub(super) headers: HeaderMap,
    /// Its body.
    pub(super) body: Vec<u8>,
}

impl Http {
    /// A way to `endpoint` on which one call takes `timeout` at most, from connecting to the last byte.
    pub(super) fn new(endpoint: Endpoint, timeout: Duration) -> Self {
        Self {
            endpoint,
            timeout,
            client: OnceCell::new(),
        }
    }

    /// Where it leads.
    pub(super) fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// Sends `body` once and reads the response. A status that is no success is a response, not a failure.
    pub(super) async fn post(
        &self,
        headers: HeaderMap,
        body: Vec<u8>,
        report: &Report<'_>,
    ) -> Result<Response, Failure> {
        let client = self.client(report).await?;
        let sent = client
            .post(self.endpoint.url().clone())
            .headers(headers)
            .body(body);
        let mut response = sent
            .send()
            .await
            .map_err(|error| self.broken(error, report))?;
        let (status, headers) = (response.status(), std::mem::take(response.headers_mut()));
        let body = if status.is_success() {
            self.whole(response, report).await?
        } else {
            beginning(response).await
        };
        Ok(Response {
            status,
            headers,
            body,
        })
    }

    async fn client(&self, report: &Report<'_>) -> Result<&Client, Failure> {
        let built = self.client.get_or_try_init(|| async {
            let (endpoint, timeout) = (self.endpoint.clone(), self.timeout);
            // Reads certificates from disk: not on a thread that drives other calls.
            match tokio::task::spawn_blocking(move || client(&endpoint, timeout)).await {
                Ok(built) => built.map_err(|error| causes(&error)),
                Err(stopped) => Err(stopped.to_string()),
            }
        });
        built.await.map_err(|why: String| {
            let ours = "cannot set up a client; hint: https needs the system's root certificates (ca-certificates)";
            report.failure(FailureClass::Connection, ours, &why)
        })
    }

    async fn whole(
        &self,
        mut response: reqwest::Response,
        report: &Report<'_>,
    ) -> Result<Vec<u8>, Failure> {
        let mut body = Vec::new();
        loop {
            match response.chunk().await {
                Ok(Some(chunk)) if body.len() + chunk.len() > ANSWER_CAP => {
                    let ours = format!("the answer is larger than {} MiB", ANSWER_CAP >> 20);
                    return Err(report.failure(FailureClass::Malformed, &ours, ""));
                }
                Ok(Some(chunk)) => body.extend_from_slice(&chunk),
                Ok(None) => return Ok(body),
                Err(error) => return Err(self.broken(error, report)),
            }
        }
    }

    fn broken(&self, error: reqwest::Error, report: &Report<'_>) -> Failure {
        let error = error.without_url();
        if error.is_timeout() && !error.is_connect() {
            let ours = format!("no complete answer within {:?}", self.timeout);
            return report.failure(FailureClass::Timeout, &ours, "");
        }
        let ours = if error.is_connect() {
            "no connection"
        } else {
            "the connection broke off"
        };
        report.failure(FailureClass::Connection, ours, &causes(&error))
    }
}

/// The beginning of a refusal's body. Whatever breaks while reading it, the status already tells the class.
async fn beginning(mut response: reqwest::Response) -> Vec<u8> {
    let mut body = Vec::new();
    while body.len() < REFUSAL_CAP {
        match response.chunk().await {
            Ok(Some(chunk)) => body.extend_from_slice(&chunk),
            Ok(None) | Err(_) => break,
        }
    }
    body.truncate(REFUSAL_CAP);
    body
}

/// A client that does what it is told once: no redirects (they would carry prompts elsewhere), no retries (they
/// are decided from the journal), no idle connections (one that the provider has just closed would break a paid
/// call to save a handshake).
fn client(endpoint: &Endpoint, timeout: Duration) -> reqwest::Result<Client> {
    // Refused only when a provider is installed already, which then serves as well.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut builder = Client::builder()
        .user_agent(concat!("modulatio/", env!("CARGO_PKG_VERSION")))
        .timeout(timeout)
        .connect_timeout(CONNECT_TIMEOUT.min(timeout))
        .redirect(redirect::Policy::none())
        .retry(retry::never())
        .pool_max_idle_per_host(0)
        .http1_only();
    if !endpoint.is_tls() {
        builder = builder.tls_certs_only([]);
    }
    if endpoint.is_loopback() {
        builder = builder.no_proxy();
    }
    builder.build()
}

/// An error with its causes, outermost first.
fn causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        next = cause.source();
    }
    text
}
