//! What an operator types while plans run: the real binary beside a daemon that is at work.

#[path = "../support/mod.rs"]
mod support;

mod bench;
mod cancel;
mod follow;
mod follower;
mod kickoff;
mod logs;
mod pause;
mod terminal;
