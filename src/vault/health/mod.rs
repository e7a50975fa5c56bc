//! What can be told of a vault that may be broken in any way: for `modulatio doctor`. Nothing here needs what it looks
//! at, and nothing changes the vault but one probe file, which is removed.
//!
//! | file          | what it looks at                                                            |
//! | ------------- | --------------------------------------------------------------------------- |
//! | `plans.rs`    | every plan: its journal verified, its lease and its lock, where it stands   |
//! | `journals.rs` | every journal of the vault's own below `.modulatio`                         |
//! | `access.rs`   | who else may read or write what the vault keeps, and whose it is            |
//! | `disk.rs`     | the file system: which kind, how full                                       |
//! | `probe.rs`    | what the file system can do, by trying                                      |

mod access;
mod disk;
mod journals;
mod plans;
mod probe;

pub use access::{Access, Exposed, Kept, access};
pub use disk::{Disk, disk};
pub use journals::{OwnJournal, own_journals};
pub use plans::{Claim, Journal, PlanHealth, Standing, examine};
pub use probe::{Act, Probed, probe};

use std::{path::Path, time::Duration};

use journal::disk::{Access as Open, LockKind};

/// Tries for a lock that is held for the moment of one append, and the pause between two.
const TRIES: u32 = 25;
const PAUSE: Duration = Duration::from_millis(20);

/// Whether somebody holds the lock file at `path` for longer than any append takes. Makes no file.
fn is_stuck(disk: &dyn journal::Disk, path: &Path) -> bool {
    let Ok(file) = disk.open(path, Open::Read) else {
        return false;
    };
    for _ in 0..TRIES {
        match file.try_lock(LockKind::Shared) {
            Ok(true) => {
                // Closing it frees it as well.
                let _ = file.unlock();
                return false;
            }
            Ok(false) => std::thread::sleep(PAUSE),
            // Whether locks work at all is the probe's to tell.
            Err(_) => return false,
        }
    }
    true
}
