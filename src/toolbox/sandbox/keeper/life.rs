//! Being a guard or a keeper, and ending whatever is below.

use std::{
    io::{self, Write},
    os::unix::process::CommandExt,
    path::PathBuf,
    process::{Command, ExitCode, Stdio},
    time::{Duration, Instant},
};

use rustix::process::{Pid, WaitOptions, WaitStatus};

use super::{
    tree::{Found, Hunt},
    watch,
};
use crate::toolbox::{
    sandbox::{policy, stage, this_program},
    shell::Ran,
};

/// What the keeper says at the end, as JSON.
pub(in super::super) type Report = Result<Ran, String>;

/// Longest that processes may take to go once they are killed.
const GONE_WITHIN: Duration = Duration::from_secs(10);

/// Starts the keeper, and outlives it. The second argument is where the command's temporary directory is made.
pub(in super::super) fn guard() -> ExitCode {
    let started = stand().and_then(|()| {
        let scratch = tempfile::Builder::new()
            .prefix("modulatio-")
            .tempdir_in(argument())?;
        let keeper = again(policy::KEEPER).arg(scratch.path()).spawn()?;
        Ok((scratch, pid(&keeper)))
    });
    // No keeper, no report: the daemon sees that.
    let Ok((scratch, keeper)) = started else {
        return ExitCode::from(126);
    };
    loop {
        match rustix::process::wait(WaitOptions::empty()) {
            Ok(Some((ended, _))) if ended == keeper => break,
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(_) => break,
        }
    }
    clear();
    drop(scratch);
    ExitCode::SUCCESS
}

/// Keeps one command, whose orders come as the first line of stdin, and reports. The second argument is the command's
/// temporary directory.
pub(in super::super) fn keep() -> ExitCode {
    let scratch = argument();
    let report = stand()
        .map_err(|e| format!("the keeper cannot be one: {e}"))
        .and_then(|()| watch::run(&scratch));
    clear();
    // The guard does this too, where it lives.
    let _ = std::fs::remove_dir_all(&scratch);
    let text = serde_json::to_string(&report).expect("a report is plain data");
    let mut out = io::stdout();
    let told = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    ExitCode::from(u8::from(told.is_err()))
}

fn argument() -> PathBuf {
    std::env::args_os().nth(2).unwrap_or_default().into()
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
pub(super) fn again(word: &str) -> Command {
    let mut command = Command::new(this_program());
    command
        .arg0("modulatio")
        .arg(word)
        .env_clear()
        .current_dir("/")
        .stderr(Stdio::null());
    command
}

pub(super) fn pid(child: &std::process::Child) -> Pid {
    let id = i32::try_from(child.id()).expect("the kernel's ids are small");
    Pid::from_raw(id).expect("a child has an id")
}

/// Kills everything below this process until nothing is left.
pub(super) fn clear() {
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
pub(super) fn reap() -> Option<(Pid, WaitStatus)> {
    rustix::process::wait(WaitOptions::NOHANG).ok().flatten()
}
