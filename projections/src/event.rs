//! The vocabulary of facts. One event is one thing that happened to a plan; a frame holds the events of one
//! decision. Every kind carries its version, so that a journal of any age still replays.
//!
//! Wire form: `{"kind":"PlanClaimed","v":1,…}`, `kind` and `v` first.

use serde::{Deserialize, Serialize};

use crate::{
    document::Head,
    ids::{CallId, Epoch, PlanId, ProjectCode, TaskId, TicketId, ToolCallId},
    memory::{Note, Recalled, RouteRule, Standing},
    payload::{Digest, Payload},
    time::{MicroUsd, Timestamp},
    work::{Defect, Redo, Reflection, Step, TaskSpec, Transition, Verdict},
};

/// Version of the vocabulary as a whole, recorded in frame 0. It rises when a kind changes its meaning; a kind that
/// gains a field or a value raises its own version only.
///
/// 1: first version.
pub const FORMAT: u32 = 1;

/// Declares the kinds: a struct each, the enum over them, and the tables that the codec needs.
///
/// A kind's version rises when it gains a field or one of its enums a value. Fields that came later have a default
/// that says what was true before them, so the one struct reads every version; it writes the newest.
macro_rules! vocabulary {
    ($( $(#[$doc:meta])* $kind:ident v $version:literal { $( $(#[$field_doc:meta])* $field:ident: $type:ty, )* } )*) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
            pub struct $kind { $( $(#[$field_doc])* pub $field: $type, )* }

            impl From<$kind> for Event {
                fn from(event: $kind) -> Self {
                    Self::$kind(event)
                }
            }
        )*

        /// A fact.
        #[derive(Clone, Debug, PartialEq)]
        pub enum Event {
            $( $(#[$doc])* $kind($kind), )*
            /// A kind or version of a newer program: shown, never interpreted. A journal that holds one is
            /// not written by this program.
            Unknown(Unknown),
        }

        impl Event {
            /// Every kind that this program writes, with its present version.
            pub const KINDS: &'static [(&'static str, u32)] = &[$( (stringify!($kind), $version), )*];

            /// The kind's name.
            #[must_use]
            pub fn kind(&self) -> &str {
                match self {
                    $( Self::$kind(_) => stringify!($kind), )*
                    Self::Unknown(unknown) => &unknown.kind,
                }
            }
        }

        impl Serialize for Event {
            fn serialize<S: serde::Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
                match self {
                    $( Self::$kind(body) => {
                        crate::codec::Tagged { kind: stringify!($kind), v: $version, body }.serialize(out)
                    } )*
                    Self::Unknown(unknown) => unknown.raw.serialize(out),
                }
            }
        }

        /// Reads the rest of an event of a known kind, straight from the parser; `None` for an unknown one.
        pub(crate) fn read_body<'de, M: serde::de::MapAccess<'de>>(
            kind: &str,
            v: u32,
            map: &mut Option<M>,
        ) -> Option<Result<Event, M::Error>> {
            match (kind, v) {
                $( (stringify!($kind), 1..=$version) => {
                    let map = serde::de::value::MapAccessDeserializer::new(map.take()?);
                    Some($kind::deserialize(map).map(Event::$kind))
                } )*
                _ => None,
            }
        }
    };
}

/// An event of a newer program.
#[derive(Clone, Debug, PartialEq)]
pub struct Unknown {
    /// Its kind.
    pub kind: String,
    /// Its version.
    pub v: u32,
    /// All of it.
    pub raw: serde_json::Value,
}

vocabulary! {
    /// A plan was written down. Frame 0 of a plan made here.
    PlanDrafted v 1 {
        /// Version of the vocabulary, [`FORMAT`].
        format: u32,
        /// Whose journal this is.
        plan: PlanId,
        /// The project it belongs to.
        project: ProjectCode,
        /// The frontmatter's layout and the keys that are the operator's.
        head: Head,
        /// The Markdown body.
        body: String,
        /// The operator's caps.
        caps: Caps,
    }

    /// A plan file without a journal was found, and is recorded as found. Frame 0 of such a plan.
    PlanImported v 1 {
        /// Version of the vocabulary, [`FORMAT`].
        format: u32,
        /// Whose journal this is.
        plan: PlanId,
        /// The project it belongs to.
        project: ProjectCode,
        /// The frontmatter's layout and the keys that are the operator's.
        head: Head,
        /// The Markdown body.
        body: String,
        /// The operator's caps.
        caps: Caps,
        /// What the file said of the plan's progress.
        found: Found,
    }

    /// The plan's text changed: an operator's edit or an approved revision.
    PlanRevised v 1 {
        /// The new layout and operator's keys, if they changed.
        head: Option<Head>,
        /// The new body, if it changed.
        body: Option<String>,
        /// Why, for people.
        why: String,
    }

    /// An operator approved the plan for running.
    PlanApproved v 1 {
        /// The operator's note.
        note: String,
    }

    /// An operator declined the plan.
    PlanDeclined v 1 {
        /// The operator's note.
        note: String,
    }

    /// A runner took the plan; every frame it writes from now on carries `epoch`.
    PlanClaimed v 1 {
        /// The new fencing epoch, one more than the last.
        epoch: Epoch,
        /// Whether an earlier runner was lost while executing.
        recovered: bool,
    }

    /// The runner gave the plan back unfinished, to be claimed again.
    PlanReleased v 1 {
        /// Why, for people.
        why: String,
    }

    /// The plan waits for a person. 2: reason `context`.
    PlanPaused v 2 {
        /// What kind of reason.
        reason: PauseReason,
        /// The reason, for people.
        note: String,
    }

    /// A paused plan may run again.
    PlanResumed v 1 {
        /// The operator's note.
        note: String,
    }

    /// An operator ended the plan for good; of a cancelled one, that what is under way is cut now as well. 2: `cut`.
    PlanCancelled v 2 {
        /// The operator's note.
        note: String,
        /// Whether calls under way are cut instead of awaited.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        cut: bool,
    }

    /// The plan ended without reaching its objective.
    PlanAborted v 1 {
        /// Why.
        summary: String,
    }

    /// Every sub-objective is finished.
    PlanCompleted v 1 {
        /// What was reached.
        summary: String,
    }

    /// An operator changed the caps.
    CapsChanged v 1 {
        /// All caps that hold from now on.
        caps: Caps,
    }

    /// A hand edit was refused; the file as edited was kept aside.
    EditRejected v 1 {
        /// The edited file, relative to the project.
        file: String,
        /// What was wrong and what to do.
        why: String,
        /// The name under which the edited file was kept, if there was a file.
        kept_as: Option<String>,
    }

    /// Work on a sub-objective began.
    SubObjectiveStarted v 1 {
        /// Its number, from 1.
        index: u32,
        /// Its title.
        title: String,
    }

    /// The planner divided the sub-objective. 2: several artifacts of a task, `needs`, `producer`.
    TasksPlanned v 2 {
        /// The sub-objective's number.
        index: u32,
        /// The tasks, in order.
        tasks: Vec<TaskSpec>,
    }

    /// A producer handed in an artifact; it is to be written to disk.
    TaskProduced v 1 {
        /// The task.
        task: TaskId,
        /// Which production, from 1.
        attempt: u32,
        /// The call whose reply holds the artifact's content.
        call_id: CallId,
        /// What the producer claims to have done.
        claim: String,
    }

    /// An artifact is on disk, whole. 2: `content`.
    ArtifactWritten v 2 {
        /// The task it belongs to.
        task: TaskId,
        /// Path below the run's `artifacts/`.
        path: String,
        /// BLAKE3 of its bytes.
        b3: Digest,
        /// Its length.
        bytes: u64,
        /// Its bytes, where no reply holds them: what tools wrote.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        content: Option<Payload>,
    }

    /// Quality control judged a task's artifacts, or the engine did. 2: `by_engine`, class `max-iters`.
    TaskReviewed v 2 {
        /// The task.
        task: TaskId,
        /// Which production was judged.
        attempt: u32,
        /// The judgement.
        verdict: Verdict,
        /// Whether there was nothing that quality control could have been asked about.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        by_engine: bool,
    }

    /// A rejected task is to be made good. 2: `how`.
    TaskRedone v 2 {
        /// The task.
        task: TaskId,
        /// Which production this will be.
        attempt: u32,
        /// What must be mended.
        defects: Vec<Defect>,
        /// By whom and how.
        #[serde(default)]
        how: Redo,
    }

    /// Quality control mended a task itself, and the result stands.
    TaskFixed v 1 {
        /// The task.
        task: TaskId,
        /// Which production it was.
        attempt: u32,
        /// What it claims to have done.
        claim: String,
    }

    /// A task cannot be finished without a person.
    TaskBlocked v 1 {
        /// The task.
        task: TaskId,
        /// Why.
        why: String,
    }

    /// A person sent a blocked task back to work, with a fresh redo budget.
    TaskUnblocked v 1 {
        /// The task.
        task: TaskId,
    }

    /// All of a sub-objective's work is done; `current_index` advances to it.
    SubObjectiveFinished v 1 {
        /// Its number.
        index: u32,
        /// One line on what was made.
        summary: String,
    }

    /// The Leader reflected.
    ReflectionRecorded v 1 {
        /// Its reflection.
        reflection: Reflection,
    }

    /// The Leader saw a claim that a verdict contradicts.
    DivergenceFlagged v 1 {
        /// After which sub-objective.
        after_sub_objective: u32,
        /// What diverges.
        note: String,
    }

    /// The Leader rewrote the team's state document.
    TeamStateWritten v 1 {
        /// The whole document.
        text: String,
    }

    /// A producer was chosen for a task that the planner gave to nobody.
    TaskRouted v 1 {
        /// The task.
        task: TaskId,
        /// Who does it.
        producer: String,
        /// What decided.
        rule: RouteRule,
        /// All who might have done it, in the order of the configuration.
        among: Vec<Standing>,
        /// The embedder that compared them, if one did.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        embedder: Option<String>,
    }

    /// Quality control or the Leader wrote a note for the team's memory.
    NoteWritten v 1 {
        /// The note.
        note: Note,
    }

    /// Another agent proposes a note; quality control decides.
    NoteProposed v 1 {
        /// The note.
        note: Note,
    }

    /// Quality control took a proposed note into the team's memory, or did not.
    NoteJudged v 1 {
        /// The note's id.
        note: String,
        /// Whether it is part of the memory now.
        promoted: bool,
    }

    /// The Leader reported on the whole plan.
    QualityReported v 1 {
        /// The report, Markdown.
        text: String,
    }

    /// The Leader is to write the plan, or to write it anew. 2: `mandate`.
    DraftRequested v 2 {
        /// Which draft, from 1.
        revision: u32,
        /// The objective, or what is to be changed.
        wish: String,
        /// Material to work from.
        attachments: Vec<Attachment>,
        /// What follows when it is written, or cannot be.
        #[serde(default, skip_serializing_if = "Mandate::is_none")]
        mandate: Mandate,
    }

    /// The Leader could not write the plan.
    DraftFailed v 1 {
        /// Which draft.
        revision: u32,
        /// Why.
        why: String,
    }

    /// A person wants the sub-objective in work divided into smaller ones.
    DecomposeRequested v 1 {
        /// Its number.
        index: u32,
    }

    /// The Leader put smaller sub-objectives in the place of the one in work.
    SubObjectiveDecomposed v 1 {
        /// Its number; the first of the new ones bears it now.
        index: u32,
        /// How many there are now in its place.
        parts: u32,
        /// The plan's new body.
        body: String,
        /// Why so.
        why: String,
    }

    /// A model is about to be called; its worst case is reserved. 2: `prompt_bytes`. 3: steps `draft`, `fix`,
    /// `decompose`. 4: `recalled`.
    ModelCallStarted v 4 {
        /// The call.
        call_id: CallId,
        /// What it is for.
        step: Step,
        /// The model's label, `provider/model`.
        model: String,
        /// The agent that asks.
        agent_id: String,
        /// The worst case.
        reserved: Reserved,
        /// BLAKE3 of the prompt as sent.
        prompt_b3: Digest,
        /// Its length; 0 where it was not recorded.
        #[serde(default)]
        prompt_bytes: u64,
        /// What the prompt was given from the team's memory, with a step's first call; its further ones show the same.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        recalled: Option<Recalled>,
    }

    /// A model answered: paid, and never asked again. 2: `tool_calls`, `cut`, `in_doubt`, two more counts of tokens.
    ModelCallCompleted v 2 {
        /// The call.
        call_id: CallId,
        /// Tokens, as the provider counts them.
        usage: Usage,
        /// Its cost; `None` when the model's price is unknown.
        cost: Option<MicroUsd>,
        /// From request to answer, milliseconds.
        latency_ms: u64,
        /// The answer as received: the arguments of the answer's tool, else the text.
        reply: Payload,
        /// The other tools that the model called; the step goes on with their results.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        tool_calls: Vec<ToolUse>,
        /// Whether the answer breaks off at the limit of output tokens.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        cut: bool,
        /// What may have been spent beyond `usage`, where the provider did not count.
        #[serde(default, skip_serializing_if = "Reserved::is_none")]
        in_doubt: Reserved,
    }

    /// A model call failed. 2: `in_doubt`, classes `stalled` and `overloaded`.
    ModelCallFailed v 2 {
        /// The call.
        call_id: CallId,
        /// What kind of failure.
        class: FailureClass,
        /// For people; no key in it.
        message: String,
        /// When the step may be tried again; `None`: not by itself.
        retry_at: Option<Timestamp>,
        /// Whether it may have been billed all the same: its reservation then stays booked as possible spend.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        in_doubt: bool,
    }

    /// A model is given up for the rest of a task; the role's next one takes the task over from its beginning.
    /// 2: the steps of calls, 3.
    ModelFellBack v 2 {
        /// The step at which it was given up.
        step: Step,
        /// The model that was given up.
        from: String,
        /// The model that takes over.
        to: String,
        /// How many of the role's models are given up for this piece of work now.
        rank: u32,
        /// Why.
        why: String,
    }

    /// An operator released the reservation of a call in doubt: it was not billed, or is accounted for elsewhere.
    ReservationReleased v 1 {
        /// The call.
        call_id: CallId,
        /// The operator's note.
        why: String,
    }

    /// A tool that a model called is about to run.
    ToolCallStarted v 1 {
        /// Whose step called it.
        task: TaskId,
        /// Which call of a tool.
        tool_call: ToolCallId,
        /// The tool, as the model named it.
        tool: String,
        /// Whether it may be run again if nobody knows how it ended.
        repeatable: bool,
    }

    /// A tool that a model called has returned. 2: outcome `interrupted`, `shown`.
    ToolCallFinished v 2 {
        /// Whose step called it.
        task: TaskId,
        /// Which call of a tool.
        tool_call: ToolCallId,
        /// How it ended.
        outcome: ToolOutcome,
        /// What it returned, whole.
        result: Payload,
        /// What of it the model is shown, where that is not all.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        shown: Option<Payload>,
    }

    /// A prompt has come near the model's window; said once in a chain of calls. 2: the steps of calls, 3.
    ContextSoftWarned v 2 {
        /// The step about to be asked.
        step: Step,
        /// The model.
        model: String,
        /// Tokens of the prompt, estimated.
        estimated_tokens: u64,
        /// Tokens that the model's window leaves for a prompt.
        window_tokens: u64,
    }

    /// Results of tools were taken out of a conversation; placeholders with their ids stand in their place. 2: the
    /// steps of calls, 3.
    ContextCompressed v 2 {
        /// The step about to be asked.
        step: Step,
        /// Whose results.
        replaced: Vec<ToolCallId>,
        /// Tokens of the prompt before, estimated.
        before_tokens: u64,
        /// Tokens of the prompt after, estimated.
        after_tokens: u64,
        /// Tokens that the model's window leaves for a prompt.
        window_tokens: u64,
    }

    /// A prompt does not fit the model's window; it was not sent. 2: the steps of calls, 3.
    ContextExhausted v 2 {
        /// The step.
        step: Step,
        /// The model.
        model: String,
        /// Where the conversation was kept, relative to the project.
        checkpoint: String,
        /// BLAKE3 of that file.
        b3: Digest,
        /// Its length.
        bytes: u64,
        /// Tokens of the prompt, estimated.
        estimated_tokens: u64,
        /// Tokens that the model's window leaves for a prompt.
        window_tokens: u64,
    }

    /// A call was cut (its runner stopped or died): whether it was billed is unknown, its reservation stays
    /// booked as possible spend.
    ModelCallAbandoned v 1 {
        /// The call.
        call_id: CallId,
        /// Why.
        why: String,
    }

    /// A completed call's answer did not have the asked-for form.
    ReplyRejected v 1 {
        /// The call.
        call_id: CallId,
        /// What was wrong.
        why: String,
    }

    /// Spend has passed the warning level of a cap. 2: the caps of a day.
    BudgetWarned v 2 {
        /// Which cap.
        cap: CapKind,
        /// Spent and reserved, in the cap's unit (tokens, micro-dollars, seconds).
        used: u64,
        /// The cap, same unit.
        limit: u64,
    }

    /// The next call would pass a cap; it was not made. 2: the caps of a day.
    BudgetExhausted v 2 {
        /// Which cap.
        cap: CapKind,
        /// Spent and reserved including the refused call, in the cap's unit.
        used: u64,
        /// The cap, same unit.
        limit: u64,
    }

    /// A person is asked, or told. 2: subject `context`. 3: subjects `draft` and `fixed`, `for_information`. 4:
    /// subject `unwritten`. 5: subject `earlier`, `found`.
    TicketOpened v 5 {
        /// Its id.
        ticket: TicketId,
        /// How urgent.
        priority: Priority,
        /// What it is about, which decides what an answer does.
        subject: TicketSubject,
        /// One line.
        title: String,
        /// What happened, why it matters, what can be done.
        body: String,
        /// BLAKE3 of what is shown; a decision is bound to it.
        digest: Digest,
        /// Whether nothing waits for an answer.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        for_information: bool,
        /// The file of an earlier program that it was taken over from.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        found: Option<FoundTicket>,
    }

    /// A ticket asks no longer: what it was about has changed.
    TicketWithdrawn v 1 {
        /// Which ticket.
        ticket: TicketId,
        /// Why.
        why: String,
    }

    /// A person answered.
    TicketDecided v 1 {
        /// Which ticket.
        ticket: TicketId,
        /// The answer.
        decision: Decision,
        /// The person's note.
        note: String,
        /// Digest of what was shown to the person.
        digest: Digest,
    }
}

/// A text that an operator gave the Leader to work from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    /// The file's name, without any directory.
    pub name: String,
    /// Its text.
    pub text: Payload,
}

/// What may be done with a draft without asking the person who wanted it. By itself: nothing, they sit before it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mandate {
    /// It is approved as soon as it is written, with this note; `None`: a ticket asks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approved: Option<String>,
    /// Nobody sits before it: if it cannot be written, a ticket says so.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unattended: bool,
}

impl Mandate {
    /// Whether the person who wanted it is asked and told.
    #[must_use]
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }
}

/// What an imported plan file said of its own progress.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Found {
    /// When it was created.
    pub created_at: Timestamp,
    /// Its status.
    pub status: StatusName,
    /// Its history.
    pub transitions: Vec<Transition>,
    /// Finished sub-objectives.
    pub current_index: u32,
    /// Its reflections.
    pub reflections: Vec<Reflection>,
    /// Its record of work, kept as found.
    pub spawned_kickoffs: Vec<serde_json::Value>,
    /// When it was first executed.
    pub execution_started_at: Option<Timestamp>,
    /// Tokens used so far.
    pub tokens_used: u64,
    /// Cost so far.
    pub cost_usd_used: MicroUsd,
    /// The usage ledger that lay beside it; ours goes on after it.
    pub usage: Option<Payload>,
    /// BLAKE3 of the file as it was found: while it still lies there, nobody has edited it since.
    pub file: Digest,
}

/// A ticket's file of an earlier program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FoundTicket {
    /// When it was opened there.
    pub opened_at: Timestamp,
    /// BLAKE3 of the file as it was found: while it still lies there, nobody has edited it since.
    pub file: Digest,
}

/// The statuses, as files spell them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StatusName {
    /// Waits for approval.
    Draft,
    /// Waits for a runner.
    Approved,
    /// A runner has it.
    Executing,
    /// Waits for a person.
    Paused,
    /// Refused by an operator.
    Declined,
    /// Ended by an operator.
    Cancelled,
    /// Ended without reaching its objective.
    Aborted,
    /// Finished.
    Done,
}

impl StatusName {
    /// All of them, in the order of a plan's life.
    pub const ALL: [Self; 8] = [
        Self::Draft,
        Self::Approved,
        Self::Executing,
        Self::Paused,
        Self::Declined,
        Self::Cancelled,
        Self::Aborted,
        Self::Done,
    ];

    /// The spelling in files.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Approved => "approved",
            Self::Executing => "executing",
            Self::Paused => "paused",
            Self::Declined => "declined",
            Self::Cancelled => "cancelled",
            Self::Aborted => "aborted",
            Self::Done => "done",
        }
    }

    /// Reads the spelling in files.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == text)
    }

    /// Whether nothing can happen to the plan any more.
    #[must_use]
    pub fn is_terminal(self) -> bool {
        matches!(
            self,
            Self::Declined | Self::Cancelled | Self::Aborted | Self::Done
        )
    }
}

impl std::fmt::Display for StatusName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}

/// Limits that an operator sets for one plan; `None` is no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Caps {
    /// Minutes since execution first started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_wall_clock_min: Option<u64>,
    /// Tokens, read and written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_tokens: Option<u64>,
    /// Cost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_cost_usd: Option<MicroUsd>,
}

/// Which cap.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CapKind {
    /// `max_wall_clock_min`, in seconds.
    WallClock,
    /// `max_tokens`.
    Tokens,
    /// `max_cost_usd`, in micro-dollars.
    Cost,
    /// `daily.max_tokens` of the vault.
    DailyTokens,
    /// `daily.max_cost_usd` of the vault, in micro-dollars.
    DailyCost,
}

impl CapKind {
    /// How much of a cap is used, for people: tokens, dollars (`used` and `limit` in micro-dollars) or seconds.
    #[must_use]
    pub fn measured(self, used: u64, limit: u64) -> String {
        match self {
            Self::Tokens | Self::DailyTokens => format!("{used} of {limit}"),
            Self::Cost | Self::DailyCost => format!("${} of ${}", MicroUsd(used), MicroUsd(limit)),
            Self::WallClock => format!("{used} of {limit} seconds"),
        }
    }
}

/// As the frontmatter's key.
impl std::fmt::Display for CapKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::WallClock => "max_wall_clock_min",
            Self::Tokens => "max_tokens",
            Self::Cost => "max_cost_usd",
            Self::DailyTokens => "daily.max_tokens",
            Self::DailyCost => "daily.max_cost_usd",
        })
    }
}

/// The worst case of a call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reserved {
    /// Tokens, read and written.
    pub tokens: u64,
    /// Cost; `None` when the model's price is unknown.
    pub cost: Option<MicroUsd>,
}

/// Tokens of one call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// Read, cached ones included.
    pub input_tokens: u64,
    /// Written.
    pub output_tokens: u64,
    /// Of those read, served from the provider's cache.
    #[serde(default)]
    pub cached_input_tokens: u64,
    /// Of those read, written to the provider's cache.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub cache_write_tokens: u64,
    /// Of those written, reasoning that is not shown.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub reasoning_tokens: u64,
    /// Whether the provider said nothing and these are an estimate.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub estimated: bool,
}

impl Usage {
    /// Tokens read and written.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.input_tokens.saturating_add(self.output_tokens)
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks by reference")]
fn is_zero(count: &u64) -> bool {
    *count == 0
}

/// A tool that a model called.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToolUse {
    /// Our id for the call; unique in the plan.
    pub id: ToolCallId,
    /// The tool's name as the model wrote it, unchecked.
    pub tool: String,
    /// Its arguments as the model wrote them, unchecked.
    pub arguments: Payload,
}

/// How a tool's call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ToolOutcome {
    /// It did what was asked.
    Done,
    /// It could not, and says why.
    Failed,
    /// Its runner was lost meanwhile: whether it took effect is not known.
    Interrupted,
}

impl ToolOutcome {
    /// For people.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Interrupted => "interrupted",
        }
    }
}

/// Kinds of failed calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FailureClass {
    /// No connection, or it broke off.
    Connection,
    /// The total timeout passed.
    Timeout,
    /// The provider fell silent in the middle of a call.
    Stalled,
    /// The provider asks to slow down.
    RateLimited,
    /// The provider is in trouble.
    Server,
    /// The provider has too much to do.
    Overloaded,
    /// The key is missing or refused.
    Authentication,
    /// The prompt does not fit the model's window.
    ContextTooLong,
    /// The request was refused; asking again will not help.
    Refused,
    /// The answer breaks the protocol.
    Malformed,
}

/// Why a plan waits for a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PauseReason {
    /// An operator said so.
    Operator,
    /// The body's list of sub-objectives cannot be run as it stands.
    Body,
    /// The Leader asked for a pause.
    Reflection,
    /// The Leader asked for a major revision.
    MajorRevision,
    /// A task is blocked.
    Blocked,
    /// An answer did not have the asked-for form, twice.
    Reply,
    /// A model could not be reached or refused.
    Model,
    /// A cap was reached.
    Budget,
    /// Runners were lost again and again without progress.
    Quarantine,
    /// The machine did not let the runner do its work, or a key is missing or refused.
    Environment,
    /// The work does not fit the model's window.
    Context,
}

/// How urgent a ticket is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Priority {
    /// Nothing goes on without it.
    Blocker,
    /// Look at it at once.
    Critical,
    /// When there is time.
    Minor,
}

/// What a ticket is about; decides what approving it does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "about", rename_all = "kebab-case")]
pub enum TicketSubject {
    /// The plan's body cannot be run as it stands; approving tries it as it stands then.
    Body,
    /// The Leader paused; approving goes on with the next sub-objective.
    Reflection,
    /// The Leader proposes a new rest of the plan; approving applies it.
    Revision {
        /// The proposed body, whole.
        body: String,
        /// BLAKE3 of the body that it would replace.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        over: Option<Digest>,
    },
    /// A task is blocked; approving sends it back to work.
    BlockedTask {
        /// The task.
        task: TaskId,
    },
    /// The Leader has written the plan; approving lets it run.
    Draft {
        /// BLAKE3 of the body that is asked about.
        body: Digest,
    },
    /// The Leader could not write a plan that nobody sits before; approving asks it once more.
    Unwritten,
    /// Quality control mended a task itself; told, not asked.
    Fixed {
        /// The task.
        task: TaskId,
    },
    /// An answer did not have the asked-for form; approving asks again.
    Reply,
    /// A model could not be reached; approving tries again.
    Model,
    /// A cap was reached; approving goes on under the caps as they are then.
    Budget,
    /// Runners were lost; approving tries again.
    Quarantine,
    /// The machine did not let the runner do its work, or a key is missing or refused; approving tries again.
    Environment,
    /// An earlier program asked, or told; approving goes on with the next sub-objective.
    Earlier {
        /// Whether the plan waits for the answer.
        asks: bool,
    },
    /// A sub-objective is too large for the model's window; it must be divided.
    Context {
        /// The sub-objective.
        index: u32,
        /// Where the conversation was kept, relative to the project.
        checkpoint: String,
        /// Whether approving lets the Leader divide it; earlier programs only tried again.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        divides: bool,
    },
}

/// A person's answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Decision {
    /// Go on.
    Approved,
    /// Stop.
    Declined,
}
