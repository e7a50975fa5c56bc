//! One model, asked once and outside any plan: whether its key is there, and whether it answers. For people who want
//! to know before the night.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use projections::{
    event::{FailureClass, Usage},
    time::MicroUsd,
};

use super::{price, provider, speak};
use crate::{
    clock,
    config::{ModelConfig, Price, Provider},
    error::Result,
    models::{About, KeyFrom, Message, ModelProvider, Purpose, Request, ToolChoice},
};

/// Most tokens of the answer. One would do; models that think before they speak need some to begin with.
const MOST: u32 = 64;

/// Whether a model's key is where a call would look for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyState {
    /// None is sent.
    NotWanted,
    /// It is there. Whether the provider takes it, only a call can tell.
    Set {
        /// A variable, a file or a credential.
        place: String,
    },
    /// Nothing there can be used as a key.
    Missing {
        /// As above.
        place: String,
        /// What was found instead.
        why: String,
    },
}

/// A model that can be asked.
pub struct Probe {
    asked: Arc<dyn ModelProvider>,
    price: Option<Price>,
    most: u32,
}

/// A model's answer, which was paid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answered {
    /// From the request to the end of the answer.
    pub latency: Duration,
    /// Tokens.
    pub usage: Usage,
    /// What it cost; `None` when the price is unknown.
    pub cost: Option<MicroUsd>,
    /// The model that says it answered, if it says so.
    pub served_by: Option<String>,
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unanswered {
    /// The kind.
    pub class: FailureClass,
    /// For people; holds no key.
    pub message: String,
}

impl KeyState {
    /// The state of this model's key, as it is in this process's environment now.
    #[must_use]
    pub fn of(model: &ModelConfig) -> Self {
        let (Provider::OpenAi(endpoint) | Provider::Anthropic(endpoint)) = &model.provider else {
            return Self::NotWanted;
        };
        let from = provider::key_from(&endpoint.key);
        if from == KeyFrom::None {
            return Self::NotWanted;
        }
        let place = from.to_string();
        match from.check() {
            Ok(()) => Self::Set { place },
            Err(failure) => Self::Missing {
                place,
                why: failure.message,
            },
        }
    }
}

impl Probe {
    /// Of the model that the configuration calls `name`. Asks nobody.
    ///
    /// # Errors
    /// [`Error::Config`](crate::error::Error::Config) for an address or a header that cannot be used.
    pub fn of(name: &str, model: &ModelConfig) -> Result<Self> {
        Ok(Self {
            asked: provider::of(name, model)?.asked,
            price: model.price,
            most: model.max_output_tokens.min(MOST),
        })
    }

    /// Makes one call, which the provider bills and nobody books.
    ///
    /// # Errors
    /// [`Unanswered`] says why there is no answer.
    pub async fn call(&self) -> std::result::Result<Answered, Unanswered> {
        let request = question(self.most);
        let asked = Instant::now();
        let outcome = self.asked.call(&request).await;
        let latency = asked.elapsed();
        let reply = outcome.map_err(|failure| Unanswered {
            class: speak::class(failure.class),
            message: failure.message,
        })?;
        let usage = speak::usage(&reply.usage);
        let own = reply.cost_micro_usd.map(MicroUsd);
        Ok(Answered {
            latency,
            cost: own.or_else(|| price::cost(self.price.as_ref(), &usage)),
            usage,
            served_by: reply.served_by,
        })
    }
}

fn question(most: u32) -> Request {
    Request {
        // A provider that has seen this key must not answer from memory.
        call_id: format!("check.{:x}", clock::now().micros()),
        about: About {
            purpose: Purpose::PlanTasks,
            sub_objective: 0,
            title: String::new(),
            files: Vec::new(),
            task: None,
            attempt: 1,
            last: false,
        },
        system: "You are asked whether you can be reached.".to_owned(),
        messages: vec![Message::User("Answer with the word OK.".to_owned())],
        tools: Vec::new(),
        choice: ToolChoice::Text,
        max_output_tokens: most,
    }
}
