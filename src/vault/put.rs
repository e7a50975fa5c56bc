//! Putting projections in place without losing what an operator wrote there in the same instant.

use projections::{
    document::{self, Seal},
    files::Whole,
    payload::Anchor,
};

use super::{
    Project, atomic,
    displaced::Displaced,
    regular::{self, Lying},
};
use crate::error::Result;

impl Project {
    /// Puts a whole file in place, if it does not stand there. `Some` is what stood there instead; unless it is known,
    /// somebody wrote it, and it must not be lost.
    pub(super) fn put_whole(&self, file: &Whole) -> Result<Option<Displaced>> {
        let path = self.make_parent(&file.path)?;
        // An editor that has it open need not hear that nothing has changed.
        match regular::lying(&path) {
            Ok(Lying::Text(bytes)) if bytes == file.text.as_bytes() => Ok(None),
            _ => atomic::replace(self.disk(), self.vault().root(), &path, &file.text),
        }
    }

    /// Forgets what a rendering has displaced if it is `known`, or no file of operators; else keeps it aside.
    pub(super) fn discard_or_keep(
        &self,
        file: &Whole,
        displaced: Displaced,
        known: impl Fn(&[u8]) -> bool,
    ) -> Result<()> {
        if !is_editable(file) {
            return displaced.dispose(self.disk());
        }
        match displaced.lying()? {
            Lying::Text(bytes) if known(&bytes) => displaced.discard(self.disk()),
            Lying::Text(_) | Lying::NoFile(_) | Lying::Nothing => self.keep_edited(file, displaced),
        }
    }

    /// Keeps something aside that a rendering has displaced.
    pub(super) fn keep_edited(&self, file: &Whole, edited: Displaced) -> Result<()> {
        let kept_as = edited.keep(self.disk())?;
        tracing::warn!(
            file = file.path,
            kept_as,
            "it had been edited; rendered afresh"
        );
        Ok(())
    }

    /// Swaps a file below the project's for this text and gives back what stood there, if that can be done in one step.
    pub(super) fn swap(&self, file: &Whole) -> Result<Option<Displaced>> {
        let path = self.make_parent(&file.path)?;
        atomic::swap(self.disk(), self.vault().root(), &path, &file.text)
    }

    /// Puts a file in place if there is none; says whether it was this call that did.
    pub(super) fn put_new(&self, file: &Whole) -> Result<bool> {
        let path = self.make_parent(&file.path)?;
        atomic::put_new(self.disk(), self.vault().root(), &path, &file.text)
    }

    /// The parent directory of a file below the project's, made if it is missing; returns the file's path.
    pub(super) fn make_parent(&self, below: &str) -> Result<std::path::PathBuf> {
        let (dir, name) = below.rsplit_once('/').unwrap_or(("", below));
        Ok(self.make_dir(dir)?.join(name))
    }
}

/// The anchor of a text that is, as it was rendered, the file of the plan or ticket of this id.
pub(super) fn rendering_of(id: &str, bytes: &[u8]) -> Option<Anchor> {
    let text = std::str::from_utf8(bytes).ok()?;
    match document::seal_of(text) {
        Seal::Intact(anchor) if document::stated(text, "id") == Some(id) => Some(anchor),
        Seal::Intact(_) | Seal::Broken(_) => None,
    }
}

/// Whether bytes are a rendering of ours, unchanged.
pub(super) fn is_rendering(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_ok_and(|text| matches!(document::seal_of(text), Seal::Intact(_)))
}

/// Whether operators may write into it.
fn is_editable(file: &Whole) -> bool {
    file.path.starts_with("plans/") || file.path.starts_with("tickets/")
}

/// The plan or ticket that a file of operators is called after.
pub(super) fn stem(file: &Whole) -> &str {
    let name = file.path.rsplit('/').next().unwrap_or_default();
    name.strip_suffix(".md").unwrap_or(name)
}
