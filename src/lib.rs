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
//! [`decide`], [`effect`] and [`prompts`] are pure: no I/O, no clock. [`vault`] is the only code that changes
//! files, [`models`] the only code that speaks to providers, [`clock`] the only code that reads the clock, and
//! [`daemon`] joins them. What is on disk besides the journals follows from the journals (crate `projections`).

pub mod cli;
pub mod clock;
pub mod command;
pub mod config;
pub mod daemon;
pub mod decide;
pub mod effect;
pub mod error;
mod fault;
pub mod models;
pub mod prompts;
pub mod vault;
