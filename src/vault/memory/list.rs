//! Which files there are, and their texts.

use std::{
    fs,
    io::{ErrorKind, Read},
    path::{Path, PathBuf},
};

use projections::memory::Store;

use super::{MemoryPath, Part, directory};
use crate::{
    error::{Error, Result},
    vault::Project,
};

/// Longest file that is read, bytes: far more than anybody is shown of one.
const LONGEST: u64 = 1 << 20;

/// Directories in directories that are looked into; nobody keeps notes deeper.
const DEEPEST: usize = 16;

/// The text of a file of the memory, or why there is none, for people.
pub type MemoryText = std::result::Result<String, String>;

impl Project {
    /// The files of one part of a store, by name; such whose text cannot be read are among them. Names that begin with
    /// `.`, and symlinks, are nobody's notes.
    ///
    /// # Errors
    /// [`Error::Io`] when a directory cannot be read.
    pub fn memory_files(&self, store: Store, part: Part) -> Result<Vec<MemoryPath>> {
        let mut found = Vec::new();
        let dir = self.dir().join(directory(store, part));
        walk(&dir, "", 0, &mut |id, is_json| {
            let path = MemoryPath {
                store,
                part,
                id: id.to_owned(),
                is_json,
            };
            // The engine's own parts lie below what is kept; only proposals of the earlier program are JSON.
            let is_own = part == Part::Kept && Part::ALL.iter().any(|part| is_below(id, *part));
            if !is_own && (!is_json || part != Part::Kept) {
                found.push(path);
            }
        })?;
        found.sort();
        Ok(found)
    }

    /// Whether the file is there: a regular one, and no directory on the way to it a symlink.
    #[must_use]
    pub fn has_memory(&self, file: &MemoryPath) -> bool {
        self.plain_file(&file.below()).is_some()
    }

    /// The text of a file.
    #[must_use]
    pub fn memory_text(&self, file: &MemoryPath) -> MemoryText {
        let path = self
            .plain_file(&file.below())
            .ok_or_else(|| "it is no regular file".to_owned())?;
        let opened = fs::File::open(path).map_err(|error| error.to_string())?;
        let length = opened.metadata().map_err(|error| error.to_string())?.len();
        if length > LONGEST {
            return Err(format!(
                "it has {length} bytes; at most {LONGEST} are read: cut it or divide it"
            ));
        }
        let mut bytes = Vec::new();
        let read = opened.take(LONGEST).read_to_end(&mut bytes);
        read.map_err(|error| error.to_string())?;
        String::from_utf8(bytes).map_err(|_| "it is not UTF-8 text".to_owned())
    }

    /// The path of a regular file below the project's directory that no symlink leads to.
    pub(super) fn plain_file(&self, below: &str) -> Option<PathBuf> {
        let (parents, _) = below.rsplit_once('/')?;
        let mut path = self.dir().to_path_buf();
        for part in parents.split('/') {
            path.push(part);
            let is_directory = path.symlink_metadata().is_ok_and(|meta| meta.is_dir());
            if !is_directory {
                return None;
            }
        }
        let path = self.dir().join(below);
        let is_file = path.symlink_metadata().is_ok_and(|meta| meta.is_file());
        is_file.then_some(path)
    }
}

fn is_below(id: &str, part: Part) -> bool {
    let first = id.split('/').next();
    part.directory().is_some() && first == part.directory()
}

/// Every `.md` and `.json` file below `dir`, by its name without the ending.
fn walk(dir: &Path, below: &str, depth: usize, found: &mut dyn FnMut(&str, bool)) -> Result<()> {
    let is_directory = dir.symlink_metadata().is_ok_and(|meta| meta.is_dir());
    if !is_directory || depth > DEEPEST {
        return Ok(());
    }
    let entries = match fs::read_dir(dir) {
        Ok(entries) => entries,
        // It went in this instant.
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(Error::io("read", dir)(error)),
    };
    for entry in entries.flatten() {
        let (Ok(kind), Ok(name)) = (entry.file_type(), entry.file_name().into_string()) else {
            continue;
        };
        if name.starts_with('.') {
            continue;
        }
        if kind.is_dir() {
            walk(&entry.path(), &format!("{below}{name}/"), depth + 1, found)?;
        } else if kind.is_file() {
            for (ending, is_json) in [(".md", false), (".json", true)] {
                if let Some(stem) = name.strip_suffix(ending) {
                    found(&format!("{below}{stem}"), is_json);
                }
            }
        }
    }
    Ok(())
}
