//! A disk that is ill: from one of its changes on it refuses, once or for a while.

use std::{
    io,
    path::Path,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use journal::{
    Disk, RealDisk,
    disk::{Access, DiskFile, LockKind},
};

/// How it is ill.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// One change fails with EIO.
    Error,
    /// One change finds the disk full.
    Full,
    /// One write takes half of its bytes, and the rest finds the disk full.
    Short,
    /// A dozen changes in a row fail with EIO.
    Outage,
}

impl Way {
    pub(crate) const ALL: [Self; 4] = [Self::Error, Self::Full, Self::Short, Self::Outage];
}

#[derive(Debug)]
pub(crate) struct Ailing(Arc<Illness>);

#[derive(Debug)]
struct Illness {
    from: usize,
    way: Way,
    count: AtomicUsize,
    steps: Mutex<Vec<String>>,
}

/// What becomes of a change.
enum Fate {
    Done,
    Half,
}

impl Ailing {
    /// Ill from its n-th change on, counted from 0.
    pub(crate) fn from(n: usize, way: Way) -> Self {
        Self(Arc::new(Illness {
            from: n,
            way,
            count: AtomicUsize::new(0),
            steps: Mutex::default(),
        }))
    }

    pub(crate) fn never() -> Self {
        Self::from(usize::MAX, Way::Error)
    }

    /// Its changes so far.
    pub(crate) fn steps(&self) -> Vec<String> {
        self.0
            .steps
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn opened(&self, path: &Path, file: Arc<dyn DiskFile>) -> Arc<dyn DiskFile> {
        let (illness, path) = (self.0.clone(), path.display().to_string());
        Arc::new(AilingFile {
            illness,
            path,
            file,
        })
    }
}

impl Illness {
    fn change(&self, act: &str, path: &str) -> io::Result<Fate> {
        let n = self.count.fetch_add(1, Ordering::SeqCst);
        let mut steps = self.steps.lock().unwrap_or_else(PoisonError::into_inner);
        steps.push(format!("{act} {path}"));
        drop(steps);
        let error = || io::Error::from_raw_os_error(rustix::io::Errno::IO.raw_os_error());
        let full = || io::Error::from_raw_os_error(rustix::io::Errno::NOSPC.raw_os_error());
        match (self.way, n.checked_sub(self.from)) {
            (_, None) => Ok(Fate::Done),
            (Way::Error, Some(0)) | (Way::Outage, Some(0..12)) => Err(error()),
            (Way::Full, Some(0)) | (Way::Short, Some(1)) => Err(full()),
            (Way::Short, Some(0)) if act == "append to" => Ok(Fate::Half),
            (Way::Short, Some(0)) => Err(full()),
            (Way::Error | Way::Full | Way::Short | Way::Outage, Some(_)) => Ok(Fate::Done),
        }
    }
}

impl Ailing {
    fn change(&self, act: &str, path: &Path) -> io::Result<()> {
        self.0.change(act, &path.display().to_string()).map(drop)
    }
}

impl Disk for Ailing {
    fn open(&self, path: &Path, access: Access) -> io::Result<Arc<dyn DiskFile>> {
        if access == Access::Lock && !path.exists() {
            self.change("create", path)?;
        }
        let file = RealDisk.open(path, access)?;
        Ok(self.opened(path, file))
    }

    fn create_new(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>> {
        self.change("create", path)?;
        let file = RealDisk.create_new(path)?;
        Ok(self.opened(path, file))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.change("rename", to)?;
        RealDisk.rename(from, to)
    }

    fn link(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.change("link", to)?;
        RealDisk.link(from, to)
    }

    fn exchange(&self, one: &Path, other: &Path) -> io::Result<()> {
        self.change("exchange", one)?;
        RealDisk.exchange(one, other)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.change("remove", path)?;
        RealDisk.remove(path)
    }

    fn create_dir(&self, path: &Path) -> io::Result<()> {
        if !path.exists() {
            self.change("make", path)?;
        }
        RealDisk.create_dir(path)
    }

    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        self.change("sync names in", path)?;
        RealDisk.sync_dir(path)
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<String>> {
        RealDisk.list(dir)
    }

    fn exists(&self, path: &Path) -> io::Result<bool> {
        RealDisk.exists(path)
    }
}

#[derive(Debug)]
struct AilingFile {
    illness: Arc<Illness>,
    path: String,
    file: Arc<dyn DiskFile>,
}

impl DiskFile for AilingFile {
    fn len(&self) -> io::Result<u64> {
        self.file.len()
    }

    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        self.file.read_at(buf, offset)
    }

    fn append(&self, bytes: &[u8]) -> io::Result<usize> {
        match self.illness.change("append to", &self.path)? {
            Fate::Done => self.file.append(bytes),
            Fate::Half => self.file.append(&bytes[..bytes.len() / 2]),
        }
    }

    fn replace(&self, bytes: &[u8]) -> io::Result<()> {
        self.illness.change("replace", &self.path)?;
        self.file.replace(bytes)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.illness.change("sync", &self.path)?;
        self.file.sync_data()
    }

    fn truncate(&self, len: u64) -> io::Result<()> {
        self.illness.change("truncate", &self.path)?;
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
