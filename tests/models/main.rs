//! Models as a daemon meets them through a night: the real binary against the scriptable server, over both protocols,
//! streamed and whole. What is asserted is what an operator would look at: journal, ledger, tickets, log, heartbeat,
//! and the books of the server that sold the answers.

#[path = "../support/mod.rs"]
mod support;

mod bench;
mod budget;
mod context;
mod counts;
mod exhausted;
mod failures;
mod fallbacks;
mod keys;
mod limits;
mod lookups;
mod paid;
mod replies;
mod waits;
