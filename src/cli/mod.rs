//! The command line: arguments in, text out. Data goes to stdout, talk to stderr, the kind of an error into the
//! exit code. One file per command; what they do is done by `vault` and `daemon`.

mod args;
mod artifacts;
mod audit;
mod cancel;
mod complete;
mod config;
mod cron;
mod daemon;
mod demo;
mod doctor;
mod draft;
mod follow;
mod given;
mod heartbeat;
mod hints;
mod import;
mod init;
mod kickoff;
mod known;
mod logging;
mod logs;
mod man;
mod memory;
mod models;
mod output;
mod plan;
mod project;
mod prompts;
mod rehearse;
mod replay;
mod screen;
mod show;
mod spend;
mod story;
mod thrift;
mod ticket;

use std::process::ExitCode;

use crate::{error::Result, vault::Actor};
use args::{Args, Command};

/// Runs the command line of this process.
#[must_use]
pub fn main() -> ExitCode {
    if complete::answered() {
        return ExitCode::SUCCESS;
    }
    let args = Args::read();
    if let Command::Daemon(_) = &args.command {
        thrift::begin_anew();
    }
    logging::start(&args);
    let written = |()| output::written();
    match run(&args).and_then(written) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let hint = hints::of(&args, &error);
            output::tell(&logging::last_words(&error, hint));
            ExitCode::from(error.exit_code())
        }
    }
}

fn run(args: &Args) -> Result<()> {
    match &args.command {
        Command::Init { dir } => init::run(dir, args.json),
        Command::Import(options) => import::run(args, options),
        Command::Project(command) => project::run(&args.vault()?, command, args.json),
        Command::Plan(command) => plan::run(&args.vault()?, command, args),
        Command::Kickoff(options) => kickoff::run(&args.vault()?, options, args),
        Command::Ticket(command) => ticket::run(&args.vault()?, command, args.json),
        Command::Memory(command) => memory::run(&args.vault()?, command, args.json),
        Command::Cron(command) => self::cron::run(command, args),
        Command::Prompts(command) => prompts::run(command, args.json),
        Command::Models(options) => models::run(&args.vault()?, options, args.json),
        Command::Logs(options) => logs::run(&args.vault()?, options, args.json),
        Command::Config(command) => config::run(args, command),
        Command::Daemon(options) => daemon::run(args.vault()?, options),
        Command::Spend => spend::run(&args.vault()?, args.json),
        Command::Heartbeat { all } => heartbeat::run(&args.vault()?, *all),
        Command::Replay(what) => replay::run(&args.vault()?, what, args.json),
        Command::Audit(command) => audit::run(&args.vault()?, command, args.json),
        Command::Doctor(options) => doctor::run(args, options),
        Command::Completions { shell } => complete::run(*shell),
        Command::Man { dir } => man::run(dir),
        Command::Demo { dir, keep } => demo::run(dir.as_deref(), *keep),
    }
}

/// Who sits at this command line, as journals name them.
fn actor() -> Actor {
    let user = ["USER", "LOGNAME", "USERNAME"]
        .iter()
        .find_map(|name| std::env::var(name).ok());
    let clean: String = user
        .unwrap_or_default()
        .chars()
        .filter(|c| !c.is_control())
        .take(64)
        .collect();
    Actor::named(if clean.is_empty() {
        "cli".to_owned()
    } else {
        format!("cli:{clean}")
    })
}
