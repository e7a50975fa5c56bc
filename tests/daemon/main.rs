//! The daemon as an operator meets it: it starts, wakes, stops, resumes, and says what it does.

#[path = "../support/mod.rs"]
mod support;

mod heartbeat;
mod stop;
mod until_idle;
mod wake;
