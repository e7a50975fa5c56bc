//! A daemon as a child process: its log, its signals and its end.

use std::{
    fs::File,
    os::unix::process::ExitStatusExt,
    path::{Path, PathBuf},
    process::{Child, ExitStatus, Stdio},
};

pub(crate) use rustix::process::Signal;
use rustix::process::{Pid, kill_process};

use super::{PATIENCE, Yard, in_time};

/// A daemon process; killed when dropped.
pub(crate) struct Daemon {
    child: Child,
    log: PathBuf,
}

/// How it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    Code(i32),
    Signal(i32),
}

impl From<ExitStatus> for Ended {
    fn from(status: ExitStatus) -> Self {
        match (status.code(), status.signal()) {
            (Some(code), _) => Self::Code(code),
            (None, signal) => Self::Signal(signal.unwrap_or_default()),
        }
    }
}

impl Daemon {
    /// Starts `modulatio daemon` with these arguments and variables; what it says goes into `logs/NAME`.
    pub(crate) fn start(
        yard: &Yard,
        name: &str,
        args: &[&str],
        env: &[(&str, &str)],
    ) -> Result<Self, String> {
        let log = yard.beside("logs").join(name);
        let file = File::create(&log).map_err(|e| format!("{}: {e}", log.display()))?;
        let child = yard
            .command(&[&["daemon"], args].concat())
            .envs(env.iter().copied())
            .stdout(Stdio::null())
            .stderr(file)
            .spawn()
            .map_err(|e| format!("cannot start a daemon: {e}"))?;
        Ok(Self { child, log })
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Where its log lies.
    pub(crate) fn log_file(&self) -> &Path {
        &self.log
    }

    /// Everything it has said so far.
    pub(crate) fn log(&self) -> String {
        let bytes = std::fs::read(&self.log).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Sends a signal; one that has ended hears nothing.
    pub(crate) fn send(&self, signal: Signal) {
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        // It is our child and has not been waited for, so the number is still its own.
        let _ = pid.map(|pid| kill_process(pid, signal));
    }

    /// Stops it with SIGSTOP and waits until the kernel has done so; `false` if it has ended instead.
    pub(crate) fn freeze(&mut self) -> bool {
        self.send(Signal::STOP);
        let stat = format!("/proc/{}/stat", self.pid());
        in_time(PATIENCE, || {
            let text = std::fs::read_to_string(&stat).unwrap_or_default();
            let state = text.rsplit(')').next().unwrap_or_default().trim_start();
            state.starts_with(['T', 'Z', 'X'])
        });
        self.ended().is_none()
    }

    /// How it ended, if it has.
    pub(crate) fn ended(&mut self) -> Option<Ended> {
        self.child.try_wait().ok().flatten().map(Ended::from)
    }

    /// Waits for its end, if that comes in time.
    pub(crate) fn wait(&mut self) -> Option<Ended> {
        in_time(PATIENCE, || self.ended().is_some());
        self.ended()
    }

    /// Kills it as a power cut would.
    pub(crate) fn kill(&mut self) {
        // Refused only if it has ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        self.kill();
    }
}
