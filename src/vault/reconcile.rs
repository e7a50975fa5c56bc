//! Hand edits: a plan's file is compared with what the journal would render. A legal edit becomes events, an
//! illegal one is kept aside and refused with a reason, and a rendering that is missing or old is made anew.
//! Nothing that an operator wrote is ever lost.

use std::{path::Path, time::Duration};

use journal::Disk;
use projections::{
    document::{self, Document, Seal},
    files, frontmatter,
    ids::PlanId,
    payload::{Anchor, Digest},
    plan::{Plan, Status},
};

use super::{Actor, PlanLog, Project, put::is_rendering, replay};
use crate::{
    clock,
    command::Command,
    decide::{EditFault, Refusal},
    error::{Error, Result},
};

/// The actor of hand edits.
pub(super) const FILE_EDIT: &str = "file-edit";

/// What became of a plan's file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reconciled {
    /// It is what the journal renders.
    Clean,
    /// It was old or missing and was rendered.
    Rendered,
    /// An edit was taken over.
    Edited,
    /// An edit was refused.
    Rejected {
        /// Why.
        why: String,
        /// The name under which it was kept, if there was a file.
        kept_as: Option<String>,
    },
    /// Somebody may be writing it just now; look again.
    Unsettled,
}

/// How old a file's last change must be before a verdict on it that may be hasty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settling {
    /// Judge it as it is: the operator has spoken since.
    Now,
    /// An editor may truncate first and write then.
    After(Duration),
}

/// Editors write a file of this size in much less.
pub const SETTLED: Settling = Settling::After(Duration::from_millis(400));

impl PlanLog {
    /// Brings the plan's file and its journal together.
    ///
    /// # Errors
    /// The journal's, damage included; the file system's.
    pub fn reconcile(&mut self, settling: Settling) -> Result<Reconciled> {
        let path = self.project.plan_path(&self.id);
        let bytes = match super::regular::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return self.file_gone(&path, settling);
            }
            Err(error) => return Err(Error::io("read", path)(error)),
        };
        match std::str::from_utf8(&bytes).map(document::seal_of) {
            Ok(Seal::Intact(anchor)) if anchor == self.plan().head_frame.anchor => {
                Ok(Reconciled::Clean)
            }
            Ok(Seal::Intact(anchor)) => self.file_lags(anchor),
            Ok(Seal::Broken(_)) | Err(_) => self.file_edited(&path, &bytes, settling),
        }
    }

    /// A lagging file is no news while its plan is at work: steps are not shown one by one.
    fn file_lags(&mut self, anchor: Anchor) -> Result<Reconciled> {
        self.refresh()?;
        if anchor == self.plan().head_frame.anchor {
            return Ok(Reconciled::Clean);
        }
        let at_work = matches!(self.plan().status, Status::Executing { .. })
            && Self::leased(&self.project, &self.id)?.is_some();
        if at_work {
            return Ok(Reconciled::Clean);
        }
        self.show();
        Ok(Reconciled::Rendered)
    }

    /// A file that was never rendered is rendered; one that was deleted is a refused edit.
    fn file_gone(&mut self, path: &Path, settling: Settling) -> Result<Reconciled> {
        if self.plan().head_frame.anchor.seq == 0 {
            self.show();
            return Ok(Reconciled::Rendered);
        }
        // Some editors remove a file just before they put the new one in its place.
        if let Settling::After(time) = settling {
            std::thread::sleep(time.min(Duration::from_millis(50)));
            if path.exists() {
                return Ok(Reconciled::Unsettled);
            }
        }
        let why = format!(
            "it was deleted; to end a plan, run `modulatio plan cancel {}`",
            self.id
        );
        let fresh = frontmatter::render(self.plan());
        if self.project.put_plan_file(&self.id, &fresh)? {
            self.reject(why, None)
        } else {
            // It is back, or another process has dealt with it.
            self.reconcile(settling)
        }
    }

    fn file_edited(&mut self, path: &Path, bytes: &[u8], settling: Settling) -> Result<Reconciled> {
        let settled = is_settled(path, settling);
        if bytes.is_empty() && !settled {
            return Ok(Reconciled::Unsettled);
        }
        match self.take_in(bytes, settled)? {
            Taken::Over => Ok(Reconciled::Edited),
            Taken::NothingNew => {
                self.show();
                Ok(Reconciled::Rendered)
            }
            Taken::Refused(why) => self.refuse(path, bytes, why),
            Taken::Later => {
                self.judged = None;
                Ok(Reconciled::Unsettled)
            }
        }
    }

    /// Takes in a text that stood in the file's place when a rendering was put there.
    pub(super) fn absorb(&mut self, bytes: &[u8]) -> Result<Reconciled> {
        match self.take_in(bytes, true)? {
            Taken::Over => Ok(Reconciled::Edited),
            Taken::NothingNew => {
                self.show();
                Ok(Reconciled::Rendered)
            }
            Taken::Refused(why) => {
                let path = self.project.plan_path(&self.id);
                let kept = self.project.keep_aside(&path, bytes)?;
                self.reject(why, Some(kept))
            }
            Taken::Later => Ok(Reconciled::Unsettled),
        }
    }

    /// Swaps a rendering in first, so that of all who refuse one text a single one keeps it and says so.
    fn refuse(&mut self, path: &Path, bytes: &[u8], why: String) -> Result<Reconciled> {
        let fresh = frontmatter::render(self.plan());
        match self.project.swap_plan_file(&self.id, &fresh)? {
            Some(found) if is_rendering(&found) => {
                self.refresh()?;
                self.show();
                Ok(Reconciled::Rendered)
            }
            Some(found) if found != bytes => self.absorb(&found),
            Some(_) | None => {
                let kept = self.project.keep_aside(path, bytes)?;
                self.reject(why, Some(kept))
            }
        }
    }

    /// Makes events of a text. One that may still be in the middle of being written is held back where half of it
    /// would do harm.
    fn take_in(&mut self, bytes: &[u8], settled: bool) -> Result<Taken> {
        self.judged = Some(Digest::of(bytes));
        // The file that the plan was imported from is no edit of it, however its spellings differ from ours.
        if self.plan().found_as == self.judged {
            return Ok(Taken::NothingNew);
        }
        let refused = |why: String| {
            if settled {
                Taken::Refused(why)
            } else {
                Taken::Later
            }
        };
        let edited = match document::read(bytes) {
            Ok(edited) => edited,
            Err(error) => return Ok(refused(error.to_string())),
        };
        let (base, edited) = self.against_base(edited)?;
        // A half-written body would be a short plan.
        if !settled && base.body != edited.body {
            return Ok(Taken::Later);
        }
        let command = Command::Edit { base, edited };
        match self.submit(&command, &Actor::named(FILE_EDIT)) {
            Ok(_) => Ok(Taken::Over),
            Err(Error::Refused {
                refusal: Refusal::Edit(EditFault::Nothing),
                ..
            }) => Ok(Taken::NothingNew),
            Err(Error::Refused { refusal, .. }) => Ok(refused(refusal.to_string())),
            Err(error) => Err(error),
        }
    }

    /// The edited text beside the rendering that the operator had before them.
    fn against_base(&self, edited: Document) -> Result<(Box<Document>, Box<Document>)> {
        let base = claimed_anchor(&edited)
            .and_then(|anchor| self.rendering_at(anchor))
            .unwrap_or_else(|| frontmatter::render(self.plan()));
        let base = document::read(base.as_bytes())
            .map_err(|e| Error::Failed(format!("our own rendering cannot be read: {e}")))?;
        Ok((Box::new(base), Box::new(edited)))
    }

    fn rendering_at(&self, anchor: Anchor) -> Option<String> {
        if anchor == self.plan().head_frame.anchor {
            return None;
        }
        let reading = replay::read(
            &self.project,
            &self.id,
            replay::Until::Seq(anchor.seq),
            &mut |_, _, _| (),
        )
        .ok()?;
        let plan: Plan = reading.plan?;
        (plan.head_frame.anchor == anchor).then(|| frontmatter::render(&plan))
    }

    fn reject(&mut self, why: String, kept_as: Option<String>) -> Result<Reconciled> {
        let file = files::plan_path(&self.id);
        let command = Command::RejectEdit {
            file,
            why: why.clone(),
            kept_as: kept_as.clone(),
        };
        let name = kept_as.as_deref().unwrap_or("nothing");
        tracing::warn!(plan = %self.id, kept_as = name, "hand edit refused: {why}");
        self.submit(&command, &Actor::named(FILE_EDIT))?;
        self.show();
        Ok(Reconciled::Rejected { why, kept_as })
    }
}

/// What became of a text.
enum Taken {
    /// Its events are in the journal.
    Over,
    NothingNew,
    /// It may be half-written.
    Later,
    Refused(String),
}

fn claimed_anchor(edited: &Document) -> Option<Anchor> {
    let value = edited.values.get("journal")?;
    projections::yaml::from_value(value.clone()).ok()
}

pub(super) fn is_settled(path: &Path, settling: Settling) -> bool {
    let Settling::After(time) = settling else {
        return true;
    };
    let modified = std::fs::metadata(path)
        .and_then(|meta| meta.modified())
        .ok();
    let since = modified.and_then(|at| at.duration_since(std::time::UNIX_EPOCH).ok());
    let Some(micros) = since.and_then(|d| i64::try_from(d.as_micros()).ok()) else {
        return true;
    };
    let age = clock::now().micros().saturating_sub(micros);
    // A file from the future has a wrong clock, not a busy writer.
    age < 0 || u128::from(age.unsigned_abs()) >= time.as_micros()
}

/// Keeps a person's text beside the file it was written to; returns its name.
pub(super) fn keep_aside(disk: &dyn Disk, path: &Path, bytes: &[u8]) -> Result<String> {
    let name = path
        .file_name()
        .and_then(|name| name.to_str())
        .unwrap_or("file");
    let kept = format!("{name}.rejected-{}", clock::now().file_form());
    let target = path.with_file_name(&kept);
    let file = disk
        .create_new(&target)
        .map_err(Error::io("keep the edit as", &target))?;
    let mut rest = bytes;
    while !rest.is_empty() {
        let written = file
            .append(rest)
            .map_err(Error::io("keep the edit as", &target))?;
        rest = &rest[written..];
    }
    file.sync_data()
        .map_err(Error::io("keep the edit as", &target))?;
    Ok(kept)
}

impl Project {
    /// Keeps an operator's text beside the file it was written to; returns its name.
    pub(super) fn keep_aside(&self, path: &Path, bytes: &[u8]) -> Result<String> {
        keep_aside(self.disk(), path, bytes)
    }

    /// Opens a plan, importing it if it has a file and no journal yet.
    ///
    /// # Errors
    /// [`Error::BadFile`] when the file cannot be read as a plan; [`Error::Archived`]; the journal's.
    pub fn open_plan(&self, id: &PlanId) -> Result<PlanLog> {
        match PlanLog::open(self, id) {
            Err(Error::NoPlan(_)) => self.import_plan(id),
            opened => opened,
        }
    }
}
