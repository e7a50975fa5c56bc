//! The state of one plan: what [`crate::fold`] makes of its journal. Data lives in the variant that owns it.

mod calls;
mod run;

use std::collections::BTreeMap;

use crate::{
    body::{BodyFault, SubObjective},
    document::Head,
    event::{
        Attachment, Caps, Decision, Mandate, PauseReason, Priority, Reserved, StatusName,
        TicketSubject,
    },
    ids::{Epoch, PlanId, ProjectCode, TaskId, TicketId},
    memory::Note,
    payload::{Anchor, Digest, Payload},
    time::Timestamp,
    work::{Reflection, Transition},
};
pub use calls::{Calls, InFlight, Learned};
pub use run::{Artifact, Exchange, Run, RunStage, Task, TaskStage, Trouble, Used};

/// A plan, as its journal tells it.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Its id.
    pub id: PlanId,
    /// Its project.
    pub project: ProjectCode,
    /// When it was written down.
    pub created_at: Timestamp,
    /// Layout of the frontmatter and the operator's own keys.
    pub head: Head,
    /// The Markdown body.
    pub body: String,
    /// The body's list of sub-objectives, or why it cannot be run.
    pub items: Result<Vec<SubObjective>, BodyFault>,
    /// The operator's caps.
    pub caps: Caps,
    /// What was written into its text and its caps since it was written down, oldest first.
    pub revisions: Vec<Revision>,
    /// Where it stands.
    pub status: Status,
    /// How it came there.
    pub transitions: Vec<Transition>,
    /// How often it was claimed.
    pub epoch: Epoch,
    /// Claims in a row that ended with a lost runner and without a completed step.
    pub barren_claims: u32,
    /// When it was first executed.
    pub execution_started_at: Option<Timestamp>,
    /// Finished sub-objectives.
    pub current_index: u32,
    /// The sub-objective in work.
    pub run: Option<Run>,
    /// The Leader's reflections.
    pub reflections: Vec<Reflection>,
    /// One record for each finished sub-objective.
    pub kickoffs: Vec<serde_json::Value>,
    /// What was made in each sub-objective that was finished here.
    pub finished: Vec<Finished>,
    /// What the Leader said of the whole plan at its end.
    pub quality_report: Option<String>,
    /// What the Leader was asked to write the plan from, if it was.
    pub wishes: Vec<Wish>,
    /// The team's state document.
    pub team_state: Option<String>,
    /// What its agents wrote for the team's memory.
    pub notes: Notes,
    /// How often each production of each task was judged: a sub-objective that begins anew has tasks of the same ids.
    pub judged: BTreeMap<(TaskId, u32), u32>,
    /// Model calls.
    pub calls: Calls,
    /// Tickets, by id.
    pub tickets: BTreeMap<TicketId, Ticket>,
    /// The usage ledger found beside an imported plan.
    pub usage_before: Option<Payload>,
    /// BLAKE3 of an imported plan's file as it was found.
    pub found_as: Option<Digest>,
    /// The last frame.
    pub head_frame: FrameMark,
    /// When a step was last completed.
    pub last_progress: Timestamp,
    /// A kind of event that this program does not know; such a journal is not written.
    pub unknown: Option<String>,
}

/// One change of a plan's text or caps. Whoever judges an edit late sees by it that somebody else has taken the same edit
/// over since.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revision {
    /// The frame.
    pub seq: u64,
    /// Who wrote it.
    pub by: String,
    /// The operator's own keys, if they changed ([`Head::own_digest`]).
    pub head: Option<Digest>,
    /// The body without blanks at its end, if it changed.
    pub body: Option<Digest>,
    /// All caps, if one changed.
    pub caps: Option<Caps>,
}

/// A finished sub-objective, for who looks back on the whole plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finished {
    /// Its number when it was finished.
    pub index: u32,
    /// Its title then.
    pub title: String,
    /// Its tasks.
    pub tasks: Vec<TaskRecord>,
}

/// A finished task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskRecord {
    /// Its id.
    pub id: TaskId,
    /// Its title.
    pub title: String,
    /// Paths of its artifacts.
    pub artifacts: Vec<String>,
    /// How many productions it took.
    pub attempts: u32,
    /// Whether quality control mended it itself.
    pub fixed: bool,
    /// What its last producer claims.
    pub claim: String,
    /// The summary of its last judgement.
    pub verdict: String,
}

/// Whether a model's label is that of the embedded rehearsal.
#[must_use]
pub fn is_rehearsal(label: &str) -> bool {
    label.split('/').next() == Some("rehearsal")
}

/// What a plan's agents wrote for the team's memory.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Notes {
    /// BLAKE3 of each text: nothing is noted twice. As many as there are, so many ids are taken.
    pub known: Vec<Digest>,
    /// Proposed notes, oldest first.
    pub proposed: Vec<Proposal>,
}

/// A proposed note.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proposal {
    /// The note.
    pub note: Note,
    /// When it was proposed.
    pub at: Timestamp,
    /// Whether quality control took it, once it has decided.
    pub promoted: Option<bool>,
}

impl Plan {
    /// Proposed notes that who judges this task decides on: those of its producer, and with the first task those of
    /// nobody's task. They are the same from the first call of a judgement to its last, whatever others do meanwhile.
    pub fn proposed_to_judge_of(&self, task: &TaskId) -> impl Iterator<Item = &Proposal> {
        let first = self.run.as_ref().and_then(|run| run.tasks.first());
        let is_first = first.is_some_and(|first| first.spec.id == *task);
        let task = task.clone();
        let theirs = move |proposal: &&Proposal| match &proposal.note.task {
            Some(of) => *of == task,
            None => is_first,
        };
        let open = |proposal: &&Proposal| proposal.promoted.is_none();
        self.notes.proposed.iter().filter(open).filter(theirs)
    }
}

/// What the Leader was asked to write a plan from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wish {
    /// The objective first, then what is to be changed.
    pub text: String,
    /// Material.
    pub attachments: Vec<Attachment>,
    /// What follows when it is written, or cannot be.
    pub mandate: Mandate,
    /// Why nothing came of it, if nothing did.
    pub failed: Option<String>,
}

/// The last frame that was folded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FrameMark {
    /// Its place.
    pub anchor: Anchor,
    /// When it was decided.
    pub at: Timestamp,
    /// Who wrote it.
    pub by: String,
}

/// Where a plan stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Status {
    /// Waits for approval.
    Draft,
    /// Waits for a runner.
    Approved,
    /// A runner has it.
    Executing {
        /// The runner.
        by: String,
        /// Since when.
        since: Timestamp,
    },
    /// Waits for a person.
    Paused {
        /// What kind of reason.
        reason: PauseReason,
        /// The reason, for people.
        note: String,
    },
    /// Refused by an operator.
    Declined,
    /// Ended by an operator.
    Cancelled {
        /// Whether calls under way are cut instead of awaited.
        cut: bool,
    },
    /// Ended without reaching its objective.
    Aborted,
    /// Finished.
    Done,
}

impl Status {
    /// The spelling in files.
    #[must_use]
    pub fn name(&self) -> StatusName {
        match self {
            Self::Draft => StatusName::Draft,
            Self::Approved => StatusName::Approved,
            Self::Executing { .. } => StatusName::Executing,
            Self::Paused { .. } => StatusName::Paused,
            Self::Declined => StatusName::Declined,
            Self::Cancelled { .. } => StatusName::Cancelled,
            Self::Aborted => StatusName::Aborted,
            Self::Done => StatusName::Done,
        }
    }
}

/// A question to a person.
#[derive(Clone, Debug, PartialEq)]
pub struct Ticket {
    /// How urgent.
    pub priority: Priority,
    /// What it is about.
    pub subject: TicketSubject,
    /// One line.
    pub title: String,
    /// What happened and what can be done.
    pub body: String,
    /// What a decision is bound to.
    pub digest: Digest,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// BLAKE3 of the file of an earlier program that it was taken over from.
    pub found_as: Option<Digest>,
    /// The frame that changed it last.
    pub changed: FrameMark,
    /// Whether nothing waits for an answer.
    pub for_information: bool,
    /// Why it asks no longer, if it was withdrawn.
    pub withdrawn: Option<String>,
    /// The answer.
    pub answer: Option<Answer>,
}

impl Ticket {
    /// Whether it still waits to be answered, or to be taken note of.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.answer.is_none() && self.withdrawn.is_none()
    }
}

/// A person's answer to a ticket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The decision.
    pub decision: Decision,
    /// Who.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// The person's note.
    pub note: String,
}

impl Plan {
    /// The sub-objective numbered `index`, from 1, if the body can be read and has it.
    #[must_use]
    pub fn item(&self, index: u32) -> Option<&SubObjective> {
        let items = self.items.as_ref().ok()?;
        items.get(usize::try_from(index.checked_sub(1)?).ok()?)
    }

    /// How many sub-objectives the body lists; 0 when it cannot be read.
    #[must_use]
    pub fn item_count(&self) -> u32 {
        self.items
            .as_ref()
            .map_or(0, |items| u32::try_from(items.len()).unwrap_or(u32::MAX))
    }

    /// Tokens and cost that are spent or may be: settled, under way and in doubt.
    #[must_use]
    pub fn committed(&self) -> Reserved {
        let settled = Reserved {
            tokens: self.calls.tokens,
            cost: Some(self.calls.cost),
        };
        let flying = self.calls.in_flight.values().map(|call| call.reserved);
        flying
            .chain([self.calls.possible()])
            .fold(settled, Reserved::plus)
    }

    /// Tickets that wait for an answer.
    pub fn open_tickets(&self) -> impl Iterator<Item = (&TicketId, &Ticket)> {
        self.tickets
            .iter()
            .filter(|(_, ticket)| ticket.is_open() && !ticket.for_information)
    }

    /// The material that came with its wishes; of several of one name the last.
    #[must_use]
    pub fn attachments(&self) -> BTreeMap<&str, &Attachment> {
        let all = self.wishes.iter().flat_map(|wish| &wish.attachments);
        all.map(|attachment| (attachment.name.as_str(), attachment))
            .collect()
    }

    /// Whether a runner may work on it: it is executing, or the Leader writes it.
    #[must_use]
    pub fn is_at_work(&self) -> bool {
        match self.status {
            Status::Executing { .. } => true,
            Status::Draft => self.is_being_drafted(),
            Status::Approved
            | Status::Paused { .. }
            | Status::Declined
            | Status::Cancelled { .. }
            | Status::Aborted
            | Status::Done => false,
        }
    }

    /// When it ended, if it has. Its journal may go on: edits are refused, reservations released.
    #[must_use]
    pub fn ended_at(&self) -> Option<Timestamp> {
        let end = self.transitions.iter().find(|turn| turn.to.is_terminal());
        // One that was taken in from elsewhere may not say.
        let end = end.or(self.transitions.last());
        let has_ended = self.status.name().is_terminal();
        has_ended.then(|| end.map_or(self.created_at, |turn| turn.decided_at))
    }

    /// Whether the Leader is asked to write it.
    #[must_use]
    pub fn is_being_drafted(&self) -> bool {
        let drafting = |run: &Run| run.stage == RunStage::Drafting;
        self.run.as_ref().is_some_and(drafting)
    }
}
