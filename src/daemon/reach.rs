//! Whether the endpoints of a team's models can be reached, all asked at once, none of them billed.

use std::{collections::BTreeMap, time::Duration};

use tokio::task::JoinSet;

use super::provider;
use crate::{
    clock,
    config::{ModelConfig, Provider},
    models::{self, Heard, Service, Speaks},
};

/// How long one waits for an answer.
const PATIENCE: Duration = Duration::from_secs(3);

/// An endpoint that was asked, as one user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reached {
    /// Where, without what may not be shown.
    pub endpoint: String,
    /// The models that are asked there, by their names.
    pub models: Vec<String>,
    /// What came back, or why nothing did.
    pub outcome: Result<Heard, String>,
    /// By how many seconds the server's clock is ahead of this machine's, if it told.
    pub ahead_seconds: Option<i64>,
}

/// Asks for these models. Those that rehearse have no endpoint.
pub async fn reach<'a>(
    models: impl IntoIterator<Item = (&'a str, &'a ModelConfig)>,
) -> Vec<Reached> {
    let mut endpoints: BTreeMap<_, (Service, Speaks, Vec<String>)> = BTreeMap::new();
    for (name, model) in models {
        let Some((service, speaks)) = whom(model) else {
            continue;
        };
        // Two keys at one endpoint are two questions.
        let key = (
            service.base_url.clone(),
            service.key.to_string(),
            service.headers.clone(),
            speaks,
        );
        let asked = endpoints
            .entry(key)
            .or_insert((service, speaks, Vec::new()));
        asked.2.push(name.to_owned());
    }
    let mut asking = JoinSet::new();
    for (nth, (service, speaks, models)) in endpoints.into_values().enumerate() {
        asking.spawn(async move { (nth, ask(&service, speaks, models).await) });
    }
    let mut reached = Vec::new();
    while let Some(answer) = asking.join_next().await {
        reached.extend(answer.ok());
    }
    reached.sort_by_key(|(nth, _)| *nth);
    reached.into_iter().map(|(_, reached)| reached).collect()
}

fn whom(model: &ModelConfig) -> Option<(Service, Speaks)> {
    match &model.provider {
        Provider::OpenAi(endpoint) => Some((provider::service(endpoint, model), Speaks::OpenAi)),
        Provider::Anthropic(endpoint) => {
            Some((provider::service(endpoint, model), Speaks::Anthropic))
        }
        Provider::Rehearsal(_) => None,
    }
}

async fn ask(service: &Service, speaks: Speaks, models: Vec<String>) -> Reached {
    let asked = models::reach(service, speaks, PATIENCE).await;
    let now = clock::now().micros().div_euclid(1_000_000);
    let date = asked.outcome.as_ref().ok().and_then(|heard| heard.date);
    Reached {
        endpoint: asked.endpoint,
        models,
        outcome: asked.outcome.map_err(|why| why.to_string()),
        ahead_seconds: date.map(|date| date - now),
    }
}
