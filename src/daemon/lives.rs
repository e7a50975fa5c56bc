//! Which daemons live, and who holds a lock: what a heartbeat or a lease says, held against the system's own word.

use std::{
    fs,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    time::Duration,
};

use projections::{heartbeat::Heartbeat, ids::ProjectCode};

use super::{Identity, heartbeats};
use crate::{error::Result, vault::Vault};

/// What became of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Life {
    /// It runs.
    Runs,
    /// It was stopped (SIGSTOP, a debugger) and does nothing until it is told to go on.
    Stopped,
    /// There is no such process any more.
    Gone,
    /// It is on another machine, or is not named by one.
    Unseen,
}

/// A daemon that has left a heartbeat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// What it says.
    pub beat: Heartbeat,
    /// What became of it.
    pub life: Life,
    /// The pause between its ticks, if its command line names one.
    pub tick: Option<Duration>,
    /// The only project that it looks at, if its command line names one.
    pub only: Option<ProjectCode>,
}

/// Every daemon that has left a heartbeat in the vault, newest first.
///
/// # Errors
/// [`crate::error::Error::Io`] when they cannot be read.
pub fn daemons(vault: &Vault) -> Result<Vec<Seen>> {
    let seen = |beat: Heartbeat| {
        let here = beat.host == Identity::own().host;
        let words = here.then(|| command_line(beat.pid)).flatten();
        let life = match (here, &words) {
            (false, _) => Life::Unseen,
            // The number of a dead daemon may be another program's by now.
            (true, Some(words)) if !words.iter().any(|word| word == "daemon") => Life::Gone,
            (true, _) => life_of(beat.pid),
        };
        let words = words.unwrap_or_default();
        let tick = flag(&words, "--tick-seconds").and_then(|text| text.parse().ok());
        Seen {
            beat,
            life,
            tick: tick.map(Duration::from_secs),
            only: flag(&words, "--project").and_then(|text| text.parse().ok()),
        }
    };
    Ok(heartbeats(vault)?.into_iter().map(seen).collect())
}

/// What became of the process that `by` names as journals do: `daemon:host:4711`.
#[must_use]
pub fn life(by: &str) -> (Life, Option<u32>) {
    let mut parts = by.rsplitn(3, ':');
    let pid = parts.next().and_then(|pid| pid.parse().ok());
    match (pid, parts.next()) {
        (Some(pid), Some(host)) if host == Identity::own().host => (life_of(pid), Some(pid)),
        (_, _) => (Life::Unseen, None),
    }
}

/// What became of a process of this machine.
#[must_use]
pub fn life_of(pid: u32) -> Life {
    if !Path::new("/proc/self").exists() {
        return Life::Unseen;
    }
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    // The name before it is in brackets, and may hold any.
    let state = stat
        .rsplit(')')
        .next()
        .and_then(|rest| rest.trim_start().chars().next());
    match state {
        Some('T' | 't') => Life::Stopped,
        None | Some('Z' | 'X' | 'x') => Life::Gone,
        Some(_) => Life::Runs,
    }
}

/// The processes that hold a lock on the file at `path`, as far as the system tells (proc_locks(5)):
///
/// ```text
///  1: FLOCK  ADVISORY  WRITE 4711 fe:00:131090 0 EOF
///                             ╰pid ╰device:inode, of which device is hexadecimal
/// ```
#[must_use]
pub fn holders(path: &Path) -> Vec<u32> {
    let Ok(meta) = fs::metadata(path) else {
        return Vec::new();
    };
    let locks = fs::read_to_string("/proc/locks").unwrap_or_default();
    let device = (rustix::fs::major(meta.dev()), rustix::fs::minor(meta.dev()));
    holders_in(&locks, device, meta.ino())
}

fn holders_in(locks: &str, device: (u32, u32), inode: u64) -> Vec<u32> {
    let place = format!("{:02x}:{:02x}:{inode}", device.0, device.1);
    let holder = |line: &str| -> Option<u32> {
        let words: Vec<&str> = line.split_whitespace().collect();
        // Who only waits stands behind an arrow.
        let is_held = words.get(1) == Some(&"FLOCK") && words.get(5) == Some(&place.as_str());
        words.get(4).filter(|_| is_held)?.parse().ok()
    };
    // One of another container has no number here.
    let holders = locks.lines().filter_map(holder);
    holders.filter(|pid| *pid != 0).collect()
}

/// What the environment of a process held when it was started, under this name. Of other users' processes, nothing.
#[must_use]
pub fn variable(pid: u32, name: &str) -> Option<String> {
    let bytes = fs::read(format!("/proc/{pid}/environ")).ok()?;
    let mut entries = bytes.split(|byte| *byte == 0);
    let value = entries.find_map(|entry| {
        entry
            .strip_prefix(name.as_bytes())?
            .strip_prefix(b"=".as_slice())
    })?;
    String::from_utf8(value.to_vec()).ok()
}

fn command_line(pid: u32) -> Option<Vec<String>> {
    let path = PathBuf::from(format!("/proc/{pid}/cmdline"));
    let bytes = fs::read(path).ok().filter(|bytes| !bytes.is_empty())?;
    let words = bytes.split(|byte| *byte == 0);
    Some(
        words
            .map(|word| String::from_utf8_lossy(word).into_owned())
            .collect(),
    )
}

/// The value of `--flag VALUE` or `--flag=VALUE`.
fn flag(words: &[String], name: &str) -> Option<String> {
    words.iter().enumerate().find_map(|(at, word)| {
        let rest = word.strip_prefix(name)?;
        match rest.strip_prefix('=') {
            Some(value) => Some(value.to_owned()),
            None => words.get(at + 1).filter(|_| rest.is_empty()).cloned(),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<String> {
        line.split(' ').map(str::to_owned).collect()
    }

    #[test]
    fn a_flag_is_read_from_a_command_line_in_either_form() {
        let value = |line: &str| flag(&words(line), "--tick-seconds");
        assert_eq!(
            value("modulatio daemon --tick-seconds 60").as_deref(),
            Some("60")
        );
        assert_eq!(
            value("modulatio daemon --tick-seconds=5 --until-idle").as_deref(),
            Some("5")
        );
        assert_eq!(value("modulatio daemon"), None);
        assert_eq!(value("modulatio daemon --tick-seconds"), None);
        assert_eq!(value("modulatio daemon --tick-secondsx 5"), None);
    }

    #[test]
    fn the_holder_of_a_lock_is_told_from_who_waits_for_it_and_from_holders_of_others() {
        let locks = "\
1: FLOCK  ADVISORY  WRITE 4711 fe:00:131090 0 EOF
1: -> FLOCK  ADVISORY  WRITE 4712 fe:00:131090 0 EOF
2: FLOCK  ADVISORY  READ 4713 fe:01:131090 0 EOF
3: POSIX  ADVISORY  WRITE 4714 fe:00:131090 0 EOF
4: FLOCK  ADVISORY  WRITE 4715 fe:00:131091 0 EOF
";
        assert_eq!(holders_in(locks, (0xfe, 0), 131_090), [4711]);
    }

    #[test]
    fn this_process_runs_and_a_stranger_or_a_word_is_unseen() {
        let own = Identity::own();
        assert_eq!(life(&own.by()), (Life::Runs, Some(own.pid)));
        assert_eq!(life("daemon:elsewhere:1").0, Life::Unseen);
        assert_eq!(life("cli:alice").0, Life::Unseen);
        assert_eq!(life("").0, Life::Unseen);
    }

    #[test]
    fn a_process_that_never_was_is_gone() {
        let by = format!("daemon:{}:4194305", Identity::own().host);
        assert_eq!(life(&by).0, Life::Gone);
    }

    #[test]
    fn a_variable_of_a_process_is_found_by_its_whole_name() {
        let own = std::process::id();
        assert_eq!(variable(own, "PATH"), std::env::var("PATH").ok());
        assert_eq!(variable(own, "PAT"), None);
        assert_eq!(variable(own, "MODULATIO_NO_SUCH_VARIABLE"), None);
    }
}
