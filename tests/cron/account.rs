//! The books of a schedule, kept apart from it: what each job's times were, reckoned from what people said of it, and
//! what the journal says became of each.

use std::collections::{BTreeMap, BTreeSet};

use modulatio::{
    schedule::Timetable,
    vault::{Vault, schedule},
};
use projections::{
    ids::{JobId, PlanId},
    schedule::{Definition, Event, Fact, Schedule},
    time::Timestamp,
};

/// What became of one job's times.
#[derive(Debug, Default)]
pub(crate) struct Account {
    /// Times that the job had, up to its cursor.
    pub(crate) wanted: BTreeSet<Timestamp>,
    /// Each time that is accounted for, once for each account.
    pub(crate) told: Vec<Timestamp>,
    /// Claimed times, those by hand as well.
    pub(crate) claimed: Vec<Timestamp>,
    /// The plans of claimed times.
    pub(crate) fired: BTreeMap<Timestamp, PlanId>,
    pub(crate) failed: usize,
    waiting: BTreeSet<Timestamp>,
    definition: Option<(Definition, Timestamp)>,
}

impl Account {
    fn timetable(&self) -> Timetable {
        let (definition, _) = self.definition.as_ref().expect("it was added");
        Timetable::read(&definition.schedule, &definition.tz).expect("it was added")
    }

    /// The present definition holds no longer than until then.
    fn close(&mut self, until: Timestamp) {
        let Some((definition, since)) = self.definition.clone() else {
            return;
        };
        let until = definition.until.map_or(until, |end| end.min(until));
        self.wanted.extend(self.timetable().between(since, until));
    }

    fn event(&mut self, at: Timestamp, event: &Event) {
        match event {
            Event::JobAdded { definition, .. } => self.definition = Some((definition.clone(), at)),
            Event::JobChanged { definition, .. } => {
                self.close(at);
                self.definition = Some((definition.clone(), at));
            }
            Event::JobRemoved { .. } => {
                self.close(at);
                self.definition = None;
            }
            Event::SlotClaimed { slot, manual, .. } => {
                self.claimed.push(*slot);
                if !manual && !self.waiting.remove(slot) {
                    self.told.push(*slot);
                }
            }
            Event::SlotQueued { slot, .. } => {
                self.waiting.insert(*slot);
                self.told.push(*slot);
            }
            Event::SlotFired { slot, plan, .. } => {
                let before = self.fired.insert(*slot, plan.clone());
                assert_eq!(before, None, "{slot} has a second plan");
            }
            Event::SlotFailed { .. } => self.failed += 1,
            Event::SlotsSkipped {
                first, last, count, ..
            } => self.skipped(*first, *last, *count),
            Event::ScheduleOpened { .. }
            | Event::JobEnabled { .. }
            | Event::JobDisabled { .. }
            | Event::JobEnded { .. } => {}
        }
    }

    /// Waiting ones are given up; others are told of for the first time.
    fn skipped(&mut self, first: Timestamp, last: Timestamp, count: u64) {
        let gone: Vec<_> = self.waiting.range(first..=last).copied().collect();
        if !gone.is_empty() {
            assert_eq!(gone.len() as u64, count);
            self.waiting.retain(|slot| !gone.contains(slot));
            return;
        }
        let before = Timestamp::from_micros(first.micros() - 1);
        let slots: Vec<_> = self.timetable().between(before, last).collect();
        assert_eq!(slots.len() as u64, count, "{first} to {last}");
        self.told.extend(slots);
    }
}

/// Every job's account, from the journal's beginning to its end.
pub(crate) fn accounts(vault: &Vault) -> (Schedule, BTreeMap<JobId, Account>) {
    let mut accounts: BTreeMap<JobId, Account> = BTreeMap::new();
    let mut take = |at: Timestamp, _: &str, fact: &Fact| {
        let Fact::Known(event) = fact else {
            panic!("an event of a newer program: {fact:?}");
        };
        if let Some(job) = event.job() {
            accounts.entry(job.clone()).or_default().event(at, event);
        }
    };
    let read = schedule::history(vault, &mut take).expect("the schedule can be read");
    for (id, account) in &mut accounts {
        let job = &read.jobs[id];
        account.close(job.cursor);
        let wanted = std::mem::take(&mut account.wanted);
        account.wanted = wanted
            .into_iter()
            .filter(|slot| *slot <= job.cursor)
            .collect();
    }
    (read, accounts)
}

/// Every time of every job has one account, and every claimed one has one plan or says why it has none.
pub(crate) fn balance(vault: &Vault) -> usize {
    let (_, accounts) = accounts(vault);
    let mut plans = BTreeSet::new();
    for (id, account) in &accounts {
        let mut told = account.told.clone();
        told.sort();
        let wanted: Vec<Timestamp> = account.wanted.iter().copied().collect();
        assert_eq!(told, wanted, "{id}: each time once, and none else");
        let claimed: BTreeSet<_> = account.claimed.iter().copied().collect();
        assert_eq!(claimed.len(), account.claimed.len(), "{id}: claimed twice");
        let settled = account.fired.len() + account.failed;
        assert_eq!(settled, claimed.len(), "{id}: a claim was left behind");
        for plan in account.fired.values() {
            assert!(
                plans.insert(plan.clone()),
                "{plan} is the plan of two times"
            );
        }
    }
    let mut on_disk = BTreeSet::new();
    for project in vault.projects().expect("a vault").0 {
        on_disk.extend(project.plan_ids().expect("a directory"));
    }
    assert_eq!(on_disk, plans, "plans and fired times");
    plans.len()
}
