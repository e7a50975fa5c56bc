//! The crash lab's command line.

use std::{
    io::{self, Write},
    process::ExitCode,
};

use clap::{Parser, Subcommand};
use crashlab::{Figures, Told, damage, explore, kill, race, sim};

/// Break everything that can break, and see the promises hold
///
/// Each experiment prints one line of figures and ends with exit code 1 if a promise was seen broken.
#[derive(Debug, Parser)]
#[command(name = "crashlab", version)]
struct Arguments {
    /// Print the figures as JSON
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    experiment: Experiment,
}

#[derive(Debug, Subcommand)]
enum Experiment {
    /// Run whole plans on a simulated disk and cut the power at every step
    Sim(sim::Arguments),
    /// Kill real daemons at random while operators are at work
    Kill(kill::Arguments),
    /// Let many daemons and commands race for the same plans
    Race(race::Arguments),
    /// Damage journals in every way and see it noticed
    Damage(damage::Arguments),
    /// Try all orders of what runners and operators can do, to a depth
    Explore(explore::Arguments),
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(&arguments.experiment) {
        Ok(figures) => tell(&figures, arguments.json),
        Err(why) => {
            eprintln!("error: {why}");
            ExitCode::FAILURE
        }
    }
}

fn run(experiment: &Experiment) -> Told {
    match experiment {
        Experiment::Sim(arguments) => sim::run(arguments),
        Experiment::Kill(arguments) => kill::run(arguments),
        Experiment::Race(arguments) => race::run(arguments),
        Experiment::Damage(arguments) => damage::run(arguments),
        Experiment::Explore(arguments) => explore::run(arguments),
    }
}

fn tell(figures: &Figures, json: bool) -> ExitCode {
    let text = if json {
        figures.to_json().to_string()
    } else {
        figures.to_string()
    };
    // A reader that has gone needs no figures.
    let _ = writeln!(io::stdout(), "{text}");
    if figures.findings().is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
