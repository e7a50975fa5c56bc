//! Which files of the memory an event makes. A verdict's file says what the journal says, and is rendered again when it
//! is lost. A note belongs to whoever keeps the folder from the moment it is written: it may be edited, moved to
//! `_removed/` or deleted, and is not put back over that.

use super::{Judgement, Note, Store};
use crate::{event::Event, fold::Entry, plan::Plan};

/// Below a store's directory: notes that quality control has not decided on.
pub const PROPOSALS: &str = "_proposals";

/// Below a store's directory: what was taken out of the memory.
pub const REMOVED: &str = "_removed";

/// Below a store's directory: verdicts of rehearsals, in which nobody read anything.
pub const REHEARSED: &str = "_rehearsed";

/// Directories below a store's that hold what is not, or not any more, part of the memory.
pub const APART: [&str; 3] = [PROPOSALS, REMOVED, REHEARSED];

/// A file of the memory, as an event makes it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct MemoryFile {
    /// Where.
    pub store: Store,
    /// Below the store's directory, without `.md`.
    pub id: String,
    /// What becomes of it.
    pub act: Act,
}

/// What becomes of a file of the memory.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Act {
    /// It holds just this, now and always.
    Render(String),
    /// It is written with this text, once.
    Write(String),
    /// It is proposed with this text.
    Propose(String),
    /// The proposal becomes part of the memory.
    Promote {
        /// As it was proposed.
        proposed: String,
        /// As it stands in the memory.
        text: String,
    },
    /// The proposal is put away.
    Decline,
}

impl MemoryFile {
    /// What `event` makes, if anything; `plan` is the state right after it.
    #[must_use]
    pub fn of(plan: &Plan, entry: &Entry, event: &Event) -> Option<Self> {
        let at = entry.mark.at;
        let note = |note: &Note, act| Self {
            store: Store::TeamMemory,
            id: note.id.clone(),
            act,
        };
        match event {
            Event::TaskReviewed(reviewed) => {
                let task = plan.run.as_ref()?.task(&reviewed.task)?;
                let key = (reviewed.task.clone(), reviewed.attempt);
                let judgement = Judgement {
                    nth: plan.judged.get(&key).copied().unwrap_or(1),
                    plan: &plan.id,
                    task,
                    reviewed,
                    at,
                };
                Some(Self {
                    store: Store::QcHistory,
                    id: judgement.id(),
                    act: Act::Render(judgement.render()),
                })
            }
            Event::NoteWritten(e) => Some(note(&e.note, Act::Write(e.note.render(at, None)))),
            Event::NoteProposed(e) => Some(note(&e.note, Act::Propose(e.note.render(at, None)))),
            Event::NoteJudged(e) => {
                let mut proposed = plan.notes.proposed.iter();
                let proposal = proposed.find(|proposal| proposal.note.id == e.note)?;
                let act = if e.promoted {
                    Act::Promote {
                        proposed: proposal.note.render(proposal.at, None),
                        text: proposal.note.render(at, Some("qc")),
                    }
                } else {
                    Act::Decline
                };
                Some(note(&proposal.note, act))
            }
            _ => None,
        }
    }

    /// Its path below the project's directory.
    #[must_use]
    pub fn path(&self) -> String {
        format!("{}/{}.md", self.store.as_str(), self.id)
    }

    /// Where it lies as a proposal.
    #[must_use]
    pub fn proposal_path(&self) -> String {
        format!("{}/{PROPOSALS}/{}.md", self.store.as_str(), self.id)
    }

    /// Where it lies when it was taken out of the memory.
    #[must_use]
    pub fn removed_path(&self) -> String {
        format!("{}/{REMOVED}/{}.md", self.store.as_str(), self.id)
    }
}
