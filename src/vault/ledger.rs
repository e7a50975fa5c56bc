//! Projections that grow by lines. A handle follows what each file should hold, by length and hash; lines are
//! appended where the file is a true prefix of that, else the file is written anew from the journal.

use std::io::Read;

use journal::disk::Access;
use projections::{
    event::Event,
    files::{Ledger, Piece},
    fold::Entry,
    ids::PlanId,
    plan::Plan,
};

use super::{Project, atomic, memory::MemoryFiles, replay, set_mode};
use crate::error::{Error, Result};

/// What the growing files of one plan should hold.
#[derive(Debug, Default)]
pub(super) struct Tracker {
    usage: Sum,
    audit: Sum,
    tools: Sum,
    /// What the plan's work leaves in the memory.
    pub(super) memory: MemoryFiles,
}

/// Length and hash of what a file should hold, and what is still to be added to it.
#[derive(Debug, Default)]
struct Sum {
    bytes: u64,
    hasher: blake3::Hasher,
    /// Additions that are not yet counted: blobs are read first.
    waiting: Vec<Piece>,
    /// Whether this handle has seen that the file holds just this.
    verified: bool,
    /// Whether lines were added that a power cut may take back.
    unsynced: bool,
}

impl Tracker {
    /// For a plan whose file vouches for what frames up to `seq` left in the memory.
    pub(super) fn after(seq: Option<u64>) -> Self {
        Self {
            memory: MemoryFiles::after(seq),
            ..Self::default()
        }
    }

    fn sum(&self, ledger: Ledger) -> &Sum {
        match ledger {
            Ledger::Usage => &self.usage,
            Ledger::Audit => &self.audit,
            Ledger::Tools => &self.tools,
        }
    }

    fn sum_mut(&mut self, ledger: Ledger) -> &mut Sum {
        match ledger {
            Ledger::Usage => &mut self.usage,
            Ledger::Audit => &mut self.audit,
            Ledger::Tools => &mut self.tools,
        }
    }

    /// Notes what an event adds.
    pub(super) fn observe(&mut self, plan: &Plan, entry: &Entry, event: &Event) {
        self.memory.observe(plan, entry, event);
        for ledger in Ledger::ALL {
            let sum = self.sum_mut(ledger);
            for piece in ledger.addition(plan, entry, event) {
                match piece {
                    Piece::Text(text) if sum.waiting.is_empty() && !sum.verified => {
                        sum.count(text.as_bytes())
                    }
                    waits => sum.waiting.push(waits),
                }
            }
        }
    }

    /// Counts what waits, reading blobs, without writing.
    pub(super) fn resolve(&mut self, project: &Project) -> Result<()> {
        for ledger in Ledger::ALL {
            self.sum_mut(ledger).count_waiting(project)?;
        }
        Ok(())
    }

    /// Brings the files up to what the journal says, and those of the memory with them.
    pub(super) fn write(&mut self, project: &Project, plan: &PlanId) -> Result<()> {
        for ledger in Ledger::ALL {
            self.write_one(project, plan, ledger)?;
        }
        self.memory.write(project)
    }

    fn write_one(&mut self, project: &Project, plan: &PlanId, ledger: Ledger) -> Result<()> {
        let sum = self.sum_mut(ledger);
        let before = sum.bytes;
        let new = sum.count_waiting(project)?;
        // Until it is written the file holds less than is counted: an append that fails must not pass for one.
        let verified = std::mem::replace(&mut sum.verified, false);
        let appended = verified && append(project, plan, ledger, before, &new)?;
        let differs = !appended && self.difference(project, plan, ledger)?.is_some();
        if differs {
            self.rewrite(project, plan, ledger)?;
        }
        let sum = self.sum_mut(ledger);
        sum.verified = true;
        // What another process added, which may have died since, is no more durable than what is added here.
        sum.unsynced |= if appended {
            !new.is_empty()
        } else {
            !differs && sum.bytes > 0
        };
        Ok(())
    }

    /// Makes lines that were added durable. Before the plan's file is rendered, which vouches for them: nobody looks at
    /// the files of a plan again that has ended and whose own file is true.
    pub(super) fn secure(&mut self, project: &Project, plan: &PlanId) -> Result<()> {
        for ledger in Ledger::ALL {
            if self.sum(ledger).unsynced {
                let path = project.dir().join(ledger.path(plan));
                let failed = |error| Error::io("sync", &path)(error);
                let file = project.disk().open(&path, Access::Append).map_err(failed)?;
                file.sync_data().map_err(failed)?;
                atomic::sync_name(project.disk(), &path)?;
                self.sum_mut(ledger).unsynced = false;
            }
        }
        Ok(())
    }

    /// What differs between the file and what it should hold; `None` when nothing does.
    pub(super) fn difference(
        &self,
        project: &Project,
        plan: &PlanId,
        ledger: Ledger,
    ) -> Result<Option<String>> {
        let sum = self.sum(ledger);
        let path = project.dir().join(ledger.path(plan));
        let mut file = match std::fs::File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Ok((sum.bytes > 0).then(|| "it is missing".to_owned()));
            }
            Err(error) => return Err(Error::io("read", path)(error)),
        };
        let mut found = blake3::Hasher::new();
        let bytes =
            std::io::copy(&mut file.by_ref(), &mut found).map_err(Error::io("read", path))?;
        let same = bytes == sum.bytes && found.finalize() == sum.hasher.finalize();
        Ok((!same).then(|| {
            format!(
                "it has {bytes} bytes and should have {}, or other ones",
                sum.bytes
            )
        }))
    }

    /// Writes the file anew from the journal.
    pub(super) fn rewrite(&self, project: &Project, plan: &PlanId, ledger: Ledger) -> Result<()> {
        let mut lines = Vec::new();
        let reading = replay::read(
            project,
            plan,
            replay::Until::Tail,
            &mut |state, entry, event| {
                lines.extend(ledger.addition(state, entry, event));
            },
        )?;
        if let Some(fault) = reading.fault {
            return Err(fault);
        }
        let path = project.make_parent(&ledger.path(plan))?;
        let mut text = Vec::new();
        for line in lines {
            text.extend(bytes_of(project, line)?);
        }
        if text.is_empty() && !path.exists() {
            return Ok(());
        }
        let text = String::from_utf8_lossy(&text);
        let root = project.vault().root();
        if ledger.is_private() {
            return atomic::replace_private(project.disk(), &path, &text);
        }
        match atomic::replace(project.disk(), root, &path, &text)? {
            Some(before) => before.dispose(project.disk()),
            None => Ok(()),
        }
    }
}

fn bytes_of(project: &Project, piece: Piece) -> Result<Vec<u8>> {
    piece.resolved(&mut |payload| project.resolve(payload))
}

impl Sum {
    /// Counts what waits, all of it or, where some of it cannot be read, nothing; tells its bytes.
    fn count_waiting(&mut self, project: &Project) -> Result<Vec<u8>> {
        let mut new = Vec::new();
        for addition in &self.waiting {
            new.extend(bytes_of(project, addition.clone())?);
        }
        self.waiting.clear();
        self.count(&new);
        Ok(new)
    }

    fn count(&mut self, bytes: &[u8]) {
        self.bytes += bytes.len() as u64;
        self.hasher.update(bytes);
    }
}

/// Appends to a file of exactly `before` bytes; says whether it could.
fn append(
    project: &Project,
    plan: &PlanId,
    ledger: Ledger,
    before: u64,
    new: &[u8],
) -> Result<bool> {
    if new.is_empty() {
        return Ok(true);
    }
    let path = project.make_parent(&ledger.path(plan))?;
    let failed = |error| Error::io("append to", &path)(error);
    let file = match project.disk().open(&path, Access::Append) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && before == 0 => {
            let made = project.disk().create_new(&path).map_err(failed)?;
            if !ledger.is_private() {
                set_mode(project.vault().root(), &path, 0o666);
            }
            made
        }
        Err(_) => return Ok(false),
    };
    if file.len().map_err(failed)? != before {
        return Ok(false);
    }
    let written = file.append(new).map_err(failed)?;
    Ok(written == new.len())
}

#[cfg(test)]
mod tests;
