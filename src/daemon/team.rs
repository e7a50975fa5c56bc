//! Who does which step, with which model: the configuration's roles joined with the providers.

use std::sync::Arc;

use projections::{
    event::{Caps, Reserved, Usage},
    time::MicroUsd,
    work::Step,
};

use crate::{
    config::{self, Config, ModelConfig, Price, Provider, TokenPrices},
    error::{Error, Result},
    models::{ModelProvider, OpenAi, OpenAiSettings, Rehearsal, estimate_tokens},
    vault::Project,
};

/// A role's model.
#[derive(Clone)]
pub(super) struct Member {
    /// The agent's name in journals and ledgers.
    pub(super) agent_id: String,
    /// The model's label, `provider/model`.
    pub(super) label: String,
    /// Most tokens of one answer.
    pub(super) max_output_tokens: u32,
    provider: Arc<dyn ModelProvider>,
    price: Option<Price>,
}

/// The team of one project.
pub(super) struct Team {
    /// The project's objective.
    pub(super) objective: String,
    /// Caps for plans that set none.
    pub(super) default_caps: Caps,
    rehearsal: bool,
    leader: Member,
    planner: Member,
    producer: Member,
    qc: Member,
}

impl Team {
    /// Reads the vault's and the project's configuration as they are now.
    ///
    /// # Errors
    /// [`Error::Config`] with every fault.
    pub(super) fn of(project: &Project) -> Result<Self> {
        let vault = project.vault().root();
        let config = config::load(vault).map_err(told)?;
        let own = config::load_project(vault, &project.code().directory()).map_err(told)?;
        let objective = own
            .as_ref()
            .map(|own| own.objective.clone())
            .unwrap_or_default();
        let config = match &own {
            Some(own) => config
                .for_project(own)
                .map_err(|faults| told(faults.into()))?,
            None => config,
        };
        config
            .check_supported()
            .map_err(|faults| told(faults.into()))?;
        Self::assemble(&config, objective)
    }

    fn assemble(config: &Config, objective: String) -> Result<Self> {
        let member = |agent: &str, model: &str| -> Result<Member> {
            let missing = || Error::Config {
                faults: vec![format!("{agent}: there is no model {model:?}")],
            };
            let settings = config.models.get(model).ok_or_else(missing)?;
            Ok(Member {
                agent_id: agent.to_owned(),
                label: label(model, settings),
                max_output_tokens: settings.max_output_tokens,
                provider: provider(model, settings)?,
                price: price(settings),
            })
        };
        let team = &config.team;
        let producer = team.producers.first();
        let (producer_name, producer_model) = producer
            .map_or(("producer", &team.leader.primary), |p| {
                (p.name.as_str(), &p.model.primary)
            });
        Ok(Self {
            objective,
            default_caps: default_caps(config),
            rehearsal: config
                .models
                .values()
                .all(|model| matches!(model.provider, Provider::Rehearsal(_))),
            leader: member("leader", &team.leader.primary)?,
            planner: member("planner", &team.planner.primary)?,
            producer: member(producer_name, producer_model)?,
            qc: member("qc", &team.qc.primary)?,
        })
    }

    /// Whether no real model is configured.
    pub(super) fn is_rehearsal(&self) -> bool {
        self.rehearsal
    }

    /// Who does `step`.
    pub(super) fn member(&self, step: &Step) -> &Member {
        match step {
            Step::PlanTasks { .. } => &self.planner,
            Step::Produce { .. } => &self.producer,
            Step::Review { .. } => &self.qc,
            Step::Reflect { .. } => &self.leader,
        }
    }
}

impl Member {
    /// The provider to ask.
    pub(super) fn provider(&self) -> &dyn ModelProvider {
        &*self.provider
    }

    /// The most that a call with a prompt of so many bytes can cost. Three bytes a token is fewer than any
    /// common tokenizer needs for prose or code, so the estimate errs on the safe side.
    pub(super) fn worst_case(&self, prompt_bytes: usize) -> Reserved {
        let input_tokens = estimate_tokens(prompt_bytes.saturating_mul(4) / 3) + 64;
        let usage = Usage {
            input_tokens,
            output_tokens: u64::from(self.max_output_tokens),
            ..Usage::default()
        };
        Reserved {
            tokens: usage.total(),
            cost: self.cost(&usage),
        }
    }

    /// What a call cost, rounded up to a millionth of a dollar; `None` when the price is unknown.
    pub(super) fn cost(&self, usage: &Usage) -> Option<MicroUsd> {
        match self.price.as_ref()? {
            Price::Free => Some(MicroUsd(0)),
            Price::PerMillion(prices) => Some(priced(prices, usage)),
        }
    }
}

fn priced(prices: &TokenPrices, usage: &Usage) -> MicroUsd {
    let cached = usage.cached_input_tokens.min(usage.input_tokens);
    let sum = |tokens: u64, price: u64| u128::from(tokens) * u128::from(price);
    let total = sum(usage.input_tokens - cached, prices.input)
        + sum(cached, prices.cached_input)
        + sum(usage.output_tokens, prices.output);
    MicroUsd(u64::try_from(total.div_ceil(1_000_000)).unwrap_or(u64::MAX))
}

fn price(model: &ModelConfig) -> Option<Price> {
    match model.provider {
        // It asks nobody, so it costs nothing.
        Provider::Rehearsal(_) => Some(Price::Free),
        Provider::OpenAi(_) | Provider::Anthropic(_) => model.price,
    }
}

fn label(name: &str, model: &ModelConfig) -> String {
    match model.provider {
        Provider::Rehearsal(_) if name == "rehearsal" => "rehearsal".to_owned(),
        Provider::Rehearsal(_) => format!("rehearsal/{name}"),
        Provider::OpenAi(_) => format!("openai/{}", model.model),
        Provider::Anthropic(_) => format!("anthropic/{}", model.model),
    }
}

fn provider(name: &str, model: &ModelConfig) -> Result<Arc<dyn ModelProvider>> {
    match &model.provider {
        Provider::Rehearsal(settings) => Ok(Arc::new(rehearsal(settings))),
        Provider::OpenAi(endpoint) => {
            let settings = OpenAiSettings {
                base_url: endpoint.base_url.clone(),
                model: model.model.clone(),
                api_key_env: endpoint.api_key_env.clone(),
                timeout: model.timeout,
            };
            let fault = |e| Error::Config {
                faults: vec![format!("models.{name}.base_url: {e}")],
            };
            OpenAi::new(settings)
                .map(|model| Arc::new(model) as Arc<dyn ModelProvider>)
                .map_err(fault)
        }
        Provider::Anthropic(_) => {
            let fault = format!("models.{name}.provider: anthropic is not spoken by this version");
            Err(Error::Config {
                faults: vec![fault],
            })
        }
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

fn default_caps(config: &Config) -> Caps {
    let defaults = &config.defaults;
    Caps {
        max_wall_clock_min: defaults.max_wall_clock_min.map(u64::from),
        max_tokens: defaults.max_tokens,
        max_cost_usd: defaults.max_cost_micro_usd.map(MicroUsd),
    }
}

fn told(error: config::Error) -> Error {
    match error {
        config::Error::Faulty(faults) => Error::Config {
            faults: faults.as_slice().iter().map(ToString::to_string).collect(),
        },
        config::Error::Unreadable { path, source } => Error::Io {
            act: "read",
            path,
            source,
        },
    }
}
