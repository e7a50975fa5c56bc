//! All orders of what runners and operators can do, to a depth.

use clap::Args;

use crate::Told;

/// How much is tried.
#[derive(Clone, Debug, Args)]
pub struct Arguments {}

/// Tries it.
///
/// # Errors
/// Those of the lab itself.
pub fn run(_arguments: &Arguments) -> Told {
    Err("not there yet".to_owned())
}
