//! What engines of equal settings share.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    thread,
    time::{Duration, Instant},
};

use super::{
    Kind, Now, Settings, State,
    source::{self, Lack, Source, Surroundings},
};
use crate::memory::embed::{Embedder, Lexical};

pub(super) struct Shared {
    kind: Kind,
    /// `None`: the lexical embedder is wished for.
    source: Option<Arc<dyn Source>>,
    /// How long after a failure it is tried again.
    pause: Duration,
    held: Mutex<Held>,
}

/// What changes. Whoever loads holds the lock meanwhile, so that a model is loaded once.
struct Held {
    model: Option<Model>,
    failure: Option<Failure>,
    download: Download,
    idle_unload: Duration,
}

struct Model {
    embedder: Arc<dyn Embedder>,
    stamp: String,
    used: Instant,
}

/// Why loading failed, kept so that a plan of many tasks does not read a damaged file at each of them.
struct Failure {
    why: String,
    stamp: String,
    at: Instant,
}

enum Download {
    None,
    Running,
    Failed { why: String, at: Instant },
}

/// What tells engines apart.
#[derive(Clone, PartialEq, Eq)]
struct Key {
    kind: Kind,
    model_dir: Option<PathBuf>,
    onnxruntime: Option<PathBuf>,
    cache_dir: PathBuf,
    surroundings: Surroundings,
}

static ALL: Mutex<Vec<(Key, Weak<Shared>)>> = Mutex::new(Vec::new());

/// What engines of these settings share; made at the first need, gone with the last engine.
pub(super) fn of(settings: Settings, surroundings: Surroundings) -> Arc<Shared> {
    let source = source::of(&settings, &surroundings);
    let pause = surroundings.pause;
    let key = Key {
        kind: settings.kind,
        model_dir: settings.model_dir,
        onnxruntime: settings.onnxruntime,
        cache_dir: settings.cache_dir,
        surroundings,
    };
    let mut all = ALL.lock().unwrap_or_else(PoisonError::into_inner);
    all.retain(|(_, shared)| shared.strong_count() > 0);
    let known = all.iter().find(|(known, _)| *known == key);
    if let Some(shared) = known.and_then(|(_, shared)| shared.upgrade()) {
        shared.stay(settings.idle_unload);
        return shared;
    }
    let made = Shared::new(settings.kind, source, pause, settings.idle_unload);
    let shared = Arc::new(made);
    all.push((key, Arc::downgrade(&shared)));
    shared
}

impl Shared {
    pub(super) fn new(
        kind: Kind,
        source: Option<Arc<dyn Source>>,
        pause: Duration,
        idle_unload: Duration,
    ) -> Self {
        let held = Held {
            model: None,
            failure: None,
            download: Download::None,
            idle_unload,
        };
        Self {
            kind,
            source,
            pause,
            held: Mutex::new(held),
        }
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn stay(&self, idle_unload: Duration) {
        let mut held = self.held();
        held.idle_unload = held.idle_unload.max(idle_unload);
    }

    pub(super) fn now(self: &Arc<Self>, may_download: bool) -> Now {
        let Some(source) = &self.source else {
            return lexical(None);
        };
        let mut held = self.held();
        match held.model(source.as_ref(), self.pause) {
            Ok(embedder) => Now {
                embedder,
                instead: None,
            },
            Err(Lack::Broken(why)) => lexical(Some(why)),
            Err(Lack::NotYet) => {
                if may_download && held.download.may_begin(self.pause) {
                    held.download = self.begin(source);
                }
                lexical(Some(held.download.told(self.pause)))
            }
        }
    }

    /// Downloads in a thread of its own, which nobody waits for.
    fn begin(self: &Arc<Self>, source: &Arc<dyn Source>) -> Download {
        let (shared, source) = (Arc::clone(self), Arc::clone(source));
        let download = move || {
            let outcome = source.fetch();
            shared.held().download = Download::after(outcome);
        };
        let begun = thread::Builder::new()
            .name("model download".to_owned())
            .spawn(download);
        match begun {
            Ok(_) => Download::Running,
            Err(e) => Download::after(Err(format!("no thread can be started for it: {e}"))),
        }
    }

    pub(super) fn fetch(&self) -> Result<(), String> {
        let Some(source) = &self.source else {
            return Ok(());
        };
        let outcome = source.fetch();
        self.held().download = Download::after(outcome.clone());
        outcome
    }

    pub(super) fn sweep(&self) -> bool {
        let mut held = self.held();
        let idle_unload = held.idle_unload;
        let Some(model) = &mut held.model else {
            return false;
        };
        // Whoever has it at hand uses it.
        if Arc::strong_count(&model.embedder) > 1 {
            model.used = Instant::now();
            return false;
        }
        if model.used.elapsed() < idle_unload {
            return false;
        }
        held.model = None;
        true
    }

    pub(super) fn state(&self) -> State {
        let held = self.held();
        let broken = held.failure.as_ref().map(|failure| failure.why.clone());
        let model = held.model.as_ref();
        State {
            kind: self.kind,
            loaded: model.map(|model| model.embedder.id().to_owned()),
            from: self.source.as_ref().and_then(|source| source.from()),
            downloading: matches!(held.download, Download::Running),
            trouble: broken.or_else(|| held.download.trouble(self.pause)),
        }
    }
}

impl Held {
    /// The model in memory, loaded first if need be.
    fn model(&mut self, source: &dyn Source, pause: Duration) -> Result<Arc<dyn Embedder>, Lack> {
        let stamp = source.stamp();
        self.model.take_if(|model| model.stamp != stamp);
        if let Some(model) = &mut self.model {
            model.used = Instant::now();
            return Ok(Arc::clone(&model.embedder));
        }
        let stands = |failure: &&Failure| failure.stamp == stamp && failure.at.elapsed() < pause;
        if let Some(failure) = self.failure.as_ref().filter(stands) {
            return Err(Lack::Broken(failure.why.clone()));
        }
        self.failure = None;
        let loaded = source.load();
        match &loaded {
            Ok(embedder) => {
                self.download = Download::None;
                self.model = Some(Model {
                    embedder: Arc::clone(embedder),
                    stamp,
                    used: Instant::now(),
                });
            }
            Err(Lack::Broken(why)) => {
                self.failure = Some(Failure {
                    why: why.clone(),
                    stamp,
                    at: Instant::now(),
                });
            }
            Err(Lack::NotYet) => {}
        }
        loaded
    }
}

impl Download {
    fn after(outcome: Result<(), String>) -> Self {
        match outcome {
            Ok(()) => Self::None,
            Err(why) => Self::Failed {
                why,
                at: Instant::now(),
            },
        }
    }

    fn may_begin(&self, pause: Duration) -> bool {
        match self {
            Self::None => true,
            Self::Running => false,
            Self::Failed { at, .. } => at.elapsed() >= pause,
        }
    }

    fn trouble(&self, pause: Duration) -> Option<String> {
        match self {
            Self::None | Self::Running => None,
            Self::Failed { .. } => Some(self.told(pause)),
        }
    }

    fn told(&self, pause: Duration) -> String {
        match self {
            Self::None => "all-MiniLM-L6-v2 is not on this machine yet; a running daemon downloads it at its first need, \
                           and `embedder.model_dir` may name a folder that has it"
                .to_owned(),
            Self::Running => "all-MiniLM-L6-v2 is being downloaded".to_owned(),
            Self::Failed { why, .. } => format!(
                "{why}; it is tried again {} after a failure. Where there is no way to the hub, name a folder that has \
                 the model in `embedder.model_dir`, or a mirror in HF_ENDPOINT; `embedder: lexical` does without",
                said(pause)
            ),
        }
    }
}

fn said(pause: Duration) -> String {
    match pause.as_secs() {
        seconds @ 0..60 => format!("{seconds} s"),
        seconds => format!("{} min", seconds / 60),
    }
}

fn lexical(instead: Option<String>) -> Now {
    Now {
        embedder: Arc::new(Lexical),
        instead,
    }
}
