//! One command from its start to its end: what it writes is collected, what it uses is measured.

use std::{
    io::{self, BufRead, PipeReader, Read, Write},
    net::Shutdown,
    os::{fd::OwnedFd, unix::net::UnixStream},
    path::Path,
    process::Stdio,
    time::{Duration, Instant},
};

use rustix::{
    event::{PollFd, PollFlags, Timespec},
    fs::OFlags,
    process::{Pid, WaitStatus},
};

use super::{
    disk::Full,
    life::{self, Report},
    output::Output,
    tree::{self, Usage},
};
use crate::toolbox::{
    sandbox::{
        How,
        policy::{self, Orders},
    },
    shell::{Ended, Ran},
};

/// Time between two looks at what runs.
const LOOK: Duration = Duration::from_millis(40);

/// Longest that anything is waited for that should be there.
const PATIENCE: Duration = Duration::from_secs(1);

/// A process may have this many threads for each process that there may be.
const THREADS: u64 = 8;

pub(super) fn run(scratch: &Path) -> Report {
    let mut line = String::new();
    io::stdin()
        .lock()
        .read_line(&mut line)
        .map_err(|e| format!("the orders cannot be read: {e}"))?;
    let mut orders: Orders =
        serde_json::from_str(&line).map_err(|e| format!("the orders make no sense: {e}"))?;
    scratch.clone_into(&mut orders.scratch);
    Command::start(&orders).and_then(|command| command.watch(&orders))
}

struct Command {
    main: Pid,
    began: Instant,
    /// Reads why the stage could not become the command.
    stage: UnixStream,
    /// `None` once nobody can write any more.
    pipe: Option<PipeReader>,
    output: Output,
    parent: Option<Pid>,
    full: Full,
}

impl Command {
    fn start(orders: &Orders) -> Result<Self, String> {
        let full = Full::watch(growing(orders), orders.limits.disk);
        let begin = || {
            let (pipe, writer) = io::pipe()?;
            rustix::fs::fcntl_setfl(&pipe, OFlags::NONBLOCK)?;
            let (mut stage, its_end) = UnixStream::pair()?;
            let began = Instant::now();
            let child = life::again(policy::STAGE)
                .envs(policy::environment(&orders.grounds, inner(orders)))
                .stdin(Stdio::from(OwnedFd::from(its_end)))
                .stdout(writer.try_clone()?)
                .stderr(writer)
                .spawn()?;
            stage.write_all(serde_json::to_string(orders)?.as_bytes())?;
            stage.shutdown(Shutdown::Write)?;
            Ok::<_, io::Error>(Self {
                main: life::pid(&child),
                began,
                stage,
                pipe: Some(pipe),
                output: Output::new(orders.limits.output),
                parent: rustix::process::getppid(),
                full,
            })
        };
        begin().map_err(|e| format!("the command cannot be started: {e}"))
    }

    fn watch(mut self, orders: &Orders) -> Report {
        let (mut look, mut calm) = (self.began, tree::tasks());
        let (why, code) = loop {
            if self.wait() {
                break (Ended::Cancelled, None);
            }
            self.drain();
            if let Some(status) = self.ended() {
                break how(status);
            }
            if self.began.elapsed() >= orders.limits.wall {
                break (Ended::TimedOut, None);
            }
            let jump = tree::tasks() > calm.saturating_add(u64::from(orders.limits.processes / 4));
            if jump || look.elapsed() >= LOOK {
                if let Some(why) = self.excess(orders)? {
                    break (why, None);
                }
                (look, calm) = (Instant::now(), tree::tasks());
            }
        };
        let millis = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.finish(orders, why, code, millis)
    }

    /// Waits a moment for something to happen; says whether nobody wants the command any more.
    fn wait(&self) -> bool {
        let stdin = io::stdin();
        let mut fds = vec![PollFd::new(&stdin, PollFlags::IN)];
        fds.extend(
            self.pipe
                .iter()
                .map(|pipe| PollFd::new(pipe, PollFlags::IN)),
        );
        let moment = Timespec {
            tv_sec: 0,
            tv_nsec: 5_000_000,
        };
        let _ = rustix::event::poll(&mut fds, Some(&moment));
        // After the orders nothing comes but the end.
        !fds[0].revents().is_empty() || rustix::process::getppid() != self.parent
    }

    /// Takes what has been written, but not for ever.
    fn drain(&mut self) {
        let mut buffer = [0; 1 << 16];
        for _ in 0..16 {
            let Some(pipe) = &mut self.pipe else {
                return;
            };
            match pipe.read(&mut buffer) {
                Ok(0) => self.pipe = None,
                Ok(length) => self.output.add(&buffer[..length]),
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => return,
            }
        }
    }

    /// How the command itself ended, if it has; others that ended are forgotten.
    fn ended(&self) -> Option<WaitStatus> {
        while let Some((pid, status)) = life::reap() {
            if pid == self.main {
                return Some(status);
            }
        }
        None
    }

    /// What it uses more of than it may.
    fn excess(&self, orders: &Orders) -> Result<Option<Ended>, String> {
        let limits = &orders.limits;
        let processes = tree::below().map_err(|e| format!("/proc cannot be read: {e}"))?;
        let Usage {
            processes: count,
            threads,
            ticks,
            pages,
        } = tree::usage(&processes);
        let most = u64::from(limits.processes);
        let cpu = Duration::from_millis(ticks * 1000 / rustix::param::clock_ticks_per_second());
        let memory = pages.saturating_mul(rustix::param::page_size() as u64);
        Ok(if count > most || threads > most.saturating_mul(THREADS) {
            Some(Ended::TooManyProcesses)
        } else if cpu > limits.cpu {
            Some(Ended::OutOfCpu)
        } else if memory > limits.memory && tree::memory(&processes) > limits.memory {
            Some(Ended::OutOfMemory)
        } else if self.full.is_true() {
            Some(Ended::DiskFull)
        } else {
            None
        })
    }

    fn finish(mut self, orders: &Orders, why: Ended, code: Option<i32>, millis: u64) -> Report {
        life::clear();
        // Nobody is left to write: what the pipe still holds ends. Unless the kernel would not let somebody go.
        let killed = Instant::now();
        while self.pipe.is_some() && killed.elapsed() < PATIENCE {
            self.drain();
        }
        let mut failure = String::new();
        let _ = self.stage.set_read_timeout(Some(PATIENCE));
        let _ = self.stage.read_to_string(&mut failure);
        if !failure.is_empty() {
            return Err(failure);
        }
        let (output, cut) = self.output.text();
        if why == Ended::Exited && code != Some(0) && !was_run(orders) {
            return Err(format!("no sandbox could be made: {}", output.trim_end()));
        }
        Ok(Ran {
            code,
            why,
            output,
            cut,
            millis,
        })
    }
}

fn how(status: WaitStatus) -> (Ended, Option<i32>) {
    match (status.exit_status(), status.terminating_signal()) {
        (Some(code), _) => (Ended::Exited, Some(code)),
        (None, signal) => (Ended::Killed(signal.unwrap_or_default()), None),
    }
}

/// Whether the command itself was run. Only `bwrap` does things of its own before, and says when they are done.
fn was_run(orders: &Orders) -> bool {
    let status = std::fs::read_to_string(orders.scratch.join(policy::STATUS));
    match orders.how {
        How::Bubblewrap(_) => status.is_ok_and(|status| status.contains("exit-code")),
        How::Landlock | How::Off => true,
    }
}

/// The temporary directory as the command sees it.
fn inner(orders: &Orders) -> &Path {
    match orders.how {
        How::Bubblewrap(_) => Path::new("/tmp"),
        How::Landlock | How::Off => &orders.scratch,
    }
}

/// Where the command may write on a disk.
fn growing(orders: &Orders) -> Vec<std::path::PathBuf> {
    let places = policy::places(&orders.grounds).into_iter();
    let mut growing: Vec<_> = places
        .filter_map(|(path, writable)| writable.then_some(path))
        .collect();
    growing.push(orders.scratch.clone());
    growing
}
