//! A directory for targets that read files, in memory where the system has a place for that.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// A directory that goes with its thread.
pub(super) struct Scratch {
    dir: tempfile::TempDir,
    uses: u32,
}

/// How often it is used before what has gathered in it is cleared.
const USES: u32 = 64;

impl Scratch {
    pub(super) fn new() -> Self {
        let memory = tempfile::tempdir_in("/dev/shm");
        let dir = memory.or_else(|_| tempfile::tempdir());
        Self {
            dir: dir.expect("a temporary directory"),
            uses: 0,
        }
    }

    pub(super) fn path(&self) -> &Path {
        self.dir.path()
    }

    /// A directory below it that is empty every so often; says whether it is now.
    pub(super) fn below(&mut self, name: &str) -> (PathBuf, bool) {
        let dir = self.path().join(name);
        let fresh = self.uses.is_multiple_of(USES);
        self.uses += 1;
        if fresh {
            let _ = fs::remove_dir_all(&dir);
            fs::create_dir(&dir).expect("a directory of our own");
        }
        (dir, fresh)
    }
}
