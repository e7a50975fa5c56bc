//! What the file system can do, by trying it on two files of our own in the program's directory.

use std::{
    io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    sync::Arc,
};

use journal::disk::{Access, Disk, DiskFile, LockKind};

use crate::{clock, vault::Vault};

/// How the probe's files begin, and how old one must be to be a leftover of somebody who was killed.
const NAME: &str = ".doctor-";
const LEFTOVER_MICROS: i64 = 60_000_000;

/// What is tried, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// Making a file and writing to it.
    Write,
    /// Making it durable.
    Sync,
    /// Giving it another name.
    Rename,
    /// Locking it so that nobody else can.
    Lock,
    /// Swapping two files in one step.
    Exchange,
}

/// What came of it.
#[derive(Debug)]
pub struct Probed {
    /// Where it was tried.
    pub dir: PathBuf,
    /// What was tried. After a file that could not be written, nothing is.
    pub tried: Vec<(Act, io::Result<()>)>,
    /// How many microseconds the file system's time is ahead of this machine's.
    pub ahead_micros: Option<i64>,
    /// A probe file that could not be removed.
    pub left: Option<PathBuf>,
}

impl Probed {
    /// Why an act failed, if it was tried and did.
    #[must_use]
    pub fn fault(&self, act: Act) -> Option<&io::Error> {
        let tried = self.tried.iter().find(|(tried, _)| *tried == act);
        tried.and_then(|(_, outcome)| outcome.as_ref().err())
    }

    /// Whether an act was tried.
    #[must_use]
    pub fn has_tried(&self, act: Act) -> bool {
        self.tried.iter().any(|(tried, _)| *tried == act)
    }
}

/// Tries everything. Two files are made and removed; a vault that was never used gets no directory by it.
#[must_use]
pub fn probe(vault: &Vault) -> Probed {
    let own = vault.own_dir();
    let is_dir = std::fs::symlink_metadata(&own).is_ok_and(|meta| meta.is_dir());
    let dir = if is_dir {
        own
    } else {
        vault.root().to_path_buf()
    };
    let disk = &**vault.disk();
    sweep(disk, &dir);
    let path = |which: &str| dir.join(format!("{NAME}{}-{which}", std::process::id()));
    let mut probed = Probed {
        dir: dir.clone(),
        tried: Vec::new(),
        ahead_micros: None,
        left: None,
    };
    probed.try_all(disk, &[path("a"), path("b"), path("c")]);
    probed.left = [path("a"), path("b"), path("c")]
        .into_iter()
        .find(|path| !is_removed(disk, path));
    probed
}

impl Probed {
    fn try_all(&mut self, disk: &dyn Disk, [one, other, third]: &[PathBuf; 3]) {
        let written = made(disk, one);
        let Ok(file) = self.note(Act::Write, written) else {
            return;
        };
        self.ahead_micros = ahead(one);
        let synced = file.sync_data().and_then(|()| disk.sync_dir(&self.dir));
        let _ = self.note(Act::Sync, synced);
        if self.note(Act::Rename, disk.rename(one, other)).is_err() {
            return;
        }
        let _ = self.note(Act::Lock, excludes(disk, &*file, other));
        let swapped = made(disk, third).and_then(|_| disk.exchange(other, third));
        let _ = self.note(Act::Exchange, swapped);
    }

    fn note<T>(&mut self, act: Act, outcome: io::Result<T>) -> Result<T, ()> {
        let (value, outcome) = match outcome {
            Ok(value) => (Ok(value), Ok(())),
            Err(error) => (Err(()), Err(error)),
        };
        self.tried.push((act, outcome));
        value
    }
}

fn made(disk: &dyn Disk, path: &Path) -> io::Result<Arc<dyn DiskFile>> {
    let file = disk.create_new(path)?;
    match file.append(b"modulatio doctor tries this file system\n")? {
        0 => Err(io::ErrorKind::WriteZero.into()),
        _ => Ok(file),
    }
}

/// Whether a lock that one handle holds keeps another handle from it, and is free again afterwards.
fn excludes(disk: &dyn Disk, file: &dyn DiskFile, path: &Path) -> io::Result<()> {
    let other = disk.open(path, Access::Lock)?;
    let held = file.try_lock(LockKind::Exclusive)?;
    let both = other.try_lock(LockKind::Exclusive)?;
    if both {
        other.unlock()?;
    }
    file.unlock()?;
    let freed = other.try_lock(LockKind::Exclusive)?;
    match (held, both, freed) {
        (true, false, true) => other.unlock(),
        (true, true, _) => Err(io::Error::other("two hold an exclusive lock at once")),
        (false, ..) => Err(io::Error::other(
            "a new file's lock is held by nobody knows whom",
        )),
        (true, false, false) => Err(io::Error::other("a lock that was given up is still held")),
    }
}

/// The time that the file system gave a file which was written just now, less our own.
fn ahead(path: &Path) -> Option<i64> {
    let meta = std::fs::metadata(path).ok()?;
    let given = meta.mtime().checked_mul(1_000_000)? + meta.mtime_nsec() / 1_000;
    Some(given - clock::now().micros())
}

fn is_removed(disk: &dyn Disk, path: &Path) -> bool {
    match disk.remove(path) {
        Ok(()) => true,
        Err(error) => error.kind() == io::ErrorKind::NotFound || !path.exists(),
    }
}

/// Removes what a killed doctor left.
fn sweep(disk: &dyn Disk, dir: &Path) {
    let names = disk.list(dir).unwrap_or_default();
    for name in names.iter().filter(|name| name.starts_with(NAME)) {
        let path = dir.join(name);
        let old = ahead(&path).is_some_and(|ahead| ahead < -LEFTOVER_MICROS);
        // One that cannot be removed harms nobody.
        let _ = old.then(|| disk.remove(&path));
    }
}

#[cfg(test)]
mod tests;
