//! Log lines on stderr. `RUST_LOG` decides if it is set, else -v and -q, else the command: a daemon tells what
//! it does, other commands only what is wrong.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;

use super::args::{Args, Command};

pub(super) fn start(args: &Args) {
    let default = match (args.quiet, args.verbose, &args.command) {
        (true, _, _) => "error",
        (false, 0, Command::Daemon(_)) => "modulatio=info,warn",
        (false, 1, Command::Daemon(_)) => "modulatio=debug,warn",
        (false, 0, _) => "warn",
        (false, 1, _) => "modulatio=info,warn",
        (false, _, _) => "modulatio=trace,info",
    };
    // Set but empty is not set.
    let wished = std::env::var("RUST_LOG")
        .ok()
        .filter(|wish| !wish.is_empty());
    let filter = wished.and_then(|wish| EnvFilter::try_new(wish).ok());
    let filter = filter.unwrap_or_else(|| EnvFilter::new(default));
    let colour = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(colour)
        .init();
}
