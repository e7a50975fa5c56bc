//! What an operator saved as a plan's file, beside the rendering that they had before them, and its way into the
//! journal.

use projections::{
    document::{self, Document},
    event::Event,
    frontmatter,
    payload::{Anchor, Digest},
};

use super::{
    Actor, PlanLog,
    reconcile::FILE_EDIT,
    replay::{self, Until},
};
use crate::{
    command::Command,
    decide::{EditFault, Refusal},
    error::{Error, Result},
};

/// What a text is.
pub(super) enum Edit {
    /// The file that the plan was imported from: no edit of it, however its spellings differ from ours.
    Import,
    /// No text of a plan, or of one that is another by now.
    Wrong(String),
    /// This, made from that.
    Of {
        base: Box<Document>,
        edited: Box<Document>,
    },
}

impl Edit {
    /// Whether half of it would do harm: a half-written body would be a short plan.
    pub(super) fn may_be_half(&self) -> bool {
        match self {
            Self::Of { base, edited } => base.body != edited.body,
            Self::Wrong(_) => true,
            Self::Import => false,
        }
    }
}

/// What became of a text.
pub(super) enum Taken {
    /// Its events are in the journal.
    Over,
    NothingNew,
    Refused(String),
}

impl PlanLog {
    /// Reads a text.
    pub(super) fn edit_in(&self, bytes: &[u8]) -> Result<Edit> {
        if self.plan().found_as == Some(Digest::of(bytes)) {
            return Ok(Edit::Import);
        }
        let edited = match document::read(bytes) {
            Ok(edited) => edited,
            Err(error) => return Ok(Edit::Wrong(error.to_string())),
        };
        let anchor = claimed_anchor(&edited);
        let old = anchor.and_then(|anchor| Some((anchor, self.rendering_at(anchor)?)));
        let text = old.as_ref().map(|(_, text)| text.clone());
        let text = text.unwrap_or_else(|| frontmatter::render(self.plan()));
        let base = document::read(text.as_bytes())
            .map_err(|e| Error::Failed(format!("our own rendering cannot be read: {e}")))?;
        if let Some((anchor, _)) = old
            && ![&base.body, &self.plan().body].contains(&&edited.body)
            && self.was_rewritten_since(anchor)?
        {
            return Ok(Edit::Wrong(EditFault::Outdated.to_string()));
        }
        let (base, edited) = (Box::new(base), Box::new(edited));
        Ok(Edit::Of { base, edited })
    }

    /// Makes events of it.
    pub(super) fn take(&mut self, edit: Edit, bytes: &[u8]) -> Result<Taken> {
        self.judged = Some(Digest::of(bytes));
        let command = match edit {
            Edit::Import => return Ok(Taken::NothingNew),
            Edit::Wrong(why) => return Ok(Taken::Refused(why)),
            Edit::Of { base, edited } => Command::Edit { base, edited },
        };
        match self.submit(&command, &Actor::named(FILE_EDIT)) {
            Ok(_) => Ok(Taken::Over),
            Err(Error::Refused {
                refusal: Refusal::Edit(EditFault::Nothing),
                ..
            }) => Ok(Taken::NothingNew),
            Err(Error::Refused { refusal, .. }) => Ok(Taken::Refused(refusal.to_string())),
            Err(error) => Err(error),
        }
    }

    /// The rendering at an anchor other than the newest one.
    fn rendering_at(&self, anchor: Anchor) -> Option<String> {
        if anchor == self.plan().head_frame.anchor {
            return None;
        }
        let until = Until::Seq(anchor.seq);
        let reading = replay::read(&self.project, &self.id, until, &mut |_, _, _| ()).ok()?;
        let plan = reading.plan?;
        (plan.head_frame.anchor == anchor).then(|| frontmatter::render(&plan))
    }

    /// Whether somebody other than an operator in an editor has written the plan's body since.
    fn was_rewritten_since(&self, anchor: Anchor) -> Result<bool> {
        let mut rewritten = false;
        let reading = replay::read(
            &self.project,
            &self.id,
            Until::Tail,
            &mut |_, entry, event| {
                let since = entry.mark.anchor.seq > anchor.seq && entry.mark.by != FILE_EDIT;
                rewritten |= since && matches!(event, Event::PlanRevised(e) if e.body.is_some());
            },
        )?;
        reading.fault.map_or(Ok(rewritten), Err)
    }
}

fn claimed_anchor(edited: &Document) -> Option<Anchor> {
    let value = edited.values.get("journal")?;
    projections::yaml::from_value(value.clone()).ok()
}
