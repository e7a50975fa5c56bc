//! What the vocabulary promises: old events replay for ever, impossible histories are named and never a panic,
//! and every projection is the same bytes for the same journal.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot set itself up has failed"
)]

mod corrupt;
mod found;
mod found_ticket;
mod frontmatter;
mod golden;
mod import;
mod lines;
mod narration;
mod schedule;
mod seal;
mod support;
