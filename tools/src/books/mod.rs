//! Three books that must agree: what the journals say of each call, what the ledgers say, and what the server sold.
//!
//! ```text
//!  journals ──key──▶ sales        a completed call was sold once, and counted to the token
//!     │                │          any other sale belongs to a call in doubt, whose reservation covers it
//!  ledgers ◀───────────┘          nothing is in them that was not sold
//! ```

mod amount;
mod audit;
mod caps;
mod entry;

pub use amount::{Amount, INPUT, OUTPUT, PRICE, total};
pub use audit::Audit;
pub use caps::never_over;
pub use entry::Books;

/// Where the books do not agree, or one of them contradicts itself.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Discord(String);

/// What every part of the books gives.
type Result<T> = std::result::Result<T, Discord>;

/// `Ok` if it holds, else what is wrong.
fn check(holds: bool, what: impl FnOnce() -> String) -> Result<()> {
    if holds { Ok(()) } else { Err(Discord(what())) }
}

#[cfg(test)]
mod tests;
