//! The processes below this one, from /proc.

use std::{
    collections::{HashMap, HashSet},
    fs, io,
    os::unix::fs::MetadataExt,
};

use rustix::process::{Pid, PidfdFlags, Signal};

/// A process as the kernel shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Process {
    pub(super) pid: i32,
    parent: i32,
    group: i32,
    state: u8,
    /// Of itself and of its children that it waited for.
    ticks: u64,
    pub(super) threads: u64,
    started: u64,
    /// Pages that are in memory.
    pages: u64,
}

/// What all of them use together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Usage {
    pub(super) processes: u64,
    pub(super) threads: u64,
    pub(super) ticks: u64,
    pub(super) pages: u64,
}

impl Process {
    fn read(pid: i32) -> Option<Self> {
        parse(pid, &fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
    }

    /// It has ended and waits to be waited for.
    fn has_ended(&self) -> bool {
        matches!(self.state, b'Z' | b'X')
    }

    /// Kills it, and not another that got its number meanwhile.
    fn kill(&self) {
        let Some(pid) = Pid::from_raw(self.pid) else {
            return;
        };
        match rustix::process::pidfd_open(pid, PidfdFlags::empty()) {
            Ok(fd) => {
                if Self::read(self.pid).is_some_and(|now| now.started == self.started) {
                    let _ = rustix::process::pidfd_send_signal(fd, Signal::KILL);
                }
            }
            Err(rustix::io::Errno::NOSYS) => {
                let _ = rustix::process::kill_process(pid, Signal::KILL);
            }
            Err(_) => {}
        }
    }
}

fn parse(pid: i32, stat: &str) -> Option<Process> {
    // The name comes in parentheses and may hold anything, parentheses too.
    let (_, rest) = stat.rsplit_once(") ")?;
    let fields: Vec<&str> = rest.split_ascii_whitespace().collect();
    let number = |at: usize| fields.get(at - 3)?.parse::<i64>().ok();
    let count = |at: usize| number(at).and_then(|n| u64::try_from(n).ok());
    let id = |at: usize| number(at).and_then(|n| i32::try_from(n).ok());
    Some(Process {
        pid,
        state: *fields.first()?.as_bytes().first()?,
        parent: id(4)?,
        group: id(5)?,
        ticks: (14..=17).filter_map(count).sum(),
        threads: count(20)?,
        started: count(22)?,
        pages: count(24)?,
    })
}

/// The numbers of all processes, in the kernel's order, which is ascending: of those born while this is read, most
/// come later.
fn numbers() -> io::Result<impl Iterator<Item = i32>> {
    let entries = fs::read_dir("/proc")?;
    Ok(entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok()))
}

/// Everything below this process.
pub(super) fn below() -> io::Result<Vec<Process>> {
    let all: Vec<Process> = numbers()?.filter_map(Process::read).collect();
    Ok(descendants(own(), all))
}

fn descendants(root: i32, all: Vec<Process>) -> Vec<Process> {
    let mut children: HashMap<i32, Vec<Process>> = HashMap::new();
    for process in all {
        children.entry(process.parent).or_default().push(process);
    }
    let mut found = children.remove(&root).unwrap_or_default();
    let mut at = 0;
    while at < found.len() {
        found.extend(children.remove(&found[at].pid).unwrap_or_default());
        at += 1;
    }
    found
}

/// What everything below this process uses, and has used.
pub(super) fn usage(processes: &[Process]) -> Usage {
    let mut usage = Usage::default();
    for process in processes {
        usage.ticks += process.ticks;
        if !process.has_ended() {
            usage.processes += 1;
            usage.threads += process.threads;
            usage.pages += process.pages;
        }
    }
    // Of those that ended and were waited for, here.
    usage.ticks += Process::read(own()).map_or(0, |keeper| keeper.ticks);
    usage
}

/// Bytes that are theirs in memory, each page divided among those who share it. Slow.
pub(super) fn memory(processes: &[Process]) -> u64 {
    let page = rustix::param::page_size() as u64;
    let own = |process: &Process| {
        let text = fs::read_to_string(format!("/proc/{}/smaps_rollup", process.pid)).ok()?;
        let kibibytes = text.lines().filter_map(|line| {
            let (name, value) = line.split_once(':')?;
            let counts = matches!(name, "Pss_Anon" | "Pss_Shmem");
            let number = value.split_ascii_whitespace().next()?;
            counts.then(|| number.parse::<u64>().ok())?
        });
        Some(kibibytes.sum::<u64>() * 1024)
    };
    processes
        .iter()
        .map(|process| own(process).unwrap_or(process.pages * page))
        .sum()
}

/// What a pass of [`Hunt`] found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// Processes that no pass had killed yet.
    New,
    /// Only those that are on their way out.
    Dying,
    /// At most those that ended and wait to be waited for.
    Ended,
    /// Nothing at all.
    Nothing,
}

/// Kills everything below this process, pass by pass. While one goes on, nobody must be waited for: who has ended
/// still counts among the processes that a user may have, and leaves no room for another.
#[derive(Default)]
pub(super) struct Hunt {
    killed: HashSet<(i32, u64)>,
}

impl Hunt {
    /// Each is killed as soon as it is seen, and with it its group in one stroke. Those born meanwhile have higher
    /// numbers and are met later in the same pass: so those that multiply are caught up with.
    pub(super) fn pass(&mut self) -> Found {
        let root = own();
        let mut family = HashSet::from([root]);
        let mut groups = HashSet::from([rustix::process::getpgrp().as_raw_nonzero().get()]);
        let mut found = Found::Nothing;
        for process in numbers().into_iter().flatten().filter_map(Process::read) {
            if process.pid == root || !family.contains(&process.parent) {
                continue;
            }
            family.insert(process.pid);
            if process.has_ended() {
                found = found.or(Found::Ended);
                continue;
            }
            let is_new = self.killed.insert((process.pid, process.started));
            found = found.or(if is_new { Found::New } else { Found::Dying });
            let group = Pid::from_raw(process.group).filter(|_| groups.insert(process.group));
            if let Some(group) = group {
                // No group reaches beyond its session, and all sessions below this process began there.
                let _ = rustix::process::kill_process_group(group, Signal::KILL);
            }
            process.kill();
        }
        // Numbers begin anew after the highest: a child may come before its parent.
        if found == Found::Nothing && below().is_ok_and(|found| !found.is_empty()) {
            return Found::Dying;
        }
        found
    }
}

impl Found {
    /// The one that leaves more to do.
    fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::New, _) | (_, Self::New) => Self::New,
            (Self::Dying, _) | (_, Self::Dying) => Self::Dying,
            (Self::Ended, _) | (_, Self::Ended) => Self::Ended,
            (Self::Nothing, Self::Nothing) => Self::Nothing,
        }
    }
}

/// Tasks of the whole machine: one short file, to be read often. A jump means a closer look.
pub(super) fn tasks() -> u64 {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let all = text.split(' ').nth(3).and_then(|part| part.split_once('/'));
    all.and_then(|(_, all)| all.parse().ok())
        .unwrap_or(u64::MAX)
}

/// Tasks of the user that this process belongs to.
pub(in super::super) fn tasks_of_this_user() -> io::Result<u64> {
    let user = rustix::process::getuid().as_raw();
    let of_user = |pid: &i32| {
        let owner = fs::metadata(format!("/proc/{pid}"));
        owner.is_ok_and(|owner| owner.uid() == user)
    };
    let tasks = numbers()?.filter(of_user).filter_map(Process::read);
    Ok(tasks.map(|process| process.threads).sum())
}

fn own() -> i32 {
    rustix::process::getpid().as_raw_nonzero().get()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn process(pid: i32, parent: i32) -> Process {
        let stat = format!(
            "{pid} (a) b) S {parent} 7 7 0 -1 4194304 1 2 3 4 10 20 30 40 20 0 3 0 99 1000 25 rest"
        );
        parse(pid, &stat).unwrap()
    }

    #[test]
    fn a_name_with_parentheses_hides_no_field() {
        let process = process(12, 5);
        assert_eq!((process.parent, process.group, process.state), (5, 7, b'S'));
        assert_eq!((process.ticks, process.threads), (100, 3));
        assert_eq!((process.started, process.pages), (99, 25));
        assert_eq!(parse(1, "1 (x) S 1"), None);
    }

    #[test]
    fn descendants_are_found_in_any_order_and_others_are_not() {
        let all = vec![process(9, 8), process(8, 3), process(4, 1), process(3, 2)];
        let pids: Vec<i32> = descendants(2, all).iter().map(|one| one.pid).collect();
        assert_eq!(pids, [3, 8, 9]);
    }
}
