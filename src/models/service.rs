//! What every provider over HTTP has in common: where it is, as whom it is asked, and how patiently.

use std::{collections::BTreeMap, fmt, sync::Arc, time::Duration};

use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};

use super::{
    Arrived, Failure, FailureClass, InvalidBaseUrl, KeyFrom, Request,
    endpoint::{Endpoint, shown},
    http::{Arrival, Http, Patience},
    key::{Key, KeySource, Lookup},
    report::Report,
};

/// Headers that the program writes itself, or that carry what belongs into a [`KeyFrom`].
const RESERVED: [&str; 13] = [
    "accept",
    "anthropic-version",
    "api-key",
    "authorization",
    "connection",
    "content-length",
    "content-type",
    "cookie",
    "host",
    "idempotency-key",
    "proxy-authorization",
    "transfer-encoding",
    "x-api-key",
];

/// Where a model is served, as whom it is asked, and how patiently.
#[derive(Clone, PartialEq, Eq)]
pub struct Service {
    /// The address above the protocol's method, such as `https://openrouter.ai/api/v1`.
    pub base_url: String,
    /// The model's name as the provider knows it.
    pub model: String,
    /// Where the key is read at every call.
    pub key: KeyFrom,
    /// Further headers of every request, name to value. No secrets: a provider may repeat them in its errors.
    pub headers: BTreeMap<String, String>,
    /// Whether answers are read as they are written (server-sent events).
    pub stream: bool,
    /// How long one call may take, from connecting to the last byte.
    pub timeout: Duration,
    /// How long a provider may send nothing at all: while it streams from the request on, otherwise only once
    /// its answer has begun to arrive.
    pub stall_timeout: Duration,
}

impl Service {
    /// A service that needs no key, with streaming, ten minutes for a call and two for the next byte.
    #[must_use]
    pub fn new(base_url: impl Into<String>, model: impl Into<String>) -> Self {
        Self {
            base_url: base_url.into(),
            model: model.into(),
            key: KeyFrom::None,
            headers: BTreeMap::new(),
            stream: true,
            timeout: Duration::from_secs(600),
            stall_timeout: Duration::from_secs(120),
        }
    }
}

impl fmt::Debug for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Service")
            .field("base_url", &shown(&self.base_url))
            .field("model", &self.model)
            .field("key", &self.key)
            .field("headers", &self.headers.keys().collect::<Vec<_>>())
            .field("stream", &self.stream)
            .field("timeout", &self.timeout)
            .field("stall_timeout", &self.stall_timeout)
            .finish()
    }
}

/// Why settings cannot be used. None of these repeats a value, which may hold a secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidSettings {
    /// The address.
    #[error(transparent)]
    BaseUrl(#[from] InvalidBaseUrl),
    /// A further header that the program writes itself, or that would carry a key.
    #[error("headers.{name}: is not set by hand; hint: a key belongs into the key's own setting")]
    ReservedHeader {
        /// Its name.
        name: String,
    },
    /// A further header that HTTP cannot carry.
    #[error("headers.{name}: HTTP cannot carry this name or its value")]
    InvalidHeader {
        /// Its name.
        name: String,
    },
}

/// A way to one method of a service.
#[derive(Debug)]
pub(super) struct Line {
    keys: KeySource,
    http: Http,
    headers: HeaderMap,
}

/// One call's right to speak.
pub(super) struct Pass {
    key: Option<Key>,
    headers: HeaderMap,
}

impl Line {
    /// A way to the method at `path`. Opens no connection.
    pub(super) fn new(
        service: &Service,
        path: &str,
        lookup: Lookup,
    ) -> Result<Self, InvalidSettings> {
        let endpoint = Endpoint::new(&service.base_url, path)?;
        let patience = Patience {
            total: service.timeout,
            stall: service.stall_timeout,
            streams: service.stream,
        };
        Ok(Self {
            keys: KeySource::new(service.key.clone(), lookup),
            http: Http::new(endpoint, patience),
            headers: headers(service)?,
        })
    }

    /// With a further header in every request.
    pub(super) fn with_header(mut self, (name, value): (HeaderName, HeaderValue)) -> Self {
        self.headers.insert(name, value);
        self
    }

    /// Where it leads.
    pub(super) fn endpoint(&self) -> &Endpoint {
        self.http.endpoint()
    }

    /// Reads the key and writes the headers of one call; the key's goes as `name`, after `prefix`.
    pub(super) fn pass(
        &self,
        request: &Request,
        name: HeaderName,
        prefix: &str,
    ) -> Result<Pass, Failure> {
        let key = self.keys.read()?;
        let mut headers = self.headers.clone();
        headers.insert("idempotency-key", self.call_id(request)?);
        if let Some(key) = &key {
            headers.insert(name, self.keys.header(prefix, key)?);
        }
        Ok(Pass { key, headers })
    }

    fn call_id(&self, request: &Request) -> Result<HeaderValue, Failure> {
        HeaderValue::from_str(&request.call_id).map_err(|_| {
            let ours = "no header can carry this call id";
            self.report(None)
                .failure(FailureClass::Refused, ours, &request.call_id)
        })
    }

    /// Who writes the failures of the call with this pass.
    pub(super) fn report<'a>(&'a self, pass: Option<&'a Pass>) -> Report<'a> {
        Report {
            endpoint: self.endpoint().label(),
            key: pass.and_then(|pass| pass.key.as_ref()),
            key_from: self.keys.from(),
        }
    }

    /// Sends `body` once.
    pub(super) async fn post<'a>(
        &'a self,
        pass: &Pass,
        body: Vec<u8>,
        report: &'a Report<'a>,
    ) -> Result<Arrival<'a>, Failure> {
        self.http.post(pass.headers.clone(), body, report).await
    }

    /// What has arrived already, as an answer to what was sent.
    pub(super) fn hear<'a>(&'a self, arrived: Arrived, report: &'a Report<'a>) -> Arrival<'a> {
        self.http.hear(arrived, report)
    }
}

/// The headers that every request of a service carries.
pub(super) fn headers(service: &Service) -> Result<HeaderMap, InvalidSettings> {
    let accept = if service.stream {
        "text/event-stream, application/json"
    } else {
        "application/json"
    };
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(ACCEPT, HeaderValue::from_static(accept));
    for (name, value) in &service.headers {
        let (name, value) = header(name, value)?;
        headers.insert(name, value);
    }
    Ok(headers)
}

fn header(name: &str, value: &str) -> Result<(HeaderName, HeaderValue), InvalidSettings> {
    let invalid = || InvalidSettings::InvalidHeader {
        name: name.to_owned(),
    };
    let parsed = HeaderName::from_bytes(name.as_bytes()).map_err(|_| invalid())?;
    if RESERVED.contains(&parsed.as_str()) {
        return Err(InvalidSettings::ReservedHeader {
            name: name.to_owned(),
        });
    }
    let mut value = HeaderValue::from_str(value).map_err(|_| invalid())?;
    value.set_sensitive(true);
    Ok((parsed, value))
}

/// Environment variables as the process has them.
pub(super) fn environment() -> Lookup {
    Arc::new(|variable: &str| std::env::var(variable).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(name: &str, value: &str) -> InvalidSettings {
        let mut service = Service::new("http://h", "m");
        service.headers.insert(name.into(), value.into());
        Line::new(&service, "/x", environment()).unwrap_err()
    }

    #[test]
    fn a_header_that_would_carry_a_key_is_refused_without_its_value() {
        for name in ["Authorization", "x-api-key", "Cookie", "Host"] {
            let error = refused(name, "hidden");
            assert!(matches!(error, InvalidSettings::ReservedHeader { .. }));
            let shown = format!("{error} {error:?}");
            assert!(shown.contains(name) && !shown.contains("hidden"), "{shown}");
        }
    }

    #[test]
    fn a_header_that_http_cannot_carry_is_refused_without_its_value() {
        for (name, value) in [("a b", "c"), ("x-title", "hid\nden"), ("", "c")] {
            let error = refused(name, value);
            assert!(matches!(error, InvalidSettings::InvalidHeader { .. }));
            assert!(!format!("{error:?}").contains("hid"));
        }
    }
}
