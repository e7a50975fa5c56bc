//! Taking a file out of the memory: it is moved, and nothing in it changes.

use std::{io::ErrorKind, path::Path};

use journal::disk::Access;
use projections::{memory::Store, time::Timestamp};
use serde::{Deserialize, Serialize};

use super::{MemoryPath, Part, REMOVED};
use crate::{
    error::{Error, Result},
    vault::{Project, set_mode},
};

/// Beside what was removed: a line a removal.
const LOG: &str = "removals.jsonl";

/// Who removed what, when and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Removal {
    /// When.
    pub timestamp: String,
    /// What, as it was called: `_proposals/x`, `document/x`.
    pub id: String,
    /// Who.
    pub by: String,
    /// Why, if it was said.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
}

impl Project {
    /// Moves a file of the memory, or a proposal, to `_removed/`; returns where it lies then. A removal that was cut
    /// half-way is finished.
    ///
    /// # Errors
    /// [`Error::Failed`] when there is no such file, it is removed already, or one of its name was; the file system's.
    pub fn remove_memory(&self, file: &MemoryPath) -> Result<MemoryPath> {
        let removed = file.moved_to(Part::Removed);
        if file.part == Part::Removed || (!self.has_memory(file) && self.has_memory(&removed)) {
            return Err(gone(file));
        }
        self.move_memory(file, &removed)?;
        Ok(removed)
    }

    /// Notes a removal for people; it may be missing.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn log_removal(
        &self,
        file: &MemoryPath,
        by: &str,
        note: &str,
        at: Timestamp,
    ) -> Result<()> {
        let id = file.to_string();
        let id = id.split_once('/').map_or(id.as_str(), |(_, below)| below);
        let line = Removal {
            timestamp: at.guide_form(),
            id: id.to_owned(),
            by: by.to_owned(),
            note: note.to_owned(),
        };
        let line = serde_json::to_string(&line).expect("it is made of texts") + "\n";
        let log = self.make_parent(&log_of(file.store))?;
        self.append_line(&log, &line)
            .map_err(Error::io("append to", log))
    }

    /// What is known of the removals from a store, the oldest first; lines that cannot be read are left out.
    #[must_use]
    pub fn removals(&self, store: Store) -> Vec<Removal> {
        let text = self
            .plain_file(&log_of(store))
            .and_then(|path| std::fs::read_to_string(path).ok());
        let text = text.unwrap_or_default();
        text.lines()
            .filter_map(|line| serde_json::from_str(line).ok())
            .collect()
    }

    /// Moves a file to where none is.
    pub(super) fn move_memory(&self, from: &MemoryPath, to: &MemoryPath) -> Result<()> {
        let source = self.plain_file(&from.below()).ok_or_else(|| none(from))?;
        let target = self.make_parent(&to.below())?;
        let failed = |error| Error::io("move", &source)(error);
        match self.disk().link(&source, &target) {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::NotFound => return Err(gone(from)),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                // Whoever moved it died in between, or is at it.
                if !self.is_same(&source, &target) {
                    return Err(taken(from, to));
                }
            }
            // A file system without second names.
            Err(_) if target.symlink_metadata().is_ok() => return Err(taken(from, to)),
            Err(_) => return self.disk().rename(&source, &target).map_err(failed),
        }
        match self.disk().remove(&source) {
            Err(error) if error.kind() == ErrorKind::NotFound => Err(gone(from)),
            done => done.map_err(failed),
        }
    }

    fn is_same(&self, one: &Path, other: &Path) -> bool {
        let file = self.disk().open(one, Access::Read);
        file.is_ok_and(|file| file.is_at(other).unwrap_or(false))
    }

    /// One write, so that lines of several processes do not mix.
    fn append_line(&self, path: &Path, line: &str) -> std::io::Result<()> {
        let file = match self.disk().create_new(path) {
            Ok(file) => {
                set_mode(self.vault().root(), path, 0o666);
                file
            }
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                self.disk().open(path, Access::Append)?
            }
            Err(error) => return Err(error),
        };
        match file.append(line.as_bytes())? {
            written if written == line.len() => Ok(()),
            _ => Err(ErrorKind::WriteZero.into()),
        }
    }
}

fn log_of(store: Store) -> String {
    format!("{}/{REMOVED}/{LOG}", store.as_str())
}

pub(super) fn none(file: &MemoryPath) -> Error {
    Error::Failed(format!("there is no {file}"))
}

fn gone(file: &MemoryPath) -> Error {
    Error::Failed(format!("{file} is removed already"))
}

fn taken(from: &MemoryPath, to: &MemoryPath) -> Error {
    let place = to.below();
    Error::Failed(match to.part {
        Part::Removed => format!(
            "{from} stays where it is: another file of its name was removed before, {place}; rename or delete that one, then remove this one"
        ),
        Part::Kept | Part::Proposed => {
            format!("{from} stays where it is: there is {place} already; rename one of them")
        }
    })
}
