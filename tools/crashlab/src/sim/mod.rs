//! Whole plans on a simulated disk that loses power at every step.
//!
//! ```text
//!  scenario ─▶ the product's own runner ─▶ mirrored disk ──each step──▶ what a power cut would leave, drawn by lot
//!                                                                          │
//!     acknowledged frames · the fold · files · epochs · caps  ◀─ recover ◀─┘  (and again: nothing to do)
//! ```

mod examiner;
mod expected;
mod ground;
mod mirror;
mod point;
mod recording;
mod recovery;
mod scenario;
mod slots;
mod spoken;

use std::sync::{Arc, mpsc::sync_channel};

use clap::Args;
use modulatio_tools::fake_model::FakeModel;

use crate::{Figures, Told};
use examiner::{Examiners, Survivor};
use recording::Life;
use scenario::Scenario;

/// How much is tried.
#[derive(Clone, Debug, Args)]
pub struct Arguments {
    /// Crash points, each another disk left by a power cut, that are recovered and examined
    #[arg(long, default_value_t = 100_000, value_parser = clap::value_parser!(u64).range(1..))]
    points: u64,
    /// Where the lots begin
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Only this scenario
    #[arg(long)]
    scenario: Option<String>,
    /// Threads that examine
    #[arg(long, default_value_t = 2)]
    threads: usize,
}

/// Points that may wait for being examined.
const WAITING: usize = 64;

/// Tries it.
///
/// # Errors
/// Those of the lab itself, and a life that does not end as it should although nothing crashed.
pub fn run(arguments: &Arguments) -> Told {
    println!("seed {}", arguments.seed);
    let chosen: Vec<Scenario> = scenario::ALL
        .into_iter()
        .filter(|scenario| {
            arguments
                .scenario
                .as_deref()
                .is_none_or(|name| name == scenario.name)
        })
        .collect();
    if chosen.is_empty() {
        let names = scenario::ALL.map(|scenario| scenario.name).join(", ");
        return Err(format!("there is no such scenario; there are: {names}"));
    }
    let mut figures = Figures::of("sim");
    for round in 0.. {
        for scenario in &chosen {
            let left = arguments
                .points
                .saturating_sub(figures.count("crash points"));
            if left == 0 {
                return Ok(figures);
            }
            let share = left.min(arguments.points.div_ceil(chosen.len() as u64));
            figures.join(one(scenario, arguments, round, share)?);
        }
    }
    Ok(figures)
}

/// One life of one scenario, and all its deaths.
fn one(scenario: &Scenario, arguments: &Arguments, round: u64, most: u64) -> Told {
    let mut figures = Figures::of("sim");
    let model = || {
        let model = FakeModel::start(scenario.script());
        model
            .map(Arc::new)
            .map_err(|error| format!("no model: {error}"))
    };
    // Who goes on asks another one, so that each life can be listened to.
    let (model, other) = (model()?, model()?);
    let seed = arguments.seed.wrapping_mul(1_000).wrapping_add(round);
    let (out, points) = sync_channel(WAITING);
    let (undisturbed, steps) = undisturbed(scenario, &model)?;
    // Spread over all of a life; some disks are drawn twice.
    let rate = most as f64 / steps.max(1) as f64;
    let examiners = Examiners::start(
        arguments.threads,
        points,
        most,
        Survivor {
            scenario: *scenario,
            undisturbed: undisturbed.clone(),
            asks: [model.base_url(), other.base_url()],
        },
    )?;
    let recorded = recording::record(scenario, &model, seed, rate, out)?;
    figures.join(examiners.ended()?);
    if recorded.life != undisturbed {
        figures.broken(format!(
            "{}: two lives differ: {:?}",
            scenario.name, recorded.life
        ));
    }
    recorded
        .faults
        .into_iter()
        .for_each(|fault| figures.broken(fault));
    figures.add("lives", 1);
    figures.add("steps at which the power was cut", recorded.cut as u64);
    Ok(figures)
}

/// What becomes of the plan on an ordinary disk, and how many changes of it that takes.
fn undisturbed(scenario: &Scenario, model: &Arc<FakeModel>) -> Result<(Life, usize), String> {
    let (out, points) = sync_channel(1);
    drop(points);
    let recorded = recording::record(scenario, model, 0, 0.0, out)?;
    let life = recorded.life;
    if life.status == scenario.ends {
        Ok((life, recorded.steps))
    } else {
        Err(format!(
            "{} ended as {}, not as {}",
            scenario.name, life.status, scenario.ends
        ))
    }
}
