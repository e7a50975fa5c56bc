//! Where a model comes from, as the engine sees it.

use std::{env, path::PathBuf, sync::Arc, time::Duration};

use super::{Kind, Settings};
use crate::memory::embed::Embedder;

/// What of the process's surroundings matters.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Surroundings {
    /// `ORT_DYLIB_PATH`: ONNX Runtime's library.
    pub ort_dylib_path: Option<PathBuf>,
    /// This program's own file: its library may lie beside it.
    pub program: Option<PathBuf>,
    /// The user's data directory: `XDG_DATA_HOME`, else `~/.local/share`.
    pub data_dir: Option<PathBuf>,
    /// `HF_HOME`, else `FASTEMBED_CACHE_DIR`: where downloads are kept whatever the settings say.
    pub cache_dir: Option<PathBuf>,
    /// `HF_HUB_OFFLINE`: nothing is downloaded.
    pub offline: bool,
    /// `HF_ENDPOINT`: the hub, or a mirror of it.
    pub endpoint: Option<String>,
    /// `HF_TOKEN`: what a mirror may ask for.
    pub token: Option<Secret>,
    /// How long after a failure it is tried again.
    pub pause: Duration,
}

/// A token, which no message shows.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Secret(pub String);

impl std::fmt::Debug for Secret {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("(a secret)")
    }
}

impl Surroundings {
    /// As they are.
    #[must_use]
    pub fn of_this_process() -> Self {
        let path = |name: &str| {
            let set = env::var_os(name).filter(|value| !value.is_empty());
            set.map(PathBuf::from)
        };
        let text = |name: &str| env::var(name).ok().filter(|value| !value.trim().is_empty());
        Self {
            ort_dylib_path: path("ORT_DYLIB_PATH"),
            program: env::current_exe().ok(),
            data_dir: path("XDG_DATA_HOME").or_else(|| Some(path("HOME")?.join(".local/share"))),
            cache_dir: path("HF_HOME").or_else(|| path("FASTEMBED_CACHE_DIR")),
            offline: text("HF_HUB_OFFLINE").is_some_and(|value| is_yes(&value)),
            endpoint: text("HF_ENDPOINT"),
            token: text("HF_TOKEN").map(|token| Secret(token.trim().to_owned())),
            pause: Duration::from_mins(5),
        }
    }
}

/// As hubs' own programs read such variables.
fn is_yes(value: &str) -> bool {
    let yes = ["1", "true", "yes", "on"];
    yes.iter().any(|yes| value.trim().eq_ignore_ascii_case(yes))
}

/// Why there is no model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Lack {
    /// Something is missing or damaged that no download of ours mends; what, and what to do.
    Broken(String),
    /// It is not on disk yet and the hub has it.
    #[cfg_attr(
        not(any(test, feature = "fastembed")),
        expect(dead_code, reason = "said of what can be downloaded")
    )]
    NotYet,
}

/// Loads and fetches one model.
pub(super) trait Source: Send + Sync {
    /// Loads it from disk; never from the network.
    fn load(&self) -> Result<Arc<dyn Embedder>, Lack>;
    /// Fetches it to the disk.
    fn fetch(&self) -> Result<(), String>;
    /// Changes when files were put in place, changed or removed since it was asked last: what was loaded is then out of
    /// date, and what failed may work.
    fn stamp(&self) -> String;
    /// Where its files are, or would be.
    fn from(&self) -> Option<PathBuf>;
}

/// The source for these settings; `None`: none is needed.
pub(super) fn of(settings: &Settings, surroundings: &Surroundings) -> Option<Arc<dyn Source>> {
    match settings.kind {
        Kind::Lexical => None,
        Kind::Fastembed => Some(fastembed(settings, surroundings)),
    }
}

#[cfg(feature = "fastembed")]
fn fastembed(settings: &Settings, surroundings: &Surroundings) -> Arc<dyn Source> {
    Arc::new(minilm::MiniLmSource::new(settings, surroundings))
}

#[cfg(not(feature = "fastembed"))]
fn fastembed(_: &Settings, _: &Surroundings) -> Arc<dyn Source> {
    Arc::new(NotBuilt)
}

#[cfg(feature = "fastembed")]
mod minilm;

/// In place of the model where the program was built without it.
#[cfg(not(feature = "fastembed"))]
struct NotBuilt;

#[cfg(not(feature = "fastembed"))]
impl Source for NotBuilt {
    fn load(&self) -> Result<Arc<dyn Embedder>, Lack> {
        let why = "this program was built without the cargo feature `fastembed`";
        Err(Lack::Broken(why.to_owned()))
    }

    fn fetch(&self) -> Result<(), String> {
        Ok(())
    }

    fn stamp(&self) -> String {
        String::new()
    }

    fn from(&self) -> Option<PathBuf> {
        None
    }
}
