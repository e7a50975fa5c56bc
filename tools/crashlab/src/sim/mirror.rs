//! A disk that does everything twice: in a real directory, where the product reads and finds what it wrote, and on the
//! simulated disk, which knows what of it a power cut would leave.

use std::{
    fmt, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use journal::{
    RealDisk,
    disk::{Access, Disk, DiskFile, LockKind},
    sim::SimDisk,
};

/// Called after every step.
pub(super) type OnStep = Arc<dyn Fn(&SimDisk) + Send + Sync>;

/// The mirrored disk. Clones share it.
#[derive(Clone)]
pub(super) struct Mirror {
    sim: SimDisk,
    on_step: OnStep,
}

impl fmt::Debug for Mirror {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mirror").finish_non_exhaustive()
    }
}

impl Mirror {
    /// `sim` holds what lies in the real directory.
    pub(super) fn new(sim: SimDisk, on_step: OnStep) -> Self {
        Self { sim, on_step }
    }

    /// The simulated act, the real one, and then whoever looks.
    fn both<T>(
        &self,
        sim: impl FnOnce(&SimDisk) -> io::Result<()>,
        real: impl FnOnce() -> io::Result<T>,
    ) -> io::Result<T> {
        sim(&self.sim)?;
        let done = real()?;
        (self.on_step)(&self.sim);
        Ok(done)
    }

    fn file(&self, sim: Arc<dyn DiskFile>, real: Arc<dyn DiskFile>) -> Arc<dyn DiskFile> {
        Arc::new(MirrorFile {
            disk: self.clone(),
            sim,
            real,
        })
    }
}

impl Disk for Mirror {
    fn open(&self, path: &Path, access: Access) -> io::Result<Arc<dyn DiskFile>> {
        if access == Access::Read {
            return RealDisk.open(path, access);
        }
        let is_new = !RealDisk.exists(path)?;
        let (sim, real) = (self.sim.open(path, access)?, RealDisk.open(path, access)?);
        if is_new {
            (self.on_step)(&self.sim);
        }
        Ok(self.file(sim, real))
    }

    fn create_new(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>> {
        let (sim, real) = (self.sim.create_new(path)?, RealDisk.create_new(path)?);
        (self.on_step)(&self.sim);
        Ok(self.file(sim, real))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.both(|sim| sim.rename(from, to), || RealDisk.rename(from, to))
    }

    fn link(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.both(|sim| sim.link(from, to), || RealDisk.link(from, to))
    }

    fn exchange(&self, one: &Path, other: &Path) -> io::Result<()> {
        self.both(
            |sim| sim.exchange(one, other),
            || RealDisk.exchange(one, other),
        )
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.both(|sim| sim.remove(path), || RealDisk.remove(path))
    }

    fn create_dir(&self, path: &Path) -> io::Result<()> {
        if RealDisk.exists(path)? {
            return self.sim.create_dir(path);
        }
        self.both(|sim| sim.create_dir(path), || RealDisk.create_dir(path))
    }

    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        // Only the simulated disk forgets.
        self.both(|sim| sim.sync_dir(path), || Ok(()))
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<String>> {
        RealDisk.list(dir)
    }

    fn exists(&self, path: &Path) -> io::Result<bool> {
        RealDisk.exists(path)
    }
}

struct MirrorFile {
    disk: Mirror,
    sim: Arc<dyn DiskFile>,
    real: Arc<dyn DiskFile>,
}

impl fmt::Debug for MirrorFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.real.fmt(f)
    }
}

impl DiskFile for MirrorFile {
    fn len(&self) -> io::Result<u64> {
        self.real.len()
    }

    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        self.real.read_at(buf, offset)
    }

    fn append(&self, bytes: &[u8]) -> io::Result<usize> {
        let taken = self.sim.append(bytes)?;
        let mut rest = &bytes[..taken];
        while !rest.is_empty() {
            rest = &rest[self.real.append(rest)?..];
        }
        (self.disk.on_step)(&self.disk.sim);
        Ok(taken)
    }

    fn replace(&self, bytes: &[u8]) -> io::Result<()> {
        self.disk
            .both(|_| self.sim.replace(bytes), || self.real.replace(bytes))
    }

    fn sync_data(&self) -> io::Result<()> {
        self.disk.both(|_| self.sim.sync_data(), || Ok(()))
    }

    fn truncate(&self, len: u64) -> io::Result<()> {
        self.disk
            .both(|_| self.sim.truncate(len), || self.real.truncate(len))
    }

    fn is_at(&self, path: &Path) -> io::Result<bool> {
        self.real.is_at(path)
    }

    fn try_lock(&self, kind: LockKind) -> io::Result<bool> {
        self.real.try_lock(kind)
    }

    fn unlock(&self) -> io::Result<()> {
        self.real.unlock()
    }
}

/// Every file and directory below a part of `root`.
pub(super) fn below(root: &Path, part: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    walk(&root.join(part), &mut found);
    found
}

/// Every file and directory below `dir`, what stands above a path before it.
pub(super) fn walk(dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(dir).into_iter().flatten().flatten() {
        let path = entry.path();
        let is_dir = entry.file_type().is_ok_and(|kind| kind.is_dir());
        found.push(path.clone());
        if is_dir {
            walk(&path, found);
        }
    }
}
