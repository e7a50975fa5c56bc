//! Log lines as those who collect them meet them: their form, how many there are, and who decides it.

#[path = "../support/mod.rs"]
mod support;

mod filter;
mod format;
