//! All orders of what runners and operators can do, to a depth.
//!
//! ```text
//!  claims  the protocol of lease, claim, epoch and append among processes ── real store, real rules, simulated disk
//!  turns   the append path, every call on the disk a place where another may come between
//!  plan    the plan machine: every sequence of deeds of runners, models, tools, operators and time
//! ```
//!
//! Two flaws are built in on purpose, a runner without a fence and a disk without locks; a run that does not find them
//! is broken itself.

mod artifacts;
mod claims;
mod plan;
mod search;

use clap::Args;

use self::{
    claims::{Protocol, turns},
    plan::Machine,
    search::{Bounds, Seen, explore},
};
use crate::{Figures, Told};

/// How much is tried.
#[derive(Clone, Debug, Args)]
pub struct Arguments {
    /// Deeds in a row on the plan machine, from every place on the good way of each plan
    #[arg(long, default_value_t = 3)]
    depth: u32,
    /// Steps in a row of two claiming processes, of three one fewer, from every place on the way of one alone
    #[arg(long, default_value_t = 4)]
    steps: u32,
    /// How often one process may take the turn from another in the middle of an append
    #[arg(long, default_value_t = 1)]
    preemptions: u32,
    /// Of so many states one is replayed from its frames and led to its end
    #[arg(long, default_value_t = 4)]
    close: u32,
    /// Threads
    #[arg(long, default_value_t = 2)]
    threads: usize,
}

/// How much deeper a search goes in which leases are stolen and nothing else happens.
const THIEVES: u32 = 3;

/// Tries it.
///
/// # Errors
/// Those of the lab itself.
pub fn run(arguments: &Arguments) -> Told {
    let mut figures = Figures::of("explore");
    let bounds = |depth| Bounds {
        depth,
        threads: arguments.threads,
    };
    for (processes, fewer) in [(2, 0), (3, 1)] {
        let protocol = Protocol::of(processes, 16 * arguments.close);
        let seen = explore(&protocol, bounds(arguments.steps.saturating_sub(fewer)));
        let names = ["states of processes", "steps of processes", "steps deep"];
        take(&mut figures, names, seen);
    }
    let deep = bounds(arguments.steps + THIEVES);
    let names = [
        "states of processes",
        "steps of processes",
        "steps deep among thieves",
    ];
    take(&mut figures, names, explore(&Protocol::of_thieves(), deep));
    let seen = explore(&Protocol::without_a_fence(), deep);
    found(&mut figures, "runner without a fence", &seen.broken);
    raced(&mut figures, arguments.preemptions)?;
    let machine = Machine::new(arguments.close, true);
    let seen = explore(&machine, bounds(arguments.depth));
    let names = ["states of plans", "deeds on plans", "deeds deep"];
    take(&mut figures, names, seen);
    Ok(figures)
}

fn take(figures: &mut Figures, [states, moves, deep]: [&'static str; 3], seen: Seen) {
    figures.add(states, seen.states);
    figures.add(moves, seen.transitions);
    figures.add("refused", seen.refused);
    let deeper = u64::from(seen.depth).saturating_sub(figures.count(deep));
    figures.add(deep, deeper);
    let broken = seen.broken.into_iter();
    broken.for_each(|finding| figures.broken(finding));
}

fn raced(figures: &mut Figures, preemptions: u32) -> Result<(), String> {
    let tried = turns::race(preemptions, true)?;
    figures.add("schedules of appends", tried.schedules);
    figures.add("turns", tried.turns);
    let broken = tried.broken.into_iter();
    broken.for_each(|finding| figures.broken(finding));
    let unlocked = turns::race(preemptions, false)?;
    found(figures, "disk without locks", &unlocked.broken);
    Ok(())
}

/// A flaw that was built in must be seen.
fn found(figures: &mut Figures, flaw: &str, seen: &[String]) {
    if seen.is_empty() {
        figures.broken(format!("the lab does not see a {flaw}"));
    } else {
        figures.add("flaws built in and seen", 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_runner_without_a_fence_is_seen() {
        let bounds = Bounds {
            depth: 7,
            threads: 2,
        };
        let seen = explore(&Protocol::without_a_fence(), bounds).broken;
        let told = |finding: &String| finding.contains("wrote under the claim of");
        assert!(seen.iter().any(told), "{seen:?}");
    }

    #[test]
    fn a_disk_without_locks_is_seen_and_one_with_locks_is_whole() {
        let seen = turns::race(1, false).expect("the lab runs").broken;
        assert!(!seen.is_empty());
        let whole = turns::race(0, true).expect("the lab runs");
        assert_eq!(whole.broken, Vec::<String>::new());
    }

    #[test]
    fn from_every_place_on_the_good_way_a_plan_comes_to_its_end() {
        let bounds = Bounds {
            depth: 1,
            threads: 2,
        };
        let seen = explore(&Machine::new(1, true), bounds);
        assert_eq!(seen.broken, Vec::<String>::new());
        assert!(seen.states > 500, "{}", seen.states);
    }
}
