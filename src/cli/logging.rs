//! Log lines on stderr. `RUST_LOG` decides if it is set, else -v and -q, else the command: a daemon tells what
//! it does, other commands only what is wrong.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;

use super::args::{Args, Command};

pub(super) fn start(args: &Args) {
    let default = match (args.quiet, args.verbose, &args.command) {
        (true, _, _) => "error",
        (false, 0, Command::Daemon(_)) | (false, 1, _) => "modulatio=info,warn",
        (false, 0, _) => "warn",
        (false, _, _) => "modulatio=trace,info",
    };
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(default));
    let colour = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(colour)
        .init();
}
