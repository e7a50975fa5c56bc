//! A directory in which one image after the other is laid out, and which is changed without waiting for any disk.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt, io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use journal::{
    RealDisk,
    disk::{Access, Disk, DiskFile, LockKind},
    sim::Image,
};

/// The directory, and what lies there.
pub(super) struct Ground {
    dir: tempfile::TempDir,
    laid: BTreeMap<PathBuf, Option<[u8; 32]>>,
    disk: Light,
}

impl Ground {
    /// An empty one, in memory where the system has a place for that.
    pub(super) fn new() -> io::Result<Self> {
        let dir = scratch()?;
        let disk = Light::default();
        Ok(Self {
            dir,
            laid: BTreeMap::new(),
            disk,
        })
    }

    pub(super) fn root(&self) -> &Path {
        self.dir.path()
    }

    pub(super) fn disk(&self) -> Light {
        self.disk.clone()
    }

    /// Leaves it on the disk for a look at it; says where.
    pub(super) fn keep(&mut self) -> PathBuf {
        self.dir.disable_cleanup(true);
        self.dir.path().to_owned()
    }

    /// Makes the directory hold just `image`, whose paths are below `from`.
    pub(super) fn lay(&mut self, image: &Image, from: &Path) -> io::Result<()> {
        let wanted: BTreeMap<PathBuf, &Option<_>> = image
            .names
            .iter()
            .filter_map(|(path, content)| Some((path.strip_prefix(from).ok()?.to_owned(), content)))
            .filter(|(path, _)| path.components().next().is_some())
            .collect();
        for path in self.disk.take_changed() {
            if let Ok(path) = path.strip_prefix(self.dir.path()) {
                self.laid.insert(path.to_owned(), Some([0; 32]));
            }
        }
        self.clear(|path| wanted.contains_key(path));
        for (path, content) in wanted {
            let hash = content.as_ref().map(|content| content.b3);
            if self.laid.get(&path) == Some(&hash) {
                continue;
            }
            let at = self.dir.path().join(&path);
            match content {
                None => make_dir(&at)?,
                Some(content) => write(&at, &content.bytes)?,
            }
            self.laid.insert(path, hash);
        }
        Ok(())
    }

    /// Adds files that no image knows.
    pub(super) fn add(&mut self, others: &[(PathBuf, Vec<u8>)]) -> io::Result<()> {
        for (path, bytes) in others {
            let at = self.dir.path().join(path);
            std::fs::create_dir_all(at.parent().expect("a file lies in a directory"))?;
            write(&at, bytes)?;
            for above in path
                .ancestors()
                .filter(|path| path.components().next().is_some())
            {
                self.disk.note(&self.dir.path().join(above));
            }
        }
        Ok(())
    }

    /// Removes what is not to stay; the deepest first.
    fn clear(&mut self, stays: impl Fn(&Path) -> bool) {
        let gone: Vec<PathBuf> = self
            .laid
            .keys()
            .rev()
            .filter(|path| !stays(path))
            .cloned()
            .collect();
        for path in gone {
            let at = self.dir.path().join(&path);
            // It may never have come to lie there.
            let _ = std::fs::remove_file(&at).or_else(|_| std::fs::remove_dir_all(&at));
            self.laid.remove(&path);
        }
    }
}

/// A temporary directory, in memory where the system has a place for that.
pub(super) fn scratch() -> io::Result<tempfile::TempDir> {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir())
}

fn make_dir(at: &Path) -> io::Result<()> {
    if at.is_dir() {
        return Ok(());
    }
    let _ = std::fs::remove_file(at);
    std::fs::create_dir(at)
}

/// Under a new inode, as a restored file has; the age of the old one tells nothing.
fn write(at: &Path, bytes: &[u8]) -> io::Result<()> {
    let _ = std::fs::remove_file(at).or_else(|_| std::fs::remove_dir_all(at));
    std::fs::write(at, bytes)
}

/// The operating system's files without waiting for the disk, and which of them were changed.
#[derive(Clone, Debug, Default)]
pub(super) struct Light {
    changed: Arc<Mutex<BTreeSet<PathBuf>>>,
}

impl Light {
    fn changed(&self) -> MutexGuard<'_, BTreeSet<PathBuf>> {
        self.changed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self, path: &Path) {
        self.changed().insert(path.to_owned());
    }

    /// Takes all that lies there for changed.
    pub(super) fn note_all(&self, root: &Path) {
        let mut all = Vec::new();
        super::mirror::walk(root, &mut all);
        all.iter().for_each(|path| self.note(path));
    }

    /// What was changed so far.
    pub(super) fn all_changed(&self) -> BTreeSet<PathBuf> {
        self.changed().clone()
    }

    fn take_changed(&self) -> BTreeSet<PathBuf> {
        std::mem::take(&mut *self.changed())
    }
}

impl Disk for Light {
    fn open(&self, path: &Path, access: Access) -> io::Result<Arc<dyn DiskFile>> {
        if access == Access::Lock {
            self.note(path);
        }
        Ok(Arc::new(LightFile {
            file: RealDisk.open(path, access)?,
            disk: self.clone(),
            path: path.to_owned(),
        }))
    }

    fn create_new(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>> {
        self.note(path);
        Ok(Arc::new(LightFile {
            file: RealDisk.create_new(path)?,
            disk: self.clone(),
            path: path.to_owned(),
        }))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.note(from);
        self.note(to);
        RealDisk.rename(from, to)
    }

    fn link(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.note(to);
        RealDisk.link(from, to)
    }

    fn exchange(&self, one: &Path, other: &Path) -> io::Result<()> {
        self.note(one);
        self.note(other);
        RealDisk.exchange(one, other)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.note(path);
        RealDisk.remove(path)
    }

    fn create_dir(&self, path: &Path) -> io::Result<()> {
        if !RealDisk.exists(path)? {
            self.note(path);
        }
        RealDisk.create_dir(path)
    }

    fn sync_dir(&self, _path: &Path) -> io::Result<()> {
        Ok(())
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<String>> {
        RealDisk.list(dir)
    }

    fn exists(&self, path: &Path) -> io::Result<bool> {
        RealDisk.exists(path)
    }
}

struct LightFile {
    file: Arc<dyn DiskFile>,
    disk: Light,
    path: PathBuf,
}

impl fmt::Debug for LightFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.file.fmt(f)
    }
}

impl DiskFile for LightFile {
    fn len(&self) -> io::Result<u64> {
        self.file.len()
    }

    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        self.file.read_at(buf, offset)
    }

    fn append(&self, bytes: &[u8]) -> io::Result<usize> {
        self.disk.note(&self.path);
        self.file.append(bytes)
    }

    fn replace(&self, bytes: &[u8]) -> io::Result<()> {
        self.disk.note(&self.path);
        self.file.replace(bytes)
    }

    fn sync_data(&self) -> io::Result<()> {
        Ok(())
    }

    fn truncate(&self, len: u64) -> io::Result<()> {
        self.disk.note(&self.path);
        self.file.truncate(len)
    }

    fn is_at(&self, path: &Path) -> io::Result<bool> {
        self.file.is_at(path)
    }

    fn try_lock(&self, kind: LockKind) -> io::Result<bool> {
        self.file.try_lock(kind)
    }

    fn unlock(&self) -> io::Result<()> {
        self.file.unlock()
    }
}
