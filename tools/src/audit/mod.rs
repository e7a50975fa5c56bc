//! Reading journals without trusting them: what `modulatio-audit` shows.
//!
//! ```text
//!  FILE ── Target (path + log name) ─┬─▶ verify   whole, or damaged by which rule and where
//!                                    ├─▶ dump     every event of every line, marked by how far it can be trusted
//!                                    └─▶ state    the fold of what is whole
//!  DIR ─── targets_below ────────────┬─▶ heads    the last frame of every journal, for keeping elsewhere
//!                                    └─▶ compare  whether kept heads are still there
//! ```
//!
//! Nothing here writes, takes a lock or needs a vault. Damage is an answer, not an error: only the environment
//! (a missing file, a file that is a directory) makes an [`Error`].

mod dump;
mod error;
mod heads;
mod state;
mod target;
mod text;
mod verify;

pub use dump::{DumpLine, Mark, dump};
pub use error::{Error, Result};
pub use heads::{Compared, Head, Held, compare, read_heads};
pub use state::{At, OpenTicket, State, Until, state};
pub use target::{Target, targets_below};
pub use text::one_line;
pub use verify::{Verdict, verify};
