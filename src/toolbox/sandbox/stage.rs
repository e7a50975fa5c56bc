//! The process that becomes the command: it takes the limits on itself, then the confinement, then runs `/bin/sh`, or
//! `bwrap`, in its own place. Its stdin is a socket to the keeper: orders come over it, and where the command cannot
//! be run, the reason goes back. It has one thread, so what it takes on, it takes on whole.

use std::{
    fs,
    io::{self, Read, Seek, Write},
    os::{fd::IntoRawFd, unix::process::CommandExt},
    path::PathBuf,
    process::{Command, ExitCode, Stdio},
};

use rustix::{
    fs::MemfdFlags,
    io::FdFlags,
    process::{Resource, Rlimit, Signal},
    thread::{CapabilitySet, CapabilitySets},
};

use super::{
    How, bubblewrap,
    keeper::tree,
    policy::{self, Orders},
    rules,
    seccomp::{self, Beside},
};

/// Most descriptors of one process.
const DESCRIPTORS: u64 = 1024;

/// Tasks that the user's other programs may start meanwhile.
const SLACK: u64 = 128;

/// Addresses are reserved more freely than memory is used; the keeper counts what is used.
const ADDRESSES: u64 = 4;

pub(super) fn enter() -> ExitCode {
    let Err(why) = become_it();
    let _ = rustix::io::write(io::stdin(), why.as_bytes());
    ExitCode::from(126)
}

fn become_it() -> Result<std::convert::Infallible, String> {
    close_inherited();
    let mut text = String::new();
    io::stdin()
        .read_to_string(&mut text)
        .map_err(|e| format!("the orders cannot be read: {e}"))?;
    let orders: Orders =
        serde_json::from_str(&text).map_err(|e| format!("the orders make no sense: {e}"))?;
    settle().map_err(|e| format!("a process of its own cannot be had: {e}"))?;
    limit(&orders).map_err(|e| format!("the limits cannot be set: {e}"))?;
    let languages = languages();
    let mut command = match &orders.how {
        How::Bubblewrap(program) => bubblewrap(program.clone(), &orders, &languages)?,
        How::Landlock => {
            let signals = rules::apply(&orders, &languages)?;
            drop_powers().map_err(|e| format!("capabilities cannot be dropped: {e}"))?;
            seccomp::apply(&seccomp::program(Beside::Landlock { signals })?)?;
            shell(&orders)
        }
        How::Off => shell(&orders),
    };
    let error = command.stdin(Stdio::null()).exec();
    let program = command.get_program().to_string_lossy();
    Err(format!("{program} cannot be run: {error}"))
}

/// Closes at the next exec whatever a parent left open by mistake.
pub(super) fn close_inherited() {
    close_fds::set_fds_cloexec(3, &[]);
}

/// A session without a terminal, gone with the keeper, the last to get the processor and the first to go when memory
/// runs out.
fn settle() -> io::Result<()> {
    rustix::process::setsid()?;
    rustix::process::set_parent_process_death_signal(Some(Signal::KILL))?;
    rustix::process::setpriority_process(None, 10)?;
    fs::write("/proc/self/oom_score_adj", "1000")
}

fn limit(orders: &Orders) -> io::Result<()> {
    let limits = &orders.limits;
    let mut bounds = vec![
        // The keeper counts the time of all; this is for the one that it would not see in time.
        (Resource::Cpu, limits.cpu.as_secs() + 2),
        (Resource::As, limits.memory.saturating_mul(ADDRESSES)),
        (Resource::Fsize, limits.file_size),
        (Resource::Nofile, DESCRIPTORS),
        (Resource::Core, 0),
        (Resource::Memlock, 8 << 20),
    ];
    // Counts all tasks of the user, whoever started them, and binds no root. The keeper's own count is the limit;
    // this keeps those who multiply from outrunning it.
    let others = tree::tasks_of_this_user()?;
    bounds.push((
        Resource::Nproc,
        others + SLACK + u64::from(limits.processes),
    ));
    for (resource, most) in bounds {
        let allowed = rustix::process::getrlimit(resource).maximum;
        let most = allowed.map_or(most, |allowed| allowed.min(most));
        let bound = Rlimit {
            current: Some(most),
            maximum: Some(most),
        };
        rustix::process::setrlimit(resource, bound)?;
    }
    Ok(())
}

/// Root without any of root's powers.
fn drop_powers() -> io::Result<()> {
    // Fails for those that this kernel does not know, and for users who have none; what counts is checked below.
    for power in CapabilitySet::all().iter() {
        let _ = rustix::thread::remove_capability_from_bounding_set(power);
    }
    let _ = rustix::thread::clear_ambient_capability_set();
    let none = CapabilitySets {
        effective: CapabilitySet::empty(),
        permitted: CapabilitySet::empty(),
        inheritable: CapabilitySet::empty(),
    };
    rustix::thread::set_capabilities(None, none)?;
    // So that no exec gives any back.
    rustix::thread::set_no_new_privs(true)?;
    Ok(())
}

fn shell(orders: &Orders) -> Command {
    let mut command = Command::new("/bin/sh");
    command
        .arg("-c")
        .arg(&orders.command)
        .current_dir(&orders.grounds.root);
    command
}

/// The filter lies in a file without a name; that and the status are all that `bwrap` inherits, and it closes both.
fn bubblewrap(program: PathBuf, orders: &Orders, languages: &[PathBuf]) -> Result<Command, String> {
    let program_of_filter = seccomp::program(Beside::Namespaces)?;
    let open = || {
        let mut filter = fs::File::from(rustix::fs::memfd_create("filter", MemfdFlags::empty())?);
        filter.write_all(&seccomp::bytes(&program_of_filter))?;
        filter.rewind()?;
        let status = fs::File::create(orders.scratch.join(policy::STATUS))?;
        rustix::io::fcntl_setfd(&status, FdFlags::empty())?;
        // Not closed here: the exec is the end of this program. If it fails, so is the exit.
        Ok::<_, io::Error>((filter.into_raw_fd(), status.into_raw_fd()))
    };
    let inherited = open().map_err(|e| format!("bwrap cannot be given what it needs: {e}"))?;
    let mut command = Command::new(program);
    command.args(bubblewrap::arguments(orders, languages, inherited));
    Ok(command)
}

/// What there is of [`policy::LANGUAGES`].
fn languages() -> Vec<PathBuf> {
    let entries = fs::read_dir("/etc").into_iter().flatten().flatten();
    let known = |name: &str| {
        policy::LANGUAGES
            .iter()
            .any(|begin| name.starts_with(begin))
    };
    let mut found: Vec<PathBuf> = entries
        .filter(|entry| entry.file_name().to_str().is_some_and(known))
        .map(|entry| entry.path())
        .collect();
    found.sort();
    found
}
