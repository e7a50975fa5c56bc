//! What the team remembers: the real binary against the scriptable server. What is asserted is what prompts showed,
//! what the journal says of it, and what lies in the memory's folders.

#[path = "../team/bench.rs"]
#[expect(dead_code, reason = "other tests use the rest")]
mod bench;
#[path = "../support/mod.rs"]
mod support;

mod harm;
mod killed;
mod notes;
mod recall;
mod route;
mod verdicts;
