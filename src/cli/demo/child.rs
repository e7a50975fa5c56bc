//! The demo's daemon: this very program as a child process, its log in a file.

use std::{
    fs::File,
    process::{Child, Command, Stdio},
    sync::Mutex,
    time::{Duration, Instant},
};

use crate::{
    daemon,
    error::{Error, Result},
    vault::Vault,
};

/// Longest that a daemon takes to stop when it is asked to.
const STOPS_WITHIN: Duration = Duration::from_secs(2);

/// A running daemon; killed when it is dropped.
pub(super) struct Daemon {
    pid: u32,
    child: Mutex<Child>,
}

impl Daemon {
    pub(super) fn start(vault: &Vault) -> Result<Self> {
        let program = std::env::current_exe().map_err(Error::io("find", "this program"))?;
        let log = vault.root().join("daemon.log");
        let log = File::options()
            .append(true)
            .create(true)
            .open(&log)
            .map_err(Error::io("open", log))?;
        let child = Command::new(&program)
            .arg("--vault")
            .arg(vault.root())
            .arg("daemon")
            .env_remove("MODULATIO_FAULT")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .map_err(Error::io("start", program))?;
        Ok(Self {
            pid: child.id(),
            child: Mutex::new(child),
        })
    }

    pub(super) fn pid(&self) -> u32 {
        self.pid
    }

    /// SIGKILL: no handler runs, nothing is flushed.
    pub(super) fn kill(&self) -> Result<()> {
        let mut child = self
            .child
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        let killed = child.kill().and_then(|()| child.wait());
        killed
            .map(drop)
            .map_err(|e| Error::Daemon(format!("daemon {} cannot be killed: {e}", self.pid)))
    }

    /// What it says of itself.
    pub(super) fn heartbeat(&self, vault: &Vault) -> Result<String> {
        let beats = daemon::heartbeats(vault)?;
        let own = beats.iter().find(|beat| beat.pid == self.pid);
        Ok(own
            .map(projections::heartbeat::Heartbeat::line)
            .unwrap_or_default())
    }

    /// SIGTERM, and the wait for its end.
    pub(super) fn stop(&self) -> Result<()> {
        terminate(self.pid);
        let asked = Instant::now();
        let mut child = self
            .child
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        while asked.elapsed() < STOPS_WITHIN {
            if matches!(child.try_wait(), Ok(Some(_))) {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        Err(Error::Daemon(format!(
            "daemon {} did not stop within {STOPS_WITHIN:?}",
            self.pid
        )))
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // It is gone already, unless the demo failed half-way.
        let _ = self.kill();
    }
}

#[cfg(unix)]
fn terminate(pid: u32) {
    let pid = i32::try_from(pid)
        .ok()
        .and_then(rustix::process::Pid::from_raw);
    if let Some(pid) = pid {
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
    }
}

#[cfg(not(unix))]
fn terminate(_pid: u32) {}
