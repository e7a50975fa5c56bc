//! Who does which step, with which model: the configuration's roles joined with the providers.

use std::sync::Arc;

use projections::{
    event::{Caps, Reserved, Usage},
    ids::PlanId,
    plan::Plan,
    time::MicroUsd,
    work::Step,
};

use super::{
    bench::{self, Bench},
    memory::{Remembering, Routable},
    price, provider,
};
use crate::{
    clock,
    command::Fallback,
    config::{
        self, Config, EmbedderKind, KeyFrom, ModelChoice, ModelConfig, Price, Producer, Provider,
    },
    decide::{Policy, Retry},
    error::{Error, Result},
    models::{ModelProvider, Request},
    prompts::{self, Estimator, Ground, Window},
    redact::Redactor,
    vault::{DayCaps, Project},
};

/// One model of a role.
#[derive(Clone)]
pub(super) struct Member {
    /// The agent's name in journals and ledgers.
    pub(super) agent_id: String,
    /// The model's label, `provider/model`.
    pub(super) label: String,
    /// Most tokens of one answer.
    pub(super) max_output_tokens: u32,
    /// Whether it can call tools of its own choice.
    pub(super) calls_tools: bool,
    /// The model's window, and its bands.
    pub(super) window: Window,
    /// Whom a breaker knows it by: scheme, host and port; empty for a model that asks nobody.
    pub(super) endpoint: String,
    provider: Arc<dyn ModelProvider>,
    price: Option<Price>,
}

/// A role: the model that is asked first, and those that are asked after it, in order. Never empty.
type Role = Vec<Member>;

/// The team of one project.
pub(super) struct Team {
    /// What holds for all prompts.
    pub(super) ground: Arc<Ground>,
    /// What agents work with.
    pub(super) bench: Bench,
    /// The caps of the vault's day.
    pub(super) daily: DayCaps,
    policy: Policy,
    remembering: Remembering,
    routables: Vec<Routable>,
    rehearsal: bool,
    keys: Vec<KeyFrom>,
    leader: Role,
    planner: Role,
    /// By name; never empty.
    producers: Vec<(String, Role)>,
    qc: Role,
}

impl Team {
    /// Reads the vault's and the project's configuration as they are now.
    ///
    /// # Errors
    /// [`Error::Config`] with every fault.
    pub(super) fn of(project: &Project) -> Result<Self> {
        let (config, own) =
            config::load_for_project(project.vault().root(), &project.code().directory())?;
        let (ground, bench) = bench::of(project, &config, own.as_ref())?;
        Self::assemble(&config, ground, bench)
    }

    fn assemble(config: &Config, ground: Ground, bench: Bench) -> Result<Self> {
        let team = &config.team;
        let producer = |producer: &Producer| {
            let role = role(config, &producer.name, &producer.model)?;
            Ok((producer.name.clone(), role))
        };
        let used = team.choices().flat_map(ModelChoice::names);
        let models: Vec<&ModelConfig> = used.filter_map(|name| config.models.get(name)).collect();
        let rehearsal = models
            .iter()
            .all(|model| matches!(model.provider, Provider::Rehearsal(_)));
        Ok(Self {
            ground: Arc::new(ground),
            bench,
            daily: daily(config),
            policy: policy(config),
            remembering: remembering(config, rehearsal),
            routables: team.producers().iter().map(Routable::of).collect(),
            rehearsal,
            keys: models.into_iter().filter_map(key).collect(),
            leader: role(config, "leader", &team.leader)?,
            planner: role(config, "planner", &team.planner)?,
            producers: team
                .producers()
                .iter()
                .map(producer)
                .collect::<Result<_>>()?,
            qc: role(config, "qc", &team.qc)?,
        })
    }

    /// Reads the caps of the day anew: one that an operator sets or lowers holds from a running plan's next call on. A
    /// raised or removed one waits for the next claim, so that a file that is just being written lifts nothing.
    ///
    /// # Errors
    /// [`Error::Config`] with every fault; the caps stay as they were.
    pub(super) fn lower_daily(&mut self, project: &Project) -> Result<()> {
        let now = config::load(project.vault().root())?;
        self.daily = self.daily.lower(daily(&now));
        Ok(())
    }

    /// What it remembers with.
    pub(super) fn remembering(&self) -> &Remembering {
        &self.remembering
    }

    /// Its producers, in the order of the configuration.
    pub(super) fn routables(&self) -> &[Routable] {
        &self.routables
    }

    /// The rules that the configuration sets.
    pub(super) fn policy(&self) -> Policy {
        self.policy.clone()
    }

    /// Says what an operator might not expect of this team.
    pub(super) fn warn(&self, plan: &PlanId) {
        if self.rehearsal {
            tracing::warn!(%plan, "no real model is configured: this is a rehearsal, and its artifacts are placeholders");
        }
        if let Some(why) = &self.bench.no_shell {
            tracing::warn!(%plan, "agents have no run_shell: {why}");
        }
    }

    /// Who does `step`, after those that were given up for it.
    pub(super) fn member(&self, plan: &Plan, step: &Step) -> &Member {
        let role = self.role(plan, step);
        // The configuration may have become shorter since.
        &role[given_up(plan, step).min(role.len() - 1)]
    }

    /// Who does `step` if its present model is given up: the first further one of its role that is `fit`.
    pub(super) fn next(
        &self,
        plan: &Plan,
        step: &Step,
        fit: impl Fn(&Member) -> bool,
    ) -> Option<Fallback> {
        let further = self
            .role(plan, step)
            .iter()
            .enumerate()
            .skip(given_up(plan, step) + 1);
        let (rank, member) = further.into_iter().find(|(_, member)| fit(member))?;
        Some(Fallback {
            model: member.label.clone(),
            rank: u32::try_from(rank).ok()?,
        })
    }

    /// Labels of the models whose price is unknown.
    pub(super) fn unpriced(&self) -> Vec<String> {
        let roles = [&self.leader, &self.planner, &self.qc];
        let producers = self.producers.iter().map(|(_, role)| role);
        let mut unknown: Vec<String> = Vec::new();
        let all = roles.into_iter().chain(producers).flatten();
        for member in all.filter(|m| m.price.is_none()) {
            if !unknown.contains(&member.label) {
                unknown.push(member.label.clone());
            }
        }
        unknown
    }

    /// Takes the team's keys, as they are now, out of texts.
    pub(super) fn redactor(&self) -> Redactor {
        let secret = |key: &KeyFrom| provider::key_from(key).secret();
        Redactor::knowing(self.keys.iter().filter_map(secret))
    }

    fn role(&self, plan: &Plan, step: &Step) -> &Role {
        match step {
            Step::PlanTasks { .. } => &self.planner,
            Step::Review { .. } | Step::Fix { .. } => &self.qc,
            Step::Draft { .. } | Step::Reflect { .. } | Step::Decompose { .. } => &self.leader,
            Step::Produce { .. } => {
                let name = prompts::agent(plan, step, &self.ground);
                let mut named = self.producers.iter();
                let chosen = named.find(|(known, _)| known == name);
                &chosen.unwrap_or(&self.producers[0]).1
            }
        }
    }
}

impl Member {
    /// The provider to ask.
    pub(super) fn provider(&self) -> Arc<dyn ModelProvider> {
        self.provider.clone()
    }

    /// Whether a request probably fits the model's window: to a model that it does not, no work is handed over.
    pub(super) fn has_room_for(&self, plan: &Plan, request: &Request) -> bool {
        let tokens = self.estimator(plan).tokens(request.prompt_bytes() as u64);
        tokens <= self.window.tokens
    }

    /// Tokens for bytes, as this model's answers have taught the plan to reckon.
    pub(super) fn estimator(&self, plan: &Plan) -> Estimator {
        Estimator::of(plan.calls.learned.get(&self.label))
    }

    /// The most that a call can use.
    pub(super) fn worst_case(&self, request: &Request) -> Reserved {
        price::worst_case(self.price.as_ref(), request)
    }

    /// What a call cost; `None` when the price is unknown.
    pub(super) fn cost(&self, usage: &Usage) -> Option<MicroUsd> {
        price::cost(self.price.as_ref(), usage)
    }
}

fn given_up(plan: &Plan, step: &Step) -> usize {
    let count = plan.run.as_ref().map_or(0, |run| run.given_up(step));
    usize::try_from(count).unwrap_or(usize::MAX)
}

fn role(config: &Config, agent: &str, choice: &ModelChoice) -> Result<Role> {
    let member = |name| {
        let missing = || Error::Config {
            faults: vec![format!("{agent}: there is no model {name:?}")],
        };
        let model = config.models.get(name).ok_or_else(missing)?;
        member(agent, name, model)
    };
    choice.names().map(member).collect()
}

fn member(agent: &str, name: &str, model: &ModelConfig) -> Result<Member> {
    let provider = provider::of(name, model)?;
    Ok(Member {
        agent_id: agent.to_owned(),
        label: model.label.clone(),
        max_output_tokens: model.max_output_tokens,
        calls_tools: !model.json_schema,
        window: Window {
            tokens: u64::from(model.context_tokens.saturating_sub(model.max_output_tokens)),
            warn_percent: u64::from(model.context.warn_percent),
            compress_percent: u64::from(model.context.compress_percent),
        },
        endpoint: provider.endpoint,
        provider: provider.asked,
        price: model.price,
    })
}

fn key(model: &ModelConfig) -> Option<KeyFrom> {
    match &model.provider {
        Provider::OpenAi(endpoint) | Provider::Anthropic(endpoint) => Some(endpoint.key.clone()),
        Provider::Rehearsal(_) => None,
    }
}

/// A rehearsal asks nobody, a hub of models neither.
fn remembering(config: &Config, rehearsal: bool) -> Remembering {
    let mut embedder = config.embedder.clone();
    if rehearsal {
        embedder.kind = EmbedderKind::Lexical;
    }
    Remembering {
        embedder,
        memory: config.memory,
    }
}

fn daily(config: &Config) -> DayCaps {
    DayCaps {
        max_tokens: config.daily.max_tokens,
        max_cost_usd: config.daily.max_cost_micro_usd.map(MicroUsd),
    }
}

pub(super) fn policy(config: &Config) -> Policy {
    let (defaults, retry) = (&config.defaults, &config.retry);
    Policy {
        retry: Retry {
            base_ms: clock::millis(retry.base),
            max_ms: clock::millis(retry.max),
            wall_ms: clock::millis(retry.wall),
            malformed: retry.malformed,
        },
        warn_percent: u64::from(defaults.budget_warn_percent),
        default_caps: Caps {
            max_wall_clock_min: defaults.max_wall_clock_min.map(u64::from),
            max_tokens: defaults.max_tokens,
            max_cost_usd: defaults.max_cost_micro_usd.map(MicroUsd),
        },
        team_memory: config.memory.team_memory,
        redos: defaults.max_redos,
        parallel: defaults.max_parallel_tasks,
        max_tasks: defaults.max_tasks,
        max_iters: defaults.max_iters,
        producers: config
            .team
            .producers()
            .iter()
            .map(|producer| producer.name.clone())
            .collect(),
        ..Policy::default()
    }
}
