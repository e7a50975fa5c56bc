//! What can be typed.

mod config;
mod cron;
mod import;
mod kickoff;
mod logs;
mod memory;
mod plan;
mod project;
mod ticket;

use std::path::{Path, PathBuf};

use clap::{
    ArgMatches, Args as ClapArgs, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum,
    ValueHint, error::ErrorKind, parser::ValueSource,
};
use projections::{
    ids::{PlanId, ProjectCode},
    time::Timestamp,
};
use serde_json::json;

pub(super) use self::cron::{CronCommand, JobEdit, JobOptions, NewJob, NextOptions};
pub(super) use config::ConfigCommand;
pub(super) use import::ImportOptions;
pub(super) use kickoff::KickoffOptions;
pub(super) use logs::LogsOptions;
pub(super) use memory::{
    AddOptions, ListOptions, MemoryCommand, ReindexOptions, SearchOptions, WhichStore,
};
pub(super) use plan::{
    ArtifactsOptions, BudgetEdit, CancelOptions, DraftOptions, PlanCommand, RehearseOptions, Word,
};
pub(super) use project::{CleanOptions, ProjectCommand};
pub(super) use ticket::{Answer, PromptsCommand, TicketCommand};

use super::complete::Shell;
use crate::{
    error::{Error, Result},
    vault::{Vault, replay::Until},
};

/// Run approved plans of LLM agents unattended, and prove afterwards what happened
#[derive(Debug, Parser)]
#[command(name = "modulatio", version, about, max_term_width = 100)]
pub(super) struct Args {
    /// The vault; else the nearest parent directory that holds modulatio.yaml
    #[arg(
        long,
        global = true,
        env = "MODULATIO_VAULT",
        value_name = "DIR",
        value_hint = ValueHint::DirPath
    )]
    vault: Option<PathBuf>,
    /// Answer in JSON: an object a line, and an error as one object on stderr
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
    /// Where these options were said.
    #[arg(skip)]
    pub(super) said: SaidWhere,
    #[command(subcommand)]
    pub(super) command: Command,
}

impl Args {
    /// The command line of this process; one that makes no sense is told, and ends it.
    pub(super) fn read() -> Self {
        let matches = Self::command()
            .try_get_matches()
            .unwrap_or_else(|mut error| {
                super::hints::add_to(&mut error);
                refuse(&error)
            });
        let mut args = Self::from_arg_matches(&matches).unwrap_or_else(|error| refuse(&error));
        args.said = SaidWhere::of(&matches);
        // By hand: what is typed overrides the environment, and clap would call that a conflict too.
        if args.said.log_level == Said::Typed && (args.quiet || args.verbose > 0) {
            let why = "--log-level cannot be used with -v or -q: it takes their place";
            refuse(&Self::command().error(ErrorKind::ArgumentConflict, why));
        }
        args
    }

    /// How log lines look.
    pub(super) fn log_format(&self) -> LogFormat {
        self.log_format.unwrap_or(LogFormat::Text)
    }

    /// The directory that was named as the vault.
    pub(super) fn named_vault(&self) -> Option<&Path> {
        self.vault.as_deref()
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

/// Ends a command line that makes no sense, or that asks for help.
fn refuse(error: &clap::Error) -> ! {
    let json = std::env::args_os().any(|word| word == "--json");
    if json && error.use_stderr() {
        let text = error.render().to_string();
        let told = text.strip_prefix("error: ").unwrap_or(&text).trim_end();
        let object = json!({"error": told, "hint": null, "exit": error.exit_code()});
        super::output::tell(&object.to_string());
        std::process::exit(error.exit_code());
    }
    error.exit()
}

/// Where something was said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Said {
    Typed,
    Environment,
    #[default]
    Nowhere,
}

/// Where the options were said that the environment can say too.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct SaidWhere {
    pub(super) vault: Said,
    pub(super) log_level: Said,
    pub(super) log_format: Said,
}

impl SaidWhere {
    fn of(matches: &ArgMatches) -> Self {
        let said = |id| match matches.value_source(id) {
            Some(ValueSource::CommandLine) => Said::Typed,
            Some(ValueSource::EnvVariable) => Said::Environment,
            Some(_) | None => Said::Nowhere,
        };
        Self {
            vault: said("vault"),
            log_level: said("log_level"),
            log_format: said("log_format"),
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

impl LogFormat {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Json => "json",
        }
    }
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Make a directory a vault
    Init {
        /// The directory; made if it is missing
        dir: PathBuf,
    },
    /// Take in a vault of another program, with a line for each thing in it
    Import(ImportOptions),
    /// Add and look at projects, resume their plans
    #[command(subcommand)]
    Project(ProjectCommand),
    /// Add, look at, approve and end plans
    #[command(subcommand)]
    Plan(PlanCommand),
    /// Let the Leader write a plan from an objective, and run it here and now
    Kickoff(KickoffOptions),
    /// See what plans ask of you, and answer
    #[command(subcommand)]
    Ticket(TicketCommand),
    /// Look at what the team remembers, find in it, change it
    #[command(subcommand)]
    Memory(MemoryCommand),
    /// Let plans be made and run at set times: add jobs, change them, see what became of them
    #[command(subcommand)]
    Cron(CronCommand),
    /// Show the texts that agents are asked with
    #[command(subcommand)]
    Prompts(PromptsCommand),
    /// Show whom the team asks and what that costs; check that they answer
    Models(ModelsOptions),
    /// Tell what happened to a plan, a line each; with -f also what happens next
    Logs(LogsOptions),
    /// Show what the configuration comes to, and check it
    #[command(subcommand)]
    Config(ConfigCommand),
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
    /// Look at vault, machine, providers and service: what is wrong, and the command that mends it
    #[command(after_help = DOCTOR)]
    Doctor(DoctorOptions),
    /// Print the script by which a shell completes commands, options and ids
    ///
    /// Bash, for this and all later shells:
    ///   echo 'source <(modulatio completions bash)' >> ~/.bashrc
    /// Zsh, likewise:
    ///   echo 'source <(modulatio completions zsh)' >> ~/.zshrc
    /// Fish:
    ///   echo 'modulatio completions fish | source' >> ~/.config/fish/config.fish
    #[command(verbatim_doc_comment)]
    Completions {
        /// The shell
        shell: Shell,
    },
    /// Write a manual page for each command
    #[command(hide = true)]
    Man {
        /// Where; made if it is missing
        dir: PathBuf,
    },
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

/// What stands below the options of `doctor`.
const DOCTOR: &str = "\
Each line says what was looked at and what was found: [ok], [warn] (it works, and something is to
be done) or [fail] (it does not work). What is not ok is followed by the command or the edit that
mends it. Nothing is changed; two small files are written to try the disk, and removed. Providers
are asked for their list of models, which nobody bills.

The command ends as the worst of it:
  0  all is ok
  1  something warns, or fails in a way that has no code of its own
  3  there is no vault, or a fault in the configuration
  4  a key is missing or refused
  5  the daemon's unit cannot start it
  7  a journal is damaged
Of several failures, 7 comes before 3, 4, 5 and 1.";

#[derive(Debug, ClapArgs)]
pub(super) struct DoctorOptions {
    /// Ask no provider
    #[arg(long)]
    pub(super) offline: bool,
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
