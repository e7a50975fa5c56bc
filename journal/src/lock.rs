//! Locks: flock, with bounded waiting. The only home of fs2.
//!
//! A claim lock is held across refresh, check and append, a few hundred microseconds. Who does not get it waits
//! in short sleeps, and gives up after a bound: its holder may be a stopped process, and one stopped process
//! must not stop a daemon for ever.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use crate::disk::{Access, Disk, DiskFile, LockKind};
use crate::{Error, Result};

/// How long a claim lock is waited for.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);
const FIRST_NAP: Duration = Duration::from_micros(50);
const LONGEST_NAP: Duration = Duration::from_millis(5);

/// One non-blocking flock.
pub(crate) fn try_flock(file: &File, kind: LockKind) -> io::Result<bool> {
    // Named through the trait: std has methods of the same names since 1.89, with other answers.
    let locked = match kind {
        LockKind::Shared => fs2::FileExt::try_lock_shared(file),
        LockKind::Exclusive => fs2::FileExt::try_lock_exclusive(file),
    };
    match locked {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == fs2::lock_contended_error().kind() => Ok(false),
        Err(error) if error.kind() == io::ErrorKind::Interrupted => Ok(false),
        Err(error) => Err(error),
    }
}

/// Frees a flock.
pub(crate) fn unflock(file: &File) -> io::Result<()> {
    fs2::FileExt::unlock(file)
}

/// The claim lock of one log. It keeps its file open between holds.
#[derive(Debug)]
pub(crate) struct ClaimLock {
    disk: Arc<dyn Disk>,
    path: PathBuf,
    patience: Duration,
    file: Option<Arc<dyn DiskFile>>,
}

/// The lock, held until dropped.
#[derive(Debug)]
pub(crate) struct Held(Arc<dyn DiskFile>);

impl Drop for Held {
    fn drop(&mut self) {
        // Closing the file frees the lock as well, should this ever fail.
        let _ = self.0.unlock();
    }
}

impl ClaimLock {
    pub(crate) fn new(disk: Arc<dyn Disk>, path: PathBuf, patience: Duration) -> ClaimLock {
        ClaimLock {
            disk,
            path,
            patience,
            file: None,
        }
    }

    /// Waits for the lock.
    ///
    /// # Errors
    /// [`Error::Busy`] when it was not free in time.
    pub(crate) fn hold(&mut self) -> Result<Held> {
        let mut waited = Duration::ZERO;
        let mut nap = FIRST_NAP;
        loop {
            if let Some(held) = self
                .attempt()
                .map_err(|e| Error::io("lock", &self.path, e))?
            {
                return Ok(held);
            }
            if waited >= self.patience {
                return Err(Error::Busy {
                    path: self.path.clone(),
                    waited,
                });
            }
            std::thread::sleep(nap);
            waited += nap;
            nap = (nap * 2).min(LONGEST_NAP);
        }
    }

    /// One try. A lock on a file that has lost its name excludes nobody: then the file is opened anew.
    fn attempt(&mut self) -> io::Result<Option<Held>> {
        let file = match &self.file {
            Some(file) => Arc::clone(file),
            None => self.disk.open(&self.path, Access::Lock)?,
        };
        self.file = Some(Arc::clone(&file));
        if !file.try_lock(LockKind::Exclusive)? {
            self.forget_replaced(&*file)?;
            return Ok(None);
        }
        let held = Held(file);
        if held.0.is_at(&self.path)? {
            return Ok(Some(held));
        }
        self.file = None;
        Ok(None)
    }

    fn forget_replaced(&mut self, file: &dyn DiskFile) -> io::Result<()> {
        if !file.is_at(&self.path)? {
            self.file = None;
        }
        Ok(())
    }
}

/// Takes the lock of a lease file if no one holds it, without waiting for a holder.
///
/// A probe ([`is_held`]) holds a shared lock for a moment. It is told from a holder by trying a shared lock:
/// who gets one knows that only probes stand in the way.
pub(crate) fn take_lease(disk: &dyn Disk, path: &Path) -> io::Result<Option<Arc<dyn DiskFile>>> {
    let mut nap = FIRST_NAP;
    for _ in 0..20 {
        let file = disk.open(path, Access::Lock)?;
        if file.try_lock(LockKind::Exclusive)? {
            if file.is_at(path)? {
                return Ok(Some(file));
            }
        } else if !file.try_lock(LockKind::Shared)? {
            return Ok(None);
        }
        file.unlock()?;
        std::thread::sleep(nap);
        nap = (nap * 2).min(LONGEST_NAP);
    }
    Ok(None)
}

/// Whether somebody holds the lease file's lock.
pub(crate) fn is_held(file: &dyn DiskFile) -> io::Result<bool> {
    let free = file.try_lock(LockKind::Shared)?;
    if free {
        file.unlock()?;
    }
    Ok(!free)
}
