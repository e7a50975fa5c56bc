//! A clock that is set back an hour and forward a day while a plan runs.

use modulatio::vault::{DayKey, Vault};
use modulatio_tools::fake_model::{Behaviour, FakeModel, Script, Step};
use projections::time::Timestamp;

use crate::{
    full::config,
    support::{
        Daemon, TestVault, body,
        books::{self, Books},
        wait_until,
    },
};

const HOUR: i64 = 3_600;

/// A model that is overloaded now and then, so that steps wait for a time when the clock jumps.
fn model() -> FakeModel {
    let overloaded = Behaviour::Status {
        code: 529,
        retry_after: None,
        message: None,
    };
    let faults = [5, 9, 13].map(|essay| {
        Step::new(overloaded.clone())
            .for_message(&format!("essay{}.md", essay / 4))
            .times(2)
    });
    let script = Script {
        delay_ms: 30,
        ..Script::of(faults)
    };
    FakeModel::start(script).expect("a free port")
}

/// The instants of a plan's frames, in order.
fn instants(vault: &TestVault, plan: &str) -> Vec<Timestamp> {
    let journal = vault.journal(plan);
    let at = journal.entries.iter().map(|(entry, _)| entry.mark.at);
    at.collect()
}

#[test]
fn a_clock_that_jumps_stalls_nothing_and_fires_nothing_twice() {
    let model = model();
    let retries = "retry: {base: 300ms, max: 300ms, wall: 3h, malformed: 10}\nbreaker: {failures: 50, open: 100ms, max_open: 100ms}\n";
    let vault = TestVault::with(&format!("{}{retries}", config(&model)));
    vault.set_clock("2026-11-24T10:30:00Z");
    let plans: Vec<String> = (0..2).map(|_| vault.approved(&body(3))).collect();
    let cron = [
        "cron",
        "add",
        "ESS",
        "Look back",
        "--schedule",
        "0 12 * * *",
    ];
    let job = vault.run(&cron).ok().out.trim().to_owned();
    let daemons = [(); 2].map(|()| Daemon::start(&vault, &["--tick-seconds", "1"]));
    let sold = |calls: u64| wait_until("they are at work", || model.sold().calls >= calls);
    sold(3);
    vault.pass(-HOUR);
    sold(8);
    vault.pass(25 * HOUR);
    sold(12);
    vault.pass(-HOUR);
    are_done(&vault, &plans);
    // The slot of noon, passed once and never run: the day that was jumped over made one plan, whatever came after.
    wait_until("the slot was kept", || fired(&vault, &job).len() == 1);
    vault.pass(-HOUR);
    vault.pass(HOUR);
    std::thread::sleep(std::time::Duration::from_millis(1_500));
    assert_eq!(fired(&vault, &job).len(), 1, "one slot, one plan");
    // That of the slot too: with its runner killed, a reservation would stay open.
    let plans = plans_of(&vault);
    assert_eq!(plans.len(), 3, "two, and the slot's");
    are_done(&vault, &plans);
    plans.iter().for_each(|plan| vault.follows(plan));
    drop(daemons);
    for plan in &plans {
        assert!(instants(&vault, plan).is_sorted(), "{plan}: time went back");
        vault.is_proven(plan);
    }
    the_days_hold_what_was_paid(&vault, &model);
}

fn are_done(vault: &TestVault, plans: &[String]) {
    wait_until("the plans are done", || {
        plans
            .iter()
            .all(|plan| vault.journal(plan).status() == "done")
    });
}

/// The slots that made a plan.
fn fired(vault: &TestVault, job: &str) -> Vec<String> {
    let out = vault.run(&["cron", "history", job, "--json"]).ok().out;
    let fired = out.lines().filter(|line| line.contains("SlotFired"));
    fired.map(str::to_owned).collect()
}

/// Every call lies on one day, and all days together hold what the plans paid.
fn the_days_hold_what_was_paid(vault: &TestVault, model: &FakeModel) {
    let all = plans_of(vault);
    let audit = Books::of(vault, &all).agree_with(&model.sold());
    let opened = Vault::open(vault.root()).expect("a vault");
    let mut settled = books::Amount::default();
    for day in ["2026-11-23", "2026-11-24", "2026-11-25", "2026-11-26"] {
        let at = Timestamp::parse(&format!("{day}T12:00:00Z")).expect("a time");
        let spent = opened.day_spent(at).expect("a day");
        assert_eq!(DayKey::of(at).to_string(), day);
        settled.tokens += spent.settled.tokens;
        settled.micros += spent.settled.cost.0;
        assert_eq!(spent.open.len(), 0, "{day}: nothing is reserved any more");
    }
    assert_eq!(settled, audit.paid);
}

fn plans_of(vault: &TestVault) -> Vec<String> {
    let names = vault.names("ess/plans");
    let plans = names
        .iter()
        .filter_map(|name| name.strip_suffix(".journal.jsonl"));
    plans.map(str::to_owned).collect()
}
