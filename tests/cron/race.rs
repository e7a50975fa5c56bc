//! Three daemons that live, minutes that pass faster than they should, and kill -9 at random: each slot has one plan.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use projections::{event::PauseReason, plan::Status};
use serde_json::Value;

use crate::{
    jobs::{cron, lines, numbers, plans, proven, vault_at},
    support::{Daemon, Lots, TestVault, body, wait_until},
};

const SLOTS: usize = 14;

fn start(vault: &TestVault) -> Daemon {
    Daemon::start(vault, &["--tick-seconds", "1"])
}

/// A job that wants a plan every minute, come what may.
fn add(vault: &TestVault, options: &[&str]) -> String {
    let file = tempfile::NamedTempFile::new_in(vault.beside()).unwrap();
    std::fs::write(file.path(), body(1)).unwrap();
    let file = file.path().to_str().unwrap();
    let args = [
        "add",
        "ESS",
        "--schedule",
        "* * * * *",
        "--plan-template",
        file,
        "--catch-up",
        "all",
    ];
    let args = [&args, options].concat();
    cron(vault, &args).ok().out.trim().to_owned()
}

/// Which plan each slot has. No slot is claimed or fired twice.
fn fired(vault: &TestVault, job: &str) -> BTreeMap<String, String> {
    let (mut claimed, mut fired) = (BTreeSet::new(), BTreeMap::new());
    for line in lines(vault, job) {
        let event: &Value = &line["event"];
        let slot = event["slot"].as_str().unwrap_or_default().to_owned();
        match event["kind"].as_str().unwrap() {
            "SlotClaimed" => assert!(claimed.insert(slot.clone()), "{slot} was claimed twice"),
            "SlotFired" => {
                let plan = event["plan"].as_str().unwrap().to_owned();
                let before = fired.insert(slot.clone(), plan);
                assert_eq!(before, None, "{slot} fired twice");
            }
            "JobAdded" | "SlotQueued" => {}
            other => panic!("{other}: {line}"),
        }
    }
    assert!(claimed.iter().eq(fired.keys()), "a claim without its plan");
    fired
}

/// Lets the minutes pass while daemons die and come back.
fn ruin(vault: &TestVault, lots: &mut Lots) {
    let mut daemons: Vec<Daemon> = (0..3).map(|_| start(vault)).collect();
    daemons.iter().for_each(|daemon| daemon.says("sleeping"));
    for _ in 0..SLOTS {
        vault.pass(60);
        for _ in 0..lots.within(0, 2) {
            std::thread::sleep(Duration::from_millis(lots.within(0, 500)));
            let victim = daemons.remove(usize::try_from(lots.within(0, 2)).unwrap());
            victim.kill();
            daemons.push(start(vault));
        }
        std::thread::sleep(Duration::from_millis(lots.within(0, 700)));
    }
    daemons.into_iter().for_each(Daemon::kill);
}

/// On a busy machine three runners of a plan may be killed before they complete a call, which sets it aside. What was
/// queued behind it has its turn then, and may have been set aside as well.
fn let_poisoned_go_on(vault: &TestVault) {
    let is_poisoned = |plan: &String| {
        let status = vault.journal(plan).plan.status;
        matches!(status, Status::Paused { reason, .. } if reason == PauseReason::Quarantine)
    };
    for _ in 0..=SLOTS {
        let poisoned: Vec<String> = plans(vault).into_iter().filter(is_poisoned).collect();
        if poisoned.is_empty() {
            return;
        }
        for plan in poisoned {
            vault.run(&["plan", "approve", &plan]).ok();
        }
        vault.run_until_idle();
        vault.run_until_idle();
    }
}

fn each_slot_has_one_plan(options: &[&str], seed: u64) {
    let mut lots = Lots::of("MODULATIO_CRON_SEED", seed);
    let vault = vault_at("2026-11-24T00:00:30Z");
    let job = add(&vault, options);
    ruin(&vault, &mut lots);
    vault.pass(3);
    // What a claim was left of is made, and what waits has its turn.
    vault.run_until_idle();
    vault.run_until_idle();
    let_poisoned_go_on(&vault);
    let fired = fired(&vault, &job);
    // By the clock's own minute one more may have come meanwhile.
    let minutes = fired.len();
    assert!(
        (SLOTS..SLOTS + 3).contains(&minutes),
        "{minutes}: {fired:?}"
    );
    let last = fired.keys().last().unwrap();
    assert_eq!(last[11..16], format!("00:{minutes:02}"), "without a gap");
    let of_slots: BTreeSet<&String> = fired.values().collect();
    assert!(
        of_slots.iter().copied().eq(plans(&vault).iter()),
        "no plan but theirs"
    );
    let names: BTreeSet<String> = numbers(&vault).into_iter().map(|taken| taken.1).collect();
    let expected: BTreeSet<String> = fired.keys().map(|slot| format!("{job}@{slot}")).collect();
    assert_eq!(names, expected, "a number for each slot");
    assert_eq!(numbers(&vault).len(), minutes, "and for each one");
    for plan in plans(&vault) {
        assert_eq!(vault.journal(&plan).status(), "done", "{plan}");
        assert_eq!(vault.journal(&plan).count("PlanDrafted"), 1, "{plan}");
        vault.is_proven(&plan);
    }
    proven(&vault);
}

#[test]
fn each_slot_has_one_plan_whoever_dies() {
    each_slot_has_one_plan(&["--overlap", "allow"], 5);
}

#[test]
fn each_slot_has_one_plan_in_its_turn_whoever_dies() {
    each_slot_has_one_plan(&["--overlap", "queue"], 55);
}

/// All at the same instant, without anybody dying: who loses a claim has nothing to do.
#[test]
fn of_several_daemons_at_the_same_instant_one_fires() {
    let vault = vault_at("2026-11-24T00:00:30Z");
    let jobs: Vec<String> = (0..6)
        .map(|_| add(&vault, &["--overlap", "allow"]))
        .collect();
    let daemons: Vec<Daemon> = (0..3).map(|_| start(&vault)).collect();
    daemons.iter().for_each(|daemon| daemon.says("sleeping"));
    for _ in 0..3 {
        let before = plans(&vault).len();
        vault.pass(60);
        wait_until("all have fired", || plans(&vault).len() >= before + 6);
    }
    drop(daemons);
    vault.run_until_idle();
    let all: BTreeSet<String> = jobs
        .iter()
        .flat_map(|job| fired(&vault, job).into_values())
        .collect();
    assert!(all.iter().eq(plans(&vault).iter()));
    assert_eq!(all.len() % 6, 0);
    proven(&vault);
}

/// People add, run and remove jobs while daemons fire them: every command is wholly done, and ids are nobody's twice.
#[test]
fn people_and_daemons_change_the_schedule_at_the_same_time() {
    let vault = vault_at("2026-11-24T00:00:30Z");
    let daemons: Vec<Daemon> = (0..2).map(|_| start(&vault)).collect();
    daemons.iter().for_each(|daemon| daemon.says("sleeping"));
    let added: Vec<String> = std::thread::scope(|scope| {
        let people: Vec<_> = (0..4)
            .map(|_| {
                scope.spawn(|| {
                    let jobs: Vec<String> = (0..3)
                        .map(|_| add(&vault, &["--overlap", "allow"]))
                        .collect();
                    for job in &jobs {
                        cron(&vault, &["run-now", job]).ok();
                    }
                    cron(&vault, &["remove", &jobs[0]]).ok();
                    jobs
                })
            })
            .collect();
        for _ in 0..8 {
            std::thread::sleep(Duration::from_millis(300));
            vault.pass(20);
        }
        people
            .into_iter()
            .flat_map(|person| person.join().unwrap())
            .collect()
    });
    drop(daemons);
    vault.pass(3);
    vault.run_until_idle();
    let distinct: BTreeSet<&String> = added.iter().collect();
    assert_eq!(distinct.len(), 12, "{added:?}");
    let mut plans_of_jobs = BTreeSet::new();
    for job in &added {
        for line in lines(&vault, job) {
            if line["event"]["kind"] == "SlotFired" {
                let plan = line["event"]["plan"].as_str().unwrap().to_owned();
                assert!(plans_of_jobs.insert(plan), "two slots, one plan: {line}");
            }
        }
        let by_hand = lines(&vault, job);
        let by_hand = by_hand
            .iter()
            .filter(|line| line["event"]["manual"] == true);
        assert_eq!(by_hand.count(), 1, "{job}");
    }
    assert!(plans_of_jobs.iter().eq(plans(&vault).iter()));
    let listed = cron(&vault, &["list", "--json"]).ok().out;
    assert_eq!(listed.lines().count(), 8);
    proven(&vault);
}
