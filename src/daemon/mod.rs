//! The daemon: the edge that acts. It ticks, claims one plan at a time, performs what is due, and reports every
//! outcome back as a command.
//!
//! ```text
//!  clockwork ─▶ slots of the schedule, each a plan (also while another plan runs)
//!  watcher ─▶ wake ─┐
//!  tick (30 s) ─────┼─▶ scan ─▶ runnable plans ─▶ claim (lease, then append) ─▶ execute: due ▸ perform ▸ report
//!  signals ─────────┘                                   └ lost the race: the next one     └ until nothing is due
//! ```

mod artifacts;
mod beat;
mod bench;
mod call;
mod claim;
mod clockwork;
mod day;
mod endpoints;
mod execute;
mod foreground;
mod identity;
mod lives;
mod memory;
mod orders;
mod price;
mod probe;
mod provider;
mod reach;
mod report;
mod room;
mod shutdown;
mod speak;
mod team;
mod tick;
mod tools;
mod unit;

use std::time::Duration;

use projections::ids::ProjectCode;

pub use beat::{heartbeat_differences, heartbeats, rebuild_heartbeats};
pub use bench::{find_sandbox, unusable};
pub use foreground::{LetGo, draft, run_plan};
pub use identity::Identity;
pub use lives::{Life, Seen, daemons, holders, life, life_of, variable};
pub use memory::Memory;
pub use orders::Orders;
pub use probe::{Answered, KeyState, Probe, Unanswered};
pub use reach::{Reached, reach};
pub use shutdown::Shutdown;
pub use tick::run;
pub use unit::{Places, SHIPPED, Unit, version_of};

/// What an operator may choose.
#[derive(Clone, Debug)]
pub struct Options {
    /// Between two ticks; the configuration's if `None`.
    pub tick: Option<Duration>,
    /// Only this project's plans.
    pub project: Option<ProjectCode>,
    /// End when nothing is left to run.
    pub until_idle: bool,
}
