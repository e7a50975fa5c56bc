//! `embedder:`, `memory:` and `team_memory_enabled:` — what the team remembers, and how it is found.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use projections::yaml::Value;

use super::reader::{Field, Section};

const SECOND: Duration = Duration::from_secs(1);
const WEEK: Duration = Duration::from_secs(7 * 24 * 3600);

/// The words for embedders; `minilm` is what fastembed runs here.
const KINDS: [(&str, EmbedderKind); 3] = [
    ("fastembed", EmbedderKind::Fastembed),
    ("minilm", EmbedderKind::Fastembed),
    ("lexical", EmbedderKind::Lexical),
];

/// What earlier files wrote for "no embedder", when any value was taken.
const NOTHING: [&str; 5] = ["none", "off", "no", "false", "disabled"];

/// How texts become vectors.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EmbedderConfig {
    /// Which embedder.
    pub kind: EmbedderKind,
    /// A folder with `model.onnx` and its tokenizer, as written; a relative path begins at the vault. `None`: the
    /// user's cache, filled from the hub at first need.
    pub model_dir: Option<PathBuf>,
    /// The ONNX Runtime library, as written; a relative path begins at the vault. `None`: looked for in the usual
    /// places.
    pub onnxruntime: Option<PathBuf>,
    /// How long the model stays in memory after its last use.
    pub idle_unload: Duration,
}

/// Which embedder.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum EmbedderKind {
    /// all-MiniLM-L6-v2 where it can be had, else lexical.
    #[default]
    Fastembed,
    /// Word and character n-grams.
    Lexical,
}

impl EmbedderKind {
    /// The spelling in files.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Fastembed => "fastembed",
            Self::Lexical => "lexical",
        }
    }
}

impl Default for EmbedderConfig {
    fn default() -> Self {
        Self {
            kind: EmbedderKind::default(),
            model_dir: None,
            onnxruntime: None,
            idle_unload: Duration::from_secs(30 * 60),
        }
    }
}

impl EmbedderConfig {
    /// The same, its relative paths from the vault on.
    #[must_use]
    pub fn in_vault(&self, vault: &Path) -> Self {
        let whole = |path: &PathBuf| vault.join(path);
        Self {
            model_dir: self.model_dir.as_ref().map(whole),
            onnxruntime: self.onnxruntime.as_ref().map(whole),
            ..self.clone()
        }
    }
}

/// What is put before agents.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MemoryConfig {
    /// Whether notes are: `team_memory_enabled`.
    pub team_memory: bool,
    /// Notes less similar than this are not shown, 0 to 1; without it the embedder says.
    pub min_similarity: Option<f64>,
    /// Most notes, and most verdicts, of one prompt, 0 to 20.
    pub top: u32,
}

impl Default for MemoryConfig {
    fn default() -> Self {
        Self {
            team_memory: true,
            min_similarity: None,
            top: 5,
        }
    }
}

/// `memory:` and `team_memory_enabled:` as one file writes them.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct WrittenMemory {
    team_memory: Option<bool>,
    #[expect(
        clippy::option_option,
        reason = "written or not, and then a number or auto"
    )]
    min_similarity: Option<Option<f64>>,
    top: Option<u32>,
}

impl WrittenMemory {
    pub(super) fn read(file: &Section<'_>) -> Self {
        let team_memory = file.read("team_memory_enabled", |field| field.flag());
        let known = ["min_similarity", "top"];
        let Some(section) = file.read("memory", |field| field.section(&known)) else {
            return Self {
                team_memory,
                ..Self::default()
            };
        };
        Self {
            team_memory,
            min_similarity: section.read("min_similarity", |field| field.fraction_or_auto()),
            top: section.read("top", |field| field.count(0..=20)),
        }
    }

    /// What is written here, and the rest as it is there.
    pub(super) fn over(&self, other: MemoryConfig) -> MemoryConfig {
        MemoryConfig {
            team_memory: self.team_memory.unwrap_or(other.team_memory),
            min_similarity: self.min_similarity.unwrap_or(other.min_similarity),
            top: self.top.unwrap_or(other.top),
        }
    }
}

/// Reads `embedder:`, a word or a section.
pub(super) fn read_embedder(field: &Field<'_>) -> Option<EmbedderConfig> {
    match field.value {
        Value::Mapping(_) => read_section(field),
        Value::String(_) | Value::Bool(_) => Some(EmbedderConfig {
            kind: read_kind(field)?,
            ..EmbedderConfig::default()
        }),
        _ => field.wrong(
            "fastembed, lexical, or a mapping with kind, model_dir, onnxruntime, idle_unload",
        ),
    }
}

fn read_section(field: &Field<'_>) -> Option<EmbedderConfig> {
    let default = EmbedderConfig::default();
    // Files from before this section was read name the model here.
    let known = ["kind", "model_dir", "onnxruntime", "idle_unload", "model"];
    let section = field.section(&known)?;
    if section.has("model") {
        section.note(
            "model",
            "is no key; write kind: fastembed (all-MiniLM-L6-v2) or kind: lexical; a folder with a model's files is model_dir",
        );
    }
    let idle = section.read("idle_unload", |field| field.duration_within(SECOND..=WEEK));
    Some(EmbedderConfig {
        kind: section.read("kind", read_kind).unwrap_or(default.kind),
        model_dir: section.read("model_dir", read_path),
        onnxruntime: section.read("onnxruntime", read_path),
        idle_unload: idle.unwrap_or(default.idle_unload),
    })
}

fn read_kind(field: &Field<'_>) -> Option<EmbedderKind> {
    let is_nothing = match field.value {
        Value::Bool(wanted) => !wanted,
        value => value.as_str().is_some_and(|text| NOTHING.contains(&text)),
    };
    if is_nothing {
        field.fault(
            "there is always an embedder; write lexical, which needs no model, and team_memory_enabled: false if agents are to see no notes",
        );
        return None;
    }
    field.word(&KINDS)
}

fn read_path(field: &Field<'_>) -> Option<PathBuf> {
    let path = field.text()?;
    if path.starts_with('~') {
        field.fault("~ stands for nothing here; write the whole path");
        return None;
    }
    Some(PathBuf::from(path))
}
