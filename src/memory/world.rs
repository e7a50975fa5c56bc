//! A store on a disk, embedders and keepers for tests.

use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use projections::memory::Store;

use super::{Effort, Embedder, Fault, Found, Keeper, Shelf, Vector, Wanted};

pub(super) const ANY: Wanted<'static> = Wanted {
    kind: None,
    agent: None,
    most: 10,
    at_least: f32::NEG_INFINITY,
    except: None,
};

pub(super) static UNCUT: AtomicBool = AtomicBool::new(false);

pub(super) struct World {
    _dir: tempfile::TempDir,
    store: Store,
    pub(super) folder: PathBuf,
    pub(super) index: PathBuf,
}

impl World {
    pub(super) fn new() -> Self {
        Self::of(Store::TeamMemory)
    }

    pub(super) fn of(store: Store) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("files");
        fs::create_dir(&folder).unwrap();
        Self {
            store,
            folder,
            index: dir.path().join("state/x.index"),
            _dir: dir,
        }
    }

    pub(super) fn path(&self, id: &str) -> PathBuf {
        self.folder.join(format!("{id}.md"))
    }

    pub(super) fn write(&self, id: &str, text: &str) {
        let path = self.path(id);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// As another process sees the store.
    pub(super) fn shelf(&self) -> Shelf {
        self.shelf_with(Arc::new(Renaming))
    }

    pub(super) fn shelf_with(&self, keeper: Arc<dyn Keeper>) -> Shelf {
        Shelf::new(self.store, self.folder.clone(), self.index.clone(), keeper)
    }

    pub(super) fn effort(&self) -> Effort<'static> {
        Effort {
            until: Instant::now() + Duration::from_secs(600),
            cut: &UNCUT,
        }
    }

    /// A search by a process of its own.
    pub(super) fn find(&self, embedder: &dyn Embedder, query: &str) -> Found {
        self.find_by(&self.shelf(), embedder, query)
    }

    pub(super) fn find_by(&self, shelf: &Shelf, embedder: &dyn Embedder, query: &str) -> Found {
        shelf.search(embedder, query, &ANY, &self.effort()).unwrap()
    }
}

impl Found {
    pub(super) fn ids(&self) -> Vec<&str> {
        self.hits.iter().map(|hit| hit.entry.id.as_str()).collect()
    }
}

/// A note with these two lines of frontmatter.
pub(super) fn note(first: &str, second: &str, text: &str) -> String {
    format!("---\n{first}\n{second}\n---\n\n## Body\n\n{text}\n")
}

/// Writes beside and renames over, as the vault does.
pub(super) struct Renaming;

impl Keeper for Renaming {
    fn put(
        &self,
        path: &Path,
        write: &mut dyn FnMut(&mut dyn Write) -> io::Result<()>,
    ) -> io::Result<()> {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        fs::create_dir_all(path.parent().unwrap())?;
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let temporary = path.with_extension(format!("tmp-{count}"));
        let mut file = fs::File::create(&temporary)?;
        let outcome = write(&mut file).and_then(|()| fs::rename(&temporary, path));
        if outcome.is_err() {
            fs::remove_file(&temporary)?;
        }
        outcome
    }
}

pub(super) trait Counting {
    fn embedder(&self) -> &dyn Embedder;
    fn made(&self) -> usize;
}

/// Words, each a direction of its own in a space of a few dozen.
pub(super) struct Dense {
    id: String,
    dimensions: usize,
    count: AtomicUsize,
    calls: AtomicUsize,
    /// What happens at a call, counted from 1.
    pub(super) at_call: Option<fn(usize) -> Result<(), Fault>>,
    /// A text that it cannot do.
    pub(super) refuses: Option<&'static str>,
}

impl Dense {
    pub(super) fn new() -> Self {
        Self::named("test-dense", 96)
    }

    pub(super) fn named(id: &str, dimensions: usize) -> Self {
        Self {
            id: id.to_owned(),
            dimensions,
            count: AtomicUsize::new(0),
            calls: AtomicUsize::new(0),
            at_call: None,
            refuses: None,
        }
    }

    /// Texts that it has embedded.
    pub(super) fn count(&self) -> usize {
        self.count.load(Ordering::Relaxed)
    }

    fn vector(&self, text: &str) -> Vector {
        let mut numbers = vec![0.0_f32; self.dimensions];
        for word in words(text) {
            // Few words share all of them.
            for part in [word & 0x3ff, (word >> 10) & 0x3ff, word >> 20] {
                numbers[part as usize % self.dimensions] += 1.0;
            }
        }
        let length = numbers.iter().map(|n| n * n).sum::<f32>().sqrt();
        if length > 0.0 {
            numbers.iter_mut().for_each(|n| *n /= length);
        }
        Vector::Dense(numbers)
    }
}

fn words(text: &str) -> impl Iterator<Item = u32> {
    let words = text.split(|c: char| !c.is_alphanumeric());
    words.filter(|word| !word.is_empty()).map(|word| {
        let hash = blake3::hash(word.to_lowercase().as_bytes());
        u32::from_le_bytes(*hash.as_bytes().first_chunk().unwrap())
    })
}

impl Embedder for Dense {
    fn id(&self) -> &str {
        &self.id
    }

    fn embed(&self, texts: &[&str], cut: &AtomicBool) -> Result<Vec<Vector>, Fault> {
        let call = self.calls.fetch_add(1, Ordering::Relaxed) + 1;
        if let Some(act) = self.at_call {
            act(call)?;
        }
        for text in texts {
            if cut.load(Ordering::Relaxed) {
                return Err(Fault::Cut);
            }
            if self.refuses.is_some_and(|refused| text.contains(refused)) {
                return Err(Fault::Embedder("it chokes on this".to_owned()));
            }
        }
        self.count.fetch_add(texts.len(), Ordering::Relaxed);
        Ok(texts.iter().map(|text| self.vector(text)).collect())
    }
}

impl Counting for Dense {
    fn embedder(&self) -> &dyn Embedder {
        self
    }

    fn made(&self) -> usize {
        self.count()
    }
}

/// Words as features.
pub(super) struct Sparse {
    count: AtomicUsize,
}

impl Sparse {
    pub(super) fn new() -> Self {
        Self {
            count: AtomicUsize::new(0),
        }
    }
}

impl Embedder for Sparse {
    fn id(&self) -> &str {
        "test-sparse"
    }

    fn embed(&self, texts: &[&str], _: &AtomicBool) -> Result<Vec<Vector>, Fault> {
        self.count.fetch_add(texts.len(), Ordering::Relaxed);
        let features = |text: &&str| {
            let mut features: Vec<(u32, f32)> = words(text).map(|word| (word, 1.0)).collect();
            features.sort_by_key(|(word, _)| *word);
            features.dedup_by_key(|(word, _)| *word);
            Vector::Sparse(features)
        };
        Ok(texts.iter().map(features).collect())
    }
}

impl Counting for Sparse {
    fn embedder(&self) -> &dyn Embedder {
        self
    }

    fn made(&self) -> usize {
        self.count.load(Ordering::Relaxed)
    }
}
