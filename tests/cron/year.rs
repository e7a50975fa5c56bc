//! A year of a schedule under three daemons that die at any act, while its operator changes jobs: no time of any job is
//! lost without its event, and none has two plans.

use std::{
    collections::BTreeSet,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    sync::Arc,
};

use modulatio::{
    command::Command,
    schedule::{Change, wake_at},
    vault::{Actor, PlanLog, Vault, schedule::ScheduleLog},
};
use projections::{
    event::Caps,
    ids::{JobId, PlanId},
    schedule::{Approval, CatchUp, Definition, Overlap, Standing},
    time::Timestamp,
};

use crate::{
    account,
    mortal::{Died, Life, MortalDisk},
    support::Lots,
};

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

const TEMPLATE: &str = "## Rounds\n\n### Sub-objectives\n\n**1. Look** - around\n";

fn job(schedule: &str, tz: &str) -> Definition {
    Definition {
        objective: "rounds".to_owned(),
        template: Some(TEMPLATE.to_owned()),
        schedule: schedule.to_owned(),
        tz: tz.to_owned(),
        overlap: Overlap::Skip,
        catch_up: CatchUp::Last,
        catch_up_window_s: 86_400,
        jitter_s: 0,
        until: None,
        count: None,
        caps: Caps::default(),
        approve: Approval::Auto,
        origin: None,
    }
}

/// Jobs of all kinds, each in a project of its own.
fn jobs() -> Vec<Definition> {
    vec![
        job("0 */4 * * *", "UTC"),
        Definition {
            overlap: Overlap::Queue,
            catch_up: CatchUp::All,
            catch_up_window_s: 7 * 86_400,
            ..job("30 2 * * *", "Europe/Berlin")
        },
        Definition {
            overlap: Overlap::Allow,
            catch_up: CatchUp::None,
            jitter_s: 900,
            ..job("*/20 1,2 * * sun", "America/New_York")
        },
        Definition {
            approve: Approval::Ticket,
            until: Some(start().plus_seconds(300 * DAY)),
            ..job("0 2 13 * 5", "Australia/Lord_Howe")
        },
        Definition {
            count: Some(120),
            overlap: Overlap::Allow,
            ..job("15 */12 * * *", "Asia/Kathmandu")
        },
        Definition {
            overlap: Overlap::Queue,
            ..job("0 1-23/4 * * *", "America/Sao_Paulo")
        },
    ]
}

fn start() -> Timestamp {
    Timestamp::parse("2027-01-01T00:00:00Z").expect("a time")
}

/// One daemon: alive with its log open, or not.
struct Daemon {
    name: Actor,
    life: Arc<Life>,
    log: Option<ScheduleLog>,
}

struct Year {
    dir: tempfile::TempDir,
    vault: Vault,
    now: Timestamp,
    lots: Lots,
    daemons: Vec<Daemon>,
    reader: ScheduleLog,
    ended: BTreeSet<PlanId>,
    deaths: usize,
    looks: usize,
}

impl Year {
    fn new() -> Self {
        let memory = std::path::Path::new("/dev/shm");
        let dir = if memory.is_dir() {
            tempfile::tempdir_in(memory)
        } else {
            tempfile::tempdir()
        };
        let dir = dir.expect("a directory");
        std::fs::write(dir.path().join("modulatio.yaml"), "").expect("a file");
        let vault = Vault::open(dir.path()).expect("a vault");
        let reader = ScheduleLog::read(&vault).expect("a schedule");
        let daemon = |n| Daemon {
            name: Actor::named(format!("daemon:host:{n}")),
            life: Life::new(),
            log: None,
        };
        Self {
            dir,
            vault,
            now: start(),
            lots: Lots::of("MODULATIO_YEAR_SEED", 20_270_101),
            daemons: (0..3).map(daemon).collect(),
            reader,
            ended: BTreeSet::new(),
            deaths: 0,
            looks: 0,
        }
    }

    fn add_jobs(&mut self) {
        let mut log = ScheduleLog::open(&self.vault).expect("a schedule");
        for (number, definition) in jobs().into_iter().enumerate() {
            let code = format!("P{number}").parse().expect("a code");
            self.vault.add_project(&code, "rounds").expect("a project");
            let add = Change::Add(code, Box::new(definition));
            log.change(&add, self.now, &operator()).expect("a job");
        }
    }

    /// A daemon looks at the schedule, and may die doing so.
    fn look(&mut self, which: usize) {
        let mortal = self.lots.within(0, 99) < 25;
        let acts = i64::try_from(self.lots.within(1, 50)).expect("small");
        let (now, root) = (self.now, self.dir.path().to_path_buf());
        let daemon = &mut self.daemons[which];
        if mortal {
            daemon.life = if daemon.log.is_none() {
                Life::new()
            } else {
                daemon.life.clone()
            };
            daemon.life.ends_in(acts);
        }
        let looked = catch_unwind(AssertUnwindSafe(|| {
            if daemon.log.is_none() {
                let disk = Arc::new(MortalDisk(daemon.life.clone()));
                let vault = Vault::on(&root, disk).expect("a vault");
                daemon.log = Some(ScheduleLog::open(&vault).expect("a schedule"));
            }
            let log = daemon.log.as_mut().expect("it is open");
            log.keep(now, None, &daemon.name)
                .expect("nothing but death stops it")
        }));
        daemon.life.goes_on();
        self.looks += 1;
        match looked {
            Ok(kept) => {
                assert_eq!(kept.faults, [], "at {now}");
            }
            Err(died) if died.is::<Died>() => {
                daemon.log = None;
                daemon.life = Life::new();
                self.deaths += 1;
            }
            Err(panic) => resume_unwind(panic),
        }
    }

    /// Plans end some time.
    fn end_plans(&mut self) {
        let jobs = self.reader.refresh().expect("it reads").jobs.values();
        let plans: Vec<PlanId> = jobs.flat_map(|job| job.plans.iter().cloned()).collect();
        for id in plans {
            if self.ended.contains(&id) || self.lots.within(0, 9) < 3 {
                continue;
            }
            let project = self.vault.project_of(&id).expect("a project");
            let mut log = PlanLog::open(&project, &id).expect("a plan");
            let note = String::new();
            log.submit(&Command::Cancel { note, cut: false }, &operator())
                .expect("it runs");
            self.ended.insert(id);
        }
    }

    /// An operator's whim: another definition, a switch, a removal, a run by hand.
    fn operate(&mut self) {
        let mut log = ScheduleLog::open(&self.vault).expect("a schedule");
        let ids: Vec<JobId> = log
            .refresh()
            .expect("it reads")
            .present()
            .map(|job| job.id.clone())
            .collect();
        let id = ids[usize::try_from(self.lots.any() % ids.len() as u64).expect("small")].clone();
        let job = log.schedule().jobs[&id].clone();
        let change = match (self.lots.within(0, 9), job.standing) {
            (0..4, Standing::Enabled) => Change::Disable(id),
            (_, Standing::Disabled(_)) => Change::Enable(id),
            (4, _) if ids.len() > 3 => {
                let again = Change::Add(id.project().clone(), Box::new((*job.definition).clone()));
                let _too_late = log.change(&again, self.now, &operator());
                Change::Remove(id)
            }
            (5..7, _) => Change::RunNow(id),
            _ => {
                let minute = self.lots.within(0, 59);
                let rest = job
                    .definition
                    .schedule
                    .split_once(' ')
                    .expect("five fields")
                    .1;
                let schedule = format!("{minute} {rest}");
                let changed = Definition {
                    schedule,
                    ..(*job.definition).clone()
                };
                Change::Edit(id, Box::new(changed))
            }
        };
        let _refused_or_not = match change {
            Change::RunNow(id) => log.run_now(&id, self.now, &operator()).map(drop),
            change => log.change(&change, self.now, &operator()).map(drop),
        };
    }

    /// To the next slot as a rule; else anywhere, also into days without a daemon, and sometimes a little back.
    fn move_on(&mut self) {
        let next = self.reader.refresh().expect("it reads");
        let next = next
            .present()
            .filter_map(|job| wake_at(job).expect("it reads"))
            .min();
        let seconds = |lots: &mut Lots, most: i64| {
            i64::try_from(lots.within(0, most.unsigned_abs())).expect("small")
        };
        self.now = match (self.lots.within(0, 99), next) {
            (0..3, _) => self.now.plus_seconds(seconds(&mut self.lots, 3 * DAY)),
            (3..6, _) => self.now.plus_seconds(-seconds(&mut self.lots, 2 * HOUR)),
            (6..20, _) | (_, None) => self.now.plus_seconds(seconds(&mut self.lots, 4 * HOUR)),
            (_, Some(next)) => next.max(self.now).plus_seconds(seconds(&mut self.lots, 3)),
        };
    }

    fn live(&mut self) {
        let end = start().plus_seconds(365 * DAY);
        while self.now < end {
            for _ in 0..self.lots.within(1, 3) {
                let which = usize::try_from(self.lots.any() % 3).expect("small");
                self.look(which);
            }
            if self.lots.within(0, 9) == 0 {
                self.end_plans();
            }
            if self.lots.within(0, 49) == 0 {
                self.operate();
            }
            self.move_on();
        }
    }
}

fn operator() -> Actor {
    Actor::named("cli:operator")
}

#[test]
fn in_a_year_of_deaths_no_slot_is_lost_and_none_has_two_plans() {
    let mut year = Year::new();
    year.add_jobs();
    year.live();
    // Whoever lives on finishes what the dead began.
    year.now = year.now.plus_seconds(HOUR);
    let mut log = ScheduleLog::open(&year.vault).expect("a schedule");
    log.keep(year.now, None, &operator()).expect("it is kept");
    let plans = account::balance(&year.vault);
    println!(
        "{plans} plans, {} looks, {} deaths",
        year.looks, year.deaths
    );
    assert!(
        plans > 600 && year.deaths > 150,
        "a year that proves something"
    );
    assert_eq!(
        modulatio::vault::schedule::differences(&year.vault).expect("it reads"),
        None
    );
}
