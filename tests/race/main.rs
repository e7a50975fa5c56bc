//! Several processes over one vault: every plan is executed once, every history is linear, and a runner that has
//! been replaced writes nothing more.

#[path = "../support/mod.rs"]
mod support;

mod daemons;
mod fenced;
mod words;
