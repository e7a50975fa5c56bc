//! The storage port: every act that changes a disk is one call here, so that a simulated disk
//! ([`crate::sim::SimDisk`]) can stop, fail or forget at each of them.
//!
//! The port is wider than the journal needs: blobs and the vault's projections are written through it as well.

use std::fmt;
use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt};
use std::path::Path;
use std::sync::Arc;

use crate::lock;

/// What a file is opened for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Reading; the file must exist.
    Read,
    /// Reading and appending; the file must exist.
    Append,
    /// Locking and [`DiskFile::replace`]; made (mode 0600) when missing.
    Lock,
}

/// Shared with other shared holders, or alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LockKind {
    /// Excludes exclusive holders.
    Shared,
    /// Excludes everybody.
    Exclusive,
}

/// A place that keeps files.
pub trait Disk: Send + Sync + fmt::Debug {
    /// Opens a file.
    ///
    /// # Errors
    /// The system's; `NotFound` unless `access` makes the file.
    fn open(&self, path: &Path, access: Access) -> io::Result<Arc<dyn DiskFile>>;

    /// Makes a file (mode 0600) for reading and appending.
    ///
    /// # Errors
    /// The system's; `AlreadyExists` when there is one.
    fn create_new(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>>;

    /// Gives a file another name, replacing what had that name.
    ///
    /// # Errors
    /// The system's.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Gives a file a second name.
    ///
    /// # Errors
    /// The system's; `AlreadyExists` when the name is taken.
    fn link(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Swaps two names in one step.
    ///
    /// # Errors
    /// The system's; `Unsupported` where there is no such act.
    fn exchange(&self, one: &Path, other: &Path) -> io::Result<()>;

    /// Removes a name.
    ///
    /// # Errors
    /// The system's.
    fn remove(&self, path: &Path) -> io::Result<()>;

    /// Makes a directory; its parent must exist. One that is there already is fine.
    ///
    /// # Errors
    /// The system's.
    fn create_dir(&self, path: &Path) -> io::Result<()>;

    /// Makes the names in a directory durable.
    ///
    /// # Errors
    /// The system's.
    fn sync_dir(&self, path: &Path) -> io::Result<()>;

    /// The names in a directory, in no order; such that are not UTF-8 are left out.
    ///
    /// # Errors
    /// The system's.
    fn list(&self, dir: &Path) -> io::Result<Vec<String>>;

    /// Whether there is something of that name.
    ///
    /// # Errors
    /// The system's.
    fn exists(&self, path: &Path) -> io::Result<bool>;

    /// All of a file.
    ///
    /// # Errors
    /// The system's.
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        let file = self.open(path, Access::Read)?;
        let mut bytes = vec![0; usize::try_from(file.len()?).unwrap_or(0)];
        let read = read_full(&*file, &mut bytes, 0)?;
        bytes.truncate(read);
        Ok(bytes)
    }
}

/// An open file.
pub trait DiskFile: Send + Sync + fmt::Debug {
    /// Its length in bytes.
    ///
    /// # Errors
    /// The system's.
    fn len(&self) -> io::Result<u64>;

    /// Whether it holds nothing.
    ///
    /// # Errors
    /// The system's.
    fn is_empty(&self) -> io::Result<bool> {
        Ok(self.len()? == 0)
    }

    /// Reads up to `buf.len()` bytes from `offset` on; 0 at the end.
    ///
    /// # Errors
    /// The system's.
    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize>;

    /// Writes behind the last byte, with one system call: perhaps fewer bytes than given.
    ///
    /// # Errors
    /// The system's; `StorageFull` on a full disk.
    fn append(&self, bytes: &[u8]) -> io::Result<usize>;

    /// Overwrites the file's content from its start, then cuts it to that length. Not atomic, not durable: for
    /// the notes in lock files.
    ///
    /// # Errors
    /// The system's.
    fn replace(&self, bytes: &[u8]) -> io::Result<()>;

    /// Makes content and length durable.
    ///
    /// # Errors
    /// The system's. What a failed sync leaves on disk is unknown, and syncing again does not tell.
    fn sync_data(&self) -> io::Result<()>;

    /// Cuts the file to `len` bytes.
    ///
    /// # Errors
    /// The system's.
    fn truncate(&self, len: u64) -> io::Result<()>;

    /// Whether `path` still names this very file.
    ///
    /// # Errors
    /// The system's.
    fn is_at(&self, path: &Path) -> io::Result<bool>;

    /// Locks the file if it is free; never waits. Each open file is a holder of its own.
    ///
    /// # Errors
    /// The system's.
    fn try_lock(&self, kind: LockKind) -> io::Result<bool>;

    /// Frees the lock.
    ///
    /// # Errors
    /// The system's.
    fn unlock(&self) -> io::Result<()>;
}

/// Reads until `buf` is full or the file ends.
pub(crate) fn read_full(file: &dyn DiskFile, buf: &mut [u8], offset: u64) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buf.len() {
        match file.read_at(&mut buf[filled..], offset + filled as u64)? {
            0 => break,
            read => filled += read,
        }
    }
    Ok(filled)
}

/// Appends all of `bytes`: one call, unless the system takes fewer bytes than given. Then the rest is tried
/// once more, because only a second call tells why (a full disk first writes what fits).
pub(crate) fn append_all(file: &dyn DiskFile, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        match file.append(bytes)? {
            0 => return Err(io::ErrorKind::WriteZero.into()),
            written => bytes = &bytes[written..],
        }
    }
    Ok(())
}

/// Writes a new file whole and makes its content durable; its name is not durable yet. What cannot be finished
/// is removed as far as possible.
pub(crate) fn write_new(disk: &dyn Disk, path: &Path, bytes: &[u8]) -> io::Result<()> {
    if disk.exists(path)? {
        disk.remove(path)?;
    }
    let file = disk.create_new(path)?;
    let written = append_all(&*file, bytes).and_then(|()| file.sync_data());
    if written.is_err() {
        let _ = disk.remove(path);
    }
    written
}

/// The operating system's file system.
#[derive(Clone, Copy, Debug, Default)]
pub struct RealDisk;

#[derive(Debug)]
struct RealFile(File);

fn opened(options: &OpenOptions, path: &Path) -> io::Result<Arc<dyn DiskFile>> {
    Ok(Arc::new(RealFile(options.open(path)?)))
}

impl Disk for RealDisk {
    fn open(&self, path: &Path, access: Access) -> io::Result<Arc<dyn DiskFile>> {
        let mut options = OpenOptions::new();
        match access {
            Access::Read => options.read(true),
            Access::Append => options.read(true).append(true),
            Access::Lock => options
                .read(true)
                .write(true)
                .create(true)
                .truncate(false)
                .mode(0o600),
        };
        opened(&options, path)
    }

    fn create_new(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>> {
        opened(
            OpenOptions::new()
                .read(true)
                .append(true)
                .create_new(true)
                .mode(0o600),
            path,
        )
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        std::fs::rename(from, to)
    }

    fn link(&self, from: &Path, to: &Path) -> io::Result<()> {
        std::fs::hard_link(from, to)
    }

    #[cfg(any(
        target_os = "linux",
        target_os = "android",
        target_os = "macos",
        target_os = "ios"
    ))]
    fn exchange(&self, one: &Path, other: &Path) -> io::Result<()> {
        use rustix::fs::{CWD, RenameFlags, renameat_with};
        Ok(renameat_with(CWD, one, CWD, other, RenameFlags::EXCHANGE)?)
    }

    #[cfg(not(any(
        target_os = "linux",
        target_os = "android",
        target_os = "macos",
        target_os = "ios"
    )))]
    fn exchange(&self, _: &Path, _: &Path) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        std::fs::remove_file(path)
    }

    fn create_dir(&self, path: &Path) -> io::Result<()> {
        match std::fs::create_dir(path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => Ok(()),
            made => made,
        }
    }

    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        File::open(path)?.sync_all()
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in std::fs::read_dir(dir)? {
            names.extend(entry?.file_name().into_string());
        }
        Ok(names)
    }

    fn exists(&self, path: &Path) -> io::Result<bool> {
        path.try_exists()
    }
}

impl DiskFile for RealFile {
    fn len(&self) -> io::Result<u64> {
        Ok(self.0.metadata()?.len())
    }

    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        retried(|| self.0.read_at(buf, offset))
    }

    fn append(&self, bytes: &[u8]) -> io::Result<usize> {
        retried(|| io::Write::write(&mut &self.0, bytes))
    }

    fn replace(&self, bytes: &[u8]) -> io::Result<()> {
        self.0.write_all_at(bytes, 0)?;
        self.0.set_len(bytes.len() as u64)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.0.sync_data()
    }

    fn truncate(&self, len: u64) -> io::Result<()> {
        self.0.set_len(len)
    }

    fn is_at(&self, path: &Path) -> io::Result<bool> {
        let here = self.0.metadata()?;
        match std::fs::metadata(path) {
            Ok(there) => Ok((here.dev(), here.ino()) == (there.dev(), there.ino())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }

    fn try_lock(&self, kind: LockKind) -> io::Result<bool> {
        lock::try_flock(&self.0, kind)
    }

    fn unlock(&self) -> io::Result<()> {
        lock::unflock(&self.0)
    }
}

/// A signal may interrupt a call before it did anything.
fn retried(mut call: impl FnMut() -> io::Result<usize>) -> io::Result<usize> {
    loop {
        match call() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            done => return done,
        }
    }
}
