//! What can be typed behind `plan`.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Subcommand};
use projections::{
    ids::{CallId, PlanId, ProjectCode},
    time::MicroUsd,
};

use crate::command::Change;

#[derive(Debug, ClapArgs)]
pub(in crate::cli) struct DraftOptions {
    /// A text to work from; may be given several times
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) attach: Vec<PathBuf>,
    /// Dollars that the plan may cost, its drafting included
    #[arg(long, value_name = "USD", value_parser = cost)]
    pub(in crate::cli) max_cost_usd: Option<MicroUsd>,
    /// Tokens that the plan may use, its drafting included
    #[arg(long, value_name = "N")]
    pub(in crate::cli) max_tokens: Option<u64>,
    /// Minutes that the plan may take since it first started
    #[arg(long, value_name = "N")]
    pub(in crate::cli) max_wall_clock_min: Option<u64>,
}

pub(super) fn cost(text: &str) -> std::result::Result<MicroUsd, String> {
    MicroUsd::parse_usd(text).ok_or_else(|| "write dollars such as 2.50".to_owned())
}

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum PlanCommand {
    /// Add a plan from a Markdown file as a draft, and print its id
    Add {
        /// The project's code
        project: ProjectCode,
        /// The Markdown file
        file: PathBuf,
    },
    /// Let the Leader write a plan as a draft, and print its id
    Draft {
        /// The project's code
        project: ProjectCode,
        /// What is to be reached
        objective: String,
        #[command(flatten)]
        options: DraftOptions,
    },
    /// Let the Leader write a draft anew
    Revise {
        /// The plan
        plan: PlanId,
        /// What is to be changed; without it, a draft that was interrupted is gone on with
        feedback: Option<String>,
        /// A text to work from; may be given several times
        #[arg(long, value_name = "FILE")]
        attach: Vec<PathBuf>,
    },
    /// List plans
    List {
        /// Only this project's
        project: Option<ProjectCode>,
    },
    /// Show where a plan stands
    Show {
        /// The plan
        plan: PlanId,
        /// Go on showing it until it is done (exit 0), has ended otherwise (1) or waits for you (6)
        #[arg(short, long)]
        follow: bool,
    },
    /// List a plan's artifacts and whether their files are as they were handed in; print one
    Artifacts(ArtifactsOptions),
    /// Let a draft run, or a paused plan go on
    Approve(Word),
    /// Refuse a draft, or what a paused plan asks
    Decline(Word),
    /// Stop a plan at its next step, until it is resumed; what is under way is awaited
    Pause(Word),
    /// Let a paused plan go on; whatever it asked is answered with yes
    Resume(Word),
    /// End a plan for good, at its next step; a call under way is awaited
    Cancel(CancelOptions),
    /// Change a plan's caps; approve it afterwards if it is paused
    EditBudget(BudgetEdit),
    /// Take reservations of calls in doubt off the books: they were not billed, or are accounted for elsewhere
    Release {
        /// The plan
        plan: PlanId,
        /// The call; without it all that are in doubt
        call: Option<CallId>,
        /// A note for the record
        #[arg(long, default_value = "")]
        note: String,
    },
    /// Run today's program on recorded replies: would it still ask the same? Offline, free, changes nothing
    Rehearse(RehearseOptions),
}

#[derive(Debug, ClapArgs)]
pub(in crate::cli) struct ArtifactsOptions {
    /// The plan
    pub(in crate::cli) plan: PlanId,
    /// Print this one, as the journal has it
    pub(in crate::cli) name: Option<String>,
    /// Print where the files are
    #[arg(long)]
    pub(in crate::cli) path: bool,
}

#[derive(Debug, ClapArgs)]
pub(in crate::cli) struct RehearseOptions {
    /// The plan, as it stands now
    pub(in crate::cli) plan: PlanId,
    /// The journal to take the replies from, of any plan [default: the plan's own]
    #[arg(long, value_name = "JOURNAL")]
    pub(in crate::cli) from: Option<PathBuf>,
    /// Show the beginning of today's prompt at the first difference (so does -v)
    #[arg(long)]
    pub(in crate::cli) show_prompt: bool,
}

#[derive(Debug, ClapArgs)]
pub(in crate::cli) struct BudgetEdit {
    /// The plan
    pub(in crate::cli) plan: PlanId,
    #[command(flatten)]
    pub(in crate::cli) caps: CapsEdit,
}

/// At least one of them. A group holds every argument of its struct, so the plan cannot stand beside them.
#[derive(Debug, ClapArgs)]
#[group(required = true, multiple = true)]
pub(in crate::cli) struct CapsEdit {
    /// Dollars that the plan may cost, or none for no cap
    #[arg(long = "max-cost-usd", value_name = "USD|none", value_parser = change_of_cost)]
    pub(in crate::cli) cost: Option<Change<MicroUsd>>,
    /// Tokens that the plan may use, or none for no cap
    #[arg(long = "max-tokens", value_name = "N|none", value_parser = change_of_count)]
    pub(in crate::cli) tokens: Option<Change<u64>>,
    /// Minutes that the plan may take since it first started, or none for no cap
    #[arg(long = "max-wall-clock-min", value_name = "N|none", value_parser = change_of_count)]
    pub(in crate::cli) minutes: Option<Change<u64>>,
}

pub(super) fn change_of_cost(text: &str) -> std::result::Result<Change<MicroUsd>, String> {
    change(text, |text| {
        MicroUsd::parse_usd(text).ok_or("write dollars such as 2.50, or none")
    })
}

pub(super) fn change_of_count(text: &str) -> std::result::Result<Change<u64>, String> {
    change(text, |text| {
        text.parse().map_err(|_| "write a whole number, or none")
    })
}

fn change<T>(
    text: &str,
    parse: impl FnOnce(&str) -> std::result::Result<T, &'static str>,
) -> std::result::Result<Change<T>, String> {
    if text == "none" {
        return Ok(Change::Remove);
    }
    parse(text).map(Change::Set).map_err(str::to_owned)
}

#[derive(Debug, ClapArgs)]
pub(in crate::cli) struct Word {
    /// The plan
    pub(in crate::cli) plan: PlanId,
    /// A note for the record
    #[arg(long, default_value = "")]
    pub(in crate::cli) note: String,
}

#[derive(Debug, ClapArgs)]
pub(in crate::cli) struct CancelOptions {
    #[command(flatten)]
    pub(in crate::cli) word: Word,
    /// Cut calls and tools under way; what a cut call may have cost stays booked
    #[arg(long)]
    pub(in crate::cli) force: bool,
}
