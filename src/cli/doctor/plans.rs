//! Plans: who holds them, which have lost their runner, which wait for a person.

use journal::LeaseNote;
use projections::{plan::Status, time::Timestamp};

use super::{
    check::{Check, capped},
    ground::{Ground, VaultGround},
    words::{count, list, quoted, since},
};
use crate::{
    daemon::{self, Life},
    vault::health::{Claim, Journal, PlanHealth},
};

/// Who holds which lease?
pub(super) fn leases(ground: &Ground) -> Vec<Check> {
    let id = "leases";
    let Some(found) = ground.vault() else {
        return Vec::new();
    };
    let mut checks: Vec<Check> = found
        .plans
        .iter()
        .filter_map(|plan| lease(ground, plan))
        .collect();
    let stale = found.plans_that(|plan| plan.lease == Claim::Stale).len();
    let left = format!(
        "{} of former runners, whose locks are free: nothing needs deleting",
        count(stale, "lease file")
    );
    match (checks.is_empty(), stale) {
        (true, 0) => checks.push(Check::ok(id, "nobody executes a plan")),
        (true, _) => checks.push(Check::ok(id, format!("nobody executes a plan; {left}"))),
        (false, 0) => {}
        (false, _) => checks.push(Check::ok(id, left)),
    }
    checks
}

fn lease(ground: &Ground, plan: &PlanHealth) -> Option<Check> {
    match &plan.lease {
        Claim::Free | Claim::Stale => None,
        Claim::Held(note) => Some(held(ground, plan, note)),
        Claim::Unreadable(why) => Some(Check::warn(
            "leases",
            format!("{}: {why}", plan.id),
            format!("chmod u+rw {0}; ls -l {0}", quoted(&plan.lease_file)),
        )),
    }
}

fn held(ground: &Ground, plan: &PlanHealth, note: &LeaseNote) -> Check {
    let id = "leases";
    let says = words(plan, note);
    let holders = daemon::holders(&plan.lease_file);
    let (life, pid) = match (daemon::life(&note.holder), holders.first()) {
        // Who is not named, or is named by another machine's name, is seen by the lock.
        ((Life::Unseen, _), Some(pid)) => (daemon::life_of(*pid), Some(*pid)),
        (named, _) => named,
    };
    let pid = pid.map_or_else(|| "PID".to_owned(), |pid| pid.to_string());
    let done = progress(ground.now, plan);
    match life {
        Life::Runs => Check::ok(id, format!("{says}; process {pid} runs{done}")),
        Life::Unseen => Check::ok(
            id,
            format!("{says}; that process cannot be seen from here{done}"),
        ),
        Life::Stopped => Check::warn(
            id,
            format!("{says}; process {pid} is stopped and does nothing"),
            format!(
                "kill -CONT {pid}; or kill -KILL {pid}, and the next tick of another daemon goes on with the plan"
            ),
        ),
        Life::Gone => Check::warn(
            id,
            format!("{says}; that process is gone, and another holds the lease all the same"),
            match holders.first() {
                Some(other) => format!("kill {other}"),
                None => format!(
                    "fuser -v {}, then end the process that it names",
                    quoted(&plan.lease_file)
                ),
            },
        ),
    }
}

fn words(plan: &PlanHealth, note: &LeaseNote) -> String {
    let holder = note.who();
    match Timestamp::parse(&note.since) {
        Ok(at) => format!(
            "{} is held by {holder} since {at}, epoch {}",
            plan.id, note.epoch
        ),
        Err(_) => format!("{} is held by {holder}", plan.id),
    }
}

fn progress(now: Timestamp, plan: &PlanHealth) -> String {
    let last = plan
        .standing
        .as_ref()
        .and_then(|standing| standing.last_progress);
    last.map_or_else(String::new, |at| {
        format!(", last step completed {}", since(now, at))
    })
}

/// Is a lock held for longer than a moment?
pub(super) fn locks(ground: &Ground) -> Vec<Check> {
    let id = "locks";
    let Some(found) = ground.vault() else {
        return Vec::new();
    };
    let of_plans = found
        .plans
        .iter()
        .filter(|plan| plan.is_stuck)
        .map(|plan| plan.lock_file.clone());
    let own = found.journals.iter().filter(|journal| journal.is_stuck);
    let own = own.map(|journal| {
        journal
            .path
            .to_string_lossy()
            .replace(".journal.jsonl", ".lock")
            .into()
    });
    let stuck: Vec<std::path::PathBuf> = of_plans.chain(own).collect();
    if stuck.is_empty() {
        return vec![Check::ok(
            id,
            "no claim lock is held for longer than an append takes",
        )];
    }
    let check = |path: &std::path::PathBuf| {
        let holders = daemon::holders(path);
        let by = match holders.is_empty() {
            true => String::new(),
            false => format!(" by process {}", list(&holders)),
        };
        let found = format!(
            "{} is held{by} for longer than an append takes: nobody can write to its journal",
            path.display()
        );
        let remedy = match holders.first() {
            Some(pid) => format!(
                "kill -CONT {pid}; if that does not free it, kill -KILL {pid}. Never delete the file"
            ),
            None => format!(
                "fuser -v {}, then kill -CONT or kill -KILL the process that it names. Never delete the file",
                quoted(path)
            ),
        };
        Check::warn(id, found, remedy)
    };
    stuck.iter().map(check).collect()
}

/// Does a plan execute without a runner?
pub(super) fn orphans(ground: &Ground) -> Vec<Check> {
    let id = "orphans";
    let Some(found) = ground.vault() else {
        return Vec::new();
    };
    let is_served = |plan: &PlanHealth| found.is_served(&plan.id, ground.now);
    let served = found.plans_that(|plan| plan.is_orphan() && is_served(plan));
    let lost = found.plans_that(|plan| plan.is_orphan() && !is_served(plan));
    let mut checks = Vec::new();
    if !served.is_empty() {
        let what = format!(
            "executing and held by nobody: {}; a daemon's next tick goes on at the step where it stopped",
            list(&served)
        );
        checks.push(Check::ok(id, what));
    }
    if !lost.is_empty() {
        let what = format!(
            "executing and held by nobody: {}; no daemon ticks that would go on",
            list(&lost)
        );
        checks.push(Check::warn(id, what, ground.start()));
    }
    if checks.is_empty() {
        checks.push(Check::ok(id, "no plan executes without a runner"));
    }
    checks
}

/// Is a plan set aside because its runners were lost again and again?
pub(super) fn quarantine(ground: &Ground) -> Vec<Check> {
    let id = "quarantine";
    let Some(found) = ground.vault() else {
        return Vec::new();
    };
    let set_aside: Vec<&PlanHealth> = found
        .plans
        .iter()
        .filter(|plan| plan.is_quarantined())
        .collect();
    if set_aside.is_empty() {
        return vec![Check::ok(id, "no plan is in quarantine")];
    }
    let check = |plan: &&PlanHealth| {
        let why = match plan.standing.as_ref().map(|standing| &standing.status) {
            Some(Status::Paused { note, .. }) => note.as_str(),
            _ => "",
        };
        let program = &ground.program;
        let look = plan
            .standing
            .as_ref()
            .and_then(|standing| standing.tickets.first());
        let look = match look {
            Some(ticket) => format!("{program} ticket show {ticket}"),
            None => format!("{program} replay {}", plan.id),
        };
        let (plan, found) = (&plan.id, format!("{} is paused: {why}", plan.id));
        let remedy = format!(
            "{look}, and the daemon's log; then {program} project resume {plan}, or {program} plan decline {plan}"
        );
        Check::warn(id, found, remedy)
    };
    let all = format!("{} ticket list", ground.program);
    capped(set_aside.iter().map(check).collect(), &all)
}

/// What waits for an answer? That is no fault.
pub(super) fn tickets(ground: &Ground) -> Vec<Check> {
    let id = "tickets";
    let Some(found) = ground.vault() else {
        return Vec::new();
    };
    let standings = found.plans.iter().filter_map(|plan| plan.standing.as_ref());
    let open: Vec<String> = standings
        .flat_map(|standing| &standing.tickets)
        .map(ToString::to_string)
        .collect();
    vec![Check::ok(
        id,
        match open.len() {
            0 => "none waits for an answer".to_owned(),
            number => format!(
                "{} for your answer: {} ({} ticket list)",
                waits(number),
                list(&open),
                ground.program
            ),
        },
    )]
}

fn waits(number: usize) -> String {
    match number {
        1 => "1 waits".to_owned(),
        number => format!("{number} wait"),
    }
}

/// Can every file without a journal be taken in, and every journal be written by this program?
pub(super) fn taken_in(ground: &Ground) -> Vec<Check> {
    let id = "plans";
    let Some(found) = ground.vault() else {
        return Vec::new();
    };
    let each = found.plans.iter().filter_map(|plan| readable(id, plan));
    let all = format!("{} plan list", ground.program);
    let mut checks = capped(each.collect(), &all);
    if checks.is_empty() {
        checks.push(Check::ok(id, summary(found)));
    }
    checks
}

fn readable(id: &'static str, plan: &PlanHealth) -> Option<Check> {
    if let Journal::Refused(why) = &plan.journal {
        let found = format!("{} cannot be taken in: {why}", plan.id);
        return Some(Check::warn(
            id,
            found,
            "mend the file that is named; until then the plan is passed over",
        ));
    }
    let kind = plan.standing.as_ref()?.unknown.as_ref()?;
    Some(Check::warn(
        id,
        format!(
            "{} holds {kind}, which a newer modulatio wrote: this one reads it and does not write to it",
            plan.id
        ),
        "install that newer version, and restart the daemon with it",
    ))
}

/// How many plans there are, by where they stand.
fn summary(found: &VaultGround) -> String {
    let mut numbers: Vec<(&str, usize)> = Vec::new();
    for plan in &found.plans {
        let name = match (&plan.standing, &plan.journal) {
            (Some(standing), _) => standing.status.name().as_str(),
            (None, Journal::NotTakenIn) => "to be taken in at the next tick",
            (None, _) => "damaged",
        };
        match numbers.iter_mut().find(|(known, _)| *known == name) {
            Some((_, number)) => *number += 1,
            None => numbers.push((name, 1)),
        }
    }
    if numbers.is_empty() {
        return "there is none yet".to_owned();
    }
    numbers.sort_unstable();
    list(
        numbers
            .iter()
            .map(|(name, number)| format!("{number} {name}")),
    )
}
