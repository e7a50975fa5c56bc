//! A command that goes on while the test does: its lines, its end.

use std::{
    io::{BufRead, BufReader, Read},
    process::{Child, ExitStatus, Stdio},
    sync::{Arc, Mutex, PoisonError},
    thread::JoinHandle,
};

use rustix::process::{Pid, Signal, kill_process};

use crate::support::{TestVault, wait_for, wait_until};

/// A running command; killed when dropped.
pub(crate) struct Follower {
    child: Child,
    out: Stream,
    err: Stream,
}

struct Stream {
    lines: Arc<Mutex<Vec<String>>>,
    reader: Option<JoinHandle<()>>,
}

/// How it ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) status: ExitStatus,
    pub(crate) out: Vec<String>,
    pub(crate) err: Vec<String>,
}

impl Follower {
    pub(crate) fn start(vault: &TestVault, args: &[&str]) -> Self {
        // Whoever runs tests in the background has them ignore ^C, and children inherit that.
        let told = vault.command(args);
        let mut command = std::process::Command::new("env");
        command.arg("--default-signal=INT").arg(told.get_program());
        command.args(told.get_args());
        for (name, value) in told.get_envs() {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        if let Some(dir) = told.get_current_dir() {
            command.current_dir(dir);
        }
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary starts");
        let out = Stream::of(child.stdout.take().expect("stdout is piped"));
        let err = Stream::of(child.stderr.take().expect("stderr is piped"));
        Self { child, out, err }
    }

    /// The lines on stdout so far.
    pub(crate) fn out(&self) -> Vec<String> {
        self.out.lines()
    }

    /// The lines on stderr so far.
    pub(crate) fn err(&self) -> Vec<String> {
        self.err.lines()
    }

    /// Waits until a line on stdout holds this.
    pub(crate) fn shows(&self, text: &str) {
        wait_until(&format!("stdout shows {text:?}"), || {
            self.out().iter().any(|line| line.contains(text))
        });
    }

    /// Waits until a line on stderr holds this.
    pub(crate) fn says(&self, text: &str) {
        wait_until(&format!("stderr says {text:?}"), || {
            self.err().iter().any(|line| line.contains(text))
        });
    }

    pub(crate) fn send(&self, signal: Signal) {
        let pid = Pid::from_raw(i32::try_from(self.child.id()).expect("pids are small"));
        kill_process(pid.expect("pids are not 0"), signal).expect("it is our child");
    }

    /// Waits for its end.
    pub(crate) fn ended(mut self) -> Ended {
        let status = wait_for("the command ends", || {
            self.child.try_wait().expect("it can be waited for")
        });
        Ended {
            status,
            out: self.out.whole(),
            err: self.err.whole(),
        }
    }

    /// Kills it as a power cut would.
    pub(crate) fn kill(mut self) {
        self.child.kill().expect("it is our child");
        self.child.wait().expect("it can be waited for");
    }
}

impl Ended {
    /// Panics unless it ended with `code`.
    #[track_caller]
    pub(crate) fn code(self, code: i32) -> Self {
        assert_eq!(self.status.code(), Some(code), "{self:#?}");
        self
    }

    /// Panics unless stderr says this.
    #[track_caller]
    pub(crate) fn says(self, text: &str) -> Self {
        assert!(self.err.join("\n").contains(text), "{text:?}: {self:#?}");
        self
    }
}

impl Stream {
    fn of(stream: impl Read + Send + 'static) -> Self {
        let lines = Arc::new(Mutex::new(Vec::new()));
        let told = lines.clone();
        let reader = std::thread::spawn(move || {
            for line in BufReader::new(stream).lines().map_while(Result::ok) {
                told.lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .push(line);
            }
        });
        Self {
            lines,
            reader: Some(reader),
        }
    }

    fn lines(&self) -> Vec<String> {
        self.lines
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn whole(&mut self) -> Vec<String> {
        if let Some(reader) = self.reader.take() {
            reader.join().expect("it writes text");
        }
        self.lines()
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        // Gone already, if it ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
