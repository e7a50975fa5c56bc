//! A plan's journal as the recording of its model calls: would today's program ask the same again? Pure: the machine
//! runs in memory on recorded replies, nothing is asked, spent or written.
//!
//! ```text
//!  journal ─▶ Recording ──frame by frame──▶ Rehearsal ──▶ Report: how far it is the same, and what differs first
//!                 │ what a model was asked        │ compares digests
//!                 │ its reply, tools' results ────┼─▶ Stage: decide ▸ fold ▸ due ▸ prompt
//!                 └ what people did ──────────────┘
//! ```
//!
//! Compared are completed calls. Failed and cut ones, lost runners and whatever else the world did to the recorded run
//! are no matter of the program's; pauses that came of them are re-applied.

mod recording;
mod rehearsal;
mod report;
mod stage;

pub use recording::{Bill, Call, Recording};
pub use rehearsal::{Premise, rehearse};
pub use report::{Differs, Divergence, Part, Report, What};

#[cfg(test)]
mod tests;
