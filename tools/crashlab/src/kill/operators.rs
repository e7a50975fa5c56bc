//! Operators at work: commands, some of which are killed, and edits by hand.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use super::{Ground, hands};
use crate::{
    Figures,
    ground::{Ran, ran},
};

/// One plan in so many may be ended by each operator.
const PLANS_AN_END: usize = 6;

/// Says and edits until it is to stop; returns what was done.
pub(super) fn meddle(
    ground: &Ground,
    mut chance: fastrand::Rng,
    stop: &AtomicBool,
) -> Result<Figures, String> {
    let mut figures = Figures::of("kill");
    let mut ends = ground.plans.len() / PLANS_AN_END;
    while !stop.load(Ordering::Relaxed) {
        // Who has ended enough plans lets the others live.
        let ending = ends > 0 && chance.u32(0..20) == 0;
        if ending {
            ends -= usize::from(end(ground, &mut chance, &mut figures)?);
        } else {
            act(ground, &mut chance, &mut figures)?;
        }
        std::thread::sleep(Duration::from_millis(chance.u64(0..120)));
    }
    Ok(figures)
}

/// Ends a plan, if that is granted.
fn end(ground: &Ground, chance: &mut fastrand::Rng, figures: &mut Figures) -> Result<bool, String> {
    let Some(plan) = chance.choice(&ground.plans) else {
        return Ok(false);
    };
    let words: &[&str] = match chance.u32(0..5) {
        0 => &["decline", plan],
        1 | 2 => &["cancel", plan],
        _ => &["cancel", plan, "--force"],
    };
    say(ground, words, chance, figures)
}

fn act(ground: &Ground, chance: &mut fastrand::Rng, figures: &mut Figures) -> Result<(), String> {
    let Some(plan) = chance.choice(&ground.plans) else {
        return Ok(());
    };
    let edited = match chance.u32(0..100) {
        0..15 => hands::edit_plan(ground, plan, chance),
        15..35 => hands::answer_ticket(ground, "approved", chance),
        _ => return command(ground, plan, chance, figures),
    };
    figures.add("edits by hand", u64::from(edited));
    Ok(())
}

fn command(
    ground: &Ground,
    plan: &str,
    chance: &mut fastrand::Rng,
    figures: &mut Figures,
) -> Result<(), String> {
    let tokens = chance.u32(5_000..120_000).to_string();
    let words: &[&str] = match chance.u32(0..100) {
        0..40 => &["approve", plan],
        40..56 => &["pause", plan],
        56..76 => &["resume", plan],
        76..86 => &["edit-budget", plan, "--max-tokens", &tokens],
        86..96 => &["edit-budget", plan, "--max-tokens", "none"],
        96..99 => &["release", plan],
        _ => &["show", plan],
    };
    say(ground, words, chance, figures).map(drop)
}

/// Says it, and says whether it was granted. One command in six dies in the middle of it.
fn say(
    ground: &Ground,
    words: &[&str],
    chance: &mut fastrand::Rng,
    figures: &mut Figures,
) -> Result<bool, String> {
    let args = [&["plan"], words].concat();
    let mut command = ground.yard.command(&args);
    let dies = chance.u32(0..6) == 0;
    if dies {
        let point = chance.choice(["before-append", "after-append", "after-render"]);
        let fault = format!("kill-{}:1", point.unwrap_or("after-append"));
        command.env("MODULATIO_FAULT", fault);
    }
    let ran = ran(&mut command)?;
    figures.add("commands", 1);
    match (ran.signal, ran.code) {
        (Some(9), _) if dies => figures.add("commands killed", 1),
        (None, Some(0)) if words.contains(&"--force") => {
            figures.add("plans cancelled by force", 1);
        }
        (None, Some(0)) => {}
        (None, Some(6)) => figures.add("commands refused", 1),
        _ if is_busy(&ran) => figures.add("commands that met a stopped process", 1),
        _ => figures.broken(format!("modulatio {}: {ran:?}", args.join(" "))),
    }
    Ok(ran.code == Some(0))
}

/// A stopped daemon holds a claim lock, or lets go of nothing.
fn is_busy(ran: &Ran) -> bool {
    ran.code == Some(5) && ran.err.contains("has not let go of it yet")
        || ran.code == Some(1) && ran.err.contains(".lock was not free within")
}
