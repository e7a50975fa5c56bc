//! Engines by their settings and indexes by their places, opened once and shared.

use std::{
    collections::{BTreeMap, BTreeSet},
    io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
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
    engines: Mutex<Vec<(Settings, Arc<Engine>, Instant)>>,
    shelves: Mutex<BTreeMap<PathBuf, (Arc<Shelf>, Instant)>>,
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
        if let Some((_, engine, used)) = engines.iter_mut().find(|(known, ..)| *known == settings) {
            *used = Instant::now();
            return engine.clone();
        }
        let engine = Arc::new(Engine::new(settings.clone()));
        engines.push((settings, engine.clone(), Instant::now()));
        engine
    }

    /// A store of a project, with its index.
    #[must_use]
    pub fn shelf(&self, project: &Project, store: Store) -> Arc<Shelf> {
        let index = project.index_path(store.as_str());
        let mut shelves = locked(&self.shelves);
        let made = || {
            let folder = project.dir().join(store.as_str());
            let shelf = Shelf::new(store, folder, index.clone(), keeper(project));
            (Arc::new(shelf), Instant::now())
        };
        let (shelf, used) = shelves.entry(index.clone()).or_insert_with(made);
        *used = Instant::now();
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

    /// Lets go of models and indexes that nobody has used for long. It may wait for a model that is just being loaded,
    /// and write indexes.
    pub fn sweep(&self) {
        let engines = locked(&self.engines).clone();
        for (_, engine, _) in &engines {
            engine.sweep();
        }
        let longest = engines.iter().map(|(settings, ..)| settings.idle_unload);
        let idle = longest.max().unwrap_or(IDLE);
        // Settings that nobody has any more are asked for no more.
        locked(&self.engines).retain(|(settings, _, used)| used.elapsed() < settings.idle_unload);
        let mut unused = Vec::new();
        locked(&self.shelves).retain(|_, (shelf, used)| {
            let stays = used.elapsed() < idle;
            if !stays {
                unused.push(shelf.clone());
            }
            stays
        });
        if locked(&self.shelves).is_empty() {
            locked(&self.cards).clear();
        }
        drop(unused);
    }

    /// Says what an operator should know, once; of one project or of all.
    pub(super) fn warn(&self, project: Option<&Project>, why: &str) {
        let code = project.map_or_else(String::new, |project| project.code().to_string());
        if locked(&self.said).insert(format!("{code} {why}")) {
            tracing::warn!(project = code, "memory: {why}");
        }
    }
}

/// How long an index is kept that nobody uses, where nobody says how long a model is.
const IDLE: Duration = Duration::from_secs(30 * 60);

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
