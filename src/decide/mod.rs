//! `(state, command, context) → events`, or a reasoned refusal. Pure: no I/O, no clock, no randomness.
//!
//! One file per family of commands. Every family writes its events through `Decision`, which applies each to
//! a working copy of the state as it goes, so that later rules of the same frame see the earlier events.

mod approval;
mod budget;
mod calls;
mod claim;
mod context;
mod create;
mod drafting;
mod earlier;
mod edit;
mod failure;
mod memory;
mod outcome;
mod question;
mod reflection;
mod stuck;
mod ticket;
mod tools;

use projections::{
    event::{Caps, Event, PauseReason, PlanPaused, StatusName},
    fold::{self, Entry},
    ids::{Epoch, TicketId},
    payload::{Anchor, Digest},
    plan::{FrameMark, Plan, Status},
    time::Timestamp,
};

use crate::command::Command;

pub use budget::must_wait;
pub use create::{draft, import, wished};
pub use edit::EditFault;
pub(crate) use outcome::overdrew;

/// What a decision may depend on besides the state and the command.
#[derive(Clone, Debug)]
pub struct Context {
    /// The instant of the decision.
    pub now: Timestamp,
    /// Who asks, as the frame will name them.
    pub by: String,
    /// The asking runner's claim; `None` for anyone else.
    pub runner: Option<Epoch>,
    /// A number drawn at random, for jitter.
    pub chance: u32,
    /// A ticket id reserved for this decision, once [`Refusal::NeedsTicket`] has asked for one.
    pub ticket: Option<TicketId>,
    /// The rules in force.
    pub policy: Policy,
}

/// Numbers that an operator may set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Lost runners in a row, without a completed step, before the plan is quarantined.
    pub barren_claims: u32,
    /// Redos of a task by its producer before quality control mends it itself.
    pub redos: u32,
    /// Tasks of one sub-objective in work at the same time.
    pub parallel: u32,
    /// Tasks of one sub-objective.
    pub max_tasks: u32,
    /// Calls of one production, those with tools included.
    pub max_iters: u32,
    /// Names of the producers, the first by default.
    pub producers: Vec<String>,
    /// Whether what agents note goes into the team's memory.
    pub team_memory: bool,
    /// How failed calls are tried again.
    pub retry: Retry,
    /// Replies of a wrong form to one step before a person is asked.
    pub rejections: u32,
    /// Percent of a cap at which a warning is given.
    pub warn_percent: u64,
    /// Caps for plans that set none themselves.
    pub default_caps: Caps,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            barren_claims: 3,
            redos: 3,
            parallel: 3,
            max_tasks: 6,
            max_iters: 24,
            producers: vec!["producer".to_owned()],
            team_memory: true,
            retry: Retry::default(),
            rejections: 2,
            warn_percent: 80,
            default_caps: Caps::default(),
        }
    }
}

/// How failed calls of a step are tried again, all in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retry {
    /// The first wait lasts at most so long; each further one twice as long.
    pub base_ms: u64,
    /// No wait but one that the provider asks for lasts longer.
    pub max_ms: u64,
    /// Nothing is tried again later than so long after the first call failed; zero never tries again.
    pub wall_ms: u64,
    /// Answers that break the protocol before the model is given up.
    pub malformed: u32,
}

impl Default for Retry {
    fn default() -> Self {
        Self {
            base_ms: 1_000,
            max_ms: 60_000,
            wall_ms: 1_800_000,
            malformed: 2,
        }
    }
}

/// Why a command is refused. Nothing was changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The plan's status does not allow it.
    #[error("the plan is {status}, so it cannot be {wish}{hint}")]
    Status {
        /// Where it stands.
        status: StatusName,
        /// What was asked, as a participle.
        wish: &'static str,
        /// What to do instead, beginning with `: `; may be empty.
        hint: String,
    },
    /// The runner's claim is not the plan's last one.
    #[error("epoch {epoch} was fenced off: the plan was claimed again at epoch {current}")]
    StaleEpoch {
        /// The runner's.
        epoch: Epoch,
        /// The plan's.
        current: Epoch,
    },
    /// Nothing is left to decide: the state has moved past it.
    #[error("the plan has moved past this")]
    Moot,
    /// A cap leaves no room for it while other calls are under way.
    #[error("a cap leaves no room for it while other calls are under way")]
    Later,
    /// The decision opens a ticket and needs an id for it.
    #[error("a ticket id must be reserved first")]
    NeedsTicket,
    /// Nothing is in doubt that could be released.
    #[error("{0}")]
    NotInDoubt(String),
    /// No such ticket, or answered already, or shown otherwise.
    #[error("ticket {ticket} {why}")]
    Ticket {
        /// Which.
        ticket: TicketId,
        /// Why not.
        why: String,
    },
    /// The journal holds kinds of a newer program.
    #[error(
        "the journal holds {kind}, which a newer modulatio wrote; this one reads it but does not write to it"
    )]
    NewerProgram {
        /// Which kind.
        kind: String,
    },
    /// The edit is not one that may be made by hand.
    #[error(transparent)]
    Edit(#[from] EditFault),
}

/// Decides one command.
///
/// # Errors
/// [`Refusal`] says why nothing happens.
pub fn decide(plan: &Plan, command: &Command, context: &Context) -> Result<Vec<Event>, Refusal> {
    if let Some(kind) = &plan.unknown {
        return Err(Refusal::NewerProgram { kind: kind.clone() });
    }
    let mut decision = Decision::on(plan, context);
    match command {
        Command::Approve { note } => approval::approve(&mut decision, note),
        Command::Decline { note } => approval::decline(&mut decision, note),
        Command::Cancel { note, cut } => approval::cancel(&mut decision, note, *cut),
        Command::Pause { note } => approval::pause(&mut decision, note),
        Command::Resume { note } => approval::resume(&mut decision, note),
        Command::DecideTicket {
            ticket,
            digest,
            decision: answer,
            note,
        } => ticket::decide(&mut decision, ticket, digest, *answer, note),
        Command::TakeTicket {
            ticket,
            found,
            file,
        } => earlier::take(&mut decision, ticket, found, *file),
        Command::RequestDraft {
            wish,
            attachments,
            mandate,
        } => drafting::request(&mut decision, wish, attachments, mandate),
        Command::Propose { what } => drafting::propose(&mut decision, what),
        Command::EditBudget {
            tokens,
            cost,
            minutes,
        } => budget::edit(&mut decision, *tokens, *cost, *minutes),
        Command::ReleaseReservations { call, note } => {
            budget::release(&mut decision, call.as_ref(), note)
        }
        Command::Edit { base, edited } => edit::edit(&mut decision, base, edited),
        Command::RejectEdit { file, why, kept_as } => {
            edit::reject(&mut decision, file, why, kept_as.as_ref())
        }
        Command::Claim => claim::claim(&mut decision),
        Command::SettleOrphans => claim::settle_orphans(&mut decision),
        Command::Runner(report) => calls::report(&mut decision, report),
    }?;
    Ok(decision.events)
}

/// The epoch that the frame of these events carries: a claim's own, else the plan's.
#[must_use]
pub fn epoch_of(plan: &Plan, events: &[Event]) -> Epoch {
    let claimed = events.iter().find_map(|event| match event {
        Event::PlanClaimed(claim) => Some(claim.epoch),
        _ => None,
    });
    claimed.unwrap_or(plan.epoch)
}

/// A frame being decided: the events so far and the state after them.
struct Decision<'a> {
    plan: Plan,
    context: &'a Context,
    entry: Entry,
    events: Vec<Event>,
}

/// What a rule returns: its events are in the [`Decision`].
type Decided = Result<(), Refusal>;

impl<'a> Decision<'a> {
    fn on(plan: &Plan, context: &'a Context) -> Self {
        let anchor = Anchor {
            seq: plan.head_frame.anchor.seq + 1,
            b3: Digest([0; 32]),
        };
        let mark = FrameMark {
            anchor,
            at: context.now,
            by: context.by.clone(),
        };
        let entry = Entry {
            mark,
            epoch: plan.epoch,
            events: Vec::new(),
        };
        Self {
            plan: plan.clone(),
            context,
            entry,
            events: Vec::new(),
        }
    }

    fn push(&mut self, event: impl Into<Event>) {
        let event = event.into();
        fold::apply_event(&mut self.plan, &self.entry, &event)
            .expect("decide emits only events that fold accepts");
        self.events.push(event);
    }

    fn status(&self) -> StatusName {
        self.plan.status.name()
    }

    fn is_executing(&self) -> bool {
        matches!(self.plan.status, Status::Executing { .. })
    }

    /// Pauses a plan that runs or is about to; one that an operator paused meanwhile stays as it is.
    fn pause(&mut self, reason: PauseReason, note: &str) {
        if matches!(
            self.plan.status,
            Status::Executing { .. } | Status::Approved
        ) {
            self.push(PlanPaused {
                reason,
                note: note.to_owned(),
            });
        }
    }

    fn refuse(&self, wish: &'static str, hint: &str) -> Refusal {
        Refusal::Status {
            status: self.status(),
            wish,
            hint: hint.to_owned(),
        }
    }
}
