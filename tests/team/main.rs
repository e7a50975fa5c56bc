//! Teams that are scripted call by call: the real binary against the scriptable server, and every path that work can
//! take from a plan to its delivered files. What is asserted is what the server saw, what the journal says, and what
//! lies on disk.

#[path = "../support/mod.rs"]
mod support;

//TODO mod artifacts;
mod bench;
mod crash;
mod decompose;
mod drafts;
//TODO mod folders;
//TODO mod injection;
mod interrupted;
//TODO mod iterations;
//TODO mod needs;
mod parallel;
//TODO mod producers;
//TODO mod prompts;
mod redo;
//TODO mod reflection;
mod rehearse;
mod tickets;
//TODO mod transcripts;
