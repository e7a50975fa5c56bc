//! modulatio runs approved LLM-agent plans unattended, survives crashes, and proves what happened.
//!
//! ```text
//!  CLI · file edit · outcome of an effect
//!        │ Command
//!        ▼
//!  decide(&Plan, &Command, &Context) ──events──▶ journal (append, fsync) ──▶ fold ──▶ Plan
//!        ▲                                                                             │
//!        │ outcome, again a Command                               render ◀─────────────┤
//!        │                                                          └─▶ files          │
//!   daemon::execute performs it ◀── Effect ◀── effect::due(&Plan, now) ◀───────────────┘
//! ```
//!
//! [`decide`], [`effect`], [`prompts`], [`cassette`] and [`schedule`] (when a cron expression fires in a time zone) are
//! pure: no I/O, no clock. [`vault`] is the only code that changes what an operator keeps (a heartbeat, the word of a
//! live process, is written by [`daemon`] itself), [`models`] the only code that speaks to providers, [`toolbox`] what
//! agents may call (it changes files of theirs and no others), [`clock`] the only code that reads the clock, [`chance`]
//! the only code that draws lots, and [`daemon`] joins them. What is on disk besides the journals follows from the
//! journals (crate `projections`).
//! `tests/import_law.rs` holds all of this.

pub mod cassette;
pub mod catalog;
pub mod chance;
pub mod cli;
pub mod clock;
pub mod command;
pub mod config;
pub mod daemon;
pub mod decide;
pub mod effect;
pub mod error;
mod fault;
pub mod memory;
pub mod models;
mod nearest;
pub mod prompts;
mod redact;
pub mod schedule;
pub mod toolbox;
pub mod vault;
