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
//! | module | what it knows |
//! |---|---|
//! | [`store`](LogStore) | the contract: what callers may rely on, whatever keeps the bytes |
//! | [`frame`] | one line: encoding, and cutting it apart without a JSON parser |
//! | `chain`, `walk` | the hash chain over lines, and how the end of a log is judged |
//! | [`disk`] | the storage port, with the real disk and ([`sim`]) one that loses power on command |
//! | `lock` | flock with bounded waiting |
//! | `file` | the [`FileStore`]: append, catch up, recovery, leases |
//! | `memory` | the [`MemoryStore`], for tests of what stands above |
//! | [`verify`], [`inspect`] | reading without a store: proof, and forensics on damage |
//! | `group`, `blob` | [`GroupCommit`] for several threads, [`BlobStore`] for large payloads |
//!
//! Everything above the [`LogStore`] trait must hold for any store; [`FileStore`] is the embedded default,
//! [`MemoryStore`] serves tests, and both pass the one suite in [`mod@conformance`].

mod blob;
mod chain;
pub mod conformance;
pub mod disk;
mod error;
mod file;
pub mod frame;
mod group;
mod hash;
pub mod inspect;
mod lines;
mod lock;
mod memory;
pub mod sim;
mod store;
pub mod verify;
mod walk;

pub use blob::BlobStore;
pub use disk::{Disk, RealDisk};
pub use error::{Damage, DamageKind, Error, Result};
pub use file::{FileStore, Stamp};
pub use frame::{FORMAT_VERSION, MAX_LINE};
pub use group::GroupCommit;
pub use memory::MemoryStore;
pub use sim::SimDisk;
pub use store::{
    Anchor, CatchUp, Draft, Frame, Hash, Lease, LeaseNote, Log, LogName, LogStore, TornTail,
};

/// Whether a file of this name, where logs or blobs are kept, is one that its writer has not finished: nobody has ever
/// been told of it, and once its writer is dead nobody needs it.
#[must_use]
pub fn is_unfinished(name: &str) -> bool {
    blob::is_draft(name) || file::is_draft(name)
}
