//! A simulated disk at which every call waits for its process's turn.

use std::{io, path::Path, sync::Arc};

use journal::{
    Disk, SimDisk,
    disk::{Access, DiskFile, LockKind},
};

use super::turns::Turns;

#[derive(Clone)]
pub(super) struct TurnDisk {
    disk: SimDisk,
    who: Who,
}

/// Whose call it is.
#[derive(Clone)]
struct Who {
    turns: Arc<Turns>,
    me: usize,
    /// Without it every lock is given to everybody: a machine broken on purpose.
    locks: bool,
}

impl std::fmt::Debug for TurnDisk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TurnDisk").finish_non_exhaustive()
    }
}

impl TurnDisk {
    pub(super) fn new(disk: SimDisk, turns: Arc<Turns>, me: usize, locks: bool) -> Self {
        Self {
            disk,
            who: Who { turns, me, locks },
        }
    }

    fn turn(&self) -> &SimDisk {
        self.who.turns.take(self.who.me);
        &self.disk
    }

    fn opened(&self, file: Arc<dyn DiskFile>) -> Arc<dyn DiskFile> {
        Arc::new(TurnFile {
            file,
            who: self.who.clone(),
        })
    }
}

impl Disk for TurnDisk {
    fn open(&self, path: &Path, access: Access) -> io::Result<Arc<dyn DiskFile>> {
        self.turn().open(path, access).map(|file| self.opened(file))
    }

    fn create_new(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>> {
        self.turn().create_new(path).map(|file| self.opened(file))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.turn().rename(from, to)
    }

    fn link(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.turn().link(from, to)
    }

    fn exchange(&self, one: &Path, other: &Path) -> io::Result<()> {
        self.turn().exchange(one, other)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.turn().remove(path)
    }

    fn create_dir(&self, path: &Path) -> io::Result<()> {
        self.turn().create_dir(path)
    }

    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        self.turn().sync_dir(path)
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<String>> {
        self.turn().list(dir)
    }

    fn exists(&self, path: &Path) -> io::Result<bool> {
        self.turn().exists(path)
    }
}

struct TurnFile {
    file: Arc<dyn DiskFile>,
    who: Who,
}

impl std::fmt::Debug for TurnFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TurnFile").finish_non_exhaustive()
    }
}

impl TurnFile {
    fn turn(&self) -> &dyn DiskFile {
        self.who.turns.take(self.who.me);
        &*self.file
    }
}

impl DiskFile for TurnFile {
    fn len(&self) -> io::Result<u64> {
        self.turn().len()
    }

    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        self.turn().read_at(buf, offset)
    }

    fn append(&self, bytes: &[u8]) -> io::Result<usize> {
        self.turn().append(bytes)
    }

    fn replace(&self, bytes: &[u8]) -> io::Result<()> {
        self.turn().replace(bytes)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.turn().sync_data()
    }

    fn truncate(&self, len: u64) -> io::Result<()> {
        self.turn().truncate(len)
    }

    fn is_at(&self, path: &Path) -> io::Result<bool> {
        self.turn().is_at(path)
    }

    fn try_lock(&self, kind: LockKind) -> io::Result<bool> {
        let locked = self.turn().try_lock(kind)?;
        if !locked && self.who.locks {
            self.who.turns.stuck(self.who.me);
        }
        Ok(locked || !self.who.locks)
    }

    fn unlock(&self) -> io::Result<()> {
        let unlocked = self.turn().unlock();
        self.who.turns.freed();
        unlocked
    }
}
