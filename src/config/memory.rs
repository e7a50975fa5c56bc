//! `embedder:`, `memory:` and `team_memory_enabled:` — what the team remembers, and how it is found.

use std::{path::PathBuf, time::Duration};

/// How texts become vectors.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EmbedderConfig {
    /// Which embedder.
    pub kind: EmbedderKind,
    /// A folder with `model.onnx` and its tokenizer; `None`: the user's cache, filled from the hub at first need.
    pub model_dir: Option<PathBuf>,
    /// The ONNX Runtime library; `None`: looked for in the usual places.
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

/// What is put before agents.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MemoryConfig {
    /// Whether notes are: `team_memory_enabled`.
    pub team_memory: bool,
    /// Notes less similar than this are not shown, 0 to 1.
    pub min_similarity: f64,
    /// Most notes, and most verdicts, of one prompt, 0 to 20.
    pub top: u32,
}

impl Default for MemoryConfig {
    fn default() -> Self {
        Self {
            team_memory: true,
            min_similarity: 0.5,
            top: 5,
        }
    }
}
