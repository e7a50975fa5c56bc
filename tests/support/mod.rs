//! What the end-to-end tests share: a vault to play in, the real binary, a daemon that never outlives its test,
//! and waiting with a deadline instead of sleeping.

#![allow(
    dead_code,
    unused_imports,
    reason = "every test binary compiles this module and uses its own part of it"
)]

pub(crate) mod books;
mod daemon;
mod day;
mod journal;
mod lots;
mod mount;
mod vault;

use std::time::{Duration, Instant};

pub(crate) use daemon::{Daemon, SIGCONT, SIGINT, SIGSTOP, SIGTERM};
pub(crate) use day::{today, within_one_day};
pub(crate) use journal::{Journal, kinds};
pub(crate) use lots::Lots;
pub(crate) use mount::{Mount, mount};
pub(crate) use vault::{Ran, TestVault, body};

/// Longest that anything may take that should take milliseconds.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// Longest that a whole run may take, of many plans or with many faults.
const LONG_PATIENCE: Duration = Duration::from_secs(180);

/// What is promised of a stop, and what nobody notices of a wake.
pub(crate) const PROMISED: Duration = Duration::from_secs(2);

/// Polls until `ready` gives something; panics with `what` when it never does.
pub(crate) fn wait_for<T>(what: &str, ready: impl FnMut() -> Option<T>) -> T {
    wait_within(PATIENCE, what, ready)
}

/// As [`wait_for`], for so long.
fn wait_within<T>(patience: Duration, what: &str, mut ready: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + patience;
    loop {
        if let Some(found) = ready() {
            return found;
        }
        assert!(Instant::now() < deadline, "never happened: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Polls until `ready` holds.
pub(crate) fn wait_until(what: &str, mut ready: impl FnMut() -> bool) {
    wait_for(what, || ready().then_some(()));
}
