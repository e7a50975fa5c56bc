//! The vocabulary of the schedule's journal.
//!
//! Wire form as in a plan's journal: `{"kind":"SlotClaimed","v":1,…}`.

use serde::{Deserialize, Serialize};

use super::job::{Definition, Ending};
use crate::{
    ids::{JobId, PlanId},
    time::Timestamp,
};

/// Version of the vocabulary as a whole, recorded in frame 0.
///
/// 1: first version.
pub const FORMAT: u32 = 1;

/// A fact with its version.
#[derive(Clone, Debug, PartialEq)]
#[expect(
    clippy::large_enum_variant,
    reason = "nearly all facts are of the larger kind"
)]
pub enum Fact {
    /// One that this program knows.
    Known(Event),
    /// One of a newer program: shown, never interpreted. A journal that holds one is not written by this program.
    Unknown(serde_json::Value),
}

/// What happens to a schedule.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind")]
pub enum Event {
    /// The schedule begins. Frame 0's first event.
    ScheduleOpened {
        /// Version of this kind.
        v: V1,
        /// [`FORMAT`].
        format: u32,
    },
    /// A job was added; it wants slots after its `since`.
    JobAdded {
        /// Version of this kind, and from when on slots are wanted.
        #[serde(flatten)]
        since: Since,
        /// The job.
        job: JobId,
        /// What it does and when.
        definition: Definition,
    },
    /// A job reads otherwise, and wants slots after its `since`.
    JobChanged {
        /// Version of this kind, and from when on slots are wanted.
        #[serde(flatten)]
        since: Since,
        /// The job.
        job: JobId,
        /// All of it, as it is now.
        definition: Definition,
    },
    /// A job runs again, and wants slots after its `since`.
    JobEnabled {
        /// Version of this kind, and from when on slots are wanted.
        #[serde(flatten)]
        since: Since,
        /// The job.
        job: JobId,
    },
    /// A job does not run until it is enabled: this says so of every slot meanwhile; how many there were is told by
    /// `SlotsSkipped` at the end.
    JobDisabled {
        /// Version of this kind.
        v: V1,
        /// The job.
        job: JobId,
    },
    /// A job is gone; its id is never given again.
    JobRemoved {
        /// Version of this kind.
        v: V1,
        /// The job.
        job: JobId,
    },
    /// A job has no further slots: this says so of every later one.
    JobEnded {
        /// Version of this kind.
        v: V1,
        /// The job.
        job: JobId,
        /// Why.
        reason: Ending,
    },
    /// The slot is this frame's writer's: a plan is made for it, and for nobody else.
    SlotClaimed {
        /// Version of this kind.
        v: V1,
        /// The job.
        job: JobId,
        /// The slot.
        slot: Timestamp,
        /// Whether a person wanted it, and no expression.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        manual: bool,
    },
    /// The slot waits until the job's plans before it have ended.
    SlotQueued {
        /// Version of this kind.
        v: V1,
        /// The job.
        job: JobId,
        /// The slot.
        slot: Timestamp,
    },
    /// The claimed slot's plan exists.
    SlotFired {
        /// Version of this kind.
        v: V1,
        /// The job.
        job: JobId,
        /// The slot.
        slot: Timestamp,
        /// The plan.
        plan: PlanId,
    },
    /// No plan can be made for the claimed slot.
    SlotFailed {
        /// Version of this kind.
        v: V1,
        /// The job.
        job: JobId,
        /// The slot.
        slot: Timestamp,
        /// Why.
        why: String,
    },
    /// Slots that do not run.
    SlotsSkipped {
        /// Version of this kind.
        v: V1,
        /// The job.
        job: JobId,
        /// The first.
        first: Timestamp,
        /// The last.
        last: Timestamp,
        /// How many.
        count: u64,
        /// Why.
        #[serde(flatten)]
        reason: Skip,
    },
}

/// Why slots do not run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "reason", rename_all = "kebab-case")]
pub enum Skip {
    /// A plan of an earlier slot has not ended, or is just being made.
    Overlap {
        /// That plan, if it has an id already.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        plan: Option<PlanId>,
    },
    /// The job was disabled.
    Disabled,
    /// No daemon was there, and they are too long ago.
    OutsideWindow,
    /// No daemon was there, and the job does not catch up.
    Missed,
    /// No daemon was there; a later one of them runs.
    Superseded,
    /// The job was changed before they were looked at.
    Changed,
    /// The job was removed before they were looked at.
    Removed,
    /// As many wait already as may.
    QueueFull,
    /// The job has ended: its count is reached or its time is over.
    Ended,
}

impl Event {
    /// Whose event it is.
    #[must_use]
    pub fn job(&self) -> Option<&JobId> {
        match self {
            Self::ScheduleOpened { .. } => None,
            Self::JobAdded { job, .. }
            | Self::JobChanged { job, .. }
            | Self::JobEnabled { job, .. }
            | Self::JobDisabled { job, .. }
            | Self::JobRemoved { job, .. }
            | Self::JobEnded { job, .. }
            | Self::SlotClaimed { job, .. }
            | Self::SlotQueued { job, .. }
            | Self::SlotFired { job, .. }
            | Self::SlotFailed { job, .. }
            | Self::SlotsSkipped { job, .. } => Some(job),
        }
    }
}

/// The JSON array, on one line, that a frame carries.
///
/// # Panics
/// Never: every event is made of strings, integers and lists.
#[must_use]
pub fn encode(events: &[Event]) -> String {
    serde_json::to_string(events).expect("events hold nothing that JSON cannot say")
}

/// Reads what [`encode`] wrote, in this or any earlier version.
///
/// # Errors
/// The parser's, for a text that is no list of events, or an event of a known kind and version that lacks a field.
pub fn decode(text: &str) -> Result<Vec<Fact>, serde_json::Error> {
    let values: Vec<serde_json::Value> = serde_json::from_str(text)?;
    values.into_iter().map(fact).collect()
}

fn fact(value: serde_json::Value) -> Result<Fact, serde_json::Error> {
    let newest = |kind: &str| Kind::ALL.iter().find(|(name, _)| *name == kind);
    let newest = value["kind"].as_str().and_then(newest);
    let v = value["v"].as_u64();
    let is_known = newest
        .zip(v)
        .is_some_and(|((_, newest), v)| (1..=u64::from(*newest)).contains(&v));
    if is_known {
        serde_json::from_value(value).map(Fact::Known)
    } else if value["kind"].is_string() && value["v"].is_u64() {
        Ok(Fact::Unknown(value))
    } else {
        Err(serde::de::Error::custom("an event has a kind and a v"))
    }
}

/// The kinds that this program writes.
pub struct Kind;

impl Kind {
    /// Each with its newest version.
    ///
    /// `JobAdded`, `JobChanged` and `JobEnabled` 2: they have a `from`, see [`Since`].
    pub const ALL: [(&'static str, u32); 12] = [
        ("ScheduleOpened", 1),
        ("JobAdded", 2),
        ("JobChanged", 2),
        ("JobEnabled", 2),
        ("JobDisabled", 1),
        ("JobRemoved", 1),
        ("JobEnded", 1),
        ("SlotClaimed", 1),
        ("SlotQueued", 1),
        ("SlotFired", 1),
        ("SlotFailed", 1),
        ("SlotsSkipped", 1),
    ];
}

/// From when on a job wants slots. The times of frames never go back; when a clock that was ahead has been set right,
/// they say nothing of now, and the event says for itself what the clock of whoever wrote it showed.
///
/// On the wire it is the version of the event: 1 without, and 2 with `from`. A program that knows version 1 alone takes
/// the event for one of a newer program, and does not write on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "SinceWire", try_from = "SinceWire")]
pub enum Since {
    /// From the time of the frame, or from the last slot that is accounted for if that is later.
    #[default]
    Frame,
    /// From this instant, which lies before the frame's; a job that has looked further ahead goes back to it.
    Instant(Timestamp),
}

#[derive(Serialize, Deserialize)]
struct SinceWire {
    v: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    from: Option<Timestamp>,
}

impl From<Since> for SinceWire {
    fn from(since: Since) -> Self {
        match since {
            Since::Frame => Self { v: 1, from: None },
            Since::Instant(at) => Self {
                v: 2,
                from: Some(at),
            },
        }
    }
}

impl TryFrom<SinceWire> for Since {
    type Error = String;

    fn try_from(wire: SinceWire) -> Result<Self, String> {
        match (wire.v, wire.from) {
            // What stands there did not say anything in this version.
            (1, _) => Ok(Self::Frame),
            (2, Some(at)) => Ok(Self::Instant(at)),
            (2, None) => Err("version 2 lacks its `from`".to_owned()),
            (v, _) => Err(format!("version {v} is not known to this program")),
        }
    }
}

/// The version of all other events: 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "u32", try_from = "u32")]
pub struct V1;

impl From<V1> for u32 {
    fn from(_: V1) -> Self {
        1
    }
}

impl TryFrom<u32> for V1 {
    type Error = String;

    fn try_from(v: u32) -> Result<Self, String> {
        match v {
            1 => Ok(Self),
            newer => Err(format!("version {newer} is not known to this program")),
        }
    }
}
