//! Whatever is thrown at it: a clear message, the documented exit code, and every other plan goes on.

#[path = "../support/mod.rs"]
mod support;

mod arguments;
mod configuration;
mod machine;
mod plans;
mod vaults;
