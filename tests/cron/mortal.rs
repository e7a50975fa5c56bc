//! A disk on which a process can die: at a chosen act everything ends, as with SIGKILL. What was written stays, and a line
//! that was just being written stays in part.

use std::{
    io,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicI64, Ordering},
    },
};

use journal::{
    Disk, RealDisk,
    disk::{Access, DiskFile, LockKind},
};

/// What is thrown; not a panic that anybody should hear of.
pub(crate) struct Died;

/// The life of one process.
#[derive(Debug)]
pub(crate) struct Life {
    acts_left: AtomicI64,
    dead: AtomicBool,
}

impl Life {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self {
            acts_left: AtomicI64::new(i64::MAX),
            dead: AtomicBool::new(false),
        })
    }

    /// It ends at the `acts`-th act from now.
    pub(crate) fn ends_in(&self, acts: i64) {
        self.acts_left.store(acts, Ordering::Relaxed);
    }

    pub(crate) fn goes_on(&self) {
        self.ends_in(i64::MAX);
    }

    /// Whether the act at hand is the last one.
    fn is_over(&self) -> bool {
        self.acts_left.fetch_sub(1, Ordering::Relaxed) <= 1
    }

    fn end(&self) {
        self.dead.store(true, Ordering::Relaxed);
        std::panic::resume_unwind(Box::new(Died));
    }

    /// Before an act: the dead do nothing, and to die is to do nothing more.
    fn act(&self) -> io::Result<()> {
        if self.dead.load(Ordering::Relaxed) {
            return Err(io::Error::other("dead"));
        }
        if self.is_over() {
            self.end();
        }
        Ok(())
    }
}

#[derive(Debug)]
pub(crate) struct MortalDisk(pub(crate) Arc<Life>);

#[derive(Debug)]
struct MortalFile(Arc<Life>, Arc<dyn DiskFile>);

impl Disk for MortalDisk {
    fn open(&self, path: &Path, access: Access) -> io::Result<Arc<dyn DiskFile>> {
        let file = RealDisk.open(path, access)?;
        Ok(Arc::new(MortalFile(self.0.clone(), file)))
    }

    fn create_new(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>> {
        self.0.act()?;
        let file = RealDisk.create_new(path)?;
        Ok(Arc::new(MortalFile(self.0.clone(), file)))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.0.act()?;
        RealDisk.rename(from, to)
    }

    fn link(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.0.act()?;
        RealDisk.link(from, to)
    }

    fn exchange(&self, one: &Path, other: &Path) -> io::Result<()> {
        self.0.act()?;
        RealDisk.exchange(one, other)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.0.act()?;
        RealDisk.remove(path)
    }

    fn create_dir(&self, path: &Path) -> io::Result<()> {
        self.0.act()?;
        RealDisk.create_dir(path)
    }

    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        self.0.act()?;
        RealDisk.sync_dir(path)
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<String>> {
        RealDisk.list(dir)
    }

    fn exists(&self, path: &Path) -> io::Result<bool> {
        RealDisk.exists(path)
    }
}

impl DiskFile for MortalFile {
    fn len(&self) -> io::Result<u64> {
        self.1.len()
    }

    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        self.1.read_at(buf, offset)
    }

    fn append(&self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.dead.load(Ordering::Relaxed) {
            return Err(io::Error::other("dead"));
        }
        if self.0.is_over() {
            self.1.append(&bytes[..bytes.len() / 2])?;
            self.0.end();
        }
        self.1.append(bytes)
    }

    fn replace(&self, bytes: &[u8]) -> io::Result<()> {
        self.0.act()?;
        self.1.replace(bytes)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.0.act()?;
        self.1.sync_data()
    }

    fn truncate(&self, len: u64) -> io::Result<()> {
        self.0.act()?;
        self.1.truncate(len)
    }

    fn is_at(&self, path: &Path) -> io::Result<bool> {
        self.1.is_at(path)
    }

    fn try_lock(&self, kind: LockKind) -> io::Result<bool> {
        self.1.try_lock(kind)
    }

    fn unlock(&self) -> io::Result<()> {
        self.1.unlock()
    }
}
