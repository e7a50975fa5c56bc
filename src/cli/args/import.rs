//! What can be typed behind `import`.

use std::path::PathBuf;

use clap::Args as ClapArgs;

/// Stop the other program first: two that work in one vault do not know of each other.
#[derive(Debug, ClapArgs)]
pub(in crate::cli) struct ImportOptions {
    /// The vault [default: --vault, else the one that the working directory lies in, else that directory]
    pub(in crate::cli) dir: Option<PathBuf>,
    /// From the existing Python program: plans, tickets, cron-config.json, heartbeat-queue.json
    #[arg(long, required = true)]
    from_python: bool,
    /// Tell what would be done, and change nothing
    #[arg(long)]
    pub(in crate::cli) dry_run: bool,
}
