//! The files as they were found, byte for byte: `.modulatio/imported/<project>/plans/ESS-PLAN-001.md`.

use std::path::{Path, PathBuf};

use projections::payload::Digest;

use super::super::{OWN_DIR, Project, atomic, make_dirs};
use crate::error::{Error, Result};

/// Below the program's own directory.
pub(crate) const IMPORTED: &str = "imported";

impl Project {
    /// Keeps the bytes of the file at `below`, durably, before a rendering takes its place. The same bytes are kept
    /// once; others under the same name get a name of their own.
    pub(super) fn keep_original(&self, below: &str, bytes: &[u8]) -> Result<()> {
        let kept = self.original_path(below);
        let free = match self.disk().read(&kept) {
            Ok(before) if before == bytes => return Ok(()),
            Ok(_) => beside(&kept, bytes),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => kept,
            Err(error) => return Err(Error::io("read", kept)(error)),
        };
        let parent = free.parent().expect("it is kept in a directory");
        let root = self.vault().root();
        let below_root = parent
            .strip_prefix(root)
            .expect("it is kept in the vault")
            .to_path_buf();
        make_dirs(self.disk(), root, &below_root)?;
        let temporary = atomic::temporary(&free);
        self.write_synced(&temporary, bytes)?;
        self.disk()
            .rename(&temporary, &free)
            .map_err(Error::io("rename over", &free))?;
        self.disk()
            .sync_dir(parent)
            .map_err(Error::io("sync", parent))
    }

    /// Whether a file of that name was kept.
    pub(super) fn keeps_original(&self, below: &str) -> bool {
        self.original_path(below).exists()
    }

    fn original_path(&self, below: &str) -> PathBuf {
        let own = self.vault().root().join(OWN_DIR).join(IMPORTED);
        own.join(self.code().directory()).join(below)
    }
}

/// `ESS-PLAN-001.md.4da6d358`: named by what it holds, so that keeping it twice is keeping it once.
fn beside(kept: &Path, bytes: &[u8]) -> PathBuf {
    let name = kept.file_name().and_then(|name| name.to_str());
    let digest = Digest::of(bytes).to_string();
    kept.with_file_name(format!("{}.{}", name.unwrap_or("file"), &digest[..8]))
}
