//! N daemons over many approved plans, some of which cannot be run.

use std::collections::{BTreeMap, BTreeSet};

use projections::event::Event;

use super::obstacles::Obstacles;
use crate::{
    Figures,
    ground::{Daemon, Ended, History, PATIENCE, Signal, Yard, in_time},
};

/// Of an even share of the plans, each daemon has executed at least one in so many. All plans cost the same and a daemon
/// takes its next one as soon as it is done with the last, so what keeps it below its share is only how the machine
/// schedules it, and claims that it lost. On two cores, eight daemons each got between 0.9 and 1.1 of it; a half leaves
/// room for a machine that is busy with other things. A daemon that the program passes over gets none, or what is left
/// at the end.
const SHARE: u64 = 2;

const TEXT: &str =
    "## Essay\n\n### Sub-objectives\n\n**1. Essay 1** — write it.\n- Files: essay1.md\n";

/// Lets them race; everybody is there before the first plan is approved.
pub(super) fn race(
    yard: &Yard,
    daemons: u32,
    plans: u32,
    figures: &mut Figures,
) -> Result<(), String> {
    let mut obstacles = Obstacles::lay(yard)?;
    let plans: Vec<String> = (0..plans)
        .map(|_| yard.add("ESS", TEXT))
        .collect::<Result<_, _>>()?;
    let mut fleet = Vec::new();
    for n in 0..daemons {
        fleet.push(Daemon::start(yard, &format!("daemon-{n}.log"), &[], &[])?);
    }
    let all_up = || fleet.iter().all(|d| d.log().contains("sleeping"));
    if !in_time(PATIENCE, all_up) {
        return Err("not every daemon came up".to_owned());
    }
    obstacles.approve(yard)?;
    for plan in &plans {
        yard.approve(plan)?;
    }
    let mut left: BTreeSet<&String> = plans.iter().collect();
    // So long as plans get done, it goes on.
    while !left.is_empty() {
        let before = left.len();
        let got_on = in_time(PATIENCE, || {
            left.retain(|plan| !yard.states(plan, "done"));
            left.len() < before
        });
        if !got_on {
            figures.broken(format!("{daemons} daemons never got to {left:?}"));
            break;
        }
    }
    end(&mut fleet, figures);
    figures.add("daemons", u64::from(daemons));
    figures.add("plans raced for", plans.len() as u64);
    let mut shares: BTreeMap<u32, u64> = fleet.iter().map(|d| (d.pid(), 0)).collect();
    for plan in &plans {
        let history = yard.history(plan)?;
        for fault in not_once(&history) {
            figures.broken(format!("{daemons} daemons: {plan}: {fault}"));
        }
        if let Some(share) = runner(&history).and_then(|pid| shares.get_mut(&pid)) {
            *share += 1;
        }
    }
    is_fair(plans.len() as u64, &shares, figures);
    let logs: String = fleet.iter().map(Daemon::log).collect();
    figures.add("claims lost", logs.matches("claim lost").count() as u64);
    obstacles.prove(yard, &logs, figures)?;
    obstacles.clear(yard)?;
    for args in [["replay", "--all", "--check"], ["audit", "verify", "--all"]] {
        let ran = yard.run(&args)?;
        if ran.code != Some(0) {
            figures.broken(format!("{daemons} daemons: {}: {ran:?}", args.join(" ")));
        }
    }
    Ok(())
}

fn end(fleet: &mut [Daemon], figures: &mut Figures) {
    fleet.iter().for_each(|daemon| daemon.send(Signal::TERM));
    for daemon in fleet {
        let ended = daemon.wait();
        if ended != Some(Ended::Code(0)) {
            let log = daemon.log_file().display();
            figures.broken(format!("a daemon ended with {ended:?}: {log}"));
        }
    }
}

/// Executed by one runner, from its claim to its end; otherwise what else happened.
fn not_once(history: &History) -> Vec<String> {
    let mut faults = Vec::new();
    let claims: Vec<(u64, bool)> = history
        .events()
        .filter_map(|event| match event {
            Event::PlanClaimed(e) => Some((e.epoch.0, e.recovered)),
            _ => None,
        })
        .collect();
    if claims != [(1, false)] {
        faults.push(format!("its claims are {claims:?}"));
    }
    let frames = history.frames();
    let runners: BTreeSet<&str> = frames
        .iter()
        .filter(|frame| frame.epoch > 0)
        .map(|frame| frame.by.as_str())
        .collect();
    if runners.len() != 1 {
        faults.push(format!("its runners were {runners:?}"));
    }
    for (kind, expected) in [
        ("SubObjectiveFinished", 1),
        ("PlanCompleted", 1),
        ("ModelCallAbandoned", 0),
        ("PlanApproved", 1),
    ] {
        let count = history.count(kind);
        if count != expected {
            faults.push(format!("{kind} stands there {count} times"));
        }
    }
    faults
}

/// The process that executed it.
fn runner(history: &History) -> Option<u32> {
    let last = history.frames().into_iter().next_back()?;
    last.by.rsplit(':').next()?.parse().ok()
}

fn is_fair(plans: u64, shares: &BTreeMap<u32, u64>, figures: &mut Figures) {
    let (least, most) = (shares.values().min(), shares.values().max());
    let (least, most) = (least.copied().unwrap_or(0), most.copied().unwrap_or(0));
    let even = plans / shares.len().max(1) as u64;
    eprintln!(
        "race: {} daemons, {plans} plans: between {least} and {most} each",
        shares.len()
    );
    if least < even / SHARE {
        let daemons = shares.len();
        figures.broken(format!(
            "{daemons} daemons: one executed {least} plans of {plans}, which is below half of its even share"
        ));
    }
}
