//! From a model's configuration to the provider that is asked.

use std::sync::Arc;

use crate::{
    config::{self, Endpoint, KeyFrom, MaxTokensKey, ModelConfig, Provider, Temperature},
    error::{Error, Result},
    models::{
        self, Anthropic, AnthropicSettings, Dialect, InvalidSettings, ModelProvider, OpenAi,
        OpenAiSettings, Rehearsal, Service,
    },
};

/// A provider and whom a breaker knows it by.
pub(super) struct Asked {
    pub(super) asked: Arc<dyn ModelProvider>,
    pub(super) endpoint: String,
}

/// The provider of the model named `name`.
///
/// # Errors
/// [`Error::Config`] for an address or a header that cannot be used.
pub(super) fn of(name: &str, model: &ModelConfig) -> Result<Asked> {
    let fault = |e: InvalidSettings| Error::Config {
        faults: vec![format!("models.{name}: {e}")],
    };
    match &model.provider {
        Provider::Rehearsal(settings) => Ok(Asked {
            asked: Arc::new(rehearsal(settings)),
            endpoint: String::new(),
        }),
        Provider::OpenAi(endpoint) => {
            let asked = OpenAi::new(openai(endpoint, model)).map_err(fault)?;
            Ok(Asked {
                endpoint: asked.endpoint_origin(),
                asked: Arc::new(asked),
            })
        }
        Provider::Anthropic(endpoint) => {
            let asked = Anthropic::new(anthropic(endpoint, model)).map_err(fault)?;
            Ok(Asked {
                endpoint: asked.endpoint_origin(),
                asked: Arc::new(asked),
            })
        }
    }
}

pub(super) fn service(endpoint: &Endpoint, model: &ModelConfig) -> Service {
    Service {
        key: key_from(&endpoint.key),
        headers: model.headers.clone(),
        stream: model.stream,
        timeout: model.timeout,
        stall_timeout: model.stall_timeout,
        ..Service::new(&endpoint.base_url, &model.model)
    }
}

/// Where a key is read, in the providers' words.
pub(super) fn key_from(key: &KeyFrom) -> models::KeyFrom {
    match key {
        KeyFrom::Env(variable) => models::KeyFrom::Env(variable.clone()),
        KeyFrom::File(path) => models::KeyFrom::File(path.clone()),
        KeyFrom::Credential(name) => models::KeyFrom::Credential(name.clone()),
        KeyFrom::None => models::KeyFrom::None,
    }
}

fn openai(endpoint: &Endpoint, model: &ModelConfig) -> OpenAiSettings {
    OpenAiSettings {
        service: service(endpoint, model),
        dialect: Dialect {
            stream_options: model.dialect.stream_options,
            max_completion_tokens: model.dialect.max_tokens_key
                == MaxTokensKey::MaxCompletionTokens,
            json_schema: model.json_schema,
        },
        temperature: model.temperature.map(Temperature::as_f64),
        reasoning_effort: model
            .reasoning_effort
            .map(|effort| effort.word().to_owned()),
    }
}

fn anthropic(endpoint: &Endpoint, model: &ModelConfig) -> AnthropicSettings {
    AnthropicSettings {
        service: service(endpoint, model),
        temperature: model.temperature.map(Temperature::as_f64),
    }
}

fn rehearsal(settings: &config::Rehearsal) -> Rehearsal {
    let listed: Vec<u32> = settings.reject_in.iter().copied().collect();
    Rehearsal {
        delay: settings.delay,
        reject: settings.reject,
        reject_in: (!listed.is_empty()).then_some(listed),
        outcomes: settings
            .outcomes
            .iter()
            .map(|(index, outcome)| (*index, outcome.word().to_owned()))
            .collect(),
    }
}
