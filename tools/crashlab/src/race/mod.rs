//! Many daemons and many commands on the same plans.
//!
//! ```text
//!  fleet:    N daemons ─▶ 200 approved plans, and some that cannot be run   each plan executed once, the work shared
//!  writers:  16 commands at a time, an editor, a daemon ─▶ one plan         each word one frame, or a reason why not
//!  adders:   16 commands at a time ─▶ one project                           each plan has a number of its own
//! ```

mod adders;
mod editor;
mod fleet;
mod line;
mod obstacles;
mod writers;

use std::path::PathBuf;

use clap::Args;

use crate::{
    Figures, Told,
    ground::{Yard, find_modulatio},
};

/// How much is tried.
#[derive(Clone, Debug, Args)]
pub struct Arguments {
    /// Sizes of the fleets that are tried one after the other
    #[arg(long, value_delimiter = ',', default_value = "2,4,8")]
    pub daemons: Vec<u32>,
    /// Approved plans for each fleet
    #[arg(long, default_value_t = 200)]
    pub plans: u32,
    /// Commands at the same time
    #[arg(long, default_value_t = 16)]
    pub writers: u32,
    /// Plans that they hammer on, one after the other
    #[arg(long, default_value_t = 12)]
    pub rounds: u32,
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

/// Lets them race, one kind of race after the other.
///
/// # Errors
/// Those of the lab itself: no binary, no room, a command that the lab needs and that fails.
pub fn run(arguments: &Arguments) -> Told {
    eprintln!("race: seed {}", arguments.seed);
    let mut chance = fastrand::Rng::with_seed(arguments.seed);
    let mut figures = Figures::of("race");
    for daemons in &arguments.daemons {
        let slow = "models:\n  m: {provider: rehearsal, delay: 4ms}\nteam: {leader: m}\n";
        on_a_yard(arguments, slow, &mut figures, |yard, figures| {
            fleet::race(yard, *daemons, arguments.plans, figures)
        })?;
    }
    for round in 0..arguments.rounds {
        let slow = "models:\n  m: {provider: rehearsal, delay: 30ms}\nteam: {leader: m}\n";
        on_a_yard(arguments, slow, &mut figures, |yard, figures| {
            writers::race(yard, arguments.writers, round, &mut chance, figures)
        })?;
    }
    on_a_yard(arguments, "", &mut figures, |yard, figures| {
        adders::race(yard, arguments.writers, figures)
    })?;
    Ok(figures)
}

/// A race in a vault of its own, which is left where it is when a promise was seen broken.
fn on_a_yard(
    arguments: &Arguments,
    config: &str,
    figures: &mut Figures,
    race: impl FnOnce(&mut Yard, &mut Figures) -> Result<(), String>,
) -> Result<(), String> {
    let modulatio = find_modulatio(arguments.modulatio.as_deref())?;
    let config = format!("{config}daemon: {{tick_seconds: 1}}\nembedder: lexical\n");
    let mut yard = Yard::new(&modulatio, arguments.keep.as_deref(), &config)?;
    let before = figures.findings().len();
    let raced = race(&mut yard, figures);
    if raced.is_err() || figures.findings().len() > before || arguments.keep.is_some() {
        let seed = arguments.seed;
        eprintln!("race: seed {seed}: left in {}", yard.keep().display());
    }
    raced
}
