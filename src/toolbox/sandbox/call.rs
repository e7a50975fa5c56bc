//! The daemon's side: starts the guard, gives it the orders, and waits for the report. Its stdin stays open as long as
//! the command is wanted: it ends with this process too, however this process ends.

use std::{
    io::{Read, Write},
    os::unix::process::CommandExt,
    path::Path,
    process::{Child, ChildStdin, Command, Stdio},
    sync::{
        atomic::{AtomicBool, Ordering},
        mpsc::{Receiver, RecvTimeoutError, channel},
    },
    time::{Duration, Instant},
};

use super::{
    keeper::Report,
    may_keep,
    policy::{self, Orders},
};
use crate::toolbox::shell::Ran;

/// Time between two looks at whether the command is still wanted.
const LOOK: Duration = Duration::from_millis(20);

/// Longest that the keeper may take beyond what the command may.
const GRACE: Duration = Duration::from_secs(30);

pub(super) fn run(keeper: &Path, orders: &Orders, cancel: &AtomicBool) -> Result<Ran, String> {
    if !may_keep(keeper) {
        return Err(
            "this program cannot be the keeper of commands: it never calls take_over".to_owned(),
        );
    }
    let mut guard =
        start(keeper, &orders.scratch).map_err(|e| format!("the keeper cannot be started: {e}"))?;
    let text = guard.stdout.take().map(report);
    let wanted = guard.stdin.take();
    let report = match (text, wanted) {
        (Some(text), Some(wanted)) => talk(orders, wanted, &text, cancel),
        (_, _) => Err("the keeper has no pipes".to_owned()),
    };
    // Usually it has ended. One that has not is beyond help, and its keeper notices.
    if report.is_err() {
        let _ = guard.kill();
    }
    let _ = guard.wait();
    report
}

fn start(keeper: &Path, scratch: &Path) -> std::io::Result<Child> {
    Command::new(keeper)
        .arg0("modulatio")
        .arg(policy::GUARD)
        .arg(scratch)
        .env_clear()
        .current_dir("/")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
}

/// Everything that comes until the guard's end, which is the end of the pipe.
fn report(mut pipe: std::process::ChildStdout) -> Receiver<Vec<u8>> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        let mut text = Vec::new();
        let _ = pipe.read_to_end(&mut text);
        let _ = sender.send(text);
    });
    receiver
}

fn talk(
    orders: &Orders,
    mut wanted: ChildStdin,
    report: &Receiver<Vec<u8>>,
    cancel: &AtomicBool,
) -> Result<Ran, String> {
    let mut line = serde_json::to_string(orders).map_err(|e| format!("no orders: {e}"))?;
    line.push('\n');
    let mut wanted = match wanted.write_all(line.as_bytes()) {
        Ok(()) => Some(wanted),
        Err(e) => return Err(format!("the keeper takes no orders: {e}")),
    };
    let began = Instant::now();
    let longest = orders.limits.wall + GRACE;
    loop {
        match report.recv_timeout(LOOK) {
            Ok(text) => return read(&text),
            Err(RecvTimeoutError::Disconnected) => return read(&[]),
            Err(RecvTimeoutError::Timeout) => {}
        }
        if cancel.load(Ordering::Relaxed) || began.elapsed() > longest {
            wanted = None;
        }
        if wanted.is_none() && began.elapsed() > longest + GRACE {
            return Err("the keeper does not answer".to_owned());
        }
    }
}

fn read(text: &[u8]) -> Report {
    if text.is_empty() {
        return Err("the keeper was killed, and the command with it".to_owned());
    }
    serde_json::from_slice(text).unwrap_or_else(|e| Err(format!("the keeper makes no sense: {e}")))
}
