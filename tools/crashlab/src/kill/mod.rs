//! Real daemons, killed at random while operators are at work.
//!
//! ```text
//!  the lab's process                                      the machine
//!  ┌───────────────────────────┐   SIGKILL SIGSTOP …   ┌──────────────────┐
//!  │ loop: slots, chance, theft├──────────────────────▶│ daemons          ├──┐
//!  │ operators (two threads)   ├──── modulatio plan …─▶│ commands         │  │  one vault
//!  │                           ├──── edits of files ──▶│                  ◀──┘
//!  │ model server, its ledger  ◀───────────────────────┤ HTTP on loopback │
//!  └───────────────────────────┘                       └──────────────────┘
//!  then: until idle ▸ proof ▸ every ticket answered ▸ until idle ▸ proof
//! ```
//!
//! What falls by lot falls the same way again for the same seed; when the machine does what, does not.

mod calm;
mod chaos;
mod hands;
mod journals;
mod operators;
mod proof;
mod server;
mod shapes;
mod slot;
mod theft;

use std::path::PathBuf;

use clap::Args;
use modulatio_tools::fake_model::FakeModel;

use crate::{
    Figures, Told,
    ground::{Yard, find_modulatio},
};

/// How much is tried.
#[derive(Clone, Debug, Args)]
pub struct Arguments {
    /// Plans to run
    #[arg(long, default_value_t = 20)]
    pub plans: u32,
    /// Daemons over them
    #[arg(long, default_value_t = 4)]
    pub daemons: u32,
    /// Signals that are sent to daemons, and deaths at chosen frames
    #[arg(long, default_value_t = 300)]
    pub kills: u64,
    /// Sub-objectives of each plan
    #[arg(long, default_value_t = 6, value_parser = clap::value_parser!(u32).range(1..=24))]
    pub sub_objectives: u32,
    /// Where chance begins
    #[arg(long, default_value_t = 7)]
    pub seed: u64,
    /// The binary of the program [default: the one beside this]
    #[arg(long, value_name = "PATH")]
    pub modulatio: Option<PathBuf>,
    /// Work below this directory, and leave everything there
    #[arg(long, value_name = "DIR")]
    pub keep: Option<PathBuf>,
}

/// What all parts of the experiment share.
pub(crate) struct Ground {
    pub(crate) yard: Yard,
    pub(crate) model: FakeModel,
    pub(crate) plans: Vec<String>,
}

/// Kills and meddles, lets everything come to rest, and looks at what is left.
///
/// # Errors
/// Those of the lab itself: no binary, no room, a command that the lab needs and that fails.
pub fn run(arguments: &Arguments) -> Told {
    eprintln!("kill: seed {}", arguments.seed);
    let mut chance = fastrand::Rng::with_seed(arguments.seed);
    let modulatio = find_modulatio(arguments.modulatio.as_deref())?;
    let model = FakeModel::start(server::script(arguments.sub_objectives, &mut chance))
        .map_err(|e| format!("the model server does not start: {e}"))?;
    let config = server::config(&model);
    let yard = Yard::new(&modulatio, arguments.keep.as_deref(), &config)?;
    let mut ground = Ground {
        yard,
        model,
        plans: Vec::new(),
    };
    let told = experiment(arguments, &mut ground, &mut chance);
    let failed = told
        .as_ref()
        .map_or(true, |told| !told.findings().is_empty());
    if failed || arguments.keep.is_some() {
        let seed = arguments.seed;
        let dir = ground.yard.keep().display();
        eprintln!("kill: seed {seed}: everything is left in {dir}");
    }
    told
}

fn experiment(arguments: &Arguments, ground: &mut Ground, chance: &mut fastrand::Rng) -> Told {
    let mut figures = Figures::of("kill");
    figures.add("plans", u64::from(arguments.plans));
    for n in 0..arguments.plans {
        let text = shapes::plan(n, arguments.sub_objectives, chance);
        let plan = ground.yard.add("ESS", &text)?;
        // The others wait for somebody to think of them.
        if n % 3 < 2 {
            ground.yard.approve(&plan)?;
        }
        ground.plans.push(plan);
    }
    let chaos = chaos::run(arguments, ground, chance, &mut figures)?;
    calm::until_idle(ground, &mut figures)?;
    proof::at_rest(ground, &chaos, &mut figures)?;
    calm::answer_everything(ground, &mut figures)?;
    proof::ended(ground, &mut figures)?;
    proof::at_rest(ground, &chaos, &mut figures)?;
    proof::tally(ground, &mut figures)?;
    Ok(figures)
}
