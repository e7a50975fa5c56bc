//! The log of modulatio: bytes, order, durability.
//!
//! One log is one file of checksummed, hash-chained JSON lines ([`Frame`]s). Payloads are opaque here: this
//! crate knows no plan, no runtime and no model. `FORMAT.md` beside this crate draws the bytes and argues the
//! crash cases.
//!
//! ```text
//!  Draft ──append(expected seq)──▶ lock ▸ refresh ▸ check ▸ write ▸ fdatasync ▸ unlock ──▶ Anchor {seq, b3}
//!                                                                  │
//!  visit(&Frame) ◀──catch_up──── verified, in order, streaming ◀───┘
//! ```
//!
//! Everything above the [`LogStore`] trait must hold for any store; [`FileStore`] is the embedded default,
//! [`MemoryStore`] serves tests, and both pass the one suite in [`conformance`].

mod store;

pub use store::{Anchor, CatchUp, Draft, Frame, Hash, Lease, LeaseNote, Log, LogName, LogStore, TornTail};
