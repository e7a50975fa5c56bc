//! Audit-log inspection from the command line: read-only, without a vault, on damaged journals above all.
//!
//! Answers go to stdout, talk to stderr. Exit code 7 says damage, 1 that something could not be read, 2 misuse.

use std::{
    io::{self, ErrorKind, Write},
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::{Args, CommandFactory, Parser, Subcommand};
use journal::LogName;
use modulatio_tools::audit::{
    self, At, Compared, Error, Head, Held, Target, Until, Verdict, one_line,
};
use serde_json::json;

/// Inspect journals without changing anything
///
/// Exit codes: 0 all is whole, 7 something is damaged, 1 something could not be read, 2 misuse.
#[derive(Debug, Parser)]
#[command(name = "modulatio-audit", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Verify journals and name what is damaged, by which rule and where
    Verify {
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
        #[command(flatten)]
        how: How,
    },
    /// Show every event, damaged lines included
    ///
    /// Marks: `!` the line does not follow, `~` it follows from its neighbour behind a damaged line, `?` the file
    /// ends within it.
    Dump {
        #[command(flatten)]
        file: OneFile,
        /// Frame to start with
        #[arg(long, value_name = "SEQ", default_value_t = 0)]
        from: u64,
        /// Frame to end with
        #[arg(long, value_name = "SEQ", default_value_t = u64::MAX, hide_default_value = true)]
        to: u64,
    },
    /// Show a plan's state, folded as far as its journal is whole
    State {
        #[command(flatten)]
        file: OneFile,
        /// Fold up to this frame or RFC 3339 time
        #[arg(long, value_name = "SEQ|TIME")]
        at: Option<At>,
    },
    /// Print the heads of all journals below a directory, for keeping elsewhere
    Heads {
        #[arg(value_name = "DIR")]
        dir: PathBuf,
    },
    /// Check that the journals below a directory still hold heads kept earlier
    Compare {
        #[arg(value_name = "DIR")]
        dir: PathBuf,
        /// What `heads` printed
        #[arg(long, value_name = "FILE")]
        against: PathBuf,
    },
}

#[derive(Debug, Args)]
struct OneFile {
    #[arg(value_name = "FILE")]
    path: PathBuf,
    #[command(flatten)]
    how: How,
}

#[derive(Debug, Args)]
struct How {
    /// The log's name, where the file's name is not `NAME.journal.jsonl`
    #[arg(long)]
    name: Option<LogName>,
    /// Print one JSON object a line
    #[arg(long)]
    json: bool,
}

/// How the inspection went; the worse one wins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Outcome {
    Whole,
    Unread,
    Damaged,
}

impl Outcome {
    fn code(self) -> u8 {
        match self {
            Outcome::Whole => 0,
            Outcome::Unread => 1,
            Outcome::Damaged => 7,
        }
    }
}

/// What ends an inspection early.
enum Stop {
    Error(Error),
    /// Nobody reads the answer any more, or it cannot be written.
    Output(io::Error),
}

impl From<Error> for Stop {
    fn from(error: Error) -> Stop {
        Stop::Error(error)
    }
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Stop {
        Stop::Output(error)
    }
}

type Done = Result<Outcome, Stop>;

fn main() -> ExitCode {
    let mut out = io::BufWriter::new(io::stdout().lock());
    let done = run(Arguments::parse().command, &mut out);
    let flushed = out.flush().map_err(Stop::from);
    match done.and_then(|outcome| flushed.map(|()| outcome)) {
        Ok(outcome) => ExitCode::from(outcome.code()),
        Err(Stop::Output(error)) if error.kind() == ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(Stop::Output(error)) => {
            tell(&format!("error: cannot write the answer: {error}"));
            ExitCode::from(Outcome::Unread.code())
        }
        Err(Stop::Error(error)) => ExitCode::from(unread(&error).code()),
    }
}

fn run(command: Command, out: &mut impl Write) -> Done {
    match command {
        Command::Verify { files, how } => verify(files, &how, out),
        Command::Dump { file, from, to } => dump(file, from, to, out),
        Command::State { file, at } => state(file, at.map_or(Until::Tail, |at| at.0), out),
        Command::Heads { dir } => heads(&dir, out),
        Command::Compare { dir, against } => compare(&dir, &against, out),
    }
}

fn verify(files: Vec<PathBuf>, how: &How, out: &mut impl Write) -> Done {
    if how.name.is_some() && files.len() > 1 {
        let message = "--name says the name of one file, not of several";
        Arguments::command()
            .error(clap::error::ErrorKind::ArgumentConflict, message)
            .exit();
    }
    let mut worst = Outcome::Whole;
    for path in files {
        let outcome = match verify_one(path, how) {
            Ok((target, verdict)) => {
                print_verdict(&target, &verdict, how.json, out)?;
                outcome_of(&verdict)
            }
            Err(error) => unread(&error),
        };
        worst = worst.max(outcome);
    }
    Ok(worst)
}

fn verify_one(path: PathBuf, how: &How) -> audit::Result<(Target, Verdict)> {
    let target = Target::new(path, how.name.clone())?;
    let verdict = audit::verify(&target)?;
    Ok((target, verdict))
}

fn print_verdict(
    target: &Target,
    verdict: &Verdict,
    json: bool,
    out: &mut impl Write,
) -> io::Result<()> {
    if json {
        writeln!(out, "{}", verdict.to_json(target))
    } else {
        writeln!(out, "{:<16} {verdict}", target.name)
    }
}

fn outcome_of(verdict: &Verdict) -> Outcome {
    match verdict.damage() {
        None => Outcome::Whole,
        Some(_) => Outcome::Damaged,
    }
}

fn dump(file: OneFile, from: u64, to: u64, out: &mut impl Write) -> Done {
    let (target, verdict) = verify_one(file.path, &file.how)?;
    let mut written = Ok(());
    audit::dump(&target, from, to, &mut |line| {
        if written.is_ok() {
            written = match file.how.json {
                true => writeln!(out, "{}", json!(line)),
                false => writeln!(out, "{}", line.text()),
            };
        }
    })?;
    written?;
    Ok(warned(&target, &verdict))
}

/// Says on stderr what the journal suffers from.
fn warned(target: &Target, verdict: &Verdict) -> Outcome {
    if verdict.damage().is_some() {
        tell(&format!("{}: {verdict}", target.name));
    }
    outcome_of(verdict)
}

fn state(file: OneFile, until: Until, out: &mut impl Write) -> Done {
    let (target, verdict) = verify_one(file.path, &file.how)?;
    let (state, fault) = audit::state(&target, until)?;
    match state {
        Some(state) if file.how.json => writeln!(out, "{}", json!(state))?,
        Some(state) => {
            for (label, value) in state.rows() {
                writeln!(out, "{label:<14} {}", one_line(&value))?;
            }
        }
        None => tell(&format!("{}: no state can be told", target.name)),
    }
    let outcome = warned(&target, &verdict);
    match fault {
        None => Ok(outcome),
        Some(why) => {
            tell(&format!("{}: DAMAGED  {}", target.name, one_line(&why)));
            Ok(Outcome::Damaged)
        }
    }
}

fn heads(dir: &Path, out: &mut impl Write) -> Done {
    let mut worst = Outcome::Whole;
    for target in audit::targets_below(dir)? {
        let outcome = match audit::verify(&target) {
            Ok(verdict) => print_head(dir, &target, &verdict, out)?,
            Err(error) => unread(&error),
        };
        worst = worst.max(outcome);
    }
    Ok(worst)
}

/// A damaged journal has no head worth keeping: what is left of it must not pass for the whole later.
fn print_head(
    dir: &Path,
    target: &Target,
    verdict: &Verdict,
    out: &mut impl Write,
) -> io::Result<Outcome> {
    let Verdict::Whole(verified) = verdict else {
        return Ok(warned(target, verdict));
    };
    match Head::of(dir, target, verified.tail) {
        Some(head) => writeln!(out, "{}", json!(head)).map(|()| Outcome::Whole),
        None => {
            tell(&format!(
                "error: {}: its path is not text",
                target.path.display()
            ));
            Ok(Outcome::Unread)
        }
    }
}

fn compare(dir: &Path, against: &Path, out: &mut impl Write) -> Done {
    let mut worst = Outcome::Whole;
    for head in audit::read_heads(against)? {
        let outcome = match audit::compare(dir, head) {
            Ok(compared) => print_compared(&compared, out)?,
            Err(error) => unread(&error),
        };
        worst = worst.max(outcome);
    }
    Ok(worst)
}

fn print_compared(Compared { head, held }: &Compared, out: &mut impl Write) -> io::Result<Outcome> {
    let (outcome, told) = match held {
        Held::Holds(tail) => (
            Outcome::Whole,
            format!("holds    frame {}, tail {}", head.seq, tail.seq),
        ),
        Held::Broken(why) => (Outcome::Damaged, format!("DAMAGED  {}", one_line(why))),
        Held::Missing => (
            Outcome::Damaged,
            format!("MISSING  {}", one_line(&head.path)),
        ),
    };
    writeln!(out, "{:<16} {told}", head.name).map(|()| outcome)
}

fn unread(error: &Error) -> Outcome {
    tell(&format!("error: {}", one_line(&error.told())));
    if let Some(hint) = error.hint() {
        tell(&format!("hint: {hint}"));
    }
    Outcome::Unread
}

/// Whoever reads stderr may be gone; the exit code is of use all the same.
fn tell(line: &str) {
    let _ = writeln!(io::stderr(), "{line}");
}
