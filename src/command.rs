//! All that anyone can ask of a plan: an operator at the command line, a hand edit, a runner reporting an
//! outcome. A command is a wish; what becomes of it is decided against the state, under the plan's lock.

use projections::{
    document::Document,
    event::{Attachment, CapKind, Decision, FailureClass, Mandate, Reserved, ToolOutcome, Usage},
    found,
    ids::{CallId, TaskId, TicketId, ToolCallId},
    memory::{Recalled, Standing},
    payload::Digest,
    plan::Artifact,
    time::MicroUsd,
    work::Step,
};

/// A wish.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Let a draft run, or a paused plan go on.
    Approve {
        /// The operator's note.
        note: String,
    },
    /// Refuse a draft, or what a paused plan's ticket proposes.
    Decline {
        /// The operator's note.
        note: String,
    },
    /// End the plan for good.
    Cancel {
        /// The operator's note.
        note: String,
        /// Whether calls under way are cut instead of awaited.
        cut: bool,
    },
    /// Stop at the next step.
    Pause {
        /// The operator's note.
        note: String,
    },
    /// Let a paused plan go on.
    Resume {
        /// The operator's note.
        note: String,
    },
    /// Answer one ticket.
    DecideTicket {
        /// Which.
        ticket: TicketId,
        /// The digest of what was shown.
        digest: Digest,
        /// The answer.
        decision: Decision,
        /// The person's note.
        note: String,
    },
    /// Take over a ticket of an earlier program.
    TakeTicket {
        /// Its id.
        ticket: TicketId,
        /// What its file says.
        found: Box<found::ticket::Ticket>,
        /// BLAKE3 of the file.
        file: Digest,
    },
    /// Let the Leader write the draft, or write it anew.
    RequestDraft {
        /// The objective, or what is to be changed.
        wish: String,
        /// Material to work from.
        attachments: Vec<Attachment>,
        /// What follows when it is written, or cannot be.
        mandate: Mandate,
    },
    /// Ask a person whether a draft may run.
    Propose {
        /// How it came about, in one sentence.
        what: String,
    },
    /// Change caps.
    EditBudget {
        /// `max_tokens`.
        tokens: Change<u64>,
        /// `max_cost_usd`.
        cost: Change<MicroUsd>,
        /// `max_wall_clock_min`.
        minutes: Change<u64>,
    },
    /// Take reservations of calls in doubt off the books.
    ReleaseReservations {
        /// Of this call; `None` of all.
        call: Option<CallId>,
        /// The operator's note.
        note: String,
    },
    /// Take over what an operator changed in the plan's file.
    Edit {
        /// The file as it had been rendered.
        base: Box<Document>,
        /// The file as it is.
        edited: Box<Document>,
    },
    /// Record that an edit was refused.
    RejectEdit {
        /// The file, relative to the project.
        file: String,
        /// Why.
        why: String,
        /// The name under which it was kept.
        kept_as: Option<String>,
    },
    /// Take the plan, whose lease the runner holds.
    Claim,
    /// A runner's report or request, fenced by its claim.
    Runner(Report),
    /// Settle calls whose runner is gone, of a plan that no runner has.
    SettleOrphans,
}

/// What becomes of one cap.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Change<T> {
    /// It stays.
    #[default]
    Keep,
    /// It is this from now on.
    Set(T),
    /// There is none from now on.
    Remove,
}

impl<T> Change<T> {
    /// What `before` becomes.
    pub fn over(self, before: Option<T>) -> Option<T> {
        match self {
            Self::Keep => before,
            Self::Set(value) => Some(value),
            Self::Remove => None,
        }
    }
}

/// A further model of a role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fallback {
    /// Its label.
    pub model: String,
    /// How many of the role's models stand before it.
    pub rank: u32,
}

/// A tool that a model called, as its reply has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Called {
    /// Which.
    pub tool: String,
    /// Its arguments, unchecked.
    pub arguments: String,
}

/// How much room a prompt takes in a model's window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// Tokens of the prompt, estimated.
    pub estimated_tokens: u64,
    /// Tokens that the window leaves for a prompt.
    pub window_tokens: u64,
}

/// What a runner asks or reports.
#[derive(Clone, Debug, PartialEq)]
pub enum Report {
    /// A model is to be called.
    CallStarting {
        /// For what.
        step: Step,
        /// The model's label.
        model: String,
        /// The agent that asks.
        agent_id: String,
        /// The worst case.
        reserved: Reserved,
        /// BLAKE3 of the prompt.
        prompt_b3: Digest,
        /// Its length.
        prompt_bytes: u64,
        /// What it was given from the team's memory, with the step's first call.
        recalled: Option<Recalled>,
    },
    /// A task that the planner gave to nobody is to be given to a producer.
    Routing {
        /// The task.
        task: TaskId,
        /// All who might do it, in the order of the configuration.
        among: Vec<Standing>,
        /// The embedder that compared them, if one did.
        embedder: Option<String>,
    },
    /// A model answered.
    CallCompleted {
        /// Which call.
        call_id: CallId,
        /// The answer, as received.
        reply: String,
        /// The tools that the model called instead of answering.
        calls: Vec<Called>,
        /// Whether the answer breaks off at the limit of output tokens.
        cut: bool,
        /// What may have been spent beyond `usage`.
        in_doubt: Reserved,
        /// Tokens.
        usage: Usage,
        /// Cost, if the price is known.
        cost: Option<MicroUsd>,
        /// Milliseconds.
        latency_ms: u64,
    },
    /// A model call failed.
    CallFailed {
        /// Which call.
        call_id: CallId,
        /// How.
        class: FailureClass,
        /// For people.
        message: String,
        /// Milliseconds that the provider asks to wait.
        retry_after_ms: Option<u64>,
        /// Whether it may have been billed all the same.
        in_doubt: bool,
        /// The role's model that would take over, if it has one.
        next: Option<Fallback>,
        /// Whether the endpoint has failed so often that it counts as dead.
        dead: bool,
    },
    /// A step's model is given up before it is asked: its endpoint is dead, or its window too small.
    FallingBack {
        /// The step.
        step: Step,
        /// The model that is given up.
        from: String,
        /// The one that takes over.
        to: Fallback,
        /// Why.
        why: String,
    },
    /// A call would pass a cap of the vault's day.
    OverDailyCap {
        /// Which cap.
        cap: CapKind,
        /// Spent and reserved with the refused call, in the cap's unit.
        used: u64,
        /// The cap.
        limit: u64,
    },
    /// There is a cap on cost, and models whose price is unknown.
    Unpriced {
        /// Their labels.
        models: Vec<String>,
        /// Whether the vault has a cap on the cost of a day.
        daily: bool,
    },
    /// A tool is about to run.
    ToolStarting {
        /// Whose.
        task: TaskId,
        /// Which call.
        tool_call: ToolCallId,
        /// Whether it may be run again if its runner is lost meanwhile.
        repeatable: bool,
    },
    /// A tool has returned.
    ToolReturned {
        /// Whose.
        task: TaskId,
        /// Which call.
        tool_call: ToolCallId,
        /// How it ended.
        outcome: ToolOutcome,
        /// What it returned, whole.
        result: String,
        /// What of it the model is shown, if not all.
        shown: Option<String>,
    },
    /// A prompt has come near the model's window.
    ContextNear {
        /// The step.
        step: Step,
        /// The model.
        model: String,
        /// How near.
        room: Room,
    },
    /// Results of tools are to be left out of a conversation.
    ContextTight {
        /// The step.
        step: Step,
        /// Whose results.
        replaced: Vec<ToolCallId>,
        /// With them.
        before: Room,
        /// Tokens without them, estimated.
        after_tokens: u64,
    },
    /// A prompt does not fit the model's window, whatever is left out.
    ContextFull {
        /// The step.
        step: Step,
        /// The model.
        model: String,
        /// How much too large.
        room: Room,
        /// Where the conversation was kept, relative to the project.
        checkpoint: String,
        /// BLAKE3 of that file.
        b3: Digest,
        /// Its length.
        bytes: u64,
    },
    /// A task's artifacts are on disk, as far as they are there.
    ArtifactsCollected {
        /// Whose.
        task: TaskId,
        /// Those that are there.
        artifacts: Vec<Artifact>,
        /// Those that are not, with the reason.
        missing: Vec<String>,
    },
    /// The machine does not let the runner do its work.
    Obstructed {
        /// What it tried and what it was told.
        why: String,
    },
    /// The runner stops; calls under way are cut.
    Releasing {
        /// Why.
        why: String,
    },
}
