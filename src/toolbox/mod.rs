//! The tools that agents may call. A tool gets its arguments as the model wrote them and returns text for the model;
//! it never fails the plan: what it cannot do, it says.
//!
//! | file         | tools                                            |
//! | ------------ | ------------------------------------------------ |
//! | `lookups.rs` | `list_files`, `read_file`, `read_tool_result`    |
//!
//! All of them only read, so running one twice after a crash is harmless.

mod lookups;

pub use lookups::run;

/// What a tool returned, for the model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Returned {
    /// Whether it did what was asked.
    pub done: bool,
    /// What it found, or why it could not.
    pub text: String,
}

impl Returned {
    fn done(text: String) -> Self {
        Self { done: true, text }
    }

    fn failed(text: String) -> Self {
        Self { done: false, text }
    }
}

/// What the tools may read: the files of the run, and what tools returned before. A refusal is text for the model.
pub trait Shelf {
    /// Paths relative to the run's artifacts, with lengths in bytes, sorted.
    ///
    /// # Errors
    /// Why they cannot be listed.
    fn list(&self) -> Result<Vec<(String, u64)>, String>;

    /// The content of one of them.
    ///
    /// # Errors
    /// Why it cannot be read.
    fn read(&self, path: &str) -> Result<Vec<u8>, String>;

    /// What an earlier call of a tool returned, whole.
    ///
    /// # Errors
    /// Why there is nothing of this id.
    fn result(&self, call_id: &str) -> Result<String, String>;
}
