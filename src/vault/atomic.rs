//! Writing a projection: temporary file in the same directory, then its name. A reader sees the old file or the new one,
//! never a torn one, also after a power cut: half of a plan's file would be taken for an edit of its operator's, and half
//! of a note for all of it. So the bytes are synced before they get their name, and the name right after: the plan's own
//! file, which comes last, vouches for all others, and nobody looks at those of a plan again that has ended.

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use journal::{Disk, disk::DiskFile};

use super::{displaced::Displaced, set_mode};
use crate::error::{Error, Result};

/// Puts `text` at `path`; gives back what stood there.
pub(super) fn replace(
    disk: &dyn Disk,
    root: &Path,
    path: &Path,
    text: &str,
) -> Result<Option<Displaced>> {
    let temporary = temporary(path);
    write_synced(disk, &temporary, text)?;
    set_mode(root, &temporary, 0o666);
    let displaced = put(disk, &temporary, path)?;
    Ok(displaced.map(|at| Displaced::new(at, path)))
}

/// Puts `text` at `path`, for its owner's eyes only; what stood there is of no interest.
pub(super) fn replace_private(disk: &dyn Disk, path: &Path, text: &str) -> Result<()> {
    let temporary = temporary(path);
    write_synced(disk, &temporary, text)?;
    disk.rename(&temporary, path)
        .map_err(Error::io("rename over", path))?;
    sync_name(disk, path)
}

/// Swaps `text` in and gives back what stood there: of all who do so at once, one gets each text. `None` where
/// there is nothing to swap with or the file system cannot; then nothing has changed.
pub(super) fn swap(
    disk: &dyn Disk,
    root: &Path,
    path: &Path,
    text: &str,
) -> Result<Option<Displaced>> {
    let temporary = temporary(path);
    write_synced(disk, &temporary, text)?;
    set_mode(root, &temporary, 0o666);
    if disk.exchange(&temporary, path).is_ok() {
        return Ok(Some(Displaced::new(temporary, path)));
    }
    disk.remove(&temporary)
        .map_err(Error::io("remove", &temporary))?;
    Ok(None)
}

/// Puts `text` where nothing stands; says whether it was this call that did.
pub(super) fn put_new(disk: &dyn Disk, root: &Path, path: &Path, text: &str) -> Result<bool> {
    let temporary = temporary(path);
    write_synced(disk, &temporary, text)?;
    set_mode(root, &temporary, 0o666);
    let linked = match disk.link(&temporary, path) {
        Ok(()) => true,
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => false,
        // A file system without second names.
        Err(_) if path.symlink_metadata().is_ok() => false,
        Err(_) => {
            disk.rename(&temporary, path)
                .map_err(Error::io("rename over", path))?;
            return sync_name(disk, path).map(|()| true);
        }
    };
    disk.remove(&temporary)
        .map_err(Error::io("remove", &temporary))?;
    if linked {
        sync_name(disk, path)?;
    }
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

/// Writes a new file whose bytes stay.
fn write_synced(disk: &dyn Disk, path: &Path, text: &str) -> Result<()> {
    let synced = written(disk, path, text)?.sync_data();
    if synced.is_err() {
        let _ = disk.remove(path);
    }
    synced.map_err(Error::io("sync", path))
}

/// The name of what stands at `path` stays.
pub(super) fn sync_name(disk: &dyn Disk, path: &Path) -> Result<()> {
    let dir = path.parent().unwrap_or(path);
    disk.sync_dir(dir).map_err(Error::io("sync", dir))
}

fn written(disk: &dyn Disk, path: &Path, text: &str) -> Result<Arc<dyn DiskFile>> {
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
    Ok(file)
}

/// Swaps the new file in, if the system can swap; returns where what it displaced lies now.
fn put(disk: &dyn Disk, temporary: &Path, path: &Path) -> Result<Option<PathBuf>> {
    let failed = |error| Error::io("rename over", path)(error);
    loop {
        match disk.exchange(temporary, path) {
            Ok(()) => {
                sync_name(disk, path)?;
                return Ok(Some(temporary.to_path_buf()));
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(_) => return put_over(disk, temporary, path),
        }
        // Nothing stands there. Should an editor put a file there in this instant, it is not to be written over.
        match disk.link(temporary, path) {
            Ok(()) => {
                disk.remove(temporary).map_err(failed)?;
                return sync_name(disk, path).map(|()| None);
            }
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
            Err(_) => {
                disk.rename(temporary, path).map_err(failed)?;
                return sync_name(disk, path).map(|()| None);
            }
        }
    }
}

/// Renames over what stands there, where the file system cannot swap. A second name keeps that, if there can be one.
fn put_over(disk: &dyn Disk, temporary: &Path, path: &Path) -> Result<Option<PathBuf>> {
    let aside = self::temporary(path);
    let linked = disk.link(path, &aside).is_ok();
    if let Err(error) = disk.rename(temporary, path) {
        for leftover in linked.then_some(&*aside).into_iter().chain([temporary]) {
            let _ = disk.remove(leftover);
        }
        return Err(Error::io("rename over", path)(error));
    }
    sync_name(disk, path)?;
    Ok(linked.then_some(aside))
}

#[cfg(test)]
mod tests;
