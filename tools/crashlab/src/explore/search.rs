//! Breadth-first search over everything that can happen, each state looked at once.
//!
//! A state is known by a hash of all that its future depends on, so two orders of the same deeds meet again. Breadth
//! first means that the deeds shown with a finding are as few as can lead there.

use std::{
    any::Any,
    collections::HashSet,
    fmt::Debug,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

/// What can happen, and what must hold.
pub(super) trait Model: Sync {
    /// Everything at one moment.
    type State: Send + Sync;
    /// One thing that can happen.
    type Move: Clone + Debug + Send + Sync;

    /// Where it begins; each with a name.
    fn starts(&self) -> Vec<(String, Self::State)>;

    /// A hash of all that a state's future depends on.
    fn fingerprint(&self, state: &Self::State) -> u128;

    /// What can happen next.
    fn moves(&self, state: &Self::State) -> Vec<Self::Move>;

    /// Lets it happen; `None` when it is refused and nothing has changed.
    ///
    /// # Errors
    /// The promise that was broken.
    fn make(&self, state: &Self::State, what: &Self::Move) -> Result<Option<Self::State>, String>;

    /// Looks at a state that was not seen before.
    ///
    /// # Errors
    /// The promise that is broken.
    fn examine(&self, state: &Self::State, fingerprint: u128) -> Result<(), String>;
}

/// How far a search goes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    /// Moves in a row.
    pub(super) depth: u32,
    /// Threads at work.
    pub(super) threads: usize,
}

/// What a search saw.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub(super) states: u64,
    pub(super) transitions: u64,
    pub(super) refused: u64,
    /// How deep it went: less than asked for when nothing new was left.
    pub(super) depth: u32,
    pub(super) broken: Vec<String>,
}

/// More findings than these say nothing new.
const ENOUGH: usize = 10;

const SHARDS: usize = 64;

struct Node<M: Model> {
    state: M::State,
    path: Arc<Path<M::Move>>,
}

/// How a state was come by, the last move first.
enum Path<T> {
    Start(String),
    Then(Arc<Path<T>>, T),
}

impl<T: Debug> Path<T> {
    fn told(&self) -> String {
        match self {
            Self::Start(name) => name.clone(),
            Self::Then(before, what) => format!("{} > {what:?}", before.told()),
        }
    }
}

struct Search<'a, M: Model> {
    model: &'a M,
    known: Vec<Mutex<HashSet<u128>>>,
    transitions: AtomicUsize,
    refused: AtomicUsize,
    broken: Mutex<Vec<String>>,
    enough: AtomicBool,
}

/// Looks at everything that `model` can come to within `bounds`.
pub(super) fn explore<M: Model>(model: &M, bounds: Bounds) -> Seen {
    let search = Search {
        model,
        known: (0..SHARDS).map(|_| Mutex::default()).collect(),
        transitions: AtomicUsize::new(0),
        refused: AtomicUsize::new(0),
        broken: Mutex::default(),
        enough: AtomicBool::new(false),
    };
    let mut level = search.starts();
    let mut depth = 0;
    while depth < bounds.depth && !level.is_empty() && !search.enough.load(Ordering::Relaxed) {
        depth += 1;
        let last = depth == bounds.depth;
        level = search.step(&level, last, bounds.threads);
    }
    let states = search.known.iter().map(|shard| lock(shard).len() as u64);
    Seen {
        states: states.sum(),
        transitions: search.transitions.load(Ordering::Relaxed) as u64,
        refused: search.refused.load(Ordering::Relaxed) as u64,
        depth,
        broken: std::mem::take(&mut *lock(&search.broken)),
    }
}

impl<M: Model> Search<'_, M> {
    fn starts(&self) -> Vec<Node<M>> {
        let starts = match caught(|| Ok(self.model.starts())) {
            Ok(starts) => starts,
            Err(why) => {
                self.tell(format!("the beginning: {why}"));
                return Vec::new();
            }
        };
        let nodes = starts.into_iter().filter_map(|(name, state)| {
            let path = Arc::new(Path::Start(name));
            self.is_new(&state, &path).then_some(Node { state, path })
        });
        nodes.collect()
    }

    /// All that follows on a level; nothing of the last one is kept.
    fn step(&self, level: &[Node<M>], last: bool, threads: usize) -> Vec<Node<M>> {
        let next = Mutex::new(Vec::new());
        let turn = AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for _ in 0..threads.max(1) {
                scope.spawn(|| {
                    while let Some(node) = level.get(turn.fetch_add(1, Ordering::Relaxed)) {
                        let found = self.follow(node, last);
                        lock(&next).extend(found);
                        if self.enough.load(Ordering::Relaxed) {
                            return;
                        }
                    }
                });
            }
        });
        next.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    fn follow(&self, node: &Node<M>, last: bool) -> Vec<Node<M>> {
        let mut found = Vec::new();
        for what in self.model.moves(&node.state) {
            self.transitions.fetch_add(1, Ordering::Relaxed);
            let path = || Arc::new(Path::Then(node.path.clone(), what.clone()));
            match caught(|| self.model.make(&node.state, &what)) {
                Ok(None) => {
                    self.refused.fetch_add(1, Ordering::Relaxed);
                }
                Ok(Some(state)) => {
                    let path = path();
                    if self.is_new(&state, &path) && !last {
                        found.push(Node { state, path });
                    }
                }
                Err(why) => self.tell(format!("{}: {why}", path().told())),
            }
        }
        found
    }

    /// Whether nobody was here before; then it is looked at.
    fn is_new(&self, state: &M::State, path: &Path<M::Move>) -> bool {
        let fingerprint = self.model.fingerprint(state);
        let shard = usize::try_from(fingerprint % SHARDS as u128).unwrap_or(0);
        if !lock(&self.known[shard]).insert(fingerprint) {
            return false;
        }
        if let Err(why) = caught(|| self.model.examine(state, fingerprint)) {
            self.tell(format!("{}: {why}", path.told()));
        }
        true
    }

    fn tell(&self, finding: String) {
        let mut broken = lock(&self.broken);
        broken.push(finding);
        if broken.len() >= ENOUGH {
            self.enough.store(true, Ordering::Relaxed);
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// An invariant that the product itself asserts counts as one that was seen broken.
pub(super) fn caught<T>(act: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
    let words = |cause: Box<dyn Any + Send>| {
        let text = cause.downcast_ref::<String>().cloned();
        text.or_else(|| cause.downcast_ref::<&str>().map(|text| (*text).to_owned()))
            .unwrap_or_default()
    };
    match catch_unwind(AssertUnwindSafe(act)) {
        Ok(done) => done,
        Err(cause) => Err(format!("panicked: {}", words(cause))),
    }
}

/// A fingerprint of some bytes.
pub(super) fn hash_of(bytes: &[u8]) -> u128 {
    let hash = blake3::hash(bytes);
    let first: [u8; 16] = std::array::from_fn(|at| hash.as_bytes()[at]);
    u128::from_le_bytes(first)
}
