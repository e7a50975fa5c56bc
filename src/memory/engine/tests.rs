//! Who gets which embedder when, with a source that does as it is told.

use std::{
    path::PathBuf,
    sync::{
        Arc, Condvar, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use super::{
    Engine, Kind, Settings, Surroundings,
    shared::Shared,
    source::{Lack, Source},
};
use crate::memory::embed::{Embedder, Fault, Vector};

const LONG: Duration = Duration::from_secs(3_600);
const NONE: Duration = Duration::ZERO;

struct Model;

impl Embedder for Model {
    fn id(&self) -> &str {
        "model/1"
    }

    fn embed(&self, texts: &[&str], _: &AtomicBool) -> Result<Vec<Vector>, Fault> {
        Ok(texts.iter().map(|_| Vector::Dense(vec![1.0])).collect())
    }
}

/// What loading and fetching give, how often they were asked, and a gate before the end of a download.
struct Told {
    load: Mutex<Result<(), Lack>>,
    fetch: Mutex<Result<(), String>>,
    stamp: Mutex<String>,
    loads: AtomicUsize,
    fetches: AtomicUsize,
    open: Mutex<bool>,
    opened: Condvar,
}

impl Told {
    fn new(load: Result<(), Lack>) -> Arc<Self> {
        Arc::new(Self {
            load: Mutex::new(load),
            fetch: Mutex::new(Ok(())),
            stamp: Mutex::new("1".to_owned()),
            loads: AtomicUsize::new(0),
            fetches: AtomicUsize::new(0),
            open: Mutex::new(true),
            opened: Condvar::new(),
        })
    }

    fn shared(self: &Arc<Self>, pause: Duration, idle_unload: Duration) -> Arc<Shared> {
        let source: Arc<dyn Source> = Arc::clone(self) as Arc<dyn Source>;
        Arc::new(Shared::new(
            Kind::Fastembed,
            Some(source),
            pause,
            idle_unload,
        ))
    }

    fn gate(&self, open: bool) {
        *self.open.lock().unwrap() = open;
        self.opened.notify_all();
    }

    fn counts(&self) -> (usize, usize) {
        (
            self.loads.load(Ordering::SeqCst),
            self.fetches.load(Ordering::SeqCst),
        )
    }
}

impl Source for Told {
    fn load(&self) -> Result<Arc<dyn Embedder>, Lack> {
        self.loads.fetch_add(1, Ordering::SeqCst);
        self.load.lock().unwrap().clone()?;
        Ok(Arc::new(Model))
    }

    fn fetch(&self) -> Result<(), String> {
        self.fetches.fetch_add(1, Ordering::SeqCst);
        let open = self.open.lock().unwrap();
        drop(self.opened.wait_while(open, |open| !*open).unwrap());
        let outcome = self.fetch.lock().unwrap().clone();
        if outcome.is_ok() {
            *self.load.lock().unwrap() = Ok(());
        }
        outcome
    }

    fn stamp(&self) -> String {
        self.stamp.lock().unwrap().clone()
    }

    fn from(&self) -> Option<PathBuf> {
        Some(PathBuf::from("/model"))
    }
}

fn broken() -> Result<(), Lack> {
    Err(Lack::Broken("it is broken; mend it".to_owned()))
}

/// Waits for the thread that downloads.
fn until_idle(shared: &Shared) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while shared.state().downloading {
        assert!(Instant::now() < deadline, "the download never ends");
        std::thread::sleep(Duration::from_millis(2));
    }
}

#[test]
fn the_model_is_loaded_at_the_first_need_and_then_shared() {
    let told = Told::new(Ok(()));
    let shared = told.shared(LONG, LONG);
    assert_eq!((told.counts(), shared.state().loaded), ((0, 0), None));
    let threads: Vec<_> = (0..8)
        .map(|_| {
            let shared = Arc::clone(&shared);
            std::thread::spawn(move || shared.now(true).embedder.id().to_owned())
        })
        .collect();
    for thread in threads {
        assert_eq!(thread.join().unwrap(), "model/1");
    }
    assert_eq!(told.counts(), (1, 0));
    assert_eq!(shared.state().loaded.as_deref(), Some("model/1"));
    assert_eq!(shared.now(true).instead, None);
}

#[test]
fn a_failure_is_told_and_not_tried_again_before_its_time() {
    let told = Told::new(broken());
    let shared = told.shared(LONG, LONG);
    for _ in 0..3 {
        let now = shared.now(true);
        assert_eq!(now.embedder.id(), "lexical/1");
        assert_eq!(now.instead.as_deref(), Some("it is broken; mend it"));
    }
    assert_eq!(told.counts(), (1, 0));
    assert_eq!(
        shared.state().trouble.as_deref(),
        Some("it is broken; mend it")
    );
}

#[test]
fn a_failure_is_tried_again_when_files_changed_or_a_while_passed() {
    let told = Told::new(broken());
    let shared = told.shared(LONG, LONG);
    let _ = shared.now(true);
    *told.load.lock().unwrap() = Ok(());
    *told.stamp.lock().unwrap() = "2".to_owned();
    assert_eq!(shared.now(true).embedder.id(), "model/1");
    assert_eq!(shared.state().trouble, None);

    let told = Told::new(broken());
    let shared = told.shared(NONE, LONG);
    let _ = shared.now(true);
    *told.load.lock().unwrap() = Ok(());
    assert_eq!(shared.now(true).embedder.id(), "model/1");
}

#[test]
fn a_model_whose_files_changed_is_loaded_anew() {
    let told = Told::new(Ok(()));
    let shared = told.shared(LONG, LONG);
    let _ = shared.now(true);
    *told.stamp.lock().unwrap() = "2".to_owned();
    let _ = shared.now(true);
    assert_eq!(told.counts(), (2, 0));
    *told.stamp.lock().unwrap() = "3".to_owned();
    *told.load.lock().unwrap() = broken();
    assert_eq!(shared.now(true).embedder.id(), "lexical/1");
    assert_eq!(shared.state().loaded, None);
}

#[test]
fn a_download_runs_once_and_nobody_waits_for_it() {
    let told = Told::new(Err(Lack::NotYet));
    told.gate(false);
    let shared = told.shared(NONE, LONG);
    for _ in 0..3 {
        let now = shared.now(true);
        assert_eq!(now.embedder.id(), "lexical/1");
        let instead = now.instead.unwrap();
        assert!(instead.contains("is being downloaded"), "{instead}");
        assert!(shared.state().downloading);
    }
    told.gate(true);
    until_idle(&shared);
    assert_eq!(shared.now(true).embedder.id(), "model/1");
    assert_eq!(told.counts().1, 1);
}

#[test]
fn a_download_that_fails_is_told_and_tried_again_after_a_while() {
    for (pause, fetches) in [(LONG, 1), (NONE, 2)] {
        let told = Told::new(Err(Lack::NotYet));
        *told.fetch.lock().unwrap() = Err("the hub says no".to_owned());
        let shared = told.shared(pause, LONG);
        let _ = shared.now(true);
        until_idle(&shared);
        let trouble = shared.state().trouble.unwrap();
        assert!(trouble.starts_with("the hub says no; "), "{trouble}");
        assert!(trouble.contains("embedder.model_dir"), "{trouble}");
        told.gate(false);
        let now = shared.now(true);
        assert_eq!(now.embedder.id(), "lexical/1");
        let again = now.instead.unwrap().contains("is being downloaded");
        assert_eq!(again, fetches == 2);
        told.gate(true);
        until_idle(&shared);
        assert_eq!(told.counts().1, fetches);
    }
}

#[test]
fn who_does_not_stay_begins_no_download_and_may_wait_for_one() {
    let told = Told::new(Err(Lack::NotYet));
    let shared = told.shared(NONE, LONG);
    let instead = shared.now(false).instead.unwrap();
    assert!(instead.contains("not on this machine yet"), "{instead}");
    assert_eq!(told.counts().1, 0);
    *told.fetch.lock().unwrap() = Err("the hub says no".to_owned());
    assert_eq!(shared.fetch(), Err("the hub says no".to_owned()));
    *told.fetch.lock().unwrap() = Ok(());
    assert_eq!(shared.fetch(), Ok(()));
    assert_eq!(shared.now(false).embedder.id(), "model/1");
}

#[test]
fn an_unused_model_is_dropped_and_loaded_again_at_need() {
    let told = Told::new(Ok(()));
    let shared = told.shared(LONG, NONE);
    assert!(!shared.sweep());
    let now = shared.now(true);
    let dropped = Arc::downgrade(&now.embedder);
    drop(now);
    assert!(shared.sweep());
    assert!(dropped.upgrade().is_none());
    assert_eq!(shared.state().loaded, None);
    assert!(!shared.sweep());
    let _ = shared.now(true);
    assert_eq!(told.counts(), (2, 0));
}

#[test]
fn a_model_in_use_or_used_lately_stays() {
    let told = Told::new(Ok(()));
    let shared = told.shared(LONG, LONG);
    drop(shared.now(true));
    assert!(!shared.sweep());
    let idle = Duration::from_millis(20);
    let shared = told.shared(LONG, idle);
    let held = shared.now(true);
    std::thread::sleep(2 * idle);
    assert!(!shared.sweep(), "it is in somebody's hands");
    drop(held);
    std::thread::sleep(2 * idle);
    assert!(shared.sweep());
}

fn settings(kind: Kind, idle_unload: Duration) -> Settings {
    Settings {
        kind,
        model_dir: Some(PathBuf::from("/nowhere/model")),
        onnxruntime: Some(PathBuf::from("/nowhere/lib.so")),
        cache_dir: PathBuf::from("/nowhere/cache"),
        idle_unload,
    }
}

#[test]
fn engines_of_equal_settings_share() {
    let (one, other) = (
        Engine::new(settings(Kind::Fastembed, NONE)),
        Engine::new(settings(Kind::Fastembed, LONG)),
    );
    assert!(Arc::ptr_eq(&one.0, &other.0));
    let elsewhere = Settings {
        model_dir: None,
        ..settings(Kind::Fastembed, LONG)
    };
    assert!(!Arc::ptr_eq(&one.0, &Engine::new(elsewhere.clone()).0));
    let surroundings = Surroundings {
        endpoint: Some("http://mirror".to_owned()),
        ..Surroundings::of_this_process()
    };
    let first = Engine::new(elsewhere.clone());
    assert!(!Arc::ptr_eq(
        &first.0,
        &Engine::within(elsewhere, surroundings).0
    ));
}

#[test]
fn the_lexical_embedder_needs_nothing_and_is_in_no_ones_place() {
    let engine = Engine::new(settings(Kind::Lexical, NONE));
    let now = engine.now();
    assert_eq!(now.embedder.id(), "lexical/1");
    assert_eq!(now.instead, None);
    assert_eq!(engine.fetch(), Ok(()));
    assert!(!engine.sweep());
    let state = engine.state();
    assert_eq!(
        (state.loaded, state.from, state.trouble),
        (None, None, None)
    );
}

#[cfg(not(feature = "fastembed"))]
#[test]
fn a_program_without_the_model_says_so() {
    let instead = Engine::new(settings(Kind::Fastembed, NONE)).now().instead;
    assert!(instead.unwrap().contains("without the cargo feature"));
}
