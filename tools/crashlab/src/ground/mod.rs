//! What the experiments with real processes stand on: a vault in a directory of its own, the real binary in it, and
//! what the journals say.

mod history;
mod leftovers;
mod process;
pub(crate) mod words;
mod yard;

pub(crate) use history::History;
pub(crate) use leftovers::{held, hold, is_held, temporary};
pub(crate) use process::{Daemon, Ended, Signal};
pub(crate) use yard::{Ran, Yard, find_modulatio, ran};

use std::time::{Duration, Instant};

/// Longest that anything may take that should take milliseconds, on a machine that is busy with other things.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// Polls until `ready` holds; says whether it did in time.
pub(crate) fn in_time(patience: Duration, mut ready: impl FnMut() -> bool) -> bool {
    let deadline = Instant::now() + patience;
    while !ready() {
        if Instant::now() > deadline {
            return false;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    true
}
