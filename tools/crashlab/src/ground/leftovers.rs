//! What dead processes may have left in a vault: temporary files and locks that are held.

use std::{
    fs,
    path::{Path, PathBuf},
};

use rustix::fs::{FlockOperation, flock};

/// Every file below `root` whose name is a temporary one's: of renderings, of what tools write, of heartbeats, of
/// blobs, and of journals that are being made.
pub(crate) fn temporary(root: &Path) -> Vec<PathBuf> {
    let is_temporary = |name: &str| {
        name.contains(".tmp-")
            || name.ends_with(".tmp")
            || name.starts_with(".draft-")
            || name.ends_with(".journal.new")
    };
    all(root, &is_temporary)
}

/// Every lock and lease file below `root` that somebody holds.
pub(crate) fn held(root: &Path) -> Vec<PathBuf> {
    let is_lock = |name: &str| name.ends_with(".lock") || name.ends_with(".lease");
    let mut found = all(root, &is_lock);
    found.retain(|path| is_held(path));
    found
}

pub(crate) fn is_held(path: &Path) -> bool {
    let Ok(file) = fs::File::open(path) else {
        return false;
    };
    flock(&file, FlockOperation::NonBlockingLockExclusive).is_err()
}

/// Takes the lock on a file, which is made if it is missing, for as long as what is returned lives.
pub(crate) fn hold(path: &Path) -> Result<fs::File, String> {
    let failed = |e: std::io::Error| format!("{}: {e}", path.display());
    let file = fs::File::create(path).map_err(failed)?;
    flock(&file, FlockOperation::NonBlockingLockExclusive).map_err(|e| failed(e.into()))?;
    Ok(file)
}

fn all(dir: &Path, wanted: &dyn Fn(&str) -> bool) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        let path = entry.path();
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            found.extend(all(&path, wanted));
        } else if wanted(&entry.file_name().to_string_lossy()) {
            found.push(path);
        }
    }
    found
}
