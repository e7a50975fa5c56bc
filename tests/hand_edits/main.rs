//! Operators who write into a plan's file: legal edits become events, illegal ones are kept aside with a reason,
//! and nothing that was written is lost.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot set itself up has failed"
)]

#[path = "../support/mod.rs"]
mod support;

mod bench;
mod buffers;
mod cells;
mod editors;
mod legal;
mod odd;
mod raced;
mod real;
mod refused;
mod saved;
mod ticket_cells;
mod tickets;

use support::{Journal, TestVault};

/// The plan's file.
fn text(vault: &TestVault, plan: &str) -> String {
    vault.read(&format!("ess/plans/{plan}.md"))
}

/// Replaces a piece of the plan's file, which must be there, and lets a daemon look at it.
#[track_caller]
fn edit(vault: &TestVault, plan: &str, before: &str, after: &str) -> String {
    let old = text(vault, plan);
    assert!(old.contains(before), "{before:?} is not in {old}");
    let new = old.replacen(before, after, 1);
    vault.write(&format!("ess/plans/{plan}.md"), &new);
    new
}

/// Events that came from the file, in order.
fn by_hand(journal: &Journal) -> Vec<&str> {
    journal
        .entries
        .iter()
        .filter(|(entry, _)| entry.mark.by == "file-edit")
        .map(|(_, event)| event.kind())
        .collect()
}

/// Names of refused edits that were kept.
fn kept(vault: &TestVault) -> Vec<String> {
    let names = vault.names("ess/plans").into_iter();
    names.filter(|name| name.contains(".rejected-")).collect()
}
