//! `modulatio.yaml` as a whole, and what a project makes of it.

use std::{collections::BTreeMap, path::Path, time::Duration};

use super::{
    BreakerConfig, Caps, ContextConfig, DailyCaps, EmbedderConfig, Fault, Faults, MemoryConfig,
    ModelConfig, ProjectConfig, RetryConfig, SandboxConfig, TeamConfig, ToolsConfig, VAULT_FILE,
    caps::WrittenCaps,
    memory::{WrittenMemory, read_embedder},
    models,
    reader::{Field, Section, Sink},
    sections::{read_breaker, read_context, read_daily, read_retry},
    team::{Models, Resolved, WrittenTeam},
    tools::{read_sandbox, read_tools},
    values::shown_text,
};
use crate::nearest::nearest;

/// Default pause between two scans of the vault.
const TICK: Duration = Duration::from_secs(30);

/// The configuration of a vault, or of one of its projects.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// The models by name, at least one: the entries of `models:`, and each id that the team names.
    pub models: BTreeMap<String, ModelConfig>,
    /// Who does what; every name in it is one of `models`.
    pub team: TeamConfig,
    /// Caps of plans that name none of their own.
    pub defaults: Caps,
    /// The daemon.
    pub daemon: DaemonConfig,
    /// How calls are tried again.
    pub retry: RetryConfig,
    /// When a model is left alone.
    pub breaker: BreakerConfig,
    /// How full a window may get, of models that say nothing else.
    pub context: ContextConfig,
    /// Bounds of all plans together, a day.
    pub daily: DailyCaps,
    /// What confines the commands of agents.
    pub sandbox: SandboxConfig,
    /// What agents may call.
    pub tools: ToolsConfig,
    /// How texts become vectors.
    pub embedder: EmbedderConfig,
    /// What of the memory is put before agents.
    pub memory: MemoryConfig,
    /// The team as this vault's file writes it, for its projects to build on.
    written: WrittenTeam,
    known: Models,
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
        let known = Models {
            entries: BTreeMap::from([("rehearsal".to_owned(), ModelConfig::rehearsal())]),
            rehearses: true,
            context: ContextConfig::default(),
        };
        let written = WrittenTeam::default();
        let sink = Sink::new(Path::new(VAULT_FILE));
        let resolved = written.resolve(&known, &sink).ok();
        let Resolved { team, models } =
            resolved.expect("the only model leads when no leader is named");
        Self {
            models,
            team,
            defaults: WrittenCaps::default().complete(),
            daemon: DaemonConfig { tick: TICK },
            retry: RetryConfig::default(),
            breaker: BreakerConfig::default(),
            context: ContextConfig::default(),
            daily: DailyCaps::default(),
            sandbox: SandboxConfig::default(),
            tools: ToolsConfig::default(),
            embedder: EmbedderConfig::default(),
            memory: MemoryConfig::default(),
            written,
            known,
        }
    }
}

impl Config {
    /// Reads the text of `modulatio.yaml`; `file` is how faults name it.
    pub fn parse(text: &str, file: &Path) -> Result<Self, Faults> {
        let sink = Sink::new(file);
        let value = sink.parse(text)?;
        let config = read(&Field::root(&value, &sink), &sink);
        sink.finish(config)
    }

    /// As [`Config::parse`], but what can be read beside all faults; nothing of a text that is no YAML.
    pub(super) fn read_all(text: &str, file: &Path) -> (Option<Self>, Vec<Fault>) {
        let sink = Sink::new(file);
        match sink.parse(text) {
            Ok(value) => {
                let config = read(&Field::root(&value, &sink), &sink);
                (Some(config), sink.faults())
            }
            Err(faults) => (None, faults.0),
        }
    }

    /// The model of that name, with the name as the configuration holds it.
    ///
    /// # Errors
    /// For people: that there is none, and which name is the nearest.
    pub fn model(&self, name: &str) -> Result<(&str, &ModelConfig), String> {
        if let Some((name, model)) = self.models.get_key_value(name) {
            return Ok((name.as_str(), model));
        }
        let near = nearest(name, self.models.keys().map(String::as_str));
        let near = near.map_or_else(String::new, |near| format!("; the nearest is {near:?}"));
        Err(format!("no model is named {}{near}", shown_text(name)))
    }

    /// The configuration of a project: its own team, caps and embedder over the vault's, role by role and cap by
    /// cap, what is said of the memory key by key; an embedder takes the place of the vault's whole, and a tool that either file disables is disabled. A role that neither file writes follows the leader,
    /// whichever file names that one.
    pub fn for_project(&self, project: &ProjectConfig) -> Result<Self, Faults> {
        let sink = Sink::new(&project.file);
        let written = project.team.over(&self.written);
        let resolved = written.resolve(&self.known, &sink);
        if let Err(leaderless) = &resolved {
            leaderless.note(&sink);
        }
        let resolved = resolved.unwrap_or_else(|_| Resolved {
            team: self.team.clone(),
            models: self.models.clone(),
        });
        let mut tools = self.tools.clone();
        tools.disable.extend(project.disable.iter().cloned());
        let embedder = project.embedder.as_ref().unwrap_or(&self.embedder).clone();
        sink.finish(Self {
            team: resolved.team,
            models: resolved.models,
            defaults: project.defaults.over(&self.defaults),
            tools,
            embedder,
            memory: project.memory.over(self.memory),
            written,
            ..self.clone()
        })
    }
}

const SECTIONS: [&str; 13] = [
    "models",
    "team",
    "defaults",
    "daemon",
    "retry",
    "breaker",
    "context",
    "daily",
    "sandbox",
    "tools",
    "embedder",
    "memory",
    "team_memory_enabled",
];

fn read(root: &Field<'_>, sink: &Sink<'_>) -> Config {
    let default = Config::default();
    let Some(section) = root.optional_section(&SECTIONS) else {
        return default;
    };
    let context = section.get("context").map_or(default.context, |field| {
        read_context(&field, default.context)
    });
    let known = Models {
        entries: read_models(&section, default.known.entries, context),
        rehearses: !section.has("models"),
        context,
    };
    let (written, resolved) = read_team(&section, &known, sink);
    let resolved = resolved.unwrap_or(Resolved {
        team: default.team,
        models: default.models,
    });
    let embedder = section.read("embedder", read_embedder);
    Config {
        models: resolved.models,
        team: resolved.team,
        defaults: WrittenCaps::read(&section).complete(),
        daemon: read_daemon(&section),
        retry: read_retry(&section),
        breaker: read_breaker(&section),
        context,
        daily: read_daily(&section),
        sandbox: read_sandbox(&section),
        tools: read_tools(&section),
        embedder: embedder.unwrap_or(default.embedder),
        memory: WrittenMemory::read(&section).over(default.memory),
        written,
        known,
    }
}

/// The team, unless nobody leads or there are no models, which is noted.
fn read_team(
    section: &Section<'_>,
    known: &Models,
    sink: &Sink<'_>,
) -> (WrittenTeam, Option<Resolved>) {
    let written = section.get("team").map(|field| WrittenTeam::read(&field));
    let written = written.unwrap_or_default();
    if known.entries.is_empty() {
        return (written, None);
    }
    let resolved = written.resolve(known, sink);
    match &resolved {
        Err(leaderless) if !has_leader(section) => leaderless.note(sink),
        // A leader that is written and was not understood has its fault already.
        Err(_) | Ok(_) => {}
    }
    (written, resolved.ok())
}

/// An empty `models:` is a slip that would quietly rehearse real plans; only its absence asks for that.
fn read_models(
    section: &Section<'_>,
    rehearsal: BTreeMap<String, ModelConfig>,
    context: ContextConfig,
) -> BTreeMap<String, ModelConfig> {
    if !section.has("models") {
        return rehearsal;
    }
    match section.get("models") {
        Some(field) => models::read(&field, context),
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
