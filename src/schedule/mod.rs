//! When something is due: standard cron expressions in time zones, and what becomes of the slots of jobs. Pure: text,
//! instants and the folded schedule in, instants and events out.
//!
//! ```text
//!  "0 6 * * mon-fri" ──parse──▶ Expression ──┐
//!                                            ├──▶ next_slot / slots ──▶ instants (UTC)
//!  "Europe/Berlin"   ──parse──▶ Zone ────────┘          │
//!  Job (cursor, claims, queue), now ────────────────────┴──▶ due ──▶ SlotClaimed · SlotQueued · SlotsSkipped
//!  Schedule, Change (a person's) ──▶ change ──▶ JobAdded · JobChanged · …
//! ```
//!
//! A slot is a local wall time that the expression matches. It falls at the first instant at which the zone's clock
//! shows that time, or has passed it. Everything that changes of the clock do follows from this one sentence:
//!
//! - A time that a change skips falls at the end of the skipped span; however many are skipped, and even if the end
//!   matches itself, that is one slot.
//! - A time that comes twice is one slot, at its first coming.
//! - Slots strictly increase.
//!
//! The calendar is searched by the crate `cron`, whose dialect (seconds, weekdays from 1) and whose end, the year
//! 2100, are known only here. No slot lies before 1970 or after 2100.

mod change;
mod due;
mod expression;
mod fault;
mod field;
pub mod legacy;
mod slots;
mod span;
mod timetable;
mod unseen;
mod zone;

pub use change::{Change, Refused, change};
pub use due::{GRACE_MS, LEFT_BEHIND_MS, due, is_left_behind, wake_at};
pub use expression::Expression;
pub use fault::ExpressionFault;
pub use slots::{Slots, next_slot, slots};
pub use timetable::{Timetable, Unreadable};
pub use unseen::{held_until, is_held, lets_go};
pub use zone::{Zone, ZoneFault};

#[cfg(test)]
mod tests;
