//! The keeper of one command, and the guard of the keeper. Whatever happens to whom, nothing of the command survives:
//!
//! | who dies       | who notices                                   | who kills what is left |
//! | -------------- | --------------------------------------------- | ---------------------- |
//! | the daemon     | the keeper: its stdin ends                    | the keeper             |
//! | the keeper     | the guard: its child ended                    | the guard              |
//! | the guard      | the keeper: it has another parent             | the keeper             |
//! | the command    | the keeper                                    | the keeper             |
//!
//! Both are subreapers: a process that leaves its parents behind, in whatever session, becomes their child.

mod disk;
mod life;
mod output;
pub(super) mod tree;
mod watch;

pub(super) use life::{Report, guard, keep};
