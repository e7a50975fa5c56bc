//! All that anyone can ask of a plan: an operator at the command line, a hand edit, a runner reporting an
//! outcome. A command is a wish; what becomes of it is decided against the state, under the plan's lock.

use projections::{
    document::Document,
    event::{Decision, FailureClass, Reserved, Usage},
    ids::{CallId, TaskId, TicketId},
    payload::Digest,
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
    },
    /// A model answered.
    CallCompleted {
        /// Which call.
        call_id: CallId,
        /// The answer, as received.
        reply: String,
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
        /// Seconds that the provider asks to wait.
        retry_after_s: Option<u64>,
    },
    /// An artifact is on disk.
    ArtifactWritten {
        /// Whose.
        task: TaskId,
        /// Below the run's `artifacts/`.
        path: String,
        /// BLAKE3 of its bytes.
        b3: Digest,
        /// Its length.
        bytes: u64,
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
