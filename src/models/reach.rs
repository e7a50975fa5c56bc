//! Whether an endpoint can be reached, asked so that nobody is billed: one GET for the list of its models.
//!
//! Any status is a sign of life. Only 401 and 403 say something of the key, and only where one was sent. OpenRouter
//! lists its models to everybody, so there the key's own page is asked.

use std::{error::Error, time::Duration};

use reqwest::header::{AUTHORIZATION, DATE, HeaderMap, HeaderName};
use tokio::time::timeout;

use super::{
    InvalidSettings, Service,
    anthropic::{API_KEY, PATH as MESSAGES, VERSION},
    endpoint::{Endpoint, shown},
    http::{Patience, causes, client},
    key::KeySource,
    openai::PATH as CHAT,
    refusal::date_seconds,
    report::Report,
    service::{environment, headers},
};

/// The protocols, as far as they differ in how a list is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Speaks {
    /// OpenAI's.
    OpenAi,
    /// Anthropic's.
    Anthropic,
}

/// An endpoint that answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Heard {
    /// The status of its answer.
    pub status: u16,
    /// Whether it would not take the key that was sent.
    pub refuses_key: bool,
    /// The server's clock, in seconds since 1970, if it told.
    pub date: Option<i64>,
}

/// Why nobody answered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unheard {
    /// A call would not be made either.
    #[error(transparent)]
    Settings(#[from] InvalidSettings),
    /// In the system's words; holds no key.
    #[error("{0}")]
    Silent(String),
}

/// What was asked, and what came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// The address, without what may not be shown.
    pub endpoint: String,
    /// What came back, or why nothing did.
    pub outcome: Result<Heard, Unheard>,
}

/// Asks once, and waits no longer than `patience`. A key that cannot be read is not sent.
pub async fn reach(service: &Service, speaks: Speaks, patience: Duration) -> Asked {
    let keys = KeySource::new(service.key.clone(), environment());
    let key = keys.read().ok().flatten();
    let (name, prefix) = speaks.key_header();
    let sent = key.as_ref().and_then(|key| keys.header(prefix, key).ok());
    let sends_key = sent.is_some();
    let prepared = endpoint(&service.base_url, speaks, sends_key)
        .and_then(|endpoint| Ok((endpoint, headers_of(service, speaks)?)));
    let (endpoint, mut headers) = match prepared {
        Ok(prepared) => prepared,
        Err(why) => {
            return Asked {
                endpoint: shown(&service.base_url),
                outcome: Err(why.into()),
            };
        }
    };
    headers.extend(sent.map(|value| (name, value)));
    let report = Report {
        endpoint: endpoint.label(),
        key: key.as_ref(),
        key_from: keys.from(),
    };
    let outcome = match timeout(patience, get(&endpoint, headers, patience)).await {
        Ok(Ok(heard)) => Ok(Heard {
            refuses_key: sends_key && heard.refuses_key,
            ..heard
        }),
        Ok(Err(why)) => Err(Unheard::Silent(report.safe(&why))),
        Err(_) => Err(Unheard::Silent(format!("no answer within {patience:?}"))),
    };
    Asked {
        endpoint: endpoint.label().to_owned(),
        outcome,
    }
}

fn headers_of(service: &Service, speaks: Speaks) -> Result<HeaderMap, InvalidSettings> {
    let mut headers = headers(service)?;
    if speaks == Speaks::Anthropic {
        let (name, value) = VERSION;
        headers.insert(name, value);
    }
    Ok(headers)
}

impl Speaks {
    fn key_header(self) -> (HeaderName, &'static str) {
        match self {
            Self::OpenAi => (AUTHORIZATION, "Bearer "),
            Self::Anthropic => (API_KEY, ""),
        }
    }
}

/// Where the list is, beside the method that calls are made to.
fn endpoint(base: &str, speaks: Speaks, keyed: bool) -> Result<Endpoint, InvalidSettings> {
    let (method, list) = match speaks {
        Speaks::OpenAi => (CHAT, "/models"),
        Speaks::Anthropic => (MESSAGES, "/v1/models"),
    };
    let endpoint = Endpoint::new(base, method)?;
    if keyed && endpoint.is_of("openrouter.ai") {
        return Ok(endpoint.with_end(method, "/key"));
    }
    Ok(endpoint.with_end(method, list))
}

async fn get(endpoint: &Endpoint, headers: HeaderMap, patience: Duration) -> Result<Heard, String> {
    // A connection may take all of the time: half of twice as much.
    let patience = Patience {
        total: 2 * patience,
        stall: 2 * patience,
        streams: false,
    };
    let client = client(endpoint, patience).map_err(|error| causes(&error))?;
    let sent = client.get(endpoint.url().clone()).headers(headers).send();
    let answer = sent
        .await
        .map_err(|error| innermost(&error.without_url()))?;
    let date = answer.headers().get(DATE);
    let status = answer.status().as_u16();
    Ok(Heard {
        status,
        refuses_key: matches!(status, 401 | 403),
        date: date.and_then(|date| date_seconds(date.to_str().ok()?)),
    })
}

/// What is at the bottom of it, in the system's words.
fn innermost(error: &dyn Error) -> String {
    let mut last = error;
    while let Some(cause) = last.source() {
        last = cause;
    }
    last.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(base: &str, speaks: Speaks, keyed: bool) -> String {
        endpoint(base, speaks, keyed).unwrap().url().to_string()
    }

    #[test]
    fn the_list_lies_beside_the_method_of_calls() {
        for base in [
            "https://h.example/v1",
            "https://h.example/v1/chat/completions/",
        ] {
            assert_eq!(
                asked(base, Speaks::OpenAi, true),
                "https://h.example/v1/models"
            );
        }
        for base in [
            "https://h.example",
            "https://h.example/v1",
            "https://h.example/v1/messages",
        ] {
            assert_eq!(
                asked(base, Speaks::Anthropic, true),
                "https://h.example/v1/models"
            );
        }
        let queried = asked("https://h.example/v1?api-version=3", Speaks::OpenAi, true);
        assert_eq!(queried, "https://h.example/v1/models?api-version=3");
    }

    #[test]
    fn openrouter_is_asked_for_the_key_where_there_is_one() {
        let base = "https://openrouter.ai/api/v1";
        assert_eq!(
            asked(base, Speaks::OpenAi, true),
            "https://openrouter.ai/api/v1/key"
        );
        assert_eq!(
            asked(base, Speaks::OpenAi, false),
            "https://openrouter.ai/api/v1/models"
        );
    }

    #[test]
    fn what_is_shown_of_an_endpoint_has_no_query() {
        let endpoint = endpoint("https://h.example/v1?key=hidden", Speaks::OpenAi, false).unwrap();
        assert_eq!(endpoint.label(), "https://h.example/v1/models");
    }
}
