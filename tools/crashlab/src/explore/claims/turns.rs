//! The append path itself, with every call on the disk a place where another process may come between: real threads,
//! of which one at a time moves, in every order with at most so many preemptions.
//!
//! ```text
//!  run(script) ▸ threads ask for their turn at each call ▸ who goes on is the script's choice, beyond it the last one
//!      ▲                                                                    │
//!      └──── the script up to the deepest choice that has another way ◀─────┘
//! ```

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use journal::{Anchor, Error, FileStore, Log, LogStore, SimDisk};
use modulatio::{command::Command, decide};
use projections::{ids::Epoch, plan::Plan, work::Step};

use super::{
    moves::Word,
    scene::{Left, Scene},
    shelf::{self, Pen},
    steps,
    turned::TurnDisk,
};

/// What a process does, one after the other; `None` of a report is refused without harm.
#[derive(Clone, Copy, Debug)]
enum Act {
    Claim,
    Begin,
    Say(Word),
}

/// Who races with whom.
const RACES: [(&[&[Act]], u32); 3] = [
    (&[&[Act::Claim, Act::Begin], &[Act::Claim, Act::Begin]], 0),
    (
        &[
            &[Act::Claim, Act::Begin],
            &[Act::Say(Word::Pause), Act::Say(Word::Resume)],
        ],
        0,
    ),
    (&[&[Act::Claim], &[Act::Say(Word::Pause)], &[Act::Claim]], 1),
];

/// What was tried.
#[derive(Debug, Default)]
pub(in crate::explore) struct Tried {
    pub(in crate::explore) schedules: u64,
    pub(in crate::explore) turns: u64,
    pub(in crate::explore) broken: Vec<String>,
}

/// Runs every race in every order with at most `preemptions`, over a disk whose locks lock or do not.
pub(in crate::explore) fn race(preemptions: u32, locks: bool) -> Result<Tried, String> {
    let mut tried = Tried::default();
    for (at, (race, fewer)) in RACES.iter().enumerate() {
        let bound = preemptions.saturating_sub(*fewer);
        let mut script = Some(Vec::new());
        while let Some(choices) = script.take() {
            let (log, held) = run(race, &choices, bound, locks)?;
            tried.schedules += 1;
            tried.turns += log.len() as u64;
            if let Err(broken) = held {
                let order = in_turns(&log);
                tried
                    .broken
                    .push(format!("race {at}, turns {order}: {broken}"));
                break;
            }
            script = other_way(&log);
        }
    }
    Ok(tried)
}

/// Who went on, and for how many calls: `0 x34, 1 x37`.
fn in_turns(log: &[Choice]) -> String {
    let runs = log.chunk_by(|one, next| one.chosen() == next.chosen());
    let told: Vec<String> = runs
        .map(|run| format!("{} x{}", run[0].chosen(), run.len()))
        .collect();
    told.join(", ")
}

/// The script up to the deepest choice that has a way not taken yet.
fn other_way(log: &[Choice]) -> Option<Vec<usize>> {
    let at = log
        .iter()
        .rposition(|choice| choice.taken + 1 < choice.ways.len())?;
    let mut script: Vec<usize> = log[..at].iter().map(Choice::chosen).collect();
    script.push(log[at].ways[log[at].taken + 1]);
    Some(script)
}

type Held = Result<(), String>;

fn run(
    race: &[&[Act]],
    script: &[usize],
    preemptions: u32,
    locks: bool,
) -> Result<(Vec<Choice>, Held), String> {
    let nothing = Left {
        kills: 0,
        thefts: 0,
        orders: 0,
        cuts: 0,
    };
    let mut scene = Scene::new(race.len(), nothing)?;
    let turns = Arc::new(Turns::new(race.len(), script, preemptions));
    let disk = scene.disk.clone();
    let told: Vec<Result<Vec<Anchor>, String>> = std::thread::scope(|scope| {
        let racers: Vec<_> = race
            .iter()
            .enumerate()
            .map(|(me, acts)| {
                let racer = Racer::new(me, &disk, &turns, locks);
                scope.spawn(move || racer.run(acts))
            })
            .collect();
        let joined = racers.into_iter().map(|racer| racer.join());
        joined
            .map(|racer| racer.unwrap_or_else(|_| Err("a process panicked".to_owned())))
            .collect()
    });
    let held = told.into_iter().try_for_each(|told| {
        told?
            .into_iter()
            .for_each(|anchor| scene.acknowledge(anchor));
        Ok(())
    });
    let held = held.and_then(|()| scene.check());
    Ok((turns.log(), held))
}

/// One process: it reads, decides and appends until it was first, as the product does.
struct Racer {
    me: usize,
    store: FileStore,
    turns: Arc<Turns>,
}

/// Whatever becomes of a process, the others go on.
struct Finished<'a>(&'a Racer);

impl Drop for Finished<'_> {
    fn drop(&mut self) {
        self.0.turns.finish(self.0.me);
    }
}

impl Racer {
    fn new(me: usize, disk: &SimDisk, turns: &Arc<Turns>, locks: bool) -> Self {
        let disk = TurnDisk::new(disk.clone(), turns.clone(), me, locks);
        let store = FileStore::new(
            Arc::new(disk),
            shelf::DIR.into(),
            Arc::new(|| shelf::NOW.to_owned()),
        );
        Self {
            me,
            store,
            turns: turns.clone(),
        }
    }

    fn run(self, acts: &[Act]) -> Result<Vec<Anchor>, String> {
        let _finished = Finished(&self);
        let mut log = self.store.open(&shelf::name(), None).map_err(shelf::told)?;
        let mut frames = Vec::new();
        let (mut epoch, mut told) = (Epoch::default(), Vec::new());
        for act in acts {
            loop {
                log.catch_up(&mut |frame| frames.push(frame))
                    .map_err(shelf::told)?;
                let plan = shelf::folded(&frames)?;
                match self.attempt(&mut *log, &plan, *act, &mut epoch) {
                    Ok(Some(anchor)) => told.push(anchor),
                    Ok(None) => {}
                    Err(Error::Conflict { .. }) => continue,
                    Err(error) => return Err(format!("an append failed: {error}")),
                }
                break;
            }
            // What was appended is read as any reader would.
            log = self.store.open(&shelf::name(), None).map_err(shelf::told)?;
            frames.clear();
        }
        Ok(told)
    }

    fn attempt(
        &self,
        log: &mut dyn Log,
        plan: &Plan,
        act: Act,
        epoch: &mut Epoch,
    ) -> Result<Option<Anchor>, Error> {
        let (by, command, runner) = match act {
            Act::Claim => (self.by(), Command::Claim, None),
            Act::Begin => {
                let step = Step::PlanTasks { index: 1 };
                (self.by(), steps::starting(step), Some(*epoch))
            }
            Act::Say(word) => ("cli:anna".to_owned(), word.command(), None),
        };
        let Ok(events) = shelf::decided(plan, &command, &by, runner) else {
            return Ok(None);
        };
        let own = decide::epoch_of(plan, &events);
        let pen = Pen {
            by: &by,
            epoch: own,
        };
        let expected = plan.head_frame.anchor.seq + 1;
        let anchor = log.append(expected, &[shelf::draft(&events, &pen)])?;
        if matches!(act, Act::Claim) {
            *epoch = own;
        }
        Ok(Some(anchor))
    }

    fn by(&self) -> String {
        format!("daemon:{}.0", self.me)
    }
}

/// One decision about who goes on.
#[derive(Clone, Debug)]
struct Choice {
    /// Who might, the one first that goes on if nobody says otherwise.
    ways: Vec<usize>,
    taken: usize,
}

impl Choice {
    fn chosen(&self) -> usize {
        self.ways[self.taken]
    }
}

/// Whose turn it is.
pub(super) struct Turns {
    state: Mutex<State>,
    news: Condvar,
}

struct State {
    waits: Vec<bool>,
    done: Vec<bool>,
    /// Waits for a lock that somebody holds: its turn would be for nothing.
    stuck: Vec<bool>,
    running: Option<usize>,
    last: Option<usize>,
    preemptions: u32,
    script: Vec<usize>,
    log: Vec<Choice>,
}

impl Turns {
    fn new(count: usize, script: &[usize], preemptions: u32) -> Self {
        let state = State {
            waits: vec![false; count],
            done: vec![false; count],
            stuck: vec![false; count],
            running: None,
            last: None,
            preemptions,
            script: script.to_vec(),
            log: Vec::new(),
        };
        Self {
            state: Mutex::new(state),
            news: Condvar::new(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn log(&self) -> Vec<Choice> {
        self.state().log.clone()
    }

    /// Waits for a turn; it lasts until the next call.
    pub(super) fn take(&self, me: usize) {
        let mut state = self.state();
        state.waits[me] = true;
        state.yields(me);
        self.news.notify_all();
        while state.running != Some(me) {
            state = self
                .news
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
        state.waits[me] = false;
    }

    /// A lock was not free.
    pub(super) fn stuck(&self, me: usize) {
        self.state().stuck[me] = true;
    }

    /// A lock was freed.
    pub(super) fn freed(&self) {
        self.state().stuck.fill(false);
    }

    fn finish(&self, me: usize) {
        let mut state = self.state();
        state.done[me] = true;
        state.stuck.fill(false);
        state.yields(me);
        self.news.notify_all();
    }
}

impl State {
    /// Once everybody who lives waits, one of them is chosen.
    fn yields(&mut self, me: usize) {
        if self.running == Some(me) {
            self.running = None;
        }
        let living: Vec<usize> = (0..self.done.len())
            .filter(|one| !self.done[*one])
            .collect();
        let all_wait = living.iter().all(|one| self.waits[*one]);
        if self.running.is_some() || !all_wait || living.is_empty() {
            return;
        }
        let (ways, preempted) = self.ways(&living);
        let scripted = self.script.get(self.log.len());
        let taken = scripted
            .and_then(|one| ways.iter().position(|way| way == one))
            .unwrap_or(0);
        if preempted && taken > 0 {
            self.preemptions -= 1;
        }
        self.running = Some(ways[taken]);
        self.last = self.running;
        self.log.push(Choice { ways, taken });
    }

    /// Who may go on, and whether any but the first takes the turn from somebody.
    fn ways(&mut self, living: &[usize]) -> (Vec<usize>, bool) {
        if living.iter().all(|one| self.stuck[*one]) {
            self.stuck.fill(false);
        }
        let free = living.iter().copied().filter(|one| !self.stuck[*one]);
        let (first, others): (Vec<usize>, Vec<usize>) =
            free.partition(|one| self.last == Some(*one));
        match first.first() {
            Some(_) if self.preemptions == 0 => (first, true),
            Some(_) => (first.into_iter().chain(others).collect(), true),
            None => (others, false),
        }
    }
}
