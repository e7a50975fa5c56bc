//! `modulatio config`: what holds and who says so; what is wrong with it.

mod check;
mod show;

use super::args::{Args, ConfigCommand};
use crate::error::Result;

pub(super) fn run(args: &Args, command: &ConfigCommand) -> Result<()> {
    let vault = args.vault()?;
    match command {
        ConfigCommand::Show { project } => show::run(&vault, project.as_ref(), args),
        ConfigCommand::Check => check::run(&vault, args.json),
    }
}
