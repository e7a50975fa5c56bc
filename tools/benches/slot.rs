//! From the instant of a slot to its durable claim, and to the claim of its plan: a daemon that sleeps until tomorrow's
//! tick is woken by its own clockwork alone.
//!
//! `cargo bench -p modulatio-tools --bench slot`. The time begins at the slot's instant and ends when another reader
//! sees the claim. The floor sleeps until an instant and does as many bare writes with fdatasync as there are frames on
//! the way. Slots are a minute apart, so the clock is set a little before each: the bench starts itself again with a
//! clock of its own.

#![allow(clippy::unwrap_used, reason = "a bench that cannot go on says so")]

mod support;

use std::{
    fs::{self, File},
    io::Write,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use modulatio::{
    clock,
    daemon::{self, Options},
    schedule::Change,
    vault::{Actor, Project, Vault, schedule::ScheduleLog},
};
use projections::{
    event::Caps,
    ids::PlanId,
    schedule::{Approval, CatchUp, Definition, Overlap},
    time::Timestamp,
};
use support::{Times, heading, row};

const ROUNDS: usize = 60;

/// Jobs that are looked at as well.
const OTHERS: usize = 500;

const CLOCK: &str = "MODULATIO_CLOCK";
const PLAN: &str = "## Sub-objectives\n\n**1. Part** — do it\n- Files: part.md\n";

/// How long before a slot the daemon learns of the clock.
const AHEAD: Duration = Duration::from_millis(300);

const MINUTE: i64 = 60_000_000;

fn main() {
    match std::env::var_os(CLOCK) {
        Some(file) => measure(Path::new(&file)),
        None => again(),
    }
}

/// This program once more, with a clock that can be set.
fn again() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("clock");
    fs::write(&file, "0").unwrap();
    let program = std::env::current_exe().unwrap();
    let ended = Command::new(program).env(CLOCK, file).status().unwrap();
    assert!(ended.success());
}

fn measure(clock: &Path) {
    let dir = tempfile::tempdir().unwrap();
    let bench = Bench::start(dir.path(), clock);
    heading();
    let target = "under 100 ms while idle";
    let floors = [1, 4].map(|writes| floor(dir.path(), writes));
    let claimed = bench.until_claimed();
    let begun = bench.rounds(|_, plan| {
        let journal = bench.project.journal_path(&plan);
        (journal, "\"kind\":\"PlanClaimed\"".to_owned())
    });
    bench.add_others();
    let among_many = bench.until_claimed();
    for (writes, floor) in ["one write", "four writes"].into_iter().zip(&floors) {
        row(&format!("floor: a sleep and {writes}"), floor, 1, floor, "");
    }
    row("slot, until claimed", &claimed, 1, &floors[0], target);
    row(
        &format!("the same beside {OTHERS} other jobs"),
        &among_many,
        1,
        &floors[0],
        target,
    );
    row(
        "slot, until its plan is claimed",
        &begun,
        1,
        &floors[1],
        target,
    );
}

/// A vault with a job that wants a plan every minute, and a daemon that sleeps.
struct Bench {
    vault: Vault,
    project: Project,
    clock: PathBuf,
}

impl Bench {
    fn start(dir: &Path, clock: &Path) -> Self {
        let vault = Vault::init(dir, "daemon: {tick_seconds: 86400}\n").unwrap();
        let project = vault
            .add_project(&"ESS".parse().unwrap(), "Measure")
            .unwrap();
        let add = Change::Add(project.code().clone(), Box::new(definition()));
        let mut log = ScheduleLog::open(&vault).unwrap();
        let bench = Self {
            vault: vault.clone(),
            project,
            clock: clock.to_path_buf(),
        };
        // Far enough before the first minute that none comes by itself meanwhile.
        bench.set_clock(just_after_a_minute());
        log.change(&add, clock::now(), &Actor::named("bench"))
            .unwrap();
        let options = Options {
            tick: None,
            project: None,
            until_idle: false,
        };
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Runtime::new().unwrap();
            runtime.block_on(daemon::run(vault, options)).unwrap();
        });
        std::thread::sleep(Duration::from_millis(500));
        bench
    }

    /// Jobs that have nothing to do this year.
    fn add_others(&self) {
        let mut log = ScheduleLog::open(&self.vault).unwrap();
        let rarely = Definition {
            schedule: "0 0 1 1 *".to_owned(),
            ..definition()
        };
        let add = Change::Add(self.project.code().clone(), Box::new(rarely));
        for _ in 0..OTHERS {
            log.change(&add, clock::now(), &Actor::named("bench"))
                .unwrap();
        }
        // The daemon has taken them in.
        std::thread::sleep(Duration::from_secs(5));
    }

    fn until_claimed(&self) -> Times {
        self.rounds(|slot, _| {
            let claim =
                format!("\"kind\":\"SlotClaimed\",\"v\":1,\"job\":\"ESS-C-1\",\"slot\":\"{slot}\"");
            (self.schedule(), claim)
        })
    }

    fn schedule(&self) -> PathBuf {
        let own = self.vault.root().join(".modulatio/cron");
        own.join("schedule.journal.jsonl")
    }

    fn set_clock(&self, at: Timestamp) {
        let before = fs::read_to_string(&self.clock).unwrap();
        let shift = before.parse::<i64>().unwrap() + at.micros() - clock::now().micros();
        let next = self.clock.with_extension("next");
        fs::write(&next, shift.to_string()).unwrap();
        fs::rename(next, &self.clock).unwrap();
    }

    /// Lets so many slots come, each with the next plan; how long it took until the journal held what `wanted` names.
    fn rounds(&self, wanted: impl Fn(Timestamp, PlanId) -> (PathBuf, String)) -> Times {
        let round = || {
            let plan = PlanId::mint(self.project.code().clone(), self.plans() + 1);
            let (slot, instant) = self.next_slot();
            let (journal, what) = wanted(slot, plan);
            until(instant);
            wait_for(&journal, &what);
            let took = instant.elapsed();
            // Whatever it was, the plan is finished before the next one.
            std::thread::sleep(Duration::from_millis(200));
            took
        };
        round();
        Times::of((0..ROUNDS).map(|_| round()).collect())
    }

    fn plans(&self) -> u32 {
        let plans = self.project.plan_ids().unwrap();
        plans.iter().map(PlanId::number).max().unwrap_or(0)
    }

    /// Sets the clock so that the next slot comes soon; says which, and when that is.
    fn next_slot(&self) -> (Timestamp, Instant) {
        let slot = Timestamp::from_micros((clock::now().micros() / MINUTE + 1) * MINUTE);
        let ahead = i64::try_from(AHEAD.as_micros()).unwrap();
        self.set_clock(Timestamp::from_micros(slot.micros() - ahead));
        let instant = Instant::now() + Duration::from_micros(slot.micros_since(clock::now()));
        // A clock that was set is noticed at the next look, and whatever happens to the journal is a reason to look.
        let file = File::options().append(true).open(self.schedule()).unwrap();
        file.set_modified(std::time::UNIX_EPOCH).unwrap();
        (slot, instant)
    }
}

fn definition() -> Definition {
    Definition {
        objective: String::new(),
        template: Some(PLAN.to_owned()),
        schedule: "* * * * *".to_owned(),
        tz: "UTC".to_owned(),
        overlap: Overlap::Allow,
        catch_up: CatchUp::All,
        catch_up_window_s: 86_400,
        jitter_s: 0,
        until: None,
        count: None,
        caps: Caps::default(),
        approve: Approval::Auto,
        origin: None,
    }
}

fn just_after_a_minute() -> Timestamp {
    Timestamp::from_micros(clock::now().micros() / MINUTE * MINUTE + 1_000_000)
}

/// Sleeps most of the time, and is there at the instant itself.
fn until(instant: Instant) {
    let most = instant.saturating_duration_since(Instant::now());
    std::thread::sleep(most.saturating_sub(Duration::from_millis(2)));
    while Instant::now() < instant {
        std::thread::yield_now();
    }
}

fn wait_for(journal: &Path, what: &str) {
    loop {
        if fs::read_to_string(journal).is_ok_and(|text| text.contains(what)) {
            return;
        }
        std::thread::sleep(Duration::from_micros(50));
    }
}

/// What no program can do without: to be woken at an instant, and to write so many frames.
fn floor(dir: &Path, writes: usize) -> Times {
    let mut file = File::create(dir.join("floor")).unwrap();
    let round = |_| {
        let instant = Instant::now() + Duration::from_millis(20);
        std::thread::sleep(instant.saturating_duration_since(Instant::now()));
        for _ in 0..writes {
            file.write_all(&[b'x'; 512]).unwrap();
            file.sync_data().unwrap();
        }
        instant.elapsed()
    };
    Times::of((0..ROUNDS).map(round).collect())
}
