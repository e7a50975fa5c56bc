//! Files of the memory that a plan's journal makes: every verdict, and what agents note for later plans.
//!
//! ```text
//!  event ──▶ MemoryFile ──▶ written once, if nothing stands there ──▶ the plan's file, whose anchor vouches for it
//! ```
//!
//! What is before the anchor of the plan's file was written, and where it is not there any more somebody took it away:
//! it is not put back, unless a replay is asked to.

use std::path::Path;

use projections::{
    event::Event,
    files::Whole,
    fold::Entry,
    memory::{Act, MemoryFile},
    plan::Plan,
};

use crate::{
    error::{Error, Result},
    fault,
    vault::{
        Project, regular,
        replay::{self, Difference},
    },
};

/// What is still to be written for a plan.
#[derive(Debug, Default)]
pub(in crate::vault) struct MemoryFiles {
    /// Frames up to this one have been seen to.
    seen_to: Option<u64>,
    waiting: Vec<MemoryFile>,
}

impl MemoryFiles {
    /// Everything after this frame.
    pub(in crate::vault) fn after(seq: Option<u64>) -> Self {
        Self {
            seen_to: seq,
            waiting: Vec::new(),
        }
    }

    pub(in crate::vault) fn observe(&mut self, plan: &Plan, entry: &Entry, event: &Event) {
        if self.seen_to.is_none_or(|seen| seen < entry.mark.anchor.seq) {
            self.waiting.extend(MemoryFile::of(plan, entry, event));
        }
    }

    /// Writes what waits, in its order; after an error the rest goes on waiting.
    pub(in crate::vault) fn write(&mut self, project: &Project) -> Result<()> {
        while let Some(file) = self.waiting.first() {
            project.put_in_memory(file)?;
            fault::after_render();
            self.waiting.remove(0);
        }
        Ok(())
    }

    /// Verdicts whose files are missing or say something else.
    pub(in crate::vault) fn differences(&self, project: &Project) -> Result<Vec<Difference>> {
        let mut found = Vec::new();
        for file in self.verdicts(project) {
            found.extend(replay::compare_whole(project, &file)?);
        }
        Ok(found)
    }

    /// Puts back verdicts that differ, and notes that lie nowhere any more; returns the latter's paths.
    pub(in crate::vault) fn restore(
        &self,
        project: &Project,
        wrong: &[Difference],
    ) -> Result<Vec<String>> {
        for file in self.verdicts(project) {
            if wrong.iter().any(|difference| difference.path == file.path)
                && let Some(displaced) = project.put_whole(&file)?
            {
                project.keep_edited(&file, displaced)?;
            }
        }
        let mut notes = Vec::new();
        for file in self.waiting.iter().filter(|file| !is_verdict(file)) {
            if project.put_in_memory(file)? {
                notes.push(file.path());
            }
        }
        Ok(notes)
    }

    fn verdicts(&self, project: &Project) -> Vec<Whole> {
        let verdict = |file: &MemoryFile| match &file.act {
            Act::Render(text) if !project.has(&file.removed_path()) => Some(Whole {
                path: file.path(),
                text: text.clone(),
            }),
            Act::Render(_)
            | Act::Write(_)
            | Act::Propose(_)
            | Act::Promote { .. }
            | Act::Decline => None,
        };
        // What an archived plan was judged by stays with the project.
        let here = !project.is_archive();
        let files = self.waiting.iter().filter(|_| here);
        files.filter_map(verdict).collect()
    }
}

fn is_verdict(file: &MemoryFile) -> bool {
    matches!(file.act, Act::Render(_))
}

impl Project {
    /// Does what the file is to have done with it, unless it was done; says whether something was written.
    fn put_in_memory(&self, file: &MemoryFile) -> Result<bool> {
        let (place, proposal, removed) = (file.path(), file.proposal_path(), file.removed_path());
        match &file.act {
            Act::Render(text) | Act::Write(text) => self.put_unless(&[&removed], &place, text),
            Act::Propose(text) => self.put_unless(&[&removed, &place], &proposal, text),
            Act::Promote { proposed, text } => {
                // A proposal that a person has worked on is taken as it is.
                if self.holds_text(&proposal, proposed)? {
                    let written = self.put_unless(&[&removed], &place, text)?;
                    return self.remove_below(&proposal).map(|()| written);
                }
                self.move_below(&proposal, &place)
            }
            Act::Decline => self.move_below(&proposal, &removed),
        }
    }

    fn put_unless(&self, others: &[&str], path: &str, text: &str) -> Result<bool> {
        if others.iter().any(|other| self.has(other)) {
            return Ok(false);
        }
        self.put_new(&Whole {
            path: path.to_owned(),
            text: text.to_owned(),
        })
    }

    fn holds_text(&self, path: &str, text: &str) -> Result<bool> {
        let path = self.dir().join(path);
        match regular::read(&path) {
            Ok(bytes) => Ok(bytes == text.as_bytes()),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(Error::io("read", path)(error)),
        }
    }

    /// Moves a file that is there to where none is.
    fn move_below(&self, from: &str, to: &str) -> Result<bool> {
        if !self.has(from) || self.has(to) {
            return Ok(false);
        }
        let (from, to) = (self.dir().join(from), self.make_parent(to)?);
        let moved = self.disk().rename(&from, &to);
        moved.map(|()| true).map_err(Error::io("rename", from))
    }

    fn remove_below(&self, path: &str) -> Result<()> {
        let path = self.dir().join(path);
        self.disk().remove(&path).map_err(Error::io("remove", path))
    }

    /// Whether something lies there, a link that leads nowhere included.
    fn has(&self, path: &str) -> bool {
        let path: &Path = &self.dir().join(path);
        path.symlink_metadata().is_ok()
    }
}
