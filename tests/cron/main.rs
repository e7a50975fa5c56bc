//! The vault's schedule through the real binary, by a clock that the tests set: what fires, what does not and why, what
//! people see of it, and what becomes of it when files are damaged and daemons die.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot set itself up has failed"
)]

#[path = "../support/mod.rs"]
mod support;

mod account;
mod approve;
mod catch_up;
mod change;
mod clock;
mod daemons;
mod damage;
mod ends;
mod guide;
mod jobs;
mod mortal;
mod overlap;
mod race;
mod refused;
mod seal;
mod template;
mod view;
mod walk;
mod year;
