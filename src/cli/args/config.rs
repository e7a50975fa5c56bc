//! What can be typed behind `config`.

use clap::Subcommand;
use projections::ids::ProjectCode;

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum ConfigCommand {
    /// Show every setting that holds, and which line of which file says so
    Show {
        /// For this project instead of the vault
        #[arg(long, value_name = "CODE")]
        project: Option<ProjectCode>,
    },
    /// Look for faults in modulatio.yaml and in every project's files
    Check,
}
