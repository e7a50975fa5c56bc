//! Writing a projection: temporary file in the same directory, then its name. A reader sees the old file or
//! the new one, never a torn one. Nothing is synced: the journal is the truth.

use std::{
    path::{Path, PathBuf},
    sync::atomic::{AtomicU32, Ordering},
};

use journal::Disk;

use super::set_mode;
use crate::error::{Error, Result};

/// Puts `text` at `path`. If what stood there is not what `expected` accepts, it is given back: somebody
/// changed the file in the last instant, and what they wrote must not be lost.
pub(super) fn replace(
    disk: &dyn Disk,
    root: &Path,
    path: &Path,
    text: &str,
    expected: impl Fn(&[u8]) -> bool,
) -> Result<Option<Vec<u8>>> {
    let temporary = temporary(path);
    write_temporary(disk, &temporary, text)?;
    set_mode(root, &temporary, 0o666);
    let displaced = put(disk, &temporary, path)?;
    match displaced {
        Some(before) if !expected(&before) => Ok(Some(before)),
        Some(_) | None => Ok(None),
    }
}

/// Puts `text` at `path`, for its owner's eyes only; what stood there is of no interest.
pub(super) fn replace_private(disk: &dyn Disk, path: &Path, text: &str) -> Result<()> {
    let temporary = temporary(path);
    write_temporary(disk, &temporary, text)?;
    disk.rename(&temporary, path)
        .map_err(Error::io("rename over", path))
}

/// Swaps `text` in and gives back what stood there: of all who do so at once, one gets each text. `None` where
/// there is nothing to swap with or the file system cannot; then nothing has changed.
pub(super) fn swap(
    disk: &dyn Disk,
    root: &Path,
    path: &Path,
    text: &str,
) -> Result<Option<Vec<u8>>> {
    let temporary = temporary(path);
    write_temporary(disk, &temporary, text)?;
    set_mode(root, &temporary, 0o666);
    let swapped = disk.exchange(&temporary, path).is_ok();
    let before = disk
        .read(&temporary)
        .map_err(Error::io("read", &temporary))?;
    disk.remove(&temporary)
        .map_err(Error::io("remove", &temporary))?;
    Ok(swapped.then_some(before))
}

/// Puts `text` where nothing stands; says whether it was this call that did.
pub(super) fn put_new(disk: &dyn Disk, root: &Path, path: &Path, text: &str) -> Result<bool> {
    let temporary = temporary(path);
    write_temporary(disk, &temporary, text)?;
    set_mode(root, &temporary, 0o666);
    let linked = match disk.link(&temporary, path) {
        Ok(()) => true,
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => false,
        // A file system without second names.
        Err(_) => {
            return disk
                .rename(&temporary, path)
                .map(|()| true)
                .map_err(Error::io("rename over", path));
        }
    };
    disk.remove(&temporary)
        .map_err(Error::io("remove", &temporary))?;
    Ok(linked)
}

/// Hidden, and unlike any plan's name, so that neither the watcher nor a scan takes it for one. The process's
/// number and a count keep writers apart.
pub(super) fn temporary(path: &Path) -> PathBuf {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let name = path
        .file_name()
        .and_then(|name| name.to_str())
        .unwrap_or("file");
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    path.with_file_name(format!(".{name}.tmp-{}-{count}", std::process::id()))
}

fn write_temporary(disk: &dyn Disk, path: &Path, text: &str) -> Result<()> {
    let failed = |error| Error::io("write", path)(error);
    if disk.exists(path).map_err(failed)? {
        disk.remove(path).map_err(failed)?;
    }
    let file = disk.create_new(path).map_err(failed)?;
    let mut rest = text.as_bytes();
    while !rest.is_empty() {
        match file.append(rest) {
            Ok(written) if written > 0 => rest = &rest[written..],
            outcome => {
                let _ = disk.remove(path);
                let error = outcome
                    .err()
                    .unwrap_or_else(|| std::io::ErrorKind::WriteZero.into());
                return Err(failed(error));
            }
        }
    }
    Ok(())
}

/// Swaps the new file in and returns what it displaced, if the system can swap; else renames over.
fn put(disk: &dyn Disk, temporary: &Path, path: &Path) -> Result<Option<Vec<u8>>> {
    match disk.exchange(temporary, path) {
        Ok(()) => {
            let before = disk.read(temporary).map_err(Error::io("read", temporary))?;
            disk.remove(temporary)
                .map_err(Error::io("remove", temporary))?;
            Ok(Some(before))
        }
        // Nothing stands there yet, or this file system cannot swap.
        Err(_) => disk
            .rename(temporary, path)
            .map(|()| None)
            .map_err(Error::io("rename over", path)),
    }
}
