//! The schedule: every slot of a job has one plan, or an event that says why it has none.

#[path = "../support/mod.rs"]
mod support;

mod account;
mod mortal;
mod year;
