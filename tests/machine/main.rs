//! The plan machine without a machine: commands, facts and effects go round with a scripted model, no disk and
//! no clock. What must hold after every single frame is checked in [`promises`].

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot set itself up has failed"
)]

mod caps;
mod chaos;
mod drafting;
mod earlier;
mod edits;
mod failures;
mod memory;
mod models;
mod plans;
mod promises;
mod prompts;
mod quality;
mod replies;
mod script;
mod table;
mod talk;
mod team;
mod tickets;
mod world;
