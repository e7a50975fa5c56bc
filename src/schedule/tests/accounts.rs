//! Every slot is accounted for exactly once: random jobs, looked at at random instants by a clock that also goes back,
//! with plans that end or do not, and people who change, switch and run the job meanwhile. The checker reads the events
//! alone and counts with the expression.

use std::collections::{BTreeSet, VecDeque};

use projections::{
    ids::PlanId,
    schedule::{
        CatchUp, Definition, Ending, Event, Overlap, REMEMBERED, Since, Standing, Taken, V1,
    },
    time::Timestamp,
};
use proptest::prelude::*;

use super::world::{World, at, first_job, hourly};
use crate::schedule::{Change, Timetable, wake_at};

/// Seconds between most slots of each expression, and the expression.
const EXPRESSIONS: [(i64, &str); 8] = [
    (60, "* * * * *"),
    (300, "*/5 * * * *"),
    (3_600, "0 * * * *"),
    (3_600, "30 1-3 * * *"),
    (21_600, "15 */6 * * *"),
    (86_400, "30 2 * * *"),
    (86_400, "0 6 * * mon-fri"),
    (604_800, "@weekly"),
];

/// Just before clocks are set forward, set back, and on a day of no note.
const STARTS: [&str; 3] = [
    "2026-03-28T22:17:03.5Z",
    "2026-10-24T22:17:03.5Z",
    "2026-11-24T00:00:00Z",
];

/// Most frames of one look: more would be no end.
const MOST_FRAMES: usize = 2_000;

#[derive(Clone, Debug)]
enum Step {
    /// So many tenths of the time between slots pass, and somebody looks.
    Look(i64),
    /// Somebody looks and dies after one answer; its claims stay.
    Die(i64),
    /// Somebody looks while the clock is ahead by so much, and it is set right.
    LookAhead(i64),
    /// Some of the plans end, by the bits of this number.
    End(u64),
    /// No plan can be made of what is claimed.
    Fail,
    Disable,
    Enable,
    Edit(Box<Definition>),
    RunNow,
}

fn definition() -> impl Strategy<Value = Definition> {
    let overlap = prop_oneof![
        Just(Overlap::Skip),
        Just(Overlap::Queue),
        Just(Overlap::Allow)
    ];
    let catch_up = prop_oneof![Just(CatchUp::None), Just(CatchUp::Last), Just(CatchUp::All)];
    let zone = prop_oneof![
        Just("UTC"),
        Just("Europe/Berlin"),
        Just("America/New_York"),
        Just("Australia/Lord_Howe")
    ];
    (
        (0..EXPRESSIONS.len(), zone, overlap, catch_up),
        prop_oneof![
            Just(0_u64),
            Just(59),
            Just(3_600),
            Just(86_400),
            Just(700_000)
        ],
        prop_oneof![3 => Just(0_u64), 1 => Just(30), 1 => Just(4_000)],
        proptest::option::weighted(0.2, 1..40_i64),
        proptest::option::weighted(0.2, 1..12_u64),
    )
        .prop_map(
            |((which, zone, overlap, catch_up), window, jitter, until, count)| {
                let (between, expression) = EXPRESSIONS[which];
                Definition {
                    schedule: expression.to_owned(),
                    tz: zone.to_owned(),
                    overlap,
                    catch_up,
                    catch_up_window_s: window,
                    jitter_s: jitter,
                    until: until.map(|slots| at(STARTS[2]).plus_seconds(between * slots)),
                    count,
                    ..hourly()
                }
            },
        )
}

fn step() -> impl Strategy<Value = Step> {
    let passing = || prop_oneof![6 => 0..25_i64, 2 => -40..0_i64, 2 => 25..1_500_i64];
    prop_oneof![
        12 => passing().prop_map(Step::Look),
        3 => passing().prop_map(Step::Die),
        2 => (0..4_000_i64).prop_map(Step::LookAhead),
        5 => any::<u64>().prop_map(Step::End),
        1 => Just(Step::Fail),
        1 => Just(Step::Disable),
        2 => Just(Step::Enable),
        1 => definition().prop_map(|to| Step::Edit(Box::new(to))),
        2 => Just(Step::RunNow),
    ]
}

/// What the events say, by themselves.
struct Books {
    definition: Definition,
    /// Everything up to here is accounted for.
    frontier: Timestamp,
    queue: VecDeque<Timestamp>,
    claimed: BTreeSet<Timestamp>,
    /// What the job remembered of that before the frame that is read: some more, once that is much.
    taken: Taken,
    open: BTreeSet<Timestamp>,
    claims: u64,
    enabled: bool,
    ended: bool,
}

impl Books {
    fn timetable(&self) -> Timetable {
        Timetable::read(&self.definition.schedule, &self.definition.tz).unwrap()
    }

    /// The slots up to then that are left: whatever the clock did, what was claimed is not due again.
    fn left(&self, until: Timestamp) -> Vec<Timestamp> {
        let timetable = self.timetable();
        let slots = timetable.between(self.frontier, until);
        slots.filter(|slot| self.is_left(*slot)).collect()
    }

    fn is_left(&self, slot: Timestamp) -> bool {
        !self.claimed.contains(&slot) && !self.taken.holds(slot)
    }

    fn next(&self) -> Option<Timestamp> {
        let (timetable, forever) = (self.timetable(), Timestamp::from_micros(i64::MAX));
        let mut slots = timetable.between(self.frontier, forever);
        slots.find(|slot| self.is_left(*slot))
    }

    fn wants(&mut self, since: Since, at: Timestamp) {
        self.frontier = match since {
            Since::Frame => self.frontier.max(at),
            Since::Instant(from) => from,
        };
    }

    /// Nothing up to then is left untold.
    fn all_told(&self, until: Timestamp, what: &str) {
        let until = self.definition.until.map_or(until, |end| end.min(until));
        if !self.ended {
            assert_eq!(self.left(until), [], "not told before {what}");
        }
    }

    fn read(&mut self, event: &Event, now: Timestamp, at: Timestamp, running: &BTreeSet<PlanId>) {
        match event {
            Event::SlotClaimed {
                slot, manual: true, ..
            } => self.claim(*slot),
            Event::SlotClaimed { slot, .. } => {
                self.takes_its_turn(*slot, now, running);
                self.claim(*slot);
                self.claims += 1;
                self.within_count();
            }
            Event::SlotQueued { slot, .. } => {
                assert_eq!(Some(*slot), self.next(), "a gap before what waits");
                assert_eq!(self.definition.overlap, Overlap::Queue);
                self.frontier = *slot;
                self.queue.push_back(*slot);
                assert!(self.queue.len() <= 100);
                self.within_count();
            }
            Event::SlotFired { slot, .. } | Event::SlotFailed { slot, .. } => {
                assert!(self.open.remove(slot), "settled and not claimed");
            }
            Event::SlotsSkipped {
                first, last, count, ..
            } => self.skip(*first, *last, *count),
            Event::JobChanged {
                since, definition, ..
            } => {
                self.all_told(now, "the change");
                assert!(self.queue.is_empty(), "an old slot waits on");
                self.definition = definition.clone();
                self.wants(*since, at);
                self.ended = false;
            }
            Event::JobEnabled { since, .. } => {
                self.all_told(now, "it was enabled");
                self.enabled = true;
                self.wants(*since, at);
            }
            Event::JobDisabled { .. } => {
                self.all_told(now, "it was disabled");
                assert!(self.queue.is_empty());
                self.enabled = false;
            }
            Event::JobEnded { reason, .. } => self.end(*reason),
            Event::ScheduleOpened { .. } | Event::JobAdded { .. } | Event::JobRemoved { .. } => {}
        }
    }

    fn claim(&mut self, slot: Timestamp) {
        assert!(self.claimed.insert(slot), "{slot} was claimed twice");
        self.open.insert(slot);
    }

    /// A slot comes right after what is accounted for, or is the first that waits; and nothing is in its way.
    fn takes_its_turn(&mut self, slot: Timestamp, now: Timestamp, running: &BTreeSet<PlanId>) {
        assert!(self.enabled);
        if self.definition.overlap != Overlap::Allow {
            assert!(self.open.is_empty(), "{slot} beside a claim");
            assert!(running.is_empty(), "{slot} beside {running:?}");
        }
        if self.queue.front() == Some(&slot) {
            self.queue.pop_front();
            return;
        }
        assert!(self.queue.is_empty(), "{slot} overtakes");
        assert_eq!(Some(slot), self.next(), "a gap before a claim");
        assert!(slot <= now, "before its time");
        assert!(self.definition.until.is_none_or(|end| slot <= end));
        let (window, jitter) = (self.definition.catch_up_window_s, self.definition.jitter_s);
        let oldest = window.max(60 + jitter);
        assert!(now.micros_since(slot) <= oldest * 1_000_000, "too old");
        self.frontier = slot;
    }

    fn within_count(&self) {
        let taken = self.claims + self.queue.len() as u64;
        if let Some(count) = self.definition.count {
            assert!(taken <= count, "{taken} of {count}");
        }
    }

    fn skip(&mut self, first: Timestamp, last: Timestamp, count: u64) {
        let before = self.queue.len();
        let counted = if first <= self.frontier {
            self.queue.retain(|slot| *slot < first || *slot > last);
            before - self.queue.len()
        } else {
            let slots = self.left(last);
            assert_eq!(slots.first(), Some(&first), "a gap before what is skipped");
            assert_eq!(slots.last(), Some(&last));
            assert!(self.definition.until.is_none_or(|end| last <= end));
            self.frontier = last;
            slots.len()
        };
        assert_eq!(counted as u64, count);
    }

    fn end(&mut self, reason: Ending) {
        match reason {
            Ending::Count => {
                let taken = self.claims + self.queue.len() as u64;
                assert!(taken >= self.definition.count.unwrap());
            }
            Ending::Until => self.all_told(self.definition.until.unwrap(), "its end"),
        }
        self.ended = true;
    }
}

/// A world and its books.
struct Audit {
    world: World,
    books: Books,
    now: Timestamp,
    /// Whether there were ever more plans than a job remembers.
    forgot: bool,
}

impl Audit {
    fn of(definition: Definition, start: Timestamp) -> Option<Self> {
        let books = Books {
            definition: definition.clone(),
            frontier: start,
            queue: VecDeque::new(),
            claimed: BTreeSet::new(),
            taken: Taken::default(),
            open: BTreeSet::new(),
            claims: 0,
            enabled: true,
            ended: false,
        };
        let add = Change::Add(super::world::project(), Box::new(definition));
        let mut world = World::default();
        world.change(&add, start).ok()?;
        Some(Self {
            world,
            books,
            now: start,
            forgot: false,
        })
    }

    fn pass(&mut self, tenths: i64) {
        let expression = &self.books.definition.schedule;
        let (between, _) = EXPRESSIONS
            .iter()
            .find(|(_, known)| known == expression)
            .unwrap();
        self.now = Timestamp::from_micros(self.now.micros() + between * 100_000 * tenths);
    }

    /// What runs is known to the job, up to as many plans as it remembers.
    fn read(&mut self, events: &[Event]) {
        let mut running = self.world.running.clone();
        if self.forgot {
            running.clear();
        }
        for event in events {
            let (now, at) = (self.now, self.world.schedule.at);
            self.books.read(event, now, at, &running);
        }
        self.books.taken = self.world.job().taken.clone();
    }

    fn settle(&mut self) {
        self.world.settle(self.now);
        self.books.open.clear();
        self.forgot |= self.world.job().plans.len() >= REMEMBERED;
    }

    /// Asks until nothing is due. Everything that is due is told then.
    fn look(&mut self) {
        self.settle();
        for _ in 0..MOST_FRAMES {
            let events = self.world.ask(self.now);
            assert!(events.len() <= 150, "{}", events.len());
            self.read(&events);
            self.settle();
            if events.is_empty() {
                return self.nothing_is_due();
            }
        }
        panic!("it never ends");
    }

    fn nothing_is_due(&self) {
        let job = self.world.job();
        let wake = wake_at(job).unwrap();
        assert!(wake.is_none_or(|wake| wake > self.now), "{wake:?}");
        if job.standing != Standing::Enabled {
            return;
        }
        let until = self.books.definition.until;
        let next = self.books.next();
        if let Some(next) = next.filter(|next| until.is_none_or(|until| *next <= until)) {
            let jitter = i64::try_from(self.books.definition.jitter_s).unwrap();
            assert!(next.plus_seconds(jitter) > self.now, "{next} is due");
            assert!(wake.is_some_and(|wake| wake <= next.plus_seconds(jitter)));
        }
    }

    fn change(&mut self, wanted: &Change) {
        if let Ok(events) = self.world.change(wanted, self.now) {
            self.read(&events);
        }
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::Look(tenths) => {
                self.pass(tenths);
                self.look();
            }
            Step::LookAhead(tenths) => {
                let now = self.now;
                self.pass(tenths);
                self.look();
                self.now = now;
            }
            Step::Die(tenths) => {
                self.pass(tenths);
                let events = self.world.ask(self.now);
                self.read(&events);
            }
            Step::End(bits) => {
                let mut bits = (0..64).map(|bit| bits >> bit & 1 == 1).cycle();
                self.world.running.retain(|_| bits.next() == Some(false));
            }
            Step::Fail => {
                for slot in std::mem::take(&mut self.books.open) {
                    let (v, job, why) = (V1, first_job(), "x".to_owned());
                    let failed = Event::SlotFailed { v, job, slot, why };
                    self.world.append(self.now, &[failed]);
                }
            }
            Step::Disable => self.change(&Change::Disable(first_job())),
            Step::Enable => self.change(&Change::Enable(first_job())),
            Step::Edit(to) => self.change(&Change::Edit(first_job(), to)),
            Step::RunNow => self.change(&Change::RunNow(first_job())),
        }
        self.agrees();
    }

    /// The state says what the events do.
    fn agrees(&self) {
        let (job, books) = (self.world.job(), &self.books);
        assert_eq!(job.queue, books.queue);
        assert_eq!(job.claims, books.claims);
        assert!(job.claimed.keys().eq(books.open.iter()));
        assert!(job.cursor >= books.frontier);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn every_slot_is_accounted_for_exactly_once(
        first in definition(),
        start in 0..STARTS.len(),
        steps in proptest::collection::vec(step(), 1..40),
    ) {
        if let Some(mut audit) = Audit::of(first, at(STARTS[start])) {
            steps.into_iter().for_each(|step| audit.step(step));
            audit.look();
            audit.change(&Change::Remove(first_job()));
        }
    }
}
