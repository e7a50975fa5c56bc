//! One POST to a model provider: lazy client, total timeout, stall timeout, size cap.
//!
//! The client is built at the first call, never at start-up: reading the system's root certificates takes time
//! and fails on machines without any. A plain-HTTP endpoint never reads them at all.
//!
//! ```text
//!  connecting │ request ──▶ head │ chunk │ chunk │ …        total timeout: from end to end
//!             │◀── stall ──▶     │◀stall▶│◀stall▶│          stall timeout: of an answer that is streamed
//!                                        │◀stall▶│                         of one that comes as a whole
//! ```

use std::{error::Error, time::Duration};

use reqwest::{
    Client, RequestBuilder, StatusCode,
    header::{CONTENT_TYPE, HeaderMap},
    redirect, retry,
};
use tokio::{sync::OnceCell, time};

use super::{Arrived, Failure, FailureClass, arrived::refused, endpoint::Endpoint, report::Report};

/// Bytes of a completed answer that are read at most; more is [`FailureClass::Malformed`].
const ANSWER_CAP: usize = 16 << 20;
/// Bytes of a refusal that are read at most; the rest is not needed to tell what it says.
const REFUSAL_CAP: usize = 64 << 10;
/// How long a connection may take to open. Within half of the other timeouts, so that a request which was never
/// sent is always told as such.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(30);

/// How long one waits for what.
#[derive(Clone, Copy, Debug)]
pub(super) struct Patience {
    /// For all of it, from connecting to the last byte.
    pub(super) total: Duration,
    /// For the next byte.
    pub(super) stall: Duration,
    /// Whether the answer is asked for as it is written, so that silence before its head counts too.
    pub(super) streams: bool,
}

/// A way to one endpoint.
#[derive(Debug)]
pub(super) struct Http {
    endpoint: Endpoint,
    patience: Patience,
    client: OnceCell<Client>,
}

/// What came back.
pub(super) enum Arrival<'a> {
    /// A success, read to its end.
    Whole(Vec<u8>),
    /// A success that comes as server-sent events.
    Events(Body<'a>),
    /// Anything else.
    Refused(Refusal),
}

/// A response without success, as much of it as is worth reading.
#[derive(Debug)]
pub(super) struct Refusal {
    /// The status of its first line.
    pub(super) status: StatusCode,
    /// Its headers.
    pub(super) headers: HeaderMap,
    /// The beginning of its body.
    pub(super) body: Vec<u8>,
}

/// The body of a success, chunk by chunk.
pub(super) struct Body<'a> {
    source: Source,
    http: &'a Http,
    report: &'a Report<'a>,
    bytes: usize,
    impatient: bool,
}

/// Where chunks come from.
enum Source {
    Connection(reqwest::Response),
    Kept(std::vec::IntoIter<Vec<u8>>),
}

impl Source {
    async fn chunk(&mut self) -> reqwest::Result<Option<Vec<u8>>> {
        match self {
            Self::Connection(response) => {
                let chunk = response.chunk().await?;
                Ok(chunk.map(|chunk| chunk.to_vec()))
            }
            Self::Kept(chunks) => Ok(chunks.next()),
        }
    }
}

impl Http {
    /// A way to `endpoint`.
    pub(super) fn new(endpoint: Endpoint, patience: Patience) -> Self {
        Self {
            endpoint,
            patience,
            client: OnceCell::new(),
        }
    }

    /// Where it leads.
    pub(super) fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// Sends `body` once and reads the response. A status that is no success is a response, not a failure.
    pub(super) async fn post<'a>(
        &'a self,
        headers: HeaderMap,
        body: Vec<u8>,
        report: &'a Report<'a>,
    ) -> Result<Arrival<'a>, Failure> {
        let client = self.client(report).await?;
        let sent = client
            .post(self.endpoint.url().clone())
            .headers(headers)
            .body(body);
        let mut response = self.head(sent, report).await?;
        let status = response.status();
        if !status.is_success() {
            return Ok(Arrival::Refused(Refusal {
                status,
                headers: std::mem::take(response.headers_mut()),
                body: self.beginning(response).await,
            }));
        }
        let events = self.sends_events(response.headers());
        let mut body = self.body(Source::Connection(response), report);
        if events {
            return Ok(Arrival::Events(body));
        }
        Ok(Arrival::Whole(body.whole().await?))
    }

    /// What has arrived, as if it had just done so.
    pub(super) fn hear<'a>(&'a self, arrived: Arrived, report: &'a Report<'a>) -> Arrival<'a> {
        match arrived {
            Arrived::Whole(body) => Arrival::Whole(body),
            Arrived::Events(chunks) => {
                Arrival::Events(self.body(Source::Kept(chunks.into_iter()), report))
            }
            Arrived::Refused {
                status,
                retry_after,
                body,
            } => Arrival::Refused(refused(status, retry_after, body)),
        }
    }

    fn body<'a>(&'a self, source: Source, report: &'a Report<'a>) -> Body<'a> {
        Body {
            source,
            http: self,
            report,
            bytes: 0,
            impatient: self.patience.streams,
        }
    }

    /// Waits for the head of the response.
    async fn head(
        &self,
        sent: RequestBuilder,
        report: &Report<'_>,
    ) -> Result<reqwest::Response, Failure> {
        let answered = if self.patience.streams {
            let waited = time::timeout(self.patience.stall, sent.send()).await;
            waited.map_err(|_| self.stalled(report))?
        } else {
            sent.send().await
        };
        answered.map_err(|error| self.broken(error, report))
    }

    /// Whether events follow: what the server says, and where it does not, what was asked for.
    fn sends_events(&self, headers: &HeaderMap) -> bool {
        let said = headers
            .get(CONTENT_TYPE)
            .and_then(|kind| kind.to_str().ok());
        match said.map(str::to_ascii_lowercase) {
            Some(kind) if kind.contains("event-stream") => true,
            Some(kind) if kind.contains("json") || kind.contains("html") => false,
            Some(_) | None => self.patience.streams,
        }
    }

    async fn client(&self, report: &Report<'_>) -> Result<&Client, Failure> {
        let built = self.client.get_or_try_init(|| async {
            let (endpoint, patience) = (self.endpoint.clone(), self.patience);
            // Reads certificates from disk: not on a thread that drives other calls.
            match tokio::task::spawn_blocking(move || client(&endpoint, patience)).await {
                Ok(built) => built.map_err(|error| causes(&error)),
                Err(stopped) => Err(stopped.to_string()),
            }
        });
        built.await.map_err(|why: String| {
            let ours = "cannot set up a client; hint: https needs the system's root certificates (ca-certificates)";
            report.failure(FailureClass::Connection, ours, &why)
        })
    }

    /// The beginning of a refusal's body. Whatever breaks while reading it, the status already tells the class.
    async fn beginning(&self, mut response: reqwest::Response) -> Vec<u8> {
        let mut body = Vec::new();
        while body.len() < REFUSAL_CAP {
            match time::timeout(self.patience.stall, response.chunk()).await {
                Ok(Ok(Some(chunk))) => body.extend_from_slice(&chunk),
                Ok(Ok(None) | Err(_)) | Err(_) => break,
            }
        }
        body.truncate(REFUSAL_CAP);
        body
    }

    fn stalled(&self, report: &Report<'_>) -> Failure {
        let ours = format!("nothing arrived for {:?}", self.patience.stall);
        report.maybe_billed(FailureClass::Stalled, &ours, "")
    }

    fn broken(&self, error: reqwest::Error, report: &Report<'_>) -> Failure {
        let error = error.without_url();
        let why = causes(&error);
        if error.is_connect() || error.is_builder() {
            return report.failure(FailureClass::Connection, "no connection", &why);
        }
        if error.is_timeout() {
            let ours = format!("no complete answer within {:?}", self.patience.total);
            return report.maybe_billed(FailureClass::Timeout, &ours, "");
        }
        report.maybe_billed(FailureClass::Connection, "the connection broke off", &why)
    }
}

impl Body<'_> {
    /// What came next; `None` at the end.
    pub(super) async fn chunk(&mut self) -> Result<Option<Vec<u8>>, Failure> {
        let next = self.source.chunk();
        let next = if self.impatient {
            let waited = time::timeout(self.http.patience.stall, next).await;
            waited.map_err(|_| self.http.stalled(self.report))?
        } else {
            next.await
        };
        self.impatient = true;
        let Some(chunk) = next.map_err(|error| self.http.broken(error, self.report))? else {
            return Ok(None);
        };
        self.bytes += chunk.len();
        if self.bytes > ANSWER_CAP {
            let ours = format!("the answer is larger than {} MiB", ANSWER_CAP >> 20);
            return Err(self.report.maybe_billed(FailureClass::Malformed, &ours, ""));
        }
        Ok(Some(chunk))
    }

    async fn whole(&mut self) -> Result<Vec<u8>, Failure> {
        let mut body = Vec::new();
        while let Some(chunk) = self.chunk().await? {
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }
}

/// A client that does what it is told once: no redirects (they would carry prompts elsewhere), no retries (they
/// are decided from the journal), no idle connections (one that the provider has just closed would break a paid
/// call to save a handshake).
pub(super) fn client(endpoint: &Endpoint, patience: Patience) -> reqwest::Result<Client> {
    // Refused only when a provider is installed already, which then serves as well.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let connect = CONNECT_TIMEOUT
        .min(patience.total / 2)
        .min(patience.stall / 2);
    let mut builder = Client::builder()
        .user_agent(concat!("modulatio/", env!("CARGO_PKG_VERSION")))
        .timeout(patience.total)
        .connect_timeout(connect)
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
pub(super) fn causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        next = cause.source();
    }
    text
}
