//! `run_shell`: from a call as a model wrote it to a command in a sandbox.

use std::{sync::atomic::AtomicBool, time::Duration};

use serde::Deserialize;

use super::{
    Returned,
    shell::{self, Ended, Grounds, Shell},
};

#[derive(Deserialize)]
struct Arguments {
    command: String,
    #[serde(default)]
    timeout_seconds: Option<u64>,
}

/// Runs the command that `arguments` (JSON text as a model wrote it) name. The model has room for about `room` bytes
/// of what it prints; `cancel` ends it.
#[must_use]
pub fn run_shell(
    shell: &Shell,
    grounds: &Grounds,
    arguments: &str,
    room: usize,
    cancel: &AtomicBool,
) -> Returned {
    let arguments: Arguments = match serde_json::from_str(arguments) {
        Ok(arguments) => arguments,
        Err(error) => {
            let why = format!("the arguments of run_shell cannot be read: {error}");
            return Returned::failed(why);
        }
    };
    let wall = arguments.timeout_seconds.map(Duration::from_secs);
    match shell.run(grounds, &arguments.command, wall, cancel) {
        Ok(ran) => {
            let (text, full) = shell::told(&ran, room);
            Returned {
                done: matches!(ran.why, Ended::Exited) && ran.code == Some(0),
                text,
                full,
            }
        }
        Err(why) => Returned::failed(format!("the command could not be run: {why}")),
    }
}
