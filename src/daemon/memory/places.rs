//! Engines by their settings and indexes by their places, opened once and shared.

use std::{
    collections::{BTreeMap, BTreeSet},
    io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use projections::memory::Store;

use crate::{
    config::{EmbedderConfig, EmbedderKind},
    memory::{Cards, Engine, Keeper, Kind, Settings, Shelf},
    vault::{Project, Vault},
};

/// What all projects of a process remember with.
#[derive(Default)]
pub struct Memory {
    engines: Mutex<Vec<(Settings, Arc<Engine>)>>,
    shelves: Mutex<BTreeMap<PathBuf, Arc<Shelf>>>,
    cards: Mutex<BTreeMap<PathBuf, Arc<Cards>>>,
    /// What was said of its troubles: nothing is said twice.
    said: Mutex<BTreeSet<String>>,
}

impl Memory {
    /// The engine of these settings; projects that wish for the same share it, and the model it has loaded.
    #[must_use]
    pub fn engine(&self, vault: &Vault, wished: &EmbedderConfig) -> Arc<Engine> {
        let settings = settings(vault, wished);
        let mut engines = locked(&self.engines);
        if let Some((_, engine)) = engines.iter().find(|(known, _)| *known == settings) {
            return engine.clone();
        }
        let engine = Arc::new(Engine::new(settings.clone()));
        engines.push((settings, engine.clone()));
        engine
    }

    /// A store of a project, with its index.
    #[must_use]
    pub fn shelf(&self, project: &Project, store: Store) -> Arc<Shelf> {
        let index = project.index_path(store.as_str());
        let mut shelves = locked(&self.shelves);
        let shelf = shelves.entry(index.clone()).or_insert_with(|| {
            let folder = project.dir().join(store.as_str());
            Arc::new(Shelf::new(store, folder, index, keeper(project)))
        });
        shelf.clone()
    }

    /// Descriptions of a project's producers, with their index.
    #[must_use]
    pub fn cards(&self, project: &Project) -> Arc<Cards> {
        let index = project.index_path("router");
        let mut cards = locked(&self.cards);
        let cards = cards
            .entry(index.clone())
            .or_insert_with(|| Arc::new(Cards::new(index, keeper(project))));
        cards.clone()
    }

    /// Lets go of models that nobody has used for long, and of the indexes with them.
    pub fn sweep(&self) {
        let unloaded = locked(&self.engines)
            .iter()
            .any(|(_, engine)| engine.sweep());
        if unloaded {
            locked(&self.shelves).clear();
            locked(&self.cards).clear();
        }
    }

    /// Says what an operator should know, once.
    pub(super) fn warn(&self, project: &Project, why: &str) {
        let project = project.code();
        if locked(&self.said).insert(format!("{project} {why}")) {
            tracing::warn!(%project, "memory: {why}");
        }
    }
}

fn settings(vault: &Vault, wished: &EmbedderConfig) -> Settings {
    let wished = wished.in_vault(vault.root());
    Settings {
        kind: match wished.kind {
            EmbedderKind::Fastembed => Kind::Fastembed,
            EmbedderKind::Lexical => Kind::Lexical,
        },
        model_dir: wished.model_dir,
        onnxruntime: wished.onnxruntime,
        cache_dir: cache_dir(vault),
        idle_unload: wished.idle_unload,
    }
}

/// Where models are downloaded to: the user's cache, whatever vault asks. Who has no home has the vault's own.
fn cache_dir(vault: &Vault) -> PathBuf {
    let named = |name: &str| {
        let path = std::env::var_os(name).map(PathBuf::from);
        path.filter(|path| path.is_absolute())
    };
    named("XDG_CACHE_HOME")
        .or_else(|| named("HOME").map(|home| home.join(".cache")))
        .map_or_else(
            || vault.own_dir().join("models"),
            |dir| dir.join("modulatio"),
        )
}

/// Indexes go to the disk through the vault.
struct InVault(Vault);

impl Keeper for InVault {
    fn put(
        &self,
        path: &Path,
        write: &mut dyn FnMut(&mut dyn io::Write) -> io::Result<()>,
    ) -> io::Result<()> {
        self.0.put_cache(path, write)
    }
}

fn keeper(project: &Project) -> Arc<dyn Keeper> {
    Arc::new(InVault(project.vault().clone()))
}

/// Nothing panics while it holds one of these.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
