//! The vault's schedule: jobs that want a plan at certain times. Its facts stand in one journal of the vault's own, and
//! everything else about it follows from them, `cron.yaml` included.
//!
//! ```text
//!  JobAdded ─▶ slots by the clock ─┬─▶ SlotClaimed ─▶ SlotFired{plan}   (or SlotFailed: no plan could be made)
//!                                  ├─▶ SlotQueued  ─▶ SlotClaimed …     (its turn comes when the plan before has ended)
//!                                  └─▶ SlotsSkipped{reason}             (every slot that does not run is told)
//! ```
//!
//! A slot is one instant at which one job wants to run. Whoever appends `SlotClaimed` has the slot; since the append
//! is refused to all but one, a slot is claimed once whatever daemons do. A job's `cursor` is the last slot that is
//! accounted for: nothing at or before it is looked at again, so a clock that is set back fires nothing twice. Only a
//! person sends it back, by a change of the job after a clock was ahead; what was claimed ([`Taken`]) stays accounted for.

mod event;
mod fold;
mod job;
mod render;
mod taken;

pub use event::{Event, FORMAT, Fact, Kind, Since, Skip, V1, decode, encode};
pub use fold::{Corrupt, apply};
pub use job::{
    Approval, CatchUp, Claim, Definition, Ending, Job, MOST_QUEUED, Overlap, REMEMBERED, Schedule,
    Standing,
};
pub use render::{FILE, render};
pub use taken::Taken;
