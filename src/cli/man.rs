//! `modulatio man DIR`, hidden: a manual page for each command, from the command line's own description. For who packages
//! this program; nothing that it writes is kept with the sources.

use std::{fs, path::Path};

use clap::{Command, CommandFactory};
use clap_mangen::{
    Man,
    roff::{Roff, bold, roman},
};

use super::{args::Args, output};
use crate::error::{Error, Result};

/// What the exit codes mean, as `error.rs` gives them.
const EXIT: [(&str, &str); 8] = [
    ("0", "It succeeded."),
    ("1", "It failed."),
    ("2", "The command line makes no sense."),
    ("3", "The configuration is at fault, or there is no vault."),
    ("4", "A provider refused the key, or there is none."),
    ("5", "No daemon, or trouble with one."),
    ("6", "The plan's state does not allow it."),
    ("7", "A journal is damaged, or files differ from it."),
];

const ENVIRONMENT: [(&str, &str); 5] = [
    ("MODULATIO_VAULT", "The vault, as --vault."),
    ("MODULATIO_LOG_LEVEL", "How much is said, as --log-level."),
    (
        "MODULATIO_LOG_FORMAT",
        "How log lines look, as --log-format.",
    ),
    (
        "RUST_LOG",
        "A filter of log lines in the place of both, such as modulatio=debug.",
    ),
    ("NO_COLOR", "Set to anything, no line is coloured."),
];

const FILES: [(&str, &str); 4] = [
    (
        "modulatio.yaml",
        "The vault's configuration; the file that makes a directory a vault.",
    ),
    (
        "PROJECT/project.yaml",
        "A project's objective, and what it does differently.",
    ),
    ("PROJECT/plans/", "Plans and their journals."),
    (
        "PROJECT/archive/",
        "Plans that have ended and were put away.",
    ),
];

pub(super) fn run(dir: &Path) -> Result<()> {
    fs::create_dir_all(dir).map_err(Error::io("make directory", dir))?;
    let mut command = Args::command().disable_help_subcommand(true);
    command.build();
    let pages = write(&command, dir)?;
    output::report(&format!("{pages} pages in {}", dir.display()));
    Ok(())
}

/// The page of a command and those of all below it; gives their number.
fn write(command: &Command, dir: &Path) -> Result<usize> {
    let man = Man::new(command.clone())
        .source(concat!("modulatio ", env!("CARGO_PKG_VERSION")))
        .manual("modulatio");
    let path = dir.join(man.get_filename());
    let failed = |error| Error::io("write", &path)(error);
    let mut page = Vec::new();
    man.render(&mut page).map_err(failed)?;
    page.extend(sections(command).to_roff().into_bytes());
    fs::write(&path, page).map_err(failed)?;
    let mut pages = 1;
    for below in command.get_subcommands().filter(|c| !c.is_hide_set()) {
        pages += write(below, dir)?;
    }
    Ok(pages)
}

/// What every page ends with, and what only the first one says.
fn sections(command: &Command) -> Roff {
    let name = command.get_display_name();
    let is_first = name.unwrap_or_else(|| command.get_name()) == "modulatio";
    let mut roff = Roff::new();
    entries(&mut roff, "EXIT STATUS", &EXIT);
    if is_first {
        entries(&mut roff, "ENVIRONMENT", &ENVIRONMENT);
        entries(&mut roff, "FILES", &FILES);
    } else {
        roff.control("SH", ["SEE ALSO"]);
        roff.text([bold("modulatio"), roman("(1)")]);
    }
    roff
}

fn entries(roff: &mut Roff, title: &str, entries: &[(&str, &str)]) {
    roff.control("SH", [title]);
    for (name, meaning) in entries {
        roff.control("TP", []);
        roff.text([bold(*name)]);
        roff.text([roman(*meaning)]);
    }
}
