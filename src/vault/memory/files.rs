//! Files of the memory that a plan's journal makes: every verdict, and what agents note for later plans.
//!
//! ```text
//!  event ──▶ MemoryFile ──▶ written once, if nothing stands there ──▶ the plan's file, whose anchor vouches for it
//! ```
//!
//! What is before the anchor of the plan's file was written, and where it is not there any more somebody took it away:
//! it is not put back, unless a replay is asked to.

use std::{collections::BTreeSet, io::ErrorKind};

use projections::{
    event::Event,
    files::Whole,
    fold::Entry,
    memory::{Act, MemoryFile, REHEARSED},
    plan::Plan,
};

use crate::{
    error::{Error, Result},
    fault,
    vault::{
        MemoryPath, Part, Project,
        replay::{self, Difference},
    },
};

/// What is still to be written for a plan.
#[derive(Debug, Default)]
pub(in crate::vault) struct MemoryFiles {
    /// Frames up to this one have been seen to.
    seen_to: Option<u64>,
    waiting: Vec<MemoryFile>,
    /// What was said of those that cannot be written.
    told: BTreeSet<String>,
}

impl MemoryFiles {
    /// Everything after this frame.
    pub(in crate::vault) fn after(seq: Option<u64>) -> Self {
        Self {
            seen_to: seq,
            ..Self::default()
        }
    }

    pub(in crate::vault) fn observe(&mut self, plan: &Plan, entry: &Entry, event: &Event) {
        if self.seen_to.is_none_or(|seen| seen < entry.mark.anchor.seq) {
            self.waiting.extend(MemoryFile::of(plan, entry, event));
        }
    }

    /// Writes what waits, in its order. What cannot be put where it belongs (a link, a file in a directory's place) is
    /// told once and goes on waiting, and holds up nothing else.
    ///
    /// # Errors
    /// The first failure that may pass by itself: a full disk.
    pub(in crate::vault) fn write(&mut self, project: &Project) -> Result<()> {
        let mut failed = Ok(());
        for file in std::mem::take(&mut self.waiting) {
            match project.put_in_memory(&file) {
                // A verdict of a rehearsal is one more of the same, and rehearsals are what most walks die in.
                Ok(_) if file.id.starts_with(REHEARSED) => {}
                Ok(_) => fault::after_render(),
                Err(error) => {
                    self.waiting.push(file);
                    if is_passing(&error) {
                        failed = failed.and(Err(error));
                    } else if self.told.insert(error.told()) {
                        tracing::warn!(project = %project.code(), "a file of the memory cannot be written: {}", error.told());
                    }
                }
            }
        }
        failed
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
        let mut written = BTreeSet::new();
        for file in self.waiting.iter().filter(|file| !is_verdict(file)) {
            if project.put_in_memory(file)? {
                written.insert(file);
            }
        }
        let places = |file: &&MemoryFile| [file.path(), file.proposal_path(), file.removed_path()];
        let written = written.iter().flat_map(places);
        let there: BTreeSet<String> = written.filter(|path| project.has(path)).collect();
        Ok(there.into_iter().collect())
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

/// Whether trying again may help without anybody doing anything.
fn is_passing(error: &Error) -> bool {
    let lasting = [
        ErrorKind::NotADirectory,
        ErrorKind::IsADirectory,
        ErrorKind::PermissionDenied,
        ErrorKind::ReadOnlyFilesystem,
        ErrorKind::InvalidInput,
    ];
    match error {
        Error::Io { source, .. } => !lasting.contains(&source.kind()),
        _ => false,
    }
}

impl Project {
    /// Does what the file is to have done with it, unless it was done; says whether something was written.
    fn put_in_memory(&self, file: &MemoryFile) -> Result<bool> {
        let (place, proposal, removed) = (file.path(), file.proposal_path(), file.removed_path());
        let at = |part| MemoryPath {
            store: file.store,
            part,
            id: file.id.clone(),
            is_json: false,
        };
        match &file.act {
            Act::Render(text) | Act::Write(text) => self.put_unless(&[&removed], &place, text),
            Act::Propose(text) => self.put_unless(&[&removed, &place], &proposal, text),
            Act::Promote { proposed, text } => {
                // A proposal that a person has worked on is taken as it is.
                let proposal = at(Part::Proposed);
                let bytes = self
                    .has_memory(&proposal)
                    .then(|| self.memory_bytes(&proposal));
                let as_proposed = matches!(&bytes, Some(Ok(bytes)) if bytes == proposed.as_bytes());
                if as_proposed && self.put_unless(&[&removed], &place, text)? {
                    let path = self.dir().join(proposal.below());
                    self.disk()
                        .remove(&path)
                        .map_err(Error::io("remove", path))?;
                    return Ok(true);
                }
                self.move_if_there(&proposal, &at(Part::Kept))
            }
            Act::Decline => self.move_if_there(&at(Part::Proposed), &at(Part::Removed)),
        }
    }

    fn put_unless(&self, others: &[&str], path: &str, text: &str) -> Result<bool> {
        if others.iter().any(|other| self.has(other)) || self.has(path) {
            return Ok(false);
        }
        self.put_new(&Whole {
            path: path.to_owned(),
            text: text.to_owned(),
        })
    }

    /// Moves a file to where none is; what stands there stays.
    fn move_if_there(&self, from: &MemoryPath, to: &MemoryPath) -> Result<bool> {
        if !self.has_memory(from) {
            return Ok(false);
        }
        match self.move_memory(from, to) {
            Ok(()) => Ok(true),
            Err(Error::Failed(_)) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Whether something lies there, a link that leads nowhere included.
    fn has(&self, path: &str) -> bool {
        self.dir().join(path).symlink_metadata().is_ok()
    }
}
