//! A machine that fails under daemons at work: disks that refuse, fill up or turn read-only, files that run out, clocks
//! that jump, watchers that cannot be had. No acknowledged frame is lost, somebody is told what is wrong, and once the
//! machine is well again the plans go on by themselves and come to their end.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot set itself up has failed"
)]

#[path = "../support/mod.rs"]
mod support;

mod clock;
mod files;
mod full;
mod io;
mod outage;
mod readonly;
mod unwatched;
