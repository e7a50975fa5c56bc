//! What other programs left in a vault: plan files without a journal, and all else that the existing Python program
//! keeps there.
//!
//! ```text
//!  a daemon or a command meets a plan file ──▶ plan     frame 0 records it as found
//!  a daemon meets an open ticket           ──▶ ticket   a frame of its plan records it as found
//!  modulatio import --from-python          ──▶ python   walks the vault, does both for all, and tells a line for each thing
//! ```
//!
//! Every file that becomes a projection is kept first, byte for byte, in `.modulatio/imported/`.

mod known;
mod originals;
mod plan;
pub mod python;
mod report;
mod ticket;

pub(crate) use originals::IMPORTED;
pub use report::{Fate, Line};
pub(super) use ticket::take_in;
pub use ticket::{foreign_file, untaken};
