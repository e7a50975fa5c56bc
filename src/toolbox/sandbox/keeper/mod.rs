//! The keeper of one command, and the guard of the keeper. Whatever happens to whom, nothing of the command survives:
//!
//! | who dies       | who notices                                   | who kills what is left |
//! | -------------- | --------------------------------------------- | ---------------------- |
//! | the daemon     | the keeper: its stdin ends                    | the keeper             |
//! | the keeper     | the guard: its child ended                    | the guard              |
//! | the guard      | the keeper: it has another parent             | the keeper             |
//! | the command    | the keeper                                    | the keeper             |
//!
//! Both are subreapers: a process that leaves its parents behind, in whatever session, becomes their child.

mod disk;
mod output;
pub(super) mod tree;
mod watch;

use std::{
    io::{self, Write},
    os::unix::process::CommandExt,
    process::{Command, ExitCode, Stdio},
    time::{Duration, Instant},
};

use rustix::process::{Pid, WaitOptions, WaitStatus};

use super::{policy, stage, this_program};
use crate::toolbox::shell::Ran;
use tree::{Found, Hunt};

/// What the keeper says at the end, as JSON.
pub(super) type Report = Result<Ran, String>;

/// Longest that processes may take to go once they are killed.
const GONE_WITHIN: Duration = Duration::from_secs(10);

/// Starts the keeper, and outlives it.
pub(super) fn guard() -> ExitCode {
    let started = stand().and_then(|()| again(policy::KEEPER).spawn());
    let Ok(keeper) = started else {
        return ExitCode::from(126);
    };
    let keeper = pid(&keeper);
    loop {
        match rustix::process::wait(WaitOptions::empty()) {
            Ok(Some((ended, _))) if ended == keeper => break,
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(_) => break,
        }
    }
    clear();
    ExitCode::SUCCESS
}

/// Keeps one command, whose orders come as the first line of stdin, and reports.
pub(super) fn keep() -> ExitCode {
    let report = stand()
        .map_err(|e| format!("the keeper cannot be one: {e}"))
        .and_then(|()| watch::run());
    clear();
    let text = serde_json::to_string(&report).expect("a report is plain data");
    let mut out = io::stdout();
    let told = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    ExitCode::from(u8::from(told.is_err()))
}

/// Out of reach of the daemon's terminal, and the parent of whoever loses theirs.
fn stand() -> io::Result<()> {
    stage::close_inherited();
    rustix::process::setsid()?;
    rustix::process::set_child_subreaper(Some(rustix::process::getpid()))?;
    // Who keeps must get the processor before those who are kept, however many they are: among the processes of one
    // session, and (the second) among sessions. Only root may; others have a bound on their processes instead, which
    // binds no root.
    let _ = rustix::process::setpriority_process(None, -20);
    let _ = std::fs::write("/proc/self/autogroup", "-20");
    Ok(())
}

/// This program again, with a hidden word and nothing of its environment.
fn again(word: &str) -> Command {
    let mut command = Command::new(this_program());
    command
        .arg0("modulatio")
        .arg(word)
        .env_clear()
        .current_dir("/")
        .stderr(Stdio::null());
    command
}

fn pid(child: &std::process::Child) -> Pid {
    let id = i32::try_from(child.id()).expect("the kernel's ids are small");
    Pid::from_raw(id).expect("a child has an id")
}

/// Kills everything below this process until nothing is left.
fn clear() {
    let began = Instant::now();
    let mut hunt = Hunt::default();
    while began.elapsed() < GONE_WITHIN {
        match hunt.pass() {
            Found::New => {}
            // They need the processor too.
            Found::Dying => std::thread::sleep(Duration::from_millis(1)),
            Found::Ended => while reap().is_some() {},
            Found::Nothing => return,
        }
    }
}

/// A child that has ended, if there is one.
fn reap() -> Option<(Pid, WaitStatus)> {
    rustix::process::wait(WaitOptions::NOHANG).ok().flatten()
}
