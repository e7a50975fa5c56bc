//! What a rendering has put out of its place. It stays a file, under a hidden name, until it is known to be nobody's
//! text, has become events, or is kept aside: whoever dies in between has lost nothing ([`super::scan::sweep`] finds it).
//!
//! An editor may still be writing into it, having opened it before it was swapped out. So it is judged when it has been
//! left alone for a while, and what is kept aside is the very file.

use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use journal::Disk;

use super::{
    atomic,
    reconcile::{self, SETTLED},
    regular::{self, Lying},
};
use crate::{
    clock,
    error::{Error, Result},
};

/// Longest that an editor is waited for.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);

/// How often it is looked whether it is done.
pub(super) const LOOK: Duration = Duration::from_millis(20);

/// Something that was swapped out.
#[derive(Debug)]
#[must_use = "it is an operator's until it is discarded"]
pub(super) struct Displaced {
    at: PathBuf,
    place: PathBuf,
}

impl Displaced {
    /// What stood at `place` and lies `at` another name now.
    pub(super) fn new(at: PathBuf, place: &Path) -> Self {
        let place = place.to_path_buf();
        Self { at, place }
    }

    /// What it is.
    pub(super) fn lying(&self) -> Result<Lying> {
        match regular::lying(&self.at) {
            // A file that cannot be read can be kept aside all the same.
            Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => {
                Ok(Lying::NoFile("it cannot be read"))
            }
            lying => lying.map_err(Error::io("read", &self.at)),
        }
    }

    /// What it is once nobody has written into it for a while.
    pub(super) fn rested(&self) -> Result<Lying> {
        let started = Instant::now();
        while !reconcile::is_settled(&self.at, SETTLED) && started.elapsed() < PATIENCE {
            std::thread::sleep(LOOK);
        }
        self.lying()
    }

    /// Forgets it: nothing in it is an operator's, or all of that is in the journal.
    pub(super) fn discard(self, disk: &dyn Disk) -> Result<()> {
        if std::fs::symlink_metadata(&self.at).is_ok_and(|meta| meta.is_symlink()) {
            tracing::warn!(
                file = %self.place.display(),
                "it was a symlink; a file stands in its place now, and what it led to is left as it is"
            );
        }
        disk.remove(&self.at).map_err(Error::io("remove", &self.at))
    }

    /// Forgets a text that only the program writes; whatever else stood there is kept aside.
    pub(super) fn dispose(self, disk: &dyn Disk) -> Result<()> {
        match self.lying()? {
            Lying::Text(_) => self.discard(disk),
            Lying::Nothing => Ok(()),
            Lying::NoFile(what) => {
                let file = self.place.display().to_string();
                let kept_as = self.keep(disk)?;
                tracing::warn!(file, kept_as, "{what}; a file stands in its place now");
                Ok(())
            }
        }
    }

    /// Keeps it aside; returns its name.
    pub(super) fn keep(self, disk: &dyn Disk) -> Result<String> {
        let failed = |error| Error::io("keep aside", &self.at)(error);
        let is_link = std::fs::symlink_metadata(&self.at).is_ok_and(|meta| meta.is_symlink());
        if let (true, Ok(Lying::Text(text))) = (is_link, regular::lying(&self.at)) {
            let kept = keep_aside(disk, &self.place, &text)?;
            self.discard(disk)?;
            return Ok(kept);
        }
        loop {
            let (kept, target) = kept_name(&self.place);
            match disk.link(&self.at, &target) {
                // The new name is durable before the old one goes.
                Ok(()) => {
                    atomic::sync_name(disk, &target)?;
                    disk.remove(&self.at).map_err(failed)?;
                }
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => continue,
                // Directories have one name; so have all files of some file systems.
                Err(_) => {
                    disk.rename(&self.at, &target).map_err(failed)?;
                    atomic::sync_name(disk, &target)?;
                }
            }
            return Ok(kept);
        }
    }
}

/// Keeps an operator's text beside the file it was written to; returns its name.
pub(super) fn keep_aside(disk: &dyn Disk, path: &Path, bytes: &[u8]) -> Result<String> {
    let (kept, target) = kept_name(path);
    let failed = |error| Error::io("keep the edit as", &target)(error);
    let file = disk.create_new(&target).map_err(failed)?;
    let mut rest = bytes;
    while !rest.is_empty() {
        let written = file.append(rest).map_err(failed)?;
        rest = &rest[written..];
    }
    file.sync_data().map_err(failed)?;
    atomic::sync_name(disk, &target)?;
    Ok(kept)
}

/// The name under which what stood at `path` is kept, and its place.
fn kept_name(path: &Path) -> (String, PathBuf) {
    let name = path.file_name().and_then(|name| name.to_str());
    let kept = format!(
        "{}.rejected-{}",
        name.unwrap_or("file"),
        clock::now().file_form()
    );
    let target = path.with_file_name(&kept);
    (kept, target)
}
