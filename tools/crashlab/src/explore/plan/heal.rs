//! From here on all goes well: every call has a good answer, every question an answer that lets the plan go on. Then a
//! plan comes to its end, wherever it stood.

use modulatio::command::{Change, Command};
use projections::{event::Decision, plan::Status};

use super::{answers::Answer, deeds, work, world::World};

/// More deeds than any plan here needs.
const MOST: usize = 400;

/// Follows the good way until the end or until `known` says that the rest was gone already; tells each state's
/// fingerprint on the way.
///
/// # Errors
/// That the plan does not end, or a promise broken on the way.
pub(super) fn heal(start: &World, known: &mut dyn FnMut(&World) -> bool) -> Result<(), String> {
    let mut world = start.clone();
    for _ in 0..MOST {
        if world.plan.status.name().is_terminal() || known(&world) {
            return ended(start, &world);
        }
        go_on(&mut world)?;
    }
    Err(format!(
        "left in peace, the plan does not end: {:?}",
        world.plan.status
    ))
}

fn ended(start: &World, world: &World) -> Result<(), String> {
    let had_ended = start.plan.status.name().is_terminal();
    let ended_badly = world.plan.status.name().is_terminal() && world.plan.status != Status::Done;
    if ended_badly && !had_ended {
        return Err(format!(
            "with good answers only, the plan ended as {:?}",
            world.plan.status
        ));
    }
    Ok(())
}

fn go_on(world: &mut World) -> Result<(), String> {
    match world.plan.status {
        Status::Paused { .. } if world.flying.is_empty() => {
            deeds::cap(world, Change::Set(deeds::HIGH))?;
            if world.plan.items.is_err() {
                must(deeds::write_body(world)?, "given a list by hand")?;
            }
            must(
                deeds::operator(
                    world,
                    &Command::Resume {
                        note: String::new(),
                    },
                )?,
                "resumed",
            )
        }
        Status::Draft if !world.plan.is_being_drafted() && !world.runs => draft(world),
        _ => work(world),
    }
}

fn draft(world: &mut World) -> Result<(), String> {
    deeds::cap(world, Change::Set(deeds::HIGH))?;
    if world.plan.open_tickets().next().is_some() {
        let mut tickets = world
            .plan
            .tickets
            .values()
            .filter(|ticket| ticket.is_open());
        let at = tickets
            .position(|ticket| !ticket.for_information)
            .unwrap_or(0);
        return must(
            deeds::decide(world, at, Decision::Approved)?,
            "approved by its ticket",
        );
    }
    if world
        .plan
        .items
        .as_ref()
        .is_ok_and(|items| !items.is_empty())
    {
        return must(
            deeds::operator(
                world,
                &Command::Approve {
                    note: String::new(),
                },
            )?,
            "approved",
        );
    }
    must(deeds::operator(world, &deeds::redraft())?, "drafted again")
}

/// One move of a runner, or of the tick that finds it one.
fn work(world: &mut World) -> Result<(), String> {
    if !world.runs {
        return must(deeds::claim(world)?, "claimed");
    }
    let due = modulatio::effect::due(&world.plan, world.now, world.setting.policy.parallel);
    for at in 0..due.effects.len() {
        if work::begin(world, at)? {
            return Ok(());
        }
    }
    if !world.flying.is_empty() {
        work::hear(world, 0, &Answer::Good)?;
        if world.flying.is_empty() && !world.plan.is_at_work() {
            world.runs = false;
        }
        return Ok(());
    }
    must(deeds::wait(world)?, "worked on, and waits for nothing")
}

fn must(was: bool, what: &str) -> Result<(), String> {
    if was {
        Ok(())
    } else {
        Err(format!("the plan cannot be {what}"))
    }
}
