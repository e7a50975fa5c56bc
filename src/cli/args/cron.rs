//! What can be typed behind `cron`.

use clap::{Args as ClapArgs, Subcommand};
use projections::time::Timestamp;

use crate::schedule::{Expression, Zone};

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum CronCommand {
    /// Show when a cron expression fires next
    Next(NextOptions),
}

#[derive(Debug, ClapArgs)]
pub(in crate::cli) struct NextOptions {
    /// The expression in quotes: minute hour day-of-month month day-of-week
    #[arg(value_name = "EXPRESSION", required_unless_present = "batch")]
    pub(in crate::cli) expression: Option<Expression>,
    /// The zone whose wall clock is meant, by its IANA name, as in Europe/Berlin
    #[arg(long, value_name = "ZONE", default_value_t)]
    pub(in crate::cli) tz: Zone,
    /// Only later than this RFC 3339 time [default: now]
    #[arg(long, value_name = "TIME", value_parser = Timestamp::parse)]
    pub(in crate::cli) after: Option<Timestamp>,
    /// How many
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub(in crate::cli) count: u16,
    /// Answer questions from stdin, each a line of JSON: {"expr", "tz", "after", "count"}
    #[arg(long, hide = true, conflicts_with_all = ["expression", "tz", "after", "count"])]
    pub(in crate::cli) batch: bool,
}
