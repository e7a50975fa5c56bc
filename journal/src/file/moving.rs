//! A log leaves its store: its file goes to another directory, for who puts finished things away.
//!
//! ```text
//!  lock ▸ is the tail what the caller knows? ▸ rename ▸ sync the new directory ▸ sync the old one ▸ unlock
//! ```
//!
//! One rename is the whole act, so a crash leaves the log here or there. A file system whose renames between two
//! directories are not atomic may leave both names; both are then of the same bytes, and doing it again removes the
//! old one, once the new one is durable. Handles that have the log open find that it is gone from its place before
//! they write another byte: that is looked at under the same lock.

use std::path::Path;

use super::store::FileStore;
use crate::disk::Access;
use crate::{Anchor, Error, LogName, Result};

impl FileStore {
    /// Moves log `name` to the directory `to`, which must exist durably, if its tail is still `tail`. A log that lies
    /// there already is not touched, so it may be done again after a crash.
    ///
    /// # Errors
    /// [`Error::Missing`] when it lies in neither place, [`Error::Conflict`] when the log has moved on,
    /// [`Error::Exists`] when another log of that name lies there; [`Error::Io`] and [`Error::Busy`].
    pub fn move_to(&self, name: &LogName, to: &Path, tail: Anchor) -> Result<()> {
        let from = self.path(name);
        let target = to.join(from.file_name().expect("a log's path ends with its file"));
        let mut lock = self.claim_lock(name);
        let _held = lock.hold()?;
        match (self.is_there(&from)?, self.is_there(&target)?) {
            (false, false) => return Err(Error::Missing { name: name.clone() }),
            (false, true) => {}
            (true, false) => {
                self.check_tail(name, tail)?;
                self.disk
                    .rename(&from, &target)
                    .map_err(|e| Error::io("move", &from, e))?;
            }
            (true, true) => {
                self.check_tail(name, tail)?;
                self.remove_twin(name, &from, &target)?;
            }
        }
        self.sync_names(to)?;
        self.sync_names(&self.dir)
    }

    fn is_there(&self, path: &Path) -> Result<bool> {
        self.disk
            .exists(path)
            .map_err(|e| Error::io("look for", path, e))
    }

    fn sync_names(&self, dir: &Path) -> Result<()> {
        self.disk
            .sync_dir(dir)
            .map_err(|e| Error::io("sync", dir, e))
    }

    /// Bytes behind the tail are a lost writer's: whoever opens the log for writing settles them.
    fn check_tail(&self, name: &LogName, tail: Anchor) -> Result<()> {
        let found = self.handle(name, Access::Read, None)?.seek_tail()?;
        if found.tail == Some(tail) && found.torn.is_none() {
            return Ok(());
        }
        Err(Error::Conflict {
            expected: tail.seq + 1,
            tail: found.tail,
        })
    }

    /// The old name of a log that has both goes, once the new one is durable.
    fn remove_twin(&self, name: &LogName, from: &Path, target: &Path) -> Result<()> {
        let read = |path| self.disk.read(path).map_err(|e| Error::io("read", path, e));
        if read(from)? != read(target)? {
            return Err(Error::Exists { name: name.clone() });
        }
        // The two may be one file, or two of the same bytes: those of the new one must be durable as well.
        self.disk
            .open(target, Access::Append)
            .and_then(|file| file.sync_data())
            .map_err(|e| Error::io("sync", target, e))?;
        self.sync_names(target.parent().expect("a log's file has a directory"))?;
        self.disk
            .remove(from)
            .map_err(|e| Error::io("remove", from, e))
    }
}
