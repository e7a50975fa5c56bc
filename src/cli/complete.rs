//! Completion in the shell. `modulatio completions bash` prints a script that asks this program itself at every press of
//! the key, so what is offered is what can be typed now: subcommands and options of this version, and the ids of the vault
//! that the line names.
//!
//! ```text
//!  shell ──MODULATIO_COMPLETE=bash modulatio -- words…──▶ answered ─▶ engine ─▶ rules (which argument is what)
//!                                                                                  └─▶ candidates (what there is)
//! ```
//!
//! It is asked between two letters, so it is quick, writes nothing and says nothing: without a vault, or with a broken
//! one, there are no candidates.
//!
//! An argument is known by its name and its command ([`rules::of`]), not by a mark where it is declared: a new command that
//! takes a `plan` offers plans.

mod bash;
mod candidates;
mod rules;

use std::{
    ffi::{OsStr, OsString},
    io,
    path::PathBuf,
};

use clap::{Command, CommandFactory, ValueEnum};
use clap_complete::{
    CompleteEnv,
    engine::ArgValueCompleter,
    env::{Elvish, Fish, Powershell, Shells, Zsh},
};

use super::{args::Args, output};
use crate::error::{Error, Result};
use bash::Bash;

/// The variable by which the scripts ask.
const VARIABLE: &str = "MODULATIO_COMPLETE";

const SHELLS: Shells<'static> = Shells(&[&Bash, &Zsh, &Fish, &Powershell, &Elvish]);

/// The shells that can be helped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Shell {
    Bash,
    Zsh,
    Fish,
    Powershell,
    Elvish,
}

impl Shell {
    fn name(self) -> &'static str {
        match self {
            Self::Bash => "bash",
            Self::Zsh => "zsh",
            Self::Fish => "fish",
            Self::Powershell => "powershell",
            Self::Elvish => "elvish",
        }
    }
}

/// Answers a shell, if it is one that asks. What goes wrong is nobody's news in the middle of a line.
pub(super) fn answered() -> bool {
    let asks = std::env::var_os(VARIABLE).is_some_and(|shell| !shell.is_empty() && shell != "0");
    if asks {
        let engine = CompleteEnv::with_factory(command)
            .var(VARIABLE)
            .shells(SHELLS);
        let directory = std::env::current_dir().ok();
        let _ = engine.try_complete(std::env::args_os(), directory.as_deref());
    }
    asks
}

/// Prints the script that makes a shell ask.
pub(super) fn run(shell: Shell) -> Result<()> {
    let mut script = Vec::new();
    let completer = SHELLS.completer(shell.name());
    completer
        .expect("every shell of the command line has one")
        .write_registration(VARIABLE, "modulatio", "modulatio", &program(), &mut script)
        .map_err(|error| Error::Failed(format!("no script: {error}")))?;
    output::print_bytes(&script);
    Ok(())
}

/// How the shell is to call this program: by its name if it was found by that, else where it was named.
fn program() -> String {
    let called = std::env::args_os().next().map(PathBuf::from);
    let called = called.unwrap_or_else(|| PathBuf::from("modulatio"));
    let place = match called.components().count() {
        0 | 1 => Ok(called),
        _ => std::path::absolute(&called),
    };
    place.map_or_else(
        |_: io::Error| "modulatio".to_owned(),
        |place| place.to_string_lossy().into_owned(),
    )
}

/// The command line with candidates for its arguments.
fn command() -> Command {
    let mut command = Args::command();
    // Built first, so that options that every command has are there to be put behind.
    command.build();
    with_candidates(command, "")
}

fn with_candidates(command: Command, path: &str) -> Command {
    let of_argument = |argument: clap::Arg| {
        // Options stand back while there is something else to offer: a person who wants one types the dash.
        let is_option = !argument.is_positional();
        let argument = if is_option {
            argument.hide(true)
        } else {
            argument
        };
        match rules::of(path, argument.get_id().as_str()) {
            Some(subject) => {
                argument.add(ArgValueCompleter::new(move |current: &std::ffi::OsStr| {
                    candidates::of(&subject, &current.to_string_lossy())
                }))
            }
            None => argument,
        }
    };
    let below = |command: Command| {
        let path = format!("{path} {}", command.get_name());
        with_candidates(command, path.trim_start())
    };
    command.mut_args(of_argument).mut_subcommands(below)
}

/// The words of the line that a shell asks about.
fn words() -> Vec<OsString> {
    let mut words = std::env::args_os().skip_while(|word| word != "--");
    words.next();
    words.map(|word| unquoted(&word)).collect()
}

/// The word of a line that a shell has not yet read: without its quotes.
fn unquoted(word: &OsStr) -> OsString {
    let Some(text) = word
        .to_str()
        .filter(|text| text.contains(['\'', '"', '\\']))
    else {
        return word.to_owned();
    };
    let mut plain = String::new();
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '\'' | '"' => {}
            '\\' => plain.extend(letters.next()),
            letter => plain.push(letter),
        }
    }
    plain.into()
}
