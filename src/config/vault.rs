//! `modulatio.yaml` as a whole, and what a project makes of it.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    time::Duration,
};

use projections::yaml::Value;

use super::{
    Faults, ModelConfig, ProjectConfig, Provider, TeamConfig, VAULT_FILE, models,
    reader::{Field, Section, Sink},
    team::WrittenTeam,
};

/// Default pause between two scans of the vault.
const TICK: Duration = Duration::from_secs(30);
/// Default number of tasks of one sub-objective that may run at once.
const PARALLEL_TASKS: u32 = 3;
/// Most tasks that may run at once.
const MAX_PARALLEL_TASKS: u32 = 64;

/// The configuration of a vault, or of one of its projects.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// The models by name, at least one.
    pub models: BTreeMap<String, ModelConfig>,
    /// Who does what; every name in it is one of `models`.
    pub team: TeamConfig,
    /// Caps of plans that name none of their own.
    pub defaults: Caps,
    /// The daemon.
    pub daemon: DaemonConfig,
    /// `embedder:` as written.
    pub embedder: Option<Value>,
    /// `team_memory_enabled:` as written.
    pub team_memory_enabled: Option<Value>,
    /// The team as this vault's file writes it, for its projects to build on.
    written: WrittenTeam,
    file: PathBuf,
}

/// Bounds of one plan. `None` is no bound.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caps {
    /// Cost, in micro-dollars (millionths of a US dollar).
    pub max_cost_micro_usd: Option<u64>,
    /// Tokens, read and written.
    pub max_tokens: Option<u64>,
    /// Time from the first claim, in minutes.
    pub max_wall_clock_min: Option<u32>,
    /// Tasks of one sub-objective that may run at once, from 1 to 64.
    pub max_parallel_tasks: u32,
}

/// How the daemon ticks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DaemonConfig {
    /// The pause between two scans of the vault.
    pub tick: Duration,
}

impl Default for Config {
    /// What an empty file means: every role is the embedded rehearsal model, and nothing is capped.
    fn default() -> Self {
        let name = "rehearsal".to_owned();
        let models = BTreeMap::from([(name, ModelConfig::rehearsal())]);
        let written = WrittenTeam::default();
        let team = written.clone().complete(&models);
        Self {
            team: team.expect("one model leads when no leader is named"),
            models,
            defaults: WrittenCaps::default().complete(),
            daemon: DaemonConfig { tick: TICK },
            embedder: None,
            team_memory_enabled: None,
            written,
            file: PathBuf::from(VAULT_FILE),
        }
    }
}

impl Config {
    /// Reads the text of `modulatio.yaml`; `file` is how faults name it.
    pub fn parse(text: &str, file: &Path) -> Result<Self, Faults> {
        let sink = Sink::new(file);
        let value = sink.parse(text)?;
        let config = read(&Field::root(&value, &sink), &sink);
        sink.finish(Self {
            file: file.to_owned(),
            ..config
        })
    }

    /// The configuration of a project: its own team, caps and embedder over the vault's, role by role and cap by
    /// cap. A role that neither file writes follows the leader, whichever file names that one.
    pub fn for_project(&self, project: &ProjectConfig) -> Result<Self, Faults> {
        let sink = Sink::new(&project.file);
        project.team.check_models(&self.models, &sink);
        let written = project.team.over(&self.written);
        let team = written.clone().complete(&self.models);
        let embedder = project.embedder.clone().or_else(|| self.embedder.clone());
        sink.finish(Self {
            team: team.unwrap_or_else(|| self.team.clone()),
            defaults: project.defaults.over(&self.defaults),
            embedder,
            written,
            ..self.clone()
        })
    }

    /// Refuses a team that needs what this version cannot do. A model that no role uses may stand in the file.
    pub fn check_supported(&self) -> Result<(), Faults> {
        let sink = Sink::new(&self.file);
        let used: BTreeSet<&str> = self
            .team
            .choices()
            .flat_map(|choice| choice.names())
            .collect();
        for (name, model) in self
            .models
            .iter()
            .filter(|(name, _)| used.contains(name.as_str()))
        {
            match model.provider {
                Provider::Anthropic(_) => sink.note(
                    &format!("models.{name}.provider"),
                    "this version does not speak anthropic yet; use provider openai with an endpoint that offers the model",
                ),
                Provider::OpenAi(_) | Provider::Rehearsal(_) => {}
            }
        }
        sink.finish(())
    }
}

fn read(root: &Field<'_>, sink: &Sink<'_>) -> Config {
    let known = [
        "models",
        "team",
        "defaults",
        "daemon",
        "embedder",
        "team_memory_enabled",
    ];
    let default = Config::default();
    let Some(section) = root.optional_section(&known) else {
        return default;
    };
    let models = read_models(&section, default.models);
    let written = section
        .get("team")
        .map(|field| WrittenTeam::read(&field))
        .unwrap_or_default();
    if !models.is_empty() {
        written.check_models(&models, sink);
    }
    let team = written.clone().complete(&models);
    if team.is_none() && !models.is_empty() && !has_leader(&section) {
        let names: Vec<&str> = models.keys().map(String::as_str).collect();
        sink.note(
            "team.leader",
            format!("is missing; name one of {}", names.join(", ")),
        );
    }
    Config {
        models,
        team: team.unwrap_or(default.team),
        defaults: WrittenCaps::read(&section).complete(),
        daemon: read_daemon(&section),
        embedder: section.get("embedder").map(|field| field.value.clone()),
        team_memory_enabled: section
            .get("team_memory_enabled")
            .map(|field| field.value.clone()),
        written,
        file: default.file,
    }
}

/// An empty `models:` is a slip that would quietly rehearse real plans; only its absence asks for that.
fn read_models(
    section: &Section<'_>,
    rehearsal: BTreeMap<String, ModelConfig>,
) -> BTreeMap<String, ModelConfig> {
    if !section.has("models") {
        return rehearsal;
    }
    match section.get("models") {
        Some(field) => models::read(&field),
        None => {
            section.note("models", models::NONE);
            BTreeMap::new()
        }
    }
}

fn has_leader(section: &Section<'_>) -> bool {
    let team = section.get("team").map(|field| field.value.clone());
    team.is_some_and(|team| team.get("leader").is_some_and(|leader| !leader.is_null()))
}

fn read_daemon(section: &Section<'_>) -> DaemonConfig {
    let daemon = section
        .get("daemon")
        .and_then(|field| field.section(&["tick_seconds"]));
    let tick = daemon.and_then(|daemon| daemon.get("tick_seconds"));
    let tick = tick.and_then(|field| field.whole(1..=86_400));
    DaemonConfig {
        tick: tick.map_or(TICK, Duration::from_secs),
    }
}

/// Caps as one file writes them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct WrittenCaps {
    cost: Option<u64>,
    tokens: Option<u64>,
    minutes: Option<u32>,
    parallel: Option<u32>,
}

impl WrittenCaps {
    /// Reads `defaults:` of a file.
    pub(super) fn read(file: &Section<'_>) -> Self {
        let known = [
            "max_cost_usd",
            "max_tokens",
            "max_wall_clock_min",
            "max_parallel_tasks",
        ];
        let Some(section) = file.get("defaults").and_then(|field| field.section(&known)) else {
            return Self::default();
        };
        let get = |key| section.get(key);
        let parallel = get("max_parallel_tasks");
        Self {
            cost: get("max_cost_usd").and_then(|field| field.micro_dollars()),
            tokens: get("max_tokens").and_then(|field| field.whole(1..=u64::MAX)),
            minutes: get("max_wall_clock_min").and_then(|field| field.count(1..=u32::MAX)),
            parallel: parallel.and_then(|field| field.count(1..=MAX_PARALLEL_TASKS)),
        }
    }

    fn complete(self) -> Caps {
        Caps {
            max_cost_micro_usd: self.cost,
            max_tokens: self.tokens,
            max_wall_clock_min: self.minutes,
            max_parallel_tasks: self.parallel.unwrap_or(PARALLEL_TASKS),
        }
    }

    fn over(&self, vault: &Caps) -> Caps {
        Caps {
            max_cost_micro_usd: self.cost.or(vault.max_cost_micro_usd),
            max_tokens: self.tokens.or(vault.max_tokens),
            max_wall_clock_min: self.minutes.or(vault.max_wall_clock_min),
            max_parallel_tasks: self.parallel.unwrap_or(vault.max_parallel_tasks),
        }
    }
}
