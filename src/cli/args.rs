//! What can be typed.

use std::path::PathBuf;

use clap::{
    Args as ClapArgs, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum,
    error::ErrorKind, parser::ValueSource,
};
use projections::{
    ids::{CallId, PlanId, ProjectCode, TicketId},
    time::{MicroUsd, Timestamp},
};

use crate::{
    command::Change,
    error::{Error, Result},
    vault::{Vault, replay::Until},
};

/// Run approved plans of LLM agents unattended, and prove afterwards what happened
#[derive(Debug, Parser)]
#[command(name = "modulatio", version, about, max_term_width = 100)]
pub(super) struct Args {
    /// The vault; else the nearest parent directory that holds modulatio.yaml
    #[arg(long, global = true, env = "MODULATIO_VAULT", value_name = "DIR")]
    vault: Option<PathBuf>,
    /// Print views as JSON
    #[arg(long, global = true)]
    pub(super) json: bool,
    /// Say more on stderr (twice: everything)
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub(super) verbose: u8,
    /// Say only errors on stderr
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub(super) quiet: bool,
    /// How much to say on stderr, instead of -v and -q [default: info for a daemon, else warn]
    #[arg(long, global = true, env = "MODULATIO_LOG_LEVEL", value_name = "LEVEL")]
    pub(super) log_level: Option<LogLevel>,
    /// How log lines look: for people, or one JSON object a line [default: text]
    #[arg(
        long,
        global = true,
        env = "MODULATIO_LOG_FORMAT",
        value_name = "FORMAT"
    )]
    log_format: Option<LogFormat>,
    #[command(subcommand)]
    pub(super) command: Command,
}

impl Args {
    /// The command line of this process; one that makes no sense is told, and ends it.
    pub(super) fn read() -> Self {
        let matches = Self::command().get_matches();
        let level_is_typed = matches.value_source("log_level") == Some(ValueSource::CommandLine);
        let args = Self::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
        // By hand: what is typed overrides the environment, and clap would call that a conflict too.
        if level_is_typed && (args.quiet || args.verbose > 0) {
            let why = "--log-level cannot be used with -v or -q: it takes their place";
            Self::command()
                .error(ErrorKind::ArgumentConflict, why)
                .exit();
        }
        args
    }

    /// How log lines look.
    pub(super) fn log_format(&self) -> LogFormat {
        self.log_format.unwrap_or(LogFormat::Text)
    }

    /// The vault that was named, or that the working directory lies in.
    pub(super) fn vault(&self) -> Result<Vault> {
        match &self.vault {
            Some(dir) => Vault::open(dir),
            None => {
                let here =
                    std::env::current_dir().map_err(Error::io("find", "the working directory"))?;
                Vault::find(&here)
            }
        }
    }
}

/// How much is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum LogLevel {
    Error,
    Warn,
    Info,
    Debug,
    Trace,
}

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum LogFormat {
    Text,
    Json,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Make a directory a vault
    Init {
        /// The directory; made if it is missing
        dir: PathBuf,
    },
    /// Add and look at projects, resume their plans
    #[command(subcommand)]
    Project(ProjectCommand),
    /// Add, look at, approve and end plans
    #[command(subcommand)]
    Plan(PlanCommand),
    /// See what plans ask of you, and answer
    #[command(subcommand)]
    Ticket(TicketCommand),
    /// Show the texts that agents are asked with
    #[command(subcommand)]
    Prompts(PromptsCommand),
    /// Show whom the team asks and what that costs; check that they answer
    Models(ModelsOptions),
    /// Run approved plans until stopped
    Daemon(DaemonOptions),
    /// Show what all plans have spent on models today, and the caps of the day
    Spend,
    /// Print the daemon's last sign of life as one line of JSON
    Heartbeat {
        /// Every daemon's, newest first
        #[arg(long)]
        all: bool,
    },
    /// Read a plan's journal: its timeline, its state at any time, its projections
    Replay(ReplayOptions),
    /// Verify journals
    #[command(subcommand)]
    Audit(AuditCommand),
    /// Show it all in a temporary vault: run a plan, kill the daemon half-way, resume, prove the result
    Demo {
        /// Put the vault here and keep it; the directory must not exist or be empty
        #[arg(long, value_name = "DIR")]
        dir: Option<PathBuf>,
        /// Keep the temporary vault
        #[arg(long)]
        keep: bool,
    },
}

#[derive(Debug, Subcommand)]
pub(super) enum ProjectCommand {
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
    /// Let a paused plan go on; whatever it asked is answered with yes
    Resume {
        /// The plan
        plan: PlanId,
        /// A note for the record
        #[arg(long, default_value = "")]
        note: String,
    },
}

#[derive(Debug, Subcommand)]
pub(super) enum TicketCommand {
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
pub(super) struct Answer {
    /// The ticket
    pub(super) ticket: TicketId,
    /// A note for the record
    #[arg(long, default_value = "")]
    pub(super) note: String,
}

#[derive(Debug, Subcommand)]
pub(super) enum PromptsCommand {
    /// List their names; prompts/NAME.md in the vault or a project takes the place of one
    List,
    /// Print one, as it comes with the program
    Show {
        /// Its name
        name: String,
    },
}

#[derive(Debug, ClapArgs)]
pub(super) struct DraftOptions {
    /// A text to work from; may be given several times
    #[arg(long, value_name = "FILE")]
    pub(super) attach: Vec<PathBuf>,
    /// Dollars that the plan may cost, its drafting included
    #[arg(long, value_name = "USD", value_parser = cost)]
    pub(super) max_cost_usd: Option<MicroUsd>,
    /// Tokens that the plan may use, its drafting included
    #[arg(long, value_name = "N")]
    pub(super) max_tokens: Option<u64>,
    /// Minutes that the plan may take since it first started
    #[arg(long, value_name = "N")]
    pub(super) max_wall_clock_min: Option<u64>,
}

fn cost(text: &str) -> std::result::Result<MicroUsd, String> {
    MicroUsd::parse_usd(text).ok_or_else(|| "write dollars such as 2.50".to_owned())
}

#[derive(Debug, Subcommand)]
pub(super) enum PlanCommand {
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
    },
    /// Let a draft run, or a paused plan go on
    Approve(Word),
    /// Refuse a draft, or what a paused plan asks
    Decline(Word),
    /// Stop a plan at its next step, until it is resumed
    Pause(Word),
    /// End a plan for good
    Cancel(Word),
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
pub(super) struct RehearseOptions {
    /// The plan, as it stands now
    pub(super) plan: PlanId,
    /// The journal to take the replies from, of any plan [default: the plan's own]
    #[arg(long, value_name = "JOURNAL")]
    pub(super) from: Option<PathBuf>,
    /// Show the beginning of today's prompt at the first difference (so does -v)
    #[arg(long)]
    pub(super) show_prompt: bool,
}

#[derive(Debug, ClapArgs)]
pub(super) struct BudgetEdit {
    /// The plan
    pub(super) plan: PlanId,
    #[command(flatten)]
    pub(super) caps: CapsEdit,
}

/// At least one of them. A group holds every argument of its struct, so the plan cannot stand beside them.
#[derive(Debug, ClapArgs)]
#[group(required = true, multiple = true)]
pub(super) struct CapsEdit {
    /// Dollars that the plan may cost, or none for no cap
    #[arg(long = "max-cost-usd", value_name = "USD|none", value_parser = change_of_cost)]
    pub(super) cost: Option<Change<MicroUsd>>,
    /// Tokens that the plan may use, or none for no cap
    #[arg(long = "max-tokens", value_name = "N|none", value_parser = change_of_count)]
    pub(super) tokens: Option<Change<u64>>,
    /// Minutes that the plan may take since it first started, or none for no cap
    #[arg(long = "max-wall-clock-min", value_name = "N|none", value_parser = change_of_count)]
    pub(super) minutes: Option<Change<u64>>,
}

fn change_of_cost(text: &str) -> std::result::Result<Change<MicroUsd>, String> {
    change(text, |text| {
        MicroUsd::parse_usd(text).ok_or("write dollars such as 2.50, or none")
    })
}

fn change_of_count(text: &str) -> std::result::Result<Change<u64>, String> {
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
pub(super) struct Word {
    /// The plan
    pub(super) plan: PlanId,
    /// A note for the record
    #[arg(long, default_value = "")]
    pub(super) note: String,
}

#[derive(Debug, ClapArgs)]
pub(super) struct ModelsOptions {
    #[command(subcommand)]
    pub(super) command: Option<ModelsCommand>,
    /// Of this project's team instead of the vault's
    #[arg(long, global = true, value_name = "CODE")]
    pub(super) project: Option<ProjectCode>,
}

#[derive(Debug, Subcommand)]
pub(super) enum ModelsCommand {
    /// List models with prices, keys and roles; this is what is done without a command
    List,
    /// Make one tiny call to each model in use; its provider bills it, and no plan books it
    Check {
        /// Only these models, in use or not, as the list names them
        #[arg(value_name = "NAME")]
        names: Vec<String>,
    },
}

#[derive(Debug, ClapArgs)]
pub(super) struct DaemonOptions {
    /// Seconds between two ticks [default: the configuration's, else 30]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub(super) tick_seconds: Option<u64>,
    /// Only this project's plans
    #[arg(long, value_name = "CODE")]
    pub(super) project: Option<ProjectCode>,
    /// End when nothing is left to run
    #[arg(long)]
    pub(super) until_idle: bool,
}

#[derive(Debug, ClapArgs)]
pub(super) struct ReplayOptions {
    /// The plan
    #[arg(required_unless_present = "all", conflicts_with = "all")]
    pub(super) plan: Option<PlanId>,
    /// Every plan of the vault
    #[arg(long)]
    pub(super) all: bool,
    /// Compare every projection on disk with the journal, byte for byte
    #[arg(long, conflicts_with = "write")]
    pub(super) check: bool,
    /// Rebuild every projection that differs
    #[arg(long)]
    pub(super) write: bool,
    /// Only up to this frame, or to this RFC 3339 time
    #[arg(long, value_name = "SEQ|TIME", value_parser = until, conflicts_with_all = ["check", "write", "all"])]
    pub(super) at: Option<Until>,
}

#[derive(Debug, Subcommand)]
pub(super) enum AuditCommand {
    /// Verify hash chains, anchors and named contents
    Verify {
        /// The plan
        #[arg(required_unless_present = "all", conflicts_with = "all")]
        plan: Option<PlanId>,
        /// Every plan of the vault
        #[arg(long)]
        all: bool,
        /// Compare with heads that `audit seal` printed earlier
        #[arg(long, value_name = "FILE")]
        against: Option<PathBuf>,
    },
    /// Print the heads of all journals, for keeping elsewhere
    Seal,
}

fn until(text: &str) -> std::result::Result<Until, String> {
    match text.parse() {
        Ok(seq) => Ok(Until::Seq(seq)),
        Err(_) => Timestamp::parse(text)
            .map(Until::Time)
            .map_err(|e| format!("neither a frame's number nor a time: {e}")),
    }
}
