//! Every way to damage a journal, and whether it is noticed.
//!
//! ```text
//!  sample: the real program in a vault ─▶ bytes ─▶ harm ─┬─▶ bench: the ways by which the program reads, in process
//!                                                        └─▶ programs: the real binaries, on a draw of it
//! ```
//!
//! The sample is made by the real program. Each harm says what it must be found as: at which frame, at which byte, by
//! which rules. What is damaged must be found so by every way of reading, is never written to, and holds up no other
//! plan.

mod backup;
mod bench;
mod blobs;
mod cuts;
mod expected;
mod flips;
mod frames;
mod odd;
mod programs;
mod sample;

use std::path::PathBuf;

use clap::Args;
use fastrand::Rng;

use crate::{Figures, Told};
use bench::Bench;
use sample::Sample;

/// How much is tried.
#[derive(Clone, Debug, Args)]
pub struct Arguments {
    /// Flipped bits that every way of reading is shown, drawn from all of them (which the journal's own reader is shown
    /// each); 0 means all
    #[arg(long, default_value_t = 600)]
    flips: u64,
    /// Removed, repeated and swapped frames, cuts, backups: of each kind so many, drawn from all; 0 means all
    #[arg(long, default_value_t = 60)]
    each: usize,
    /// Damaged vaults that the real binaries are run on
    #[arg(long, default_value_t = 6)]
    runs: usize,
    /// What is drawn from
    #[arg(long, default_value_t = 7)]
    seed: u64,
    /// Where the binaries are; beside this one if not given
    #[arg(long, value_name = "DIR")]
    binaries: Option<PathBuf>,
}

/// Makes a sample, and damages it in every way.
///
/// # Errors
/// Those of the lab itself.
pub fn run(arguments: &Arguments) -> Told {
    let sample = Sample::made(arguments.binaries.as_deref())?;
    let mut rng = Rng::with_seed(arguments.seed);
    let mut figures = Figures::of("damage");
    figures.add("seed", arguments.seed);
    figures.add("bytes of journal", sample.journal.len() as u64);
    figures.add("frames", sample.lines.len() as u64);
    match harms(arguments, &sample, &mut rng, &mut figures) {
        Ok(()) => Ok(figures),
        Err(why) => Err(format!("{why}; until then {figures}")),
    }
}

fn harms(
    arguments: &Arguments,
    sample: &Sample,
    rng: &mut Rng,
    figures: &mut Figures,
) -> Result<(), String> {
    let each = arguments.each;
    let mut bench = Bench::on(sample)?;
    bench.is_whole(figures);
    flips::exhaustive(sample, figures);
    flips::shown(&mut bench, arguments.flips, rng, figures);
    frames::all(&mut bench, each, rng, figures);
    cuts::all(&mut bench, each, rng, figures);
    backup::all(&mut bench, each, rng, figures)?;
    odd::all(&mut bench, figures)?;
    blobs::all(&mut bench, each, rng, figures)?;
    bench.is_whole(figures);
    programs::all(sample, arguments.runs, rng, figures)
}

/// So many of these, drawn; all of them for 0.
fn drawn<T>(mut all: Vec<T>, many: usize, rng: &mut Rng) -> Vec<T> {
    if many > 0 && many < all.len() {
        rng.shuffle(&mut all);
        all.truncate(many);
    }
    all
}
