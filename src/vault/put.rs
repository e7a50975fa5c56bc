//! Putting projections in place without losing what an operator wrote there in the same instant.

use projections::{
    document::{self, Seal},
    files::{self, Whole},
    ids::PlanId,
    payload::Digest,
};

use super::{Project, atomic};
use crate::error::Result;

impl Project {
    /// Puts a whole file in place. `Some` gives back what stood there, if it was neither a rendering nor one of
    /// the `known` texts: somebody wrote it, and it must not be lost.
    pub(super) fn put_whole(&self, file: &Whole, known: &[Digest]) -> Result<Option<Vec<u8>>> {
        let path = self.make_parent(&file.path)?;
        let sealed = file.path.starts_with("plans/") || file.path.starts_with("tickets/");
        let ours =
            |bytes: &[u8]| !sealed || is_rendering(bytes) || known.contains(&Digest::of(bytes));
        atomic::replace(self.disk(), self.vault().root(), &path, &file.text, ours)
    }

    /// Keeps a text aside that a rendering has displaced.
    pub(super) fn keep_edited(&self, file: &Whole, edited: &[u8]) -> Result<()> {
        let kept_as = self.keep_aside(&self.dir().join(&file.path), edited)?;
        tracing::warn!(
            file = file.path,
            kept_as,
            "it had been edited; rendered afresh"
        );
        Ok(())
    }

    /// Swaps the plan's file for this text and gives back what stood there, if that can be done in one step.
    pub(super) fn swap_plan_file(&self, plan: &PlanId, text: &str) -> Result<Option<Vec<u8>>> {
        let path = self.make_parent(&files::plan_path(plan))?;
        atomic::swap(self.disk(), self.vault().root(), &path, text)
    }

    /// Puts the plan's file in place if there is none; says whether it was this call that did.
    pub(super) fn put_plan_file(&self, plan: &PlanId, text: &str) -> Result<bool> {
        let path = self.make_parent(&files::plan_path(plan))?;
        atomic::put_new(self.disk(), self.vault().root(), &path, text)
    }

    /// The parent directory of a file below the project's, made if it is missing; returns the file's path.
    pub(super) fn make_parent(&self, below: &str) -> Result<std::path::PathBuf> {
        let (dir, name) = below.rsplit_once('/').unwrap_or(("", below));
        Ok(self.make_dir(dir)?.join(name))
    }
}

/// Whether bytes are a rendering of ours, unchanged.
pub(super) fn is_rendering(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_ok_and(|text| matches!(document::seal_of(text), Seal::Intact(_)))
}
