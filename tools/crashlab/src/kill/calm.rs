//! After the chaos: daemons that nobody harms, and a person who answers everything.

use projections::{event::PauseReason, plan::Status};

use super::Ground;
use crate::{
    Figures,
    ground::{Daemon, Ended, PATIENCE},
};

/// Daemons at the same time.
const DAEMONS: usize = 2;

/// As old as a leftover must be to be put away, and more.
const LATER: i64 = 120;

/// Rounds of answers that a plan may need: each lets at least one sub-objective be finished.
const ROUNDS: u32 = 80;

/// Lets undisturbed daemons run until nothing is left to do, an hour of the clock's later each time.
pub(super) fn until_idle(ground: &mut Ground, figures: &mut Figures) -> Result<(), String> {
    ground.yard.pass(LATER)?;
    let mut daemons = Vec::new();
    for n in 0..DAEMONS {
        let name = format!("calm-{}-{n}.log", ground.yard.passed());
        daemons.push(Daemon::start(&ground.yard, &name, &["--until-idle"], &[])?);
    }
    for mut daemon in daemons {
        let mut quiet = 0;
        let mut said = 0;
        // So long as it goes on saying something, it works.
        let ended = loop {
            match daemon.wait() {
                Some(ended) => break Some(ended),
                None if daemon.log().len() == said => quiet += 1,
                None => (quiet, said) = (0, daemon.log().len()),
            }
            if quiet > 2 {
                break None;
            }
        };
        let log = daemon.log_file().display();
        match ended {
            Some(Ended::Code(0)) => {}
            Some(ended) => figures.broken(format!("a daemon ended with {ended:?}: {log}")),
            None => figures.broken(format!(
                "a daemon never came to rest ({} s without a word): {log}",
                2 * PATIENCE.as_secs()
            )),
        }
    }
    Ok(())
}

/// Lifts every cap, approves everything, and lets it run, until every plan has ended.
pub(super) fn answer_everything(ground: &mut Ground, figures: &mut Figures) -> Result<(), String> {
    for _ in 0..ROUNDS {
        let mut waits = false;
        for plan in ground.plans.clone() {
            waits |= answer(ground, &plan)?;
        }
        if !waits {
            return Ok(());
        }
        figures.add("rounds of answers", 1);
        until_idle(ground, figures)?;
    }
    Ok(())
}

/// Says whether the plan waited for an answer.
fn answer(ground: &Ground, plan: &str) -> Result<bool, String> {
    let status = ground.yard.history(plan)?.plan.status;
    match status {
        Status::Paused {
            reason: PauseReason::Budget,
            ..
        } => {
            let unlimited = ["plan", "edit-budget", plan, "--max-tokens", "none"];
            ground.yard.must(&unlimited)?;
        }
        Status::Draft | Status::Paused { .. } | Status::Approved | Status::Executing { .. } => {}
        Status::Declined | Status::Cancelled { .. } | Status::Aborted | Status::Done => {
            return Ok(false);
        }
    }
    // Refused where the file's edit has approved it in the same moment, or where it asks again.
    ground.yard.run(&["plan", "approve", plan])?;
    Ok(true)
}
