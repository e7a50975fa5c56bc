//! A disk in memory that loses power, fails or forgets on command.
//!
//! Every act that changes something is a numbered step. A test runs a scenario once to count its steps, then
//! once for each step with a [`Fault`] there, and looks at what may be left:
//!
//! ```text
//!  fail_at(n, PowerCut) ▸ run ▸ survivors() ─┬─ nothing of what was not synced
//!                                            ├─ all of it
//!                                            ├─ a torn prefix · a prefix and zeros · zeros only
//!                                            └─ names: every subset of what no directory sync covers
//! ```
//!
//! Of a small scenario all survivors are looked at; of a large one, [`SimDisk::image`] draws one after the other.

mod disk;
mod image;
mod inode;
mod world;

pub use disk::SimDisk;
pub use image::{Content, Image, Lots};
pub use world::Fault;
