//! What can be typed behind `ticket` and `prompts`.

use clap::{Args as ClapArgs, Subcommand};
use projections::ids::{ProjectCode, TicketId};

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum TicketCommand {
    /// List open tickets, the most urgent first
    List {
        /// Only this project's
        project: Option<ProjectCode>,
        /// Answered and withdrawn ones as well
        #[arg(long)]
        all: bool,
    },
    /// Show a ticket: what happened, why it matters, what you can do
    Show {
        /// The ticket
        ticket: TicketId,
    },
    /// Answer a ticket with yes, or take note of it
    Approve(Answer),
    /// Answer a ticket with no
    Decline(Answer),
}

#[derive(Debug, ClapArgs)]
pub(in crate::cli) struct Answer {
    /// The ticket
    pub(in crate::cli) ticket: TicketId,
    /// A note for the record
    #[arg(long, default_value = "")]
    pub(in crate::cli) note: String,
}

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum PromptsCommand {
    /// List their names; prompts/NAME.md in the vault or a project takes the place of one
    List,
    /// Print one, as it comes with the program
    Show {
        /// Its name
        name: String,
    },
}
