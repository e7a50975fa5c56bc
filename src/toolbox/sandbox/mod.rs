//! Commands in a sandbox. No code here is unsafe, so nothing runs between fork and exec: instead this program starts
//! itself again, twice, with a hidden word as its first argument.
//!
//! ```text
//!  daemon ──orders──▶ guard ──▶ keeper ──orders──▶ stage ══exec══▶ bwrap … /bin/sh -c command
//!    ▲   (__keep, stdin)  (__mind)            (__confine)  or ═══▶ /bin/sh -c command   (Landlock, off)
//!    └──────────report───────────┘ ◀──────────────output──────────────┘
//! ```
//!
//! | file            | what it is for                                                                     |
//! | --------------- | ---------------------------------------------------------------------------------- |
//! | `policy.rs`     | what is allowed, pure: orders, environment, places, the laws of the grounds        |
//! | `bubblewrap.rs` | the policy as arguments of `bwrap`, pure                                           |
//! | `rules.rs`      | the policy as rules of Landlock                                                    |
//! | `seccomp.rs`    | system calls that are refused                                                      |
//! | `stage.rs`      | the process that takes limits and confinement on itself and becomes the command    |
//! | `keeper/`       | the process that watches it, and leaves nothing of it behind                       |
//! | `call.rs`       | the daemon's side of the keeper                                                    |
//! | `probe.rs`      | what this machine can do                                                           |
//!
//! What neither sandbox stops: reading what every user may read in `/usr` and the named parts of `/etc`; speaking
//! through what lies in a given folder (a socket, a pipe); using up to the limits what the limits allow. Where Landlock
//! falls short of Bubblewrap: that other files exist, and how large they are, can be seen; there is no loopback, since
//! there are no sockets at all; modes, owners and attributes of files cannot be changed, not even in the workspace,
//! because nothing bounds such changes by path. So a compiler's output cannot be made executable there.

mod probe;

#[cfg(target_os = "linux")]
mod bubblewrap;
#[cfg(target_os = "linux")]
mod call;
#[cfg(target_os = "linux")]
mod keeper;
#[cfg(target_os = "linux")]
mod policy;
#[cfg(target_os = "linux")]
mod rules;
#[cfg(target_os = "linux")]
mod seccomp;
#[cfg(target_os = "linux")]
mod stage;

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
    sync::atomic::{AtomicBool, Ordering},
};

use serde::{Deserialize, Serialize};

use super::shell::{Grounds, Limits, Ran, Shell};
pub use probe::{find, find_with};

/// What confines a command.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum How {
    /// Namespaces, by this program `bwrap`.
    Bubblewrap(PathBuf),
    /// Rules of the kernel that need no privileges, and a filter of system calls.
    Landlock,
    /// Nothing: limits, an environment of its own, and the keeper. Only on the operator's word.
    Off,
}

/// What an operator asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wish {
    /// The best that works here.
    Auto,
    /// Bubblewrap or nothing.
    Bubblewrap,
    /// Landlock or nothing.
    Landlock,
    /// No sandbox.
    Off,
}

/// Whether [`take_over`] was asked: only then does this program, started again, become a keeper and not itself.
static OFFERED: AtomicBool = AtomicBool::new(false);

/// Becomes the guard, the keeper or the stage where the first argument says so. To be called before anything else in
/// `main`: the stage must have no other threads.
#[must_use]
#[cfg(target_os = "linux")]
pub fn take_over() -> Option<ExitCode> {
    OFFERED.store(true, Ordering::Relaxed);
    match std::env::args_os().nth(1)?.to_str()? {
        policy::GUARD => Some(keeper::guard()),
        policy::KEEPER => Some(keeper::keep()),
        policy::STAGE => Some(stage::enter()),
        _ => None,
    }
}

/// There are no keepers here.
#[must_use]
#[cfg(not(target_os = "linux"))]
pub fn take_over() -> Option<ExitCode> {
    None
}

/// Whether this program may be started as a keeper. One that never calls [`take_over`] would run itself, again and
/// again.
pub(super) fn may_keep(keeper: &Path) -> bool {
    OFFERED.load(Ordering::Relaxed) || keeper != this_program()
}

/// This program, by a name that an upgrade of the file does not take away from under a running daemon.
pub(super) fn this_program() -> PathBuf {
    if cfg!(target_os = "linux") {
        return PathBuf::from("/proc/self/exe");
    }
    std::env::current_exe().unwrap_or_default()
}

#[cfg(target_os = "linux")]
pub(super) fn run(
    shell: &Shell,
    limits: Limits,
    grounds: &Grounds,
    command: &str,
    cancel: &AtomicBool,
) -> Result<Ran, String> {
    let grounds = policy::checked(grounds, &shell.how, command)?;
    let orders = policy::Orders {
        how: shell.how.clone(),
        limits,
        grounds,
        command: command.to_owned(),
        scratch: std::env::temp_dir(),
    };
    call::run(&shell.keeper, &orders, cancel)
}

#[cfg(not(target_os = "linux"))]
pub(super) fn run(
    _: &Shell,
    _: Limits,
    _: &Grounds,
    _: &str,
    _: &AtomicBool,
) -> Result<Ran, String> {
    Err("commands can be run on Linux only".to_owned())
}
