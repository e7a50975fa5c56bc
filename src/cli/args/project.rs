//! What can be typed behind `project`.

use clap::{Args as ClapArgs, Subcommand};
use projections::ids::{PlanId, ProjectCode};

use super::Word;

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum ProjectCommand {
    /// Add a project
    Add {
        /// Its code: a letter, then letters, digits or _
        code: ProjectCode,
        /// What it is for
        #[arg(long, value_name = "TEXT")]
        objective: String,
    },
    /// List the projects
    List,
    /// Show a project: objective, team, plans, spend, tickets, folders, runs
    Show {
        /// The project's code
        code: ProjectCode,
    },
    /// List the plans that have run: when, how long, at what cost, with how many artifacts
    Runs {
        /// Only this project's
        code: Option<ProjectCode>,
        /// Archived plans as well
        #[arg(long)]
        archived: bool,
    },
    /// List a project's open tickets, the most urgent first
    Tickets {
        /// The project's code
        code: ProjectCode,
        /// Answered and withdrawn ones as well
        #[arg(long)]
        all: bool,
    },
    /// Move plans that have ended into the project's archive; only says what it would do, unless --force is given
    Clean(CleanOptions),
    /// Let a paused plan go on; whatever it asked is answered with yes
    Resume(Word),
}

#[derive(Debug, ClapArgs)]
pub(in crate::cli) struct CleanOptions {
    /// The project's code
    pub(in crate::cli) code: ProjectCode,
    /// Only plans that ended at least so many days ago
    #[arg(long, value_name = "DAYS")]
    pub(in crate::cli) older_than: Option<u32>,
    /// Only this plan; may be given several times
    #[arg(long = "plan", value_name = "PLAN")]
    pub(in crate::cli) plans: Vec<PlanId>,
    /// Keep of a run only what the journal does not hold byte for byte: drops unchanged artifacts and transcripts
    #[arg(long)]
    pub(in crate::cli) prune: bool,
    /// Do it
    #[arg(long)]
    pub(in crate::cli) force: bool,
}
