//! Teams that are scripted call by call: the real binary against the scriptable server, and every path that work can
//! take from a plan to its delivered files. What is asserted is what the server saw, what the journal says, and what
//! lies on disk.

#[path = "../support/mod.rs"]
mod support;

mod artifacts;
mod bench;
mod crash;
mod decompose;
mod drafts;
mod folders;
mod injection;
mod interrupted;
mod iterations;
mod needs;
mod parallel;
mod producers;
mod prompts;
mod redo;
mod reflection;
mod rehearse;
mod tickets;
mod transcripts;
