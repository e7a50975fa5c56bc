//! All orders of what runners and operators can do, to a depth.

mod plan;
mod search;

use clap::Args;

use self::{
    plan::Machine,
    search::{Bounds, Model, explore},
};
use crate::{Figures, Told};

/// How much is tried.
#[derive(Clone, Debug, Args)]
pub struct Arguments {
    /// Deeds in a row on the plan machine, from every place on the good way of each plan
    #[arg(long, default_value_t = 3)]
    depth: u32,
    /// Of so many states of the plan machine one is replayed from its frames and led to its end
    #[arg(long, default_value_t = 4)]
    close: u32,
    /// Threads
    #[arg(long, default_value_t = 2)]
    threads: usize,
}

/// Tries it.
///
/// # Errors
/// Those of the lab itself.
pub fn run(arguments: &Arguments) -> Told {
    let mut figures = Figures::of("explore");
    let bounds = Bounds {
        depth: arguments.depth,
        threads: arguments.threads,
    };
    let machine = Machine::new(arguments.close, true);
    search_into(&mut figures, &machine, bounds);
    Ok(figures)
}

fn search_into<M: Model>(figures: &mut Figures, model: &M, bounds: Bounds) {
    let seen = explore(model, bounds);
    figures.add("states", seen.states);
    figures.add("transitions", seen.transitions);
    figures.add("refused", seen.refused);
    figures.add("deep", u64::from(seen.depth));
    seen.broken
        .into_iter()
        .for_each(|finding| figures.broken(finding));
}
