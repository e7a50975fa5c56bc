//! The [`FileStore`]: which files a log has, and how one comes into being.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::lease;
use super::log::FileLog;
use crate::disk::{self, Access, Disk, RealDisk};
use crate::lock::{self, ClaimLock};
use crate::{Anchor, Draft, Error, Hash, Lease, LeaseNote, Log, LogName, LogStore, Result, frame};

const SUFFIX: &str = ".journal.jsonl";

/// How the name of a log ends whose first frame is not yet whole.
const DRAFT: &str = ".journal.new";

/// Names the moment, for the files that keep torn tails.
pub type Stamp = Arc<dyn Fn() -> String + Send + Sync>;

/// Logs as files of one directory.
#[derive(Clone)]
pub struct FileStore {
    pub(super) disk: Arc<dyn Disk>,
    pub(super) dir: PathBuf,
    stamp: Stamp,
    patience: Duration,
}

impl fmt::Debug for FileStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FileStore")
            .field("dir", &self.dir)
            .field("disk", &self.disk)
            .finish_non_exhaustive()
    }
}

impl FileStore {
    /// A store over `dir`, which must exist by the time it is used.
    pub fn new(disk: Arc<dyn Disk>, dir: PathBuf, stamp: Stamp) -> FileStore {
        FileStore {
            disk,
            dir,
            stamp,
            patience: lock::PATIENCE,
        }
    }

    /// A store on the operating system's file system.
    pub fn on_disk(dir: PathBuf, stamp: Stamp) -> FileStore {
        FileStore::new(Arc::new(RealDisk), dir, stamp)
    }

    /// Waits at most this long for a claim lock (10 s unless told).
    #[must_use]
    pub fn with_patience(self, patience: Duration) -> FileStore {
        FileStore { patience, ..self }
    }

    /// Where the log called `name` is kept.
    pub fn path(&self, name: &LogName) -> PathBuf {
        self.beside(name, SUFFIX)
    }

    fn beside(&self, name: &LogName, suffix: &str) -> PathBuf {
        self.dir.join(format!("{name}{suffix}"))
    }

    pub(super) fn claim_lock(&self, name: &LogName) -> ClaimLock {
        ClaimLock::new(
            Arc::clone(&self.disk),
            self.beside(name, ".lock"),
            self.patience,
        )
    }

    /// Writes the file whole under another name, then moves it into place: a crash leaves it or leaves nothing.
    fn publish(&self, name: &LogName, line: &[u8]) -> Result<()> {
        let path = self.path(name);
        if self
            .disk
            .exists(&path)
            .map_err(|e| Error::io("look for", &path, e))?
        {
            return Err(Error::Exists { name: name.clone() });
        }
        let draft = self.beside(name, DRAFT);
        disk::write_new(&*self.disk, &draft, line).map_err(|e| Error::io("write", &draft, e))?;
        self.disk
            .rename(&draft, &path)
            .map_err(|e| Error::io("create", &path, e))?;
        self.disk
            .sync_dir(&self.dir)
            .map_err(|e| Error::io("sync", &self.dir, e))
    }

    pub(super) fn handle(
        &self,
        name: &LogName,
        access: Access,
        anchor: Option<Anchor>,
    ) -> Result<Box<dyn Log>> {
        let path = self.path(name);
        let file = self
            .disk
            .open(&path, access)
            .map_err(|error| match error.kind() {
                io::ErrorKind::NotFound => Error::Missing { name: name.clone() },
                _ => Error::io("open", &path, error),
            })?;
        let lock = (access == Access::Append).then(|| self.claim_lock(name));
        let disk = Arc::clone(&self.disk);
        Ok(Box::new(FileLog::new(
            disk,
            name,
            path,
            file,
            lock,
            anchor,
            Arc::clone(&self.stamp),
        )))
    }
}

/// Whether a file of this name is a log that its writer has not finished.
pub(crate) fn is_draft(name: &str) -> bool {
    name.strip_suffix(DRAFT)
        .is_some_and(|log| LogName::parse(log).is_ok())
}

impl LogStore for FileStore {
    fn create(&self, name: &LogName, first: &Draft) -> Result<Anchor> {
        let line = frame::encode(&Hash::root(name), 0, first)?;
        let b3 = frame::recorded_hash(&line).expect("an encoded line has a frame's prefix");
        let mut lock = self.claim_lock(name);
        let _held = lock.hold()?;
        self.publish(name, &line)?;
        Ok(Anchor { seq: 0, b3 })
    }

    fn open(&self, name: &LogName, anchor: Option<Anchor>) -> Result<Box<dyn Log>> {
        self.handle(name, Access::Append, anchor)
    }

    fn read(&self, name: &LogName, anchor: Option<Anchor>) -> Result<Box<dyn Log>> {
        self.handle(name, Access::Read, anchor)
    }

    fn lease(&self, name: &LogName) -> Result<Option<Box<dyn Lease>>> {
        lease::take(&*self.disk, self.beside(name, ".lease"))
    }

    fn leased(&self, name: &LogName) -> Result<Option<LeaseNote>> {
        lease::holder(&*self.disk, &self.beside(name, ".lease"))
    }

    fn names(&self) -> Result<Vec<LogName>> {
        let mut names: Vec<LogName> = match self.disk.list(&self.dir) {
            Ok(files) => files
                .iter()
                .filter_map(|file| log_of(Path::new(file)))
                .collect(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(Error::io("list", &self.dir, error)),
        };
        names.sort();
        Ok(names)
    }
}

/// The log whose file this is; other files may stand in the directory.
fn log_of(file: &Path) -> Option<LogName> {
    LogName::parse(file.to_str()?.strip_suffix(SUFFIX)?).ok()
}
