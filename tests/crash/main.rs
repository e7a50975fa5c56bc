//! A runner that dies by SIGKILL at every frame and at every rendering of a whole plan: the next daemon finishes
//! the plan, no paid answer is paid twice, and what is on disk is what the journal says.

#[path = "../support/mod.rs"]
mod support;

mod again;
mod division;
mod drafts;
mod essay;
mod everywhere;
mod kickoff;
