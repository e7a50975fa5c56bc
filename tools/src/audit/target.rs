//! Which file is which log.

use std::{
    fs,
    path::{Path, PathBuf},
};

use journal::LogName;

use super::{Error, Result};

const SUFFIX: &str = ".journal.jsonl";

/// A file, and the log it claims to be. The name is key material: the same bytes under another name are damaged.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Target {
    /// The file.
    pub path: PathBuf,
    /// The log.
    pub name: LogName,
}

impl Target {
    /// The file at `path`; `name` where the file's own name does not tell.
    ///
    /// # Errors
    /// [`Error::Nameless`] when nothing tells the name.
    pub fn new(path: PathBuf, name: Option<LogName>) -> Result<Target> {
        match name.or_else(|| name_of(&path)) {
            Some(name) => Ok(Target { path, name }),
            None => Err(Error::Nameless { path }),
        }
    }

    /// A fifo or a device would be read for ever, a directory not at all.
    pub(super) fn check(&self) -> Result<()> {
        let meta = fs::metadata(&self.path).map_err(Error::io(&self.path))?;
        if meta.is_file() {
            Ok(())
        } else {
            Err(Error::NotAFile {
                path: self.path.clone(),
            })
        }
    }
}

fn name_of(path: &Path) -> Option<LogName> {
    LogName::parse(path.file_name()?.to_str()?.strip_suffix(SUFFIX)?).ok()
}

/// Every journal below `dir`, in the order of their paths. Symlinks are not followed.
///
/// # Errors
/// [`Error::Io`] when a directory cannot be read: a journal passed over in silence would be no audit.
pub fn targets_below(dir: &Path) -> Result<Vec<Target>> {
    let mut found = Vec::new();
    let mut open = vec![dir.to_path_buf()];
    while let Some(dir) = open.pop() {
        for entry in fs::read_dir(&dir).map_err(Error::io(&dir))? {
            let entry = entry.map_err(Error::io(&dir))?;
            let kind = entry.file_type().map_err(Error::io(entry.path()))?;
            if kind.is_dir() {
                open.push(entry.path());
            } else if kind.is_file()
                && let Ok(target) = Target::new(entry.path(), None)
            {
                found.push(target);
            }
        }
    }
    found.sort();
    Ok(found)
}
