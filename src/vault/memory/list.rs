//! Which files there are, and their texts.

use std::{
    fs,
    io::{ErrorKind, Read},
    path::PathBuf,
};

use projections::memory::{APART, MAX_DEPTH, MAX_FILE, Store};

use super::{MemoryPath, Part, directory};
use crate::vault::Project;

/// The bytes of a file of the memory, or why there are none, for people.
pub type MemoryBytes = std::result::Result<Vec<u8>, String>;

/// What lies in one part of a store.
#[derive(Debug, Default)]
pub struct MemoryListing {
    /// The files by name; such that cannot be read are among them.
    pub files: Vec<MemoryPath>,
    /// Directories that cannot be looked into, and why.
    pub troubles: Vec<String>,
}

impl Project {
    /// The files of one part of a store. Names that begin with `.`, and symlinks, are nobody's notes.
    #[must_use]
    pub fn memory_files(&self, store: Store, part: Part) -> MemoryListing {
        let mut found = MemoryListing::default();
        let name = directory(store, part);
        // What is wrong with the store's own directory is told of what is kept.
        let is_there = part == Part::Kept || self.is_plain(store.as_str());
        if !is_there {
            return found;
        }
        let mut walk = Walk {
            dir: self.dir().join(&name),
            take: &mut |id, is_json| {
                // The engine's own parts lie below what is kept; only proposals of the earlier program are JSON.
                let is_own = part == Part::Kept && is_apart(id);
                if !is_own && (!is_json || part != Part::Kept) {
                    found.files.push(MemoryPath {
                        store,
                        part,
                        id: id.to_owned(),
                        is_json,
                    });
                }
            },
            troubles: Vec::new(),
        };
        walk.below("", 0);
        let troubles = walk.troubles;
        let named = |(below, why)| format!("{name}{below}: {why}");
        found.troubles = troubles.into_iter().map(named).collect();
        found.files.sort();
        found
    }

    /// Whether the file is there: a regular one, and no directory on the way to it a symlink.
    #[must_use]
    pub fn has_memory(&self, file: &MemoryPath) -> bool {
        self.plain_file(&file.below()).is_some()
    }

    /// The bytes of a file.
    ///
    /// # Errors
    /// For people: why not.
    pub fn memory_bytes(&self, file: &MemoryPath) -> MemoryBytes {
        let opened = self.open_memory(file)?;
        let mut bytes = Vec::new();
        let read = opened.take(MAX_FILE).read_to_end(&mut bytes);
        read.map_err(|error| error.to_string())?;
        Ok(bytes)
    }

    /// Why the bytes of a file could not be read, if so; only its beginning is looked at.
    #[must_use]
    pub fn memory_trouble(&self, file: &MemoryPath) -> Option<String> {
        match self.open_memory(file) {
            Ok(mut opened) => opened.read(&mut [0]).err().map(|error| error.to_string()),
            Err(why) => Some(why),
        }
    }

    fn open_memory(&self, file: &MemoryPath) -> std::result::Result<fs::File, String> {
        let path = self
            .plain_file(&file.below())
            .ok_or_else(|| "it is no regular file".to_owned())?;
        let opened = fs::File::open(path).map_err(|error| error.to_string())?;
        let length = opened.metadata().map_err(|error| error.to_string())?.len();
        match length > MAX_FILE {
            true => Err(format!(
                "it has {length} bytes; at most {MAX_FILE} are read: cut it or divide it"
            )),
            false => Ok(opened),
        }
    }

    /// The text of a file.
    ///
    /// # Errors
    /// As [`Project::memory_bytes`].
    pub(super) fn memory_text(&self, file: &MemoryPath) -> std::result::Result<String, String> {
        let bytes = self.memory_bytes(file)?;
        String::from_utf8(bytes).map_err(|_| "it is not UTF-8 text".to_owned())
    }

    /// The path of a regular file below the project's directory that no symlink leads to.
    pub(super) fn plain_file(&self, below: &str) -> Option<PathBuf> {
        let (parents, _) = below.rsplit_once('/')?;
        let path = self.dir().join(below);
        let is_file = path.symlink_metadata().is_ok_and(|meta| meta.is_file());
        (is_file && self.is_plain(parents)).then_some(path)
    }

    /// Whether this is a directory below the project's, and all on the way to it.
    fn is_plain(&self, below: &str) -> bool {
        let mut path = self.dir().to_path_buf();
        below.split('/').all(|part| {
            path.push(part);
            path.symlink_metadata().is_ok_and(|meta| meta.is_dir())
        })
    }
}

/// Whether a file lies in a directory of what is no part of the memory.
fn is_apart(id: &str) -> bool {
    let first = id.split('/').next().unwrap_or_default();
    APART.contains(&first)
}

/// A walk over every `.md` and `.json` file below a directory.
struct Walk<'a> {
    dir: PathBuf,
    /// Is given their names without the ending.
    take: &'a mut dyn FnMut(&str, bool),
    /// Below the directory, and why.
    troubles: Vec<(String, String)>,
}

impl Walk<'_> {
    /// `below` is empty, or begins with `/`.
    fn below(&mut self, below: &str, depth: usize) {
        let mut dir = self.dir.clone();
        // A slash at its end would lead through a symlink.
        dir.extend(below.split('/').filter(|part| !part.is_empty()));
        let entries = match fs::symlink_metadata(&dir).map(|meta| meta.is_dir()) {
            Ok(true) if depth <= MAX_DEPTH => fs::read_dir(&dir),
            Ok(true) => Err(std::io::Error::other("it lies too deep")),
            Ok(false) => Err(std::io::Error::other(
                "it is no directory; symlinks are not followed",
            )),
            Err(error) => Err(error),
        };
        match entries {
            Ok(entries) => {
                for entry in entries.flatten() {
                    self.entry(&entry, below, depth);
                }
            }
            // There is none, or it went in this instant.
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => self.troubles.push((below.to_owned(), error.to_string())),
        }
    }

    fn entry(&mut self, entry: &fs::DirEntry, below: &str, depth: usize) {
        let (Ok(kind), Ok(name)) = (entry.file_type(), entry.file_name().into_string()) else {
            return;
        };
        if name.starts_with('.') {
            return;
        }
        let name = format!("{below}/{name}");
        if kind.is_dir() {
            return self.below(&name, depth + 1);
        }
        for (ending, is_json) in [(".md", false), (".json", true)] {
            if let Some(stem) = name.strip_suffix(ending).filter(|_| kind.is_file()) {
                (self.take)(stem.trim_start_matches('/'), is_json);
            }
        }
    }
}
