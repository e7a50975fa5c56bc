//! The embedded store: one directory, and for each log four files.
//!
//! | file | what it is |
//! |---|---|
//! | `<name>.journal.jsonl` | the log |
//! | `<name>.lock` | the claim lock, held across one append |
//! | `<name>.lease` | the lease, held as long as someone runs the plan |
//! | `<name>.journal.torn-<time>` | a torn tail that was moved aside |

mod append;
mod lease;
mod log;
mod moving;
mod recover;
mod store;
mod tail;

pub(crate) use store::is_draft;
pub use store::{FileStore, Stamp};
