//! The tools that agents may call. A tool gets its arguments as the model wrote them and returns text for the model;
//! it never fails the plan: what it cannot do, it says.
//!
//! | file                                               | what                                                 |
//! | -------------------------------------------------- | ---------------------------------------------------- |
//! | `place.rs`                                         | [`Workplace`]: where an agent may read and write     |
//! | `call.rs`, `arguments.rs`                          | from a call as a model wrote it to one of the tools  |
//! | `list.rs` `read.rs` `write.rs` `edit.rs` `search.rs` | the tools over files, one each                     |
//! | `name.rs`                                          | which paths may be asked for at all                  |
//! | `tree.rs`                                          | the only code here that opens and changes files      |
//! | `walk.rs`, `shown.rs`, `deadline.rs`               | names below a folder; text by lines; bounded time    |
//! | `command.rs`, `shell.rs`, `sandbox/`               | `run_shell`: a command in a sandbox                  |
//! | `web/`                                             | `http_get`: a public page as text                    |
//! | `artifact.rs`                                      | the run's files as the engine puts and finds them    |
//!
//! ```text
//!  path as the model wrote it ──name.rs──▶ plain parts ──place.rs──▶ root or registered folder, may it be written?
//!                                                                        │
//!        tree.rs opens part after part below an open directory, follows no link, and looks at what it opened
//! ```
//!
//! What a path leads to is never decided by looking at it first and opening it afterwards: in between, a program that
//! an agent runs could put a link there. What was opened is what is read, and a file is changed by a new one that
//! takes its name, so that no other name of the old one (a hard link, a link's target) is ever written through.
//!
//! Reading changes nothing, and writing a whole file twice leaves the same file; an edit that is run again after a
//! crash finds its text replaced already, and says that it is not there.

mod arguments;
mod artifact;
mod call;
mod command;
mod deadline;
mod edit;
mod list;
mod name;
mod place;
mod read;
pub mod sandbox;
mod search;
mod shell;
mod shown;
mod tree;
mod walk;
pub mod web;
mod write;

pub use artifact::{Found, Unplaced, find_artifact, put_artifact};
pub use call::{call_id, read_again, run};
pub use command::run_shell;
pub use place::{Folder, Workplace};
pub use shell::{Ended, Grounds, Limits, Ran, Shell, told};

/// What a tool returned, for the model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Returned {
    /// Whether it did what was asked.
    pub done: bool,
    /// What it found, or why it could not: what the model sees.
    pub text: String,
    /// The whole of it, of which `text` is a part: at most 1 MiB, cut at a line. `None` where `text` is all, and
    /// where a file was read, which is there to be read on.
    pub full: Option<String>,
}

impl Returned {
    /// It did what was asked.
    #[must_use]
    pub fn done(text: String) -> Self {
        Self {
            done: true,
            text,
            full: None,
        }
    }

    /// It could not.
    #[must_use]
    pub fn failed(text: String) -> Self {
        Self {
            done: false,
            text,
            full: None,
        }
    }
}
