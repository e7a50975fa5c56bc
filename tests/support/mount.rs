//! A disk of its own under a directory, where the machine lets a test mount one.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

/// Something mounted over a directory, until dropped.
pub(crate) struct Mount(PathBuf);

impl Mount {
    /// Mounts, or says why not.
    pub(crate) fn over(dir: &Path, args: &[&str]) -> Option<Self> {
        mount(dir, args).then(|| Self(dir.to_path_buf()))
    }
}

/// Mounts for good; `false`, and said why, where this test may not.
pub(crate) fn mount(dir: &Path, args: &[&str]) -> bool {
    let ran = Command::new("mount").args(args).arg(dir).output();
    let why = match ran {
        Ok(output) if output.status.success() => return true,
        Ok(output) => String::from_utf8_lossy(&output.stderr).trim().to_owned(),
        Err(error) => error.to_string(),
    };
    eprintln!("skipped: this test may not mount: {why}");
    false
}

impl Drop for Mount {
    fn drop(&mut self) {
        // A leftover mount is the only harm, and it is empty.
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}
