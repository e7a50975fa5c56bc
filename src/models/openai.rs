//! Any endpoint that speaks OpenAI's `/chat/completions`: OpenAI, OpenRouter, Ollama, vLLM, llama.cpp and kin.
//!
//! ```text
//!  Request ──wire──▶ POST {base_url}/chat/completions ──2xx──▶ answer ──▶ Reply
//!                         │ Idempotency-Key: call id      └─else─▶ refusal ──▶ Failure
//! ```

mod answer;
mod wire;

use std::{sync::Arc, time::Duration};

use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue};

use self::wire::ChatRequest;
use super::{
    Answering, Failure, FailureClass, InvalidBaseUrl, ModelProvider, Reply, Request,
    endpoint::Endpoint, http::Http, key::KeySource, refusal::refusal, report::Report,
};

/// The method's path below a base address.
const PATH: &str = "/chat/completions";

/// Where the protocol is spoken and as whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenAiSettings {
    /// The address above `/chat/completions`, such as `https://openrouter.ai/api/v1`.
    pub base_url: String,
    /// The model's name as the provider knows it.
    pub model: String,
    /// The environment variable that holds the key; `None` sends no `Authorization` header.
    pub api_key_env: Option<String>,
    /// How long one call may take, from connecting to the last byte.
    pub timeout: Duration,
}

/// A provider that speaks OpenAI's chat protocol.
#[derive(Debug)]
pub struct OpenAi {
    model: String,
    keys: KeySource,
    http: Http,
}

impl OpenAi {
    /// A provider whose key is read from the process's environment at every call. Opens no connection.
    pub fn new(settings: OpenAiSettings) -> Result<Self, InvalidBaseUrl> {
        Self::with_keys(settings, |variable| std::env::var(variable).ok())
    }

    /// A provider whose key is what `keys` finds for the variable's name at every call.
    pub fn with_keys(
        settings: OpenAiSettings,
        keys: impl Fn(&str) -> Option<String> + Send + Sync + 'static,
    ) -> Result<Self, InvalidBaseUrl> {
        let endpoint = Endpoint::new(&settings.base_url, PATH)?;
        Ok(Self {
            model: settings.model,
            keys: KeySource::new(settings.api_key_env, Arc::new(keys)),
            http: Http::new(endpoint, settings.timeout),
        })
    }

    async fn ask(&self, request: &Request) -> Result<Reply, Failure> {
        let key = self.keys.read()?;
        let report = Report {
            endpoint: self.http.endpoint().label(),
            key: key.as_ref(),
        };
        let headers = self.headers(request, &report)?;
        let body = ChatRequest::new(request, &self.model, self.http.endpoint()).to_bytes();
        let response = self.http.post(headers, body, &report).await?;
        if response.status.is_success() {
            answer::reply(request, &response.body, &report)
        } else {
            Err(refusal(&response, &report))
        }
    }

    fn headers(&self, request: &Request, report: &Report<'_>) -> Result<HeaderMap, Failure> {
        let call_id = HeaderValue::from_str(&request.call_id).map_err(|_| {
            report.failure(
                FailureClass::Refused,
                "no header can carry this call id",
                &request.call_id,
            )
        })?;
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        headers.insert("idempotency-key", call_id);
        if let Some(key) = report.key {
            headers.insert(AUTHORIZATION, self.keys.bearer(key)?);
        }
        Ok(headers)
    }
}

impl ModelProvider for OpenAi {
    fn call<'a>(&'a self, request: &'a Request) -> Answering<'a> {
        Box::pin(self.ask(request))
    }
}
