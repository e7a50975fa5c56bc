//! Daemons: which live, and whether one is needed.

use projections::{schedule::Standing, time::Timestamp};

use super::{
    check::Check,
    ground::{Ground, VaultGround},
    words::{count, list, quoted, since},
};
use crate::{
    clock,
    daemon::{Life, Seen},
    vault::{OWN_DIR, health::PlanHealth, schedule},
};

const ID: &str = "daemons";

/// Which daemons live, and do they tick?
pub(super) fn living(ground: &Ground) -> Vec<Check> {
    let Some(found) = ground.vault() else {
        return Vec::new();
    };
    let daemons = match &found.daemons {
        Ok(daemons) => daemons,
        Err(error) => {
            let dir = found.vault.root().join(OWN_DIR).join("heartbeats");
            let remedy = format!("chmod u+rwx {}", quoted(dir));
            return vec![Check::warn(ID, error.told(), remedy)];
        }
    };
    let mut checks: Vec<Check> = daemons
        .iter()
        .filter_map(|seen| of(ground, found, seen))
        .collect();
    let gone = daemons
        .iter()
        .filter(|seen| seen.life == Life::Gone)
        .count();
    if gone > 0 {
        let left = count(gone, "heartbeat file");
        checks.push(Check::ok(
            ID,
            format!("{left} of daemons that are gone: the next one that starts clears up"),
        ));
    }
    checks
}

fn of(ground: &Ground, found: &VaultGround, seen: &Seen) -> Option<Check> {
    let beat = &seen.beat;
    let last = Timestamp::parse(&beat.last_tick).unwrap_or_default();
    let ticked = format!("its last tick was {}", since(ground.now, last));
    let pid = beat.pid;
    let tick = clock::millis(seen.tick.unwrap_or_else(|| found.tick())) / 1_000;
    let check = match seen.life {
        Life::Gone => return None,
        Life::Stopped => Check::warn(
            ID,
            format!("process {pid} is stopped and does nothing; {ticked}"),
            format!(
                "kill -CONT {pid}; or kill -KILL {pid}, and start another: {}",
                ground.start()
            ),
        ),
        Life::Runs if !found.is_fresh(seen, ground.now) => Check::warn(
            ID,
            format!("process {pid} runs and hangs: {ticked}, one is due every {tick} s"),
            format!(
                "kill {pid} (kill -KILL {pid} if it does not end within ten seconds), then {}; its plan goes on at the step where it stopped",
                ground.start()
            ),
        ),
        Life::Runs => Check::ok(ID, format!("process {pid} runs; {ticked}{}", work(seen))),
        Life::Unseen => Check::ok(
            ID,
            format!(
                "process {pid} of {} cannot be seen from here; {ticked}{}",
                beat.host,
                work(seen)
            ),
        ),
    };
    Some(check)
}

fn work(seen: &Seen) -> String {
    let Some(plan) = &seen.beat.active_plan else {
        return ", idle".to_owned();
    };
    let step = seen.beat.step.as_ref();
    let step = step.map_or_else(String::new, |step| format!(" ({step})"));
    let until = seen.beat.waiting_until.as_ref();
    let until = until.map_or_else(String::new, |until| format!(", waits until {until}"));
    format!(", at work on {plan}{step}{until}")
}

/// Is there one for every plan that waits for one?
pub(super) fn needed(ground: &Ground) -> Vec<Check> {
    let Some(found) = ground.vault() else {
        return Vec::new();
    };
    let waits = |plan: &PlanHealth| plan.is_approved() || plan.is_orphan();
    let unserved = |plan: &PlanHealth| waits(plan) && !found.is_served(&plan.id, ground.now);
    let waiting = found.plans_that(unserved);
    let lives = |seen: &Seen| matches!(seen.life, Life::Runs | Life::Unseen);
    let any = found
        .daemons
        .as_ref()
        .is_ok_and(|daemons| daemons.iter().any(lives));
    if !waiting.is_empty() {
        let what = format!("none ticks that would claim {}", list(&waiting));
        return vec![Check::warn(ID, what, ground.start())];
    }
    if any {
        return Vec::new();
    }
    // A schedule that cannot be read is told among the journals.
    let schedule = schedule::read(&found.vault).unwrap_or_default();
    let enabled = schedule
        .present()
        .filter(|job| job.standing == Standing::Enabled);
    let jobs: Vec<String> = enabled.map(|job| job.id.to_string()).collect();
    if !jobs.is_empty() {
        let what = format!("none runs that would keep the times of {}", list(&jobs));
        return vec![Check::warn(ID, what, ground.start())];
    }
    vec![Check::ok(ID, "none runs, and no plan waits for one")]
}
