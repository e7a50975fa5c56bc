//! `run_shell`: one command of an agent, under limits and in a sandbox, and what the model is told of it.
//!
//! The command is never a child of this process. A keeper (`sandbox/keeper`), which is this very program started
//! again, runs it, watches it, and kills whatever is left of it: also when this process is killed.

use std::{
    path::{Path, PathBuf},
    sync::atomic::AtomicBool,
    time::Duration,
};

use serde::{Deserialize, Serialize};

use super::sandbox::{self, How};

/// How commands are run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shell {
    /// What confines them.
    pub how: How,
    /// What each of them may use.
    pub limits: Limits,
    /// The program that becomes the keeper: this one, unless a test says otherwise.
    pub keeper: PathBuf,
}

/// What one command may use, everything that it starts included.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Longest that it may take.
    pub wall: Duration,
    /// Most processor time, of all its processes together.
    pub cpu: Duration,
    /// Most bytes of memory: of addresses for each process, of memory in use for all together.
    pub memory: u64,
    /// Most bytes of one file.
    pub file_size: u64,
    /// Most processes at a time.
    pub processes: u32,
    /// Most bytes by which the places that it may write to may grow.
    pub disk: u64,
    /// Most bytes of output that are kept, half from the beginning and half from the end.
    pub output: usize,
}

/// Where a command runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grounds {
    /// The workspace: the working directory, an absolute path.
    pub root: PathBuf,
    /// Whether the workspace may be changed.
    pub writable: bool,
    /// What is there besides, by absolute path, and whether it may be changed.
    pub folders: Vec<(PathBuf, bool)>,
    /// Environment variables by which a command finds folders, each with the path that it holds.
    pub variables: Vec<(String, PathBuf)>,
}

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Ended {
    /// By itself.
    Exited,
    /// Killed: it took too long.
    TimedOut,
    /// Killed: it used too much processor time.
    OutOfCpu,
    /// Killed: it used too much memory.
    OutOfMemory,
    /// Killed: it ran too many processes or threads at a time.
    TooManyProcesses,
    /// Killed: it wrote too much.
    DiskFull,
    /// Killed: the caller no longer wants it.
    Cancelled,
    /// By this signal, which is not the keeper's.
    Killed(i32),
}

/// A command that was run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ran {
    /// The exit code, where it ended by itself.
    pub code: Option<i32>,
    /// How it ended.
    pub why: Ended,
    /// What it wrote, to stdout and stderr as it came; what is no UTF-8 is replaced.
    pub output: String,
    /// Whether output was left out, in the middle.
    pub cut: bool,
    /// How long it took, in milliseconds.
    pub millis: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            wall: Duration::from_secs(120),
            cpu: Duration::from_secs(120),
            memory: 2 << 30,
            file_size: 256 << 20,
            processes: 128,
            disk: 1 << 30,
            output: 1 << 20,
        }
    }
}

impl Shell {
    /// Commands confined like this, under the usual limits.
    #[must_use]
    pub fn new(how: How) -> Self {
        Self {
            how,
            limits: Limits::default(),
            keeper: sandbox::this_program(),
        }
    }

    /// Runs `command` (for `/bin/sh -c`) to its end, which comes after `wall` or the limit, whichever is less, or soon
    /// after `cancel` is set. Nothing of it is left then. Blocks.
    ///
    /// # Errors
    /// Why it could not be run, or not in this sandbox; for the model and for people.
    pub fn run(
        &self,
        grounds: &Grounds,
        command: &str,
        wall: Option<Duration>,
        cancel: &AtomicBool,
    ) -> Result<Ran, String> {
        let mut limits = self.limits.clone();
        limits.wall = wall.map_or(limits.wall, |wall| wall.min(limits.wall));
        sandbox::run(self, limits, grounds, command, cancel)
    }
}

impl Grounds {
    /// Only this workspace.
    #[must_use]
    pub fn workspace(root: &Path, writable: bool) -> Self {
        Self {
            root: root.to_owned(),
            writable,
            folders: Vec::new(),
            variables: Vec::new(),
        }
    }
}

/// Room that the sentence about what was left out may take.
const NOTE: usize = 80;

/// What the model is told: the first line says how the command ended, the rest is what it wrote. No more than `room`
/// bytes (but never less than 512); where that leaves something out, the whole text comes second.
#[must_use]
pub fn told(ran: &Ran, room: usize) -> (String, Option<String>) {
    let first = first_line(ran);
    let output = ran.output.trim_end_matches('\n');
    let output = if output.is_empty() {
        "(no output)"
    } else {
        output
    };
    let full = format!("{first}\n{output}");
    let room = room.max(512);
    if full.len() <= room {
        return (full, None);
    }
    let left = room.saturating_sub(first.len() + 1 + NOTE);
    let head = &output[..floor(output, left / 2)];
    let tail = &output[ceil(output, output.len() - left / 2)..];
    let out = output.len() - head.len() - tail.len();
    let shown = format!("{first}\n{head}\n[… {out} bytes left out here …]\n{tail}");
    (shown, Some(full))
}

fn first_line(ran: &Ran) -> String {
    let seconds = format!("{}.{} s", ran.millis / 1000, ran.millis % 1000 / 100);
    let how = match (ran.why, ran.code) {
        (Ended::Exited, Some(0)) => format!("exit code 0 after {seconds}"),
        (Ended::Exited, code) => {
            let code = code.unwrap_or(-1);
            let hint = hint(code - 128);
            format!("exit code {code} after {seconds}{hint}")
        }
        (Ended::TimedOut, _) => format!("killed after {seconds}: it took longer than it may"),
        (Ended::OutOfCpu, _) => {
            format!("killed after {seconds}: it used more processor time than it may")
        }
        (Ended::OutOfMemory, _) => {
            format!("killed after {seconds}: it used more memory than it may")
        }
        (Ended::TooManyProcesses, _) => {
            format!("killed after {seconds}: it ran more processes at a time than it may")
        }
        (Ended::DiskFull, _) => format!("killed after {seconds}: it wrote more than it may"),
        (Ended::Cancelled, _) => format!("killed after {seconds}: it was cancelled"),
        (Ended::Killed(signal), _) => {
            format!("ended by signal {signal} after {seconds}{}", hint(signal))
        }
    };
    let cut = if ran.cut {
        "; it wrote too much to keep all of it"
    } else {
        ""
    };
    format!("[{how}{cut}]")
}

/// What a signal usually means here.
fn hint(signal: i32) -> &'static str {
    match signal {
        9 => " (killed, perhaps for memory)",
        11 => " (invalid memory access, or no memory left)",
        24 => " (it used more processor time than it may)",
        25 => " (a file grew larger than it may)",
        31 => " (a system call that is not allowed)",
        _ => "",
    }
}

fn floor(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

fn ceil(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at += 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ran(why: Ended, code: Option<i32>, output: &str) -> Ran {
        Ran {
            code,
            why,
            output: output.to_owned(),
            cut: false,
            millis: 1_250,
        }
    }

    #[test]
    fn the_first_line_says_how_it_ended() {
        for (why, code, line) in [
            (Ended::Exited, Some(0), "[exit code 0 after 1.2 s]"),
            (Ended::Exited, Some(2), "[exit code 2 after 1.2 s]"),
            (
                Ended::Exited,
                Some(153),
                "[exit code 153 after 1.2 s (a file grew larger than it may)]",
            ),
            (
                Ended::TimedOut,
                None,
                "[killed after 1.2 s: it took longer than it may]",
            ),
            (Ended::Killed(15), None, "[ended by signal 15 after 1.2 s]"),
        ] {
            let (shown, full) = told(&ran(why, code, ""), 4_000);
            assert_eq!(shown, format!("{line}\n(no output)"));
            assert_eq!(full, None);
        }
    }

    #[test]
    fn what_does_not_fit_is_shown_by_head_and_tail_and_kept_whole() {
        let output = format!("first{}last\n", "é".repeat(5_000));
        for room in [0, 512, 513, 514, 2_000] {
            let (shown, full) = told(&ran(Ended::Exited, Some(0), &output), room);
            assert!(shown.len() <= room.max(512), "{}", shown.len());
            assert!(shown.starts_with("[exit code 0 after 1.2 s]\nfirsté"));
            assert!(shown.contains(" bytes left out here …]\n") && shown.ends_with("élast"));
            assert!(full.unwrap().ends_with("élast"));
        }
    }

    #[test]
    fn output_that_was_not_kept_is_told() {
        let mut ran = ran(Ended::Exited, Some(0), "y\n");
        ran.cut = true;
        let (shown, _) = told(&ran, 4_000);
        assert_eq!(
            shown,
            "[exit code 0 after 1.2 s; it wrote too much to keep all of it]\ny"
        );
    }
}
