//! The program: everything is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    // Two hidden words make this program the keeper of a sandboxed command; nothing else must have run before.
    modulatio::toolbox::sandbox::take_over().unwrap_or_else(modulatio::cli::main)
}
