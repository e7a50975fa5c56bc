//! `team:` — who does what, and with which model.

use std::collections::BTreeMap;

use super::{
    ContextConfig, ModelConfig,
    reader::{Field, Sink},
    values::{is_name, shown_text},
};
use crate::{catalog, nearest::nearest};

/// A role's model and what to ask when it fails.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelChoice {
    /// Name of the model that is asked first.
    pub primary: String,
    /// Names of those that are asked after it, in order.
    pub fallbacks: Vec<String>,
}

impl ModelChoice {
    /// A choice of one.
    pub fn only(model: &str) -> Self {
        Self {
            primary: model.to_owned(),
            fallbacks: Vec::new(),
        }
    }

    /// All names, in the order of asking.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        std::iter::once(&self.primary)
            .chain(&self.fallbacks)
            .map(String::as_str)
    }
}

/// The team, complete: every role has a model that exists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TeamConfig {
    /// Reflects after each sub-objective.
    pub leader: ModelChoice,
    /// Divides sub-objectives into tasks; the leader's model unless the file says otherwise.
    pub planner: ModelChoice,
    /// Judges; the leader's model unless the file says otherwise.
    pub qc: ModelChoice,
    /// At least one, with names of their own.
    pub producers: Vec<Producer>,
}

/// One who produces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Producer {
    /// Stands in ledgers as `agent_id`.
    pub name: String,
    /// The leader's model unless the file says otherwise.
    pub model: ModelChoice,
    /// What it is good at, for the planner; may be empty.
    pub good_at: String,
    /// The kinds of artifacts that it takes on; empty: all.
    pub kinds: Vec<ArtifactKind>,
}

/// What comes of a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ArtifactKind {
    /// Prose.
    Document,
    /// A program or a part of one.
    Code,
    /// Data.
    Data,
    /// Findings.
    Research,
}

impl ArtifactKind {
    const WORDS: [(&str, Self); 4] = [
        ("document", Self::Document),
        ("code", Self::Code),
        ("data", Self::Data),
        ("research", Self::Research),
    ];

    /// The spelling in files.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Document => "document",
            Self::Code => "code",
            Self::Data => "data",
            Self::Research => "research",
        }
    }
}

impl TeamConfig {
    /// The producer that is asked: the first.
    #[must_use]
    pub fn producer(&self) -> &Producer {
        &self.producers[0]
    }

    /// All who produce, in the file's order; at least one.
    #[must_use]
    pub fn producers(&self) -> &[Producer] {
        &self.producers
    }

    /// Every role's choice of models.
    pub fn choices(&self) -> impl Iterator<Item = &ModelChoice> {
        let roles = [&self.leader, &self.planner, &self.qc];
        roles
            .into_iter()
            .chain(self.producers.iter().map(|producer| &producer.model))
    }
}

/// The team as one file writes it: a project may replace single roles of its vault's.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct WrittenTeam {
    leader: Option<ModelChoice>,
    planner: Option<ModelChoice>,
    qc: Option<ModelChoice>,
    producers: Option<Vec<WrittenProducer>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct WrittenProducer {
    name: String,
    model: Option<ModelChoice>,
    good_at: String,
    kinds: Vec<ArtifactKind>,
}

impl WrittenTeam {
    pub(super) fn read(field: &Field<'_>) -> Self {
        let known = ["leader", "planner", "qc", "producers"];
        let Some(section) = field.section(&known) else {
            return Self::default();
        };
        let choice = |key| section.get(key).and_then(|field| read_choice(&field));
        Self {
            leader: choice("leader"),
            planner: choice("planner"),
            qc: choice("qc"),
            producers: section.get("producers").map(|field| read_producers(&field)),
        }
    }

    /// These roles, and the vault's where there are none.
    pub(super) fn over(&self, vault: &Self) -> Self {
        let other = vault.clone();
        let own = self.clone();
        Self {
            leader: own.leader.or(other.leader),
            planner: own.planner.or(other.planner),
            qc: own.qc.or(other.qc),
            producers: own.producers.or(other.producers),
        }
    }

    /// The whole team and every model it may ask: the entries of the file, and those that its ids stand for. Names
    /// that nothing stands for are noted.
    pub(super) fn resolve(&self, known: &Models, sink: &Sink<'_>) -> Result<Resolved, Leaderless> {
        let mut models = known.entries.clone();
        let mut implied = 0;
        for (field, choice) in self.written() {
            for name in choice
                .names()
                .filter(|name| !known.entries.contains_key(*name))
            {
                match ModelConfig::of_id(name, known.context) {
                    Some(model) => {
                        implied += usize::from(models.insert(name.to_owned(), model).is_none())
                    }
                    None => sink.note(&field, unknown(name, &known.entries)),
                }
            }
        }
        let rehearses = known.rehearses && implied == 0;
        if known.rehearses && !rehearses {
            models.retain(|name, _| self.names(name));
        }
        let follows = rehearses || !known.rehearses;
        let only = known.entries.keys().next();
        let only = only.filter(|_| follows && known.entries.len() == 1);
        match self.clone().complete(only.map(String::as_str)) {
            Some(team) => Ok(Resolved { team, models }),
            None => Err(Leaderless(models.into_keys().collect())),
        }
    }

    fn names(&self, model: &str) -> bool {
        self.written()
            .iter()
            .any(|(_, choice)| choice.names().any(|name| name == model))
    }

    fn written(&self) -> Vec<(String, &ModelChoice)> {
        let roles = [
            ("leader", &self.leader),
            ("planner", &self.planner),
            ("qc", &self.qc),
        ];
        let roles = roles
            .into_iter()
            .map(|(role, choice)| (format!("team.{role}"), choice));
        let producers = self.producers.iter().flatten().enumerate();
        let producers = producers.map(|(i, p)| (format!("team.producers[{i}].model"), &p.model));
        let all = roles.chain(producers);
        all.filter_map(|(field, choice)| Some((field, choice.as_ref()?)))
            .collect()
    }

    /// Fills what is not written. Without a leader, the only model leads, if there is one.
    fn complete(self, only: Option<&str>) -> Option<TeamConfig> {
        let leader = self.leader.or_else(|| only.map(ModelChoice::only))?;
        let default = vec![WrittenProducer {
            name: "producer".to_owned(),
            model: None,
            good_at: String::new(),
            kinds: Vec::new(),
        }];
        let producers = self
            .producers
            .unwrap_or(default)
            .into_iter()
            .map(|written| Producer {
                name: written.name,
                model: written.model.unwrap_or_else(|| leader.clone()),
                good_at: written.good_at,
                kinds: written.kinds,
            });
        Some(TeamConfig {
            producers: producers.collect(),
            planner: self.planner.unwrap_or_else(|| leader.clone()),
            qc: self.qc.unwrap_or_else(|| leader.clone()),
            leader,
        })
    }
}

/// What a team may name.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Models {
    /// Entries of `models:`; the rehearsal model where there is no such section.
    pub(super) entries: BTreeMap<String, ModelConfig>,
    /// Whether there is no such section. Then a team without any id rehearses, and one with an id rehearses in no
    /// role that does not say so.
    pub(super) rehearses: bool,
    /// How full the window of a model without an entry may get.
    pub(super) context: ContextConfig,
}

/// A team with its models.
pub(super) struct Resolved {
    pub(super) team: TeamConfig,
    /// By the names that the team uses.
    pub(super) models: BTreeMap<String, ModelConfig>,
}

/// Nobody leads, although any of these could.
pub(super) struct Leaderless(Vec<String>);

impl Leaderless {
    pub(super) fn note(&self, sink: &Sink<'_>) {
        let names = self.0.join(", ");
        sink.note("team.leader", format!("is missing; name one of {names}"));
    }
}

/// What is wrong with a name that nothing stands for.
fn unknown(name: &str, entries: &BTreeMap<String, ModelConfig>) -> String {
    let shown = shown_text(name);
    let prefixes: Vec<&str> = catalog::prefixes().collect();
    let ids = format!("provider/model, with one of {}", prefixes.join(", "));
    let Some((prefix, model)) = name.split_once('/') else {
        return match nearest(name, entries.keys().map(String::as_str)) {
            Some(near) => {
                format!("no model is named {shown}; the nearest is {near:?}; or write {ids}")
            }
            None => format!("no model is named {shown}; there is none; write {ids}"),
        };
    };
    if prefixes.contains(&prefix) {
        let problem = if model.is_empty() {
            "names no model"
        } else {
            "is not an id: it is one short word"
        };
        return format!(
            "{shown} {problem}; write {prefix}/ and the provider's own name for the model"
        );
    }
    let near = nearest(prefix, prefixes.iter().copied()).unwrap_or_default();
    let prefix = shown_text(prefix);
    format!("no provider is named {prefix}; the nearest is {near:?}; ids are {ids}")
}

fn read_choice(field: &Field<'_>) -> Option<ModelChoice> {
    let mut names: Vec<String> = Vec::new();
    let items = match field.value.as_sequence() {
        Some(_) => field.items()?,
        None => vec![field.clone()],
    };
    for item in items {
        let name = item.text()?;
        if names.iter().any(|known| known == name) {
            item.fault(format!("{} stands here twice", shown_text(name)));
        }
        names.push(name.to_owned());
    }
    let fallbacks = names.split_off(1);
    Some(ModelChoice {
        primary: names.pop()?,
        fallbacks,
    })
}

fn read_producers(field: &Field<'_>) -> Vec<WrittenProducer> {
    let mut producers: Vec<WrittenProducer> = Vec::new();
    for item in field.items().unwrap_or_default() {
        let Some(producer) = read_producer(&item) else {
            continue;
        };
        if producers.iter().any(|known| known.name == producer.name) {
            item.fault(format!("a second producer is named {:?}", producer.name));
        }
        producers.push(producer);
    }
    producers
}

fn read_producer(field: &Field<'_>) -> Option<WrittenProducer> {
    let section = field.section(&["name", "model", "good_at", "kinds"])?;
    let model = section.get("model").and_then(|field| read_choice(&field));
    let good_at = section.get("good_at").and_then(|field| field.text());
    let kinds = section.get("kinds").map(|field| read_kinds(&field));
    let name = section.require("name")?;
    let text = name.text()?;
    if !is_name(text) {
        name.fault("is not a name; use up to 64 of A-Z a-z 0-9 _ . -");
    }
    Some(WrittenProducer {
        name: text.to_owned(),
        model,
        good_at: good_at.unwrap_or_default().to_owned(),
        kinds: kinds.unwrap_or_default(),
    })
}

/// One word or a list of them; an empty list is every kind.
fn read_kinds(field: &Field<'_>) -> Vec<ArtifactKind> {
    let items = match field.value.as_sequence() {
        Some(none) if none.is_empty() => Vec::new(),
        Some(_) => field.items().unwrap_or_default(),
        None => vec![field.clone()],
    };
    let mut kinds: Vec<ArtifactKind> = Vec::new();
    for item in items {
        let Some(kind) = item.word(&ArtifactKind::WORDS) else {
            continue;
        };
        if kinds.contains(&kind) {
            item.fault(format!("{:?} stands here twice", kind.as_str()));
        }
        kinds.push(kind);
    }
    kinds
}
