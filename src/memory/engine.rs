//! Who keeps the embedder: one model in the process for all that wish the same, loaded at its first need, dropped when
//! nobody used it for a while; and the lexical embedder in its place whenever it cannot be had.
//!
//! ```text
//!  now() ─▶ in memory, files as they were ──────────────────────────────▶ the model
//!           else on disk ──load (below a second)──▶ works ──────────────▶ the model
//!                                                └▶ does not ───────────▶ lexical, and why (kept until files change or a while passed)
//!           else to be had from the hub ──thread of its own──▶ disk      lexical, and how far it is
//! ```
//!
//! Nothing here waits for the network, and a fault is never more than a reason in words.

mod shared;
mod source;

use std::{path::PathBuf, sync::Arc, time::Duration};

pub use source::{Secret, Surroundings};

use super::embed::Embedder;
use shared::Shared;

/// Which embedder is wished for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// all-MiniLM-L6-v2.
    Fastembed,
    /// [`super::Lexical`].
    Lexical,
}

/// What is wished for. Engines of one process whose settings differ in nothing but `idle_unload` share one model, which
/// then stays for the longest of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Which embedder.
    pub kind: Kind,
    /// A folder with `model.onnx` and `tokenizer.json`; `None`: what is in the cache, filled from the hub.
    pub model_dir: Option<PathBuf>,
    /// ONNX Runtime's library; `None`: looked for in the usual places. One process loads one library: the first.
    pub onnxruntime: Option<PathBuf>,
    /// Where downloads are kept. `HF_HOME` and `FASTEMBED_CACHE_DIR` go before it.
    pub cache_dir: PathBuf,
    /// How long the model stays in memory after its last use.
    pub idle_unload: Duration,
}

/// An embedder, for one use: who keeps it keeps the model in memory.
#[derive(Clone)]
pub struct Now {
    /// What can be used now.
    pub embedder: Arc<dyn Embedder>,
    /// Why it is not the one wished for, and what to do about it.
    pub instead: Option<String>,
}

/// How an engine stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct State {
    /// Which embedder is wished for.
    pub kind: Kind,
    /// Which embedder is in memory; `None`: no model is, and the lexical one needs none.
    pub loaded: Option<String>,
    /// Where its files are from.
    pub from: Option<PathBuf>,
    /// Whether it is being downloaded.
    pub downloading: bool,
    /// Why it cannot be had, as far as this process has tried.
    pub trouble: Option<String>,
}

/// Gives embedders out. Cheap to make; every thread may use it.
#[derive(Clone)]
pub struct Engine(Arc<Shared>);

impl Engine {
    /// An engine of these settings. Nothing is loaded or looked for yet.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Self::within(settings, Surroundings::of_this_process())
    }

    /// The same, as if the process had these surroundings. Engines share a model only if these are the same as well.
    #[must_use]
    pub fn within(settings: Settings, surroundings: Surroundings) -> Self {
        Self(shared::of(settings, surroundings))
    }

    /// The embedder for what is to be done now. It may take as long as loading a model from disk takes, and begins a
    /// download in the background if one is needed, which outlives neither the process nor delays its end.
    #[must_use]
    pub fn now(&self) -> Now {
        self.0.now(true)
    }

    /// The same without beginning a download: for a process that soon ends.
    #[must_use]
    pub fn here(&self) -> Now {
        self.0.now(false)
    }

    /// Fetches what is missing from the hub, here and now, and waits for it; nothing is done if nothing is missing.
    ///
    /// # Errors
    /// Why it could not be had, and what to do about it.
    pub fn fetch(&self) -> Result<(), String> {
        self.0.fetch()
    }

    /// Drops the model if nobody used it for as long as the settings say; tells whether it was dropped.
    pub fn sweep(&self) -> bool {
        self.0.sweep()
    }

    /// How it stands, without loading anything.
    #[must_use]
    pub fn state(&self) -> State {
        self.0.state()
    }
}

#[cfg(test)]
mod tests;
