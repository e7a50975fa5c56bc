//! Hand edits: a plan's file is compared with what the journal would render. A legal edit becomes events, an
//! illegal one is kept aside and refused with a reason, and a rendering that is missing or old is made anew.
//! Nothing that an operator wrote is ever lost.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use projections::{
    files::{self, Whole},
    frontmatter,
    ids::PlanId,
    payload::Anchor,
    plan::Status,
};

use super::{
    Actor, PlanLog, Project, audit,
    displaced::{self, Displaced, LOOK},
    put::rendering_of,
    regular::{self, Lying},
    saved::Taken,
};
use crate::{
    clock,
    command::Command,
    decide::Refusal,
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
    /// The operator has spoken since: a file that may be in the middle of being written is waited for.
    Now,
    /// An editor may truncate first and write then; who asks will look again.
    After(Duration),
}

/// Editors write a file of this size in much less.
pub const SETTLED: Settling = Settling::After(Duration::from_millis(400));

/// Looks as often as it takes where the verdict is wanted now; a file that is never left alone is judged as it is.
pub(super) fn patiently<T>(
    settling: Settling,
    mut look: impl FnMut(Settling) -> Result<T>,
    is_unsettled: impl Fn(&T) -> bool,
) -> Result<T> {
    if settling != Settling::Now {
        return look(settling);
    }
    let started = Instant::now();
    while started.elapsed() < displaced::PATIENCE {
        let seen = look(SETTLED)?;
        if !is_unsettled(&seen) {
            return Ok(seen);
        }
        std::thread::sleep(LOOK);
    }
    look(Settling::Now)
}

impl PlanLog {
    /// Brings the plan's file and its journal together.
    ///
    /// # Errors
    /// The journal's, damage included; the file system's.
    pub fn reconcile(&mut self, settling: Settling) -> Result<Reconciled> {
        patiently(
            settling,
            |settling| self.look_at_file(settling),
            |became| *became == Reconciled::Unsettled,
        )
    }

    fn look_at_file(&mut self, settling: Settling) -> Result<Reconciled> {
        let path = self.project.plan_path(&self.id);
        let lying = regular::lying(&path).map_err(Error::io("read", &path))?;
        let bytes = match lying {
            Lying::Text(bytes) => bytes,
            Lying::Nothing => return self.file_gone(&path, settling),
            Lying::NoFile(what) => return self.refuse(None, what.to_owned()),
        };
        match rendering_of(&self.id.to_string(), &bytes) {
            Some(anchor) if anchor == self.plan().head_frame.anchor => Ok(Reconciled::Clean),
            Some(anchor) => {
                self.refresh()?;
                if self.has_rendered(anchor) {
                    self.file_lags(anchor)
                } else {
                    self.file_edited(&path, &bytes, settling)
                }
            }
            None => self.file_edited(&path, &bytes, settling),
        }
    }

    /// Whether the state at this anchor is one of this plan's: a file may come from another vault.
    pub(super) fn has_rendered(&mut self, anchor: Anchor) -> bool {
        let known = anchor == self.plan().head_frame.anchor
            || self.shown == Some(anchor)
            || audit::check_anchor(&self.project, &self.id, anchor).is_ok();
        if known {
            self.shown = Some(anchor);
        }
        known
    }

    /// A lagging file is no news while its plan is at work: steps are not shown one by one.
    fn file_lags(&mut self, anchor: Anchor) -> Result<Reconciled> {
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
        let plan = self.plan();
        let fresh = plan.head_frame.anchor.seq == 0 && plan.found_as.is_none();
        if fresh && !self.file_seen {
            let age = clock::now().micros_since(plan.head_frame.at);
            if age < BEING_MADE {
                tracing::debug!(plan = %self.id, "it is just being made, and its file is rendered");
            } else {
                tracing::warn!(
                    plan = %self.id,
                    "its file is missing and is rendered; to end a plan, run `modulatio plan cancel {}`",
                    self.id
                );
            }
            self.show();
            return Ok(Reconciled::Rendered);
        }
        self.may_refuse()?;
        // Some editors remove a file just before they put the new one in its place.
        if comes_back(path, settling) {
            return Ok(Reconciled::Unsettled);
        }
        let why = format!(
            "it was deleted; to end a plan, run `modulatio plan cancel {}`",
            self.id
        );
        let own = self.own_file();
        if self.project.put_new(&own)? {
            self.reject(why, None)
        } else {
            // It is back, or another process has dealt with it.
            Ok(Reconciled::Unsettled)
        }
    }

    fn file_edited(&mut self, path: &Path, bytes: &[u8], settling: Settling) -> Result<Reconciled> {
        let settled = is_settled(path, settling);
        let edit = self.edit_in(bytes)?;
        if !settled && (bytes.is_empty() || edit.may_be_half()) {
            return Ok(Reconciled::Unsettled);
        }
        match self.take(edit, bytes)? {
            Taken::Over => Ok(Reconciled::Edited),
            Taken::NothingNew => {
                self.show();
                Ok(Reconciled::Rendered)
            }
            Taken::Refused(_) if !settled => {
                self.judged = None;
                Ok(Reconciled::Unsettled)
            }
            Taken::Refused(why) => self.refuse(Some(bytes), why),
        }
    }

    /// That what is to be said of an edit can be said: the journal of a newer program is not written, and then the
    /// operator's file stays where it is.
    pub(super) fn may_refuse(&self) -> Result<()> {
        match &self.plan().unknown {
            Some(kind) => Err(Error::Refused {
                plan: self.id.clone(),
                refusal: Refusal::NewerProgram { kind: kind.clone() },
            }),
            None => Ok(()),
        }
    }

    /// Swaps a rendering in first, so that of all who refuse one text a single one keeps it and says so.
    fn refuse(&mut self, text: Option<&[u8]>, why: String) -> Result<Reconciled> {
        self.may_refuse()?;
        let own = self.own_file();
        let Some(displaced) = self.project.swap(&own)? else {
            return self.refuse_in_place(text, why);
        };
        if self.is_known(&displaced)? {
            displaced.discard(self.project.disk())?;
            self.refresh()?;
            self.show();
            return Ok(Reconciled::Rendered);
        }
        let same = match displaced.rested()? {
            Lying::Text(found) => text == Some(&found[..]),
            Lying::NoFile(_) => text.is_none(),
            Lying::Nothing => false,
        };
        if !same {
            return self.absorb(displaced);
        }
        let kept = displaced.keep(self.project.disk())?;
        self.reject(why, Some(kept))
    }

    /// Where nothing can be swapped, or nothing stands there any more.
    fn refuse_in_place(&mut self, text: Option<&[u8]>, why: String) -> Result<Reconciled> {
        let file = self.project.plan_path(&self.id);
        let Some(text) = text else {
            return Err(Error::BadFile { file, why });
        };
        let kept = displaced::keep_aside(self.project.disk(), &file, text)?;
        self.reject(why, Some(kept))
    }

    /// Whether it is a rendering of this plan: another process was here first.
    fn is_known(&mut self, displaced: &Displaced) -> Result<bool> {
        let Lying::Text(bytes) = displaced.lying()? else {
            return Ok(false);
        };
        let anchor = rendering_of(&self.id.to_string(), &bytes);
        Ok(anchor.is_some_and(|anchor| self.has_rendered(anchor)))
    }

    /// Takes in what stood in the file's place when a rendering was put there.
    pub(super) fn absorb(&mut self, displaced: Displaced) -> Result<Reconciled> {
        let taken = match displaced.rested()? {
            Lying::Nothing => return Ok(Reconciled::Rendered),
            Lying::NoFile(what) => Taken::Refused(what.to_owned()),
            Lying::Text(bytes) => {
                let edit = self.edit_in(&bytes)?;
                self.take(edit, &bytes)?
            }
        };
        match taken {
            Taken::Over => {
                displaced.discard(self.project.disk())?;
                Ok(Reconciled::Edited)
            }
            Taken::NothingNew => {
                displaced.discard(self.project.disk())?;
                self.show();
                Ok(Reconciled::Rendered)
            }
            Taken::Refused(why) => {
                let kept = displaced.keep(self.project.disk())?;
                self.reject(why, Some(kept))
            }
        }
    }

    fn own_file(&self) -> Whole {
        Whole {
            path: files::plan_path(&self.id),
            text: frontmatter::render(self.plan()),
        }
    }

    fn reject(&mut self, why: String, kept_as: Option<String>) -> Result<Reconciled> {
        let file = files::plan_path(&self.id);
        self.note_rejected(file, why.clone(), kept_as.clone())?;
        Ok(Reconciled::Rejected { why, kept_as })
    }

    /// Says that an edit was refused, here and in the journal, and renders everything afresh.
    pub(super) fn note_rejected(
        &mut self,
        file: String,
        why: String,
        kept_as: Option<String>,
    ) -> Result<()> {
        let name = kept_as.as_deref().unwrap_or("nothing");
        tracing::warn!(plan = %self.id, file, kept_as = name, "hand edit refused: {why}");
        let command = Command::RejectEdit { file, why, kept_as };
        self.submit(&command, &Actor::named(FILE_EDIT))?;
        self.show();
        Ok(())
    }
}

/// Microseconds after its first frame in which a plan's file may be missing because nobody has rendered it yet: the
/// journal is written first, and whoever makes the plan may be held up between the two.
const BEING_MADE: u64 = 60_000_000;

/// How long a file that is gone is waited for: an editor that removes one puts the new one there at once.
const GONE: Duration = Duration::from_millis(150);

/// Whether something stands there again before the time is up.
pub(super) fn comes_back(path: &Path, settling: Settling) -> bool {
    let Settling::After(time) = settling else {
        return false;
    };
    let started = Instant::now();
    while started.elapsed() < time.min(GONE) {
        if std::fs::symlink_metadata(path).is_ok() {
            return true;
        }
        std::thread::sleep(LOOK);
    }
    false
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

impl Project {
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
