//! What can be typed behind `cron`.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Subcommand, ValueEnum};
use projections::{
    ids::{JobId, ProjectCode},
    schedule::{Approval, CatchUp, Overlap},
    time::{MicroUsd, Timestamp},
};

use super::plan::{change_of_cost, change_of_count};
use crate::{
    command::Change,
    schedule::{Expression, Zone},
};

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum CronCommand {
    /// Add a job: at each of its times a plan is made and run
    Add(Box<NewJob>),
    /// Change a job; it never runs as it was before
    Edit(Box<JobEdit>),
    /// List the jobs with their next five times
    List {
        /// Only this project's
        project: Option<ProjectCode>,
    },
    /// Show a job
    Show {
        /// The job
        job: JobId,
    },
    /// Let a disabled job run again
    Enable {
        /// The job
        job: JobId,
    },
    /// Let a job run no more until it is enabled
    Disable {
        /// The job
        job: JobId,
    },
    /// Take a job off the schedule; its plans stay
    Remove {
        /// The job
        job: JobId,
    },
    /// Make a job's plan now, whatever its schedule says, and print the plan's id
    RunNow {
        /// The job
        job: JobId,
    },
    /// Show what became of a job's times, newest last
    History {
        /// The job
        job: JobId,
        /// Only so many of the newest lines
        #[arg(short = 'n', long, value_name = "N")]
        last: Option<usize>,
    },
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

#[derive(Debug, ClapArgs)]
pub(in crate::cli) struct NewJob {
    /// The project that its plans belong to
    pub(in crate::cli) project: ProjectCode,
    /// What each run is to reach; the Leader writes a plan for it
    #[arg(required_unless_present = "plan_template")]
    pub(in crate::cli) objective: Option<String>,
    /// The times, in quotes: minute hour day-of-month month day-of-week, or @daily and the like
    #[arg(long, value_name = "EXPRESSION")]
    pub(in crate::cli) schedule: Expression,
    #[command(flatten)]
    pub(in crate::cli) more: JobOptions,
}

#[derive(Debug, ClapArgs)]
pub(in crate::cli) struct JobEdit {
    /// The job
    pub(in crate::cli) job: JobId,
    /// What each run is to reach
    #[arg(long, value_name = "TEXT")]
    pub(in crate::cli) objective: Option<String>,
    /// The times, in quotes
    #[arg(long, value_name = "EXPRESSION")]
    pub(in crate::cli) schedule: Option<Expression>,
    /// Let the Leader write each plan from the objective again, in place of a template
    #[arg(long, conflicts_with = "plan_template")]
    pub(in crate::cli) no_plan_template: bool,
    #[command(flatten)]
    pub(in crate::cli) more: JobOptions,
}

/// Of a new job, defaults stand in the place of what is not given; of one that is edited, what it has.
#[derive(Debug, ClapArgs)]
pub(in crate::cli) struct JobOptions {
    /// The zone whose wall clock is meant, by its IANA name, as in Europe/Berlin [default: UTC]
    #[arg(long, value_name = "ZONE")]
    pub(in crate::cli) tz: Option<Zone>,
    /// What becomes of a time while a plan of an earlier one has not ended [default: skip]
    #[arg(long, value_name = "WHAT")]
    pub(in crate::cli) overlap: Option<OverlapChoice>,
    /// Which times run later that no daemon was there for [default: last]
    #[arg(long, value_name = "WHICH")]
    pub(in crate::cli) catch_up: Option<CatchUpChoice>,
    /// How long ago such a time may be: 90m, 24h, 7d [default: 24h]
    #[arg(long, value_name = "DURATION", value_parser = seconds)]
    pub(in crate::cli) catch_up_window: Option<u64>,
    /// Start each run up to so much later, by a delay that each time has of its own [default: none]
    #[arg(long, value_name = "DURATION", value_parser = seconds)]
    pub(in crate::cli) jitter: Option<u64>,
    /// No run after this RFC 3339 time, or none for no end
    #[arg(long, value_name = "TIME|none", value_parser = change_of_time)]
    pub(in crate::cli) until: Option<Change<Timestamp>>,
    /// So many runs and no more, or none for no end
    #[arg(long, value_name = "N|none", value_parser = change_of_count)]
    pub(in crate::cli) count: Option<Change<u64>>,
    /// A plan in Markdown that each run takes as it is, in place of one that the Leader writes
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) plan_template: Option<PathBuf>,
    /// Dollars that each plan may cost, or none for no cap of its own
    #[arg(long, value_name = "USD|none", value_parser = change_of_cost)]
    pub(in crate::cli) max_cost_usd: Option<Change<MicroUsd>>,
    /// Tokens that each plan may use, or none
    #[arg(long, value_name = "N|none", value_parser = change_of_count)]
    pub(in crate::cli) max_tokens: Option<Change<u64>>,
    /// Minutes that each plan may take, or none
    #[arg(long, value_name = "N|none", value_parser = change_of_count)]
    pub(in crate::cli) max_wall_clock_min: Option<Change<u64>>,
    /// Who approves its plans: the job itself, or a person by a ticket for each [default: auto]
    #[arg(long, value_name = "WHO")]
    pub(in crate::cli) approve: Option<ApproveChoice>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(in crate::cli) enum OverlapChoice {
    /// It does not run; of more than 1,024 plans of the job at a time, the oldest are not looked at
    Skip,
    /// It waits for its turn
    Queue,
    /// It runs all the same
    Allow,
}

impl From<OverlapChoice> for Overlap {
    fn from(choice: OverlapChoice) -> Self {
        match choice {
            OverlapChoice::Skip => Self::Skip,
            OverlapChoice::Queue => Self::Queue,
            OverlapChoice::Allow => Self::Allow,
        }
    }
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(in crate::cli) enum CatchUpChoice {
    /// None of them
    None,
    /// The last one
    Last,
    /// All of them, in order
    All,
}

impl From<CatchUpChoice> for CatchUp {
    fn from(choice: CatchUpChoice) -> Self {
        match choice {
            CatchUpChoice::None => Self::None,
            CatchUpChoice::Last => Self::Last,
            CatchUpChoice::All => Self::All,
        }
    }
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(in crate::cli) enum ApproveChoice {
    /// Adding the job was the approval
    Auto,
    /// A person, each time
    Ticket,
}

impl From<ApproveChoice> for Approval {
    fn from(choice: ApproveChoice) -> Self {
        match choice {
            ApproveChoice::Auto => Self::Auto,
            ApproveChoice::Ticket => Self::Ticket,
        }
    }
}

/// Whole seconds of `90s`, `90m`, `24h`, `7d`.
fn seconds(text: &str) -> Result<u64, String> {
    let split = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(split);
    let times = match unit {
        "s" => 1,
        "m" | "min" => 60,
        "h" => 3_600,
        "d" => 86_400,
        "" if number == "0" => 1,
        _ => return Err("write a number and its unit: 90s, 90m, 24h or 7d".to_owned()),
    };
    let number: u64 = number
        .parse()
        .map_err(|_| "write a number and its unit: 90s, 90m, 24h or 7d".to_owned())?;
    number
        .checked_mul(times)
        .ok_or_else(|| "that is longer than can be counted".to_owned())
}

fn change_of_time(text: &str) -> Result<Change<Timestamp>, String> {
    match text {
        "none" => Ok(Change::Remove),
        _ => Timestamp::parse(text)
            .map(Change::Set)
            .map_err(|e| e.to_string()),
    }
}
