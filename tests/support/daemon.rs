//! A running daemon, its log lines, and its end.

use std::{
    io::{BufRead, BufReader},
    process::{Child, ExitStatus},
    sync::{Arc, Mutex, PoisonError},
    thread::JoinHandle,
};

use rustix::{
    fs::{FlockOperation, flock},
    process::{Pid, Signal, kill_process},
};

use super::{LONG_PATIENCE, TestVault, wait_until, wait_within};

pub(crate) const SIGTERM: Signal = Signal::TERM;
pub(crate) const SIGINT: Signal = Signal::INT;
pub(crate) const SIGSTOP: Signal = Signal::STOP;
pub(crate) const SIGCONT: Signal = Signal::CONT;

/// A daemon process; killed when dropped.
pub(crate) struct Daemon {
    child: Child,
    lines: Arc<Mutex<Vec<String>>>,
    reader: Option<JoinHandle<()>>,
}

impl Daemon {
    /// Starts `modulatio daemon` with these arguments.
    pub(crate) fn start(vault: &TestVault, args: &[&str]) -> Self {
        Self::start_with(vault, args, &[])
    }

    /// As [`Daemon::start`], with environment variables.
    pub(crate) fn start_with(vault: &TestVault, args: &[&str], env: &[(&str, &str)]) -> Self {
        let mut command = vault.command(&[&["daemon"], args].concat());
        Self::of(command.envs(env.iter().copied()))
    }

    /// Starts this command as a daemon.
    pub(crate) fn of(command: &mut std::process::Command) -> Self {
        let mut child = command
            .stdin(std::process::Stdio::null())
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::piped())
            .spawn()
            .expect("the binary starts");
        let stderr = child.stderr.take().expect("stderr is piped");
        let lines = Arc::new(Mutex::new(Vec::new()));
        let told = lines.clone();
        let reader = std::thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                told.lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .push(line);
            }
        });
        Self {
            child,
            lines,
            reader: Some(reader),
        }
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Everything it has said so far.
    pub(crate) fn log(&self) -> String {
        self.lines
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .join("\n")
    }

    /// Waits until it has said this.
    pub(crate) fn says(&self, text: &str) {
        let deadline = std::time::Instant::now() + super::PATIENCE;
        while !self.log().contains(text) {
            assert!(
                std::time::Instant::now() < deadline,
                "the daemon never said {text:?}:\n{}",
                self.log()
            );
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
    }

    pub(crate) fn send(&self, signal: Signal) {
        let pid = Pid::from_raw(i32::try_from(self.child.id()).expect("pids are small"));
        kill_process(pid.expect("pids are not 0"), signal).expect("the daemon is our child");
    }

    /// Stops it with SIGSTOP where it holds no claim lock: in the middle of an append it would keep everybody waiting.
    pub(crate) fn freeze(&self) {
        wait_until("the daemon is stopped outside of an append", || {
            self.stop();
            let outside = !self.holds_a_claim_lock();
            if !outside {
                self.send(SIGCONT);
            }
            outside
        });
    }

    fn stop(&self) {
        self.send(SIGSTOP);
        let stat = format!("/proc/{}/stat", self.pid());
        wait_until("the daemon is stopped", || {
            let text = std::fs::read_to_string(&stat).unwrap_or_default();
            text.rsplit(')')
                .next()
                .is_some_and(|rest| rest.trim_start().starts_with('T'))
        });
    }

    fn holds_a_claim_lock(&self) -> bool {
        let open = std::fs::read_dir(format!("/proc/{}/fd", self.pid())).expect("it is our child");
        let files = open
            .flatten()
            .filter_map(|fd| std::fs::read_link(fd.path()).ok());
        let mut locks = files.filter(|file| file.extension().is_some_and(|end| end == "lock"));
        locks.any(|lock| {
            let file = std::fs::File::open(lock);
            file.is_ok_and(|file| flock(&file, FlockOperation::NonBlockingLockExclusive).is_err())
        })
    }

    /// Whether it still runs.
    pub(crate) fn lives(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Waits for its end; returns how it ended and all that it said.
    pub(crate) fn ended(mut self) -> (ExitStatus, String) {
        let status = wait_within(LONG_PATIENCE, "the daemon ends", || {
            self.child.try_wait().expect("it can be waited for")
        });
        if let Some(reader) = self.reader.take() {
            reader.join().expect("its log is text");
        }
        (status, self.log())
    }

    /// Kills it as a power cut would.
    pub(crate) fn kill(mut self) {
        self.child.kill().expect("the daemon is our child");
        self.child.wait().expect("it can be waited for");
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // Gone already, if it ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
