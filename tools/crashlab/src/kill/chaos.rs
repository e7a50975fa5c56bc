//! The reign of chaos: daemons that are killed, stopped, robbed and asked to end, until enough of it was done.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};

use super::{
    Arguments, Ground,
    operators::Operator,
    slot::{Doing, Names, Slot},
    theft::{self, Turn},
};
use crate::{
    Figures,
    ground::{Ended, PATIENCE, Signal, words::Word},
};

/// Calls of one sub-objective, about.
const CALLS: u64 = 6;

/// Longest between two strikes, however little is sold.
const SOON: Duration = Duration::from_millis(500);

/// Between two looks at whether there is one.
const LOOK: Duration = Duration::from_millis(50);

/// Operators at the same time.
const OPERATORS: u32 = 2;

/// What was done to the daemons, as far as the proof counts with it.
pub(super) struct Done {
    /// Each of these may have cut the calls that were under way in one runner.
    pub(super) interruptions: u64,
    /// All that operators said.
    pub(super) words: Vec<Word>,
}

/// Strikes until enough is done.
pub(super) fn run(
    arguments: &Arguments,
    ground: &Ground,
    chance: &mut fastrand::Rng,
    figures: &mut Figures,
) -> Result<Done, String> {
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let at_work: Vec<_> = (0..OPERATORS)
            .map(|number| Operator::new(ground, number, chance.fork()))
            .map(|operator| scope.spawn(|| operator.meddle(&stop)))
            .collect();
        let reigned = Reign::begin(arguments, ground, chance, figures).and_then(Reign::reign);
        stop.store(true, Ordering::Relaxed);
        let mut done = Done {
            interruptions: 0,
            words: Vec::new(),
        };
        for operator in at_work {
            let theirs = operator.join().map_err(|_| "an operator panicked")??;
            done.interruptions += theirs.figures.count("plans cancelled by force");
            done.words.extend(theirs.words);
            figures.join(theirs.figures);
        }
        done.interruptions += reigned?;
        Ok(done)
    })
}

struct Reign<'a> {
    ground: &'a Ground,
    chance: &'a mut fastrand::Rng,
    figures: &'a mut Figures,
    names: Names,
    slots: Vec<Slot>,
    kills: u64,
    done: u64,
    /// Sales between two strikes, on average.
    pace: u64,
    next_sale: u64,
    next_at: Instant,
    looked: Instant,
}

impl<'a> Reign<'a> {
    fn begin(
        arguments: &Arguments,
        ground: &'a Ground,
        chance: &'a mut fastrand::Rng,
        figures: &'a mut Figures,
    ) -> Result<Self, String> {
        let calls = u64::from(arguments.plans) * u64::from(arguments.sub_objectives) * CALLS;
        let mut reign = Self {
            ground,
            chance,
            figures,
            names: Names::new(),
            slots: Vec::new(),
            kills: arguments.kills,
            done: 0,
            pace: (calls / arguments.kills.max(1)).max(1),
            next_sale: 0,
            next_at: Instant::now(),
            looked: Instant::now(),
        };
        for _ in 0..arguments.daemons {
            let slot = Slot::start(&ground.yard, &mut reign.names, reign.chance, false)?;
            reign.slots.push(slot);
        }
        Ok(reign)
    }

    /// Returns how many strikes there were.
    fn reign(mut self) -> Result<u64, String> {
        while self.done < self.kills || self.slots.iter().any(|slot| !slot.is_running()) {
            self.reap()?;
            self.attend()?;
            if self.done < self.kills && self.is_due() {
                self.strike()?;
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        for slot in &mut self.slots {
            slot.daemon.send(Signal::TERM);
            slot.doing = Doing::Ending;
        }
        for slot in &mut self.slots {
            if slot.daemon.wait().is_none() {
                let log = slot.daemon.log_file().display().to_string();
                self.figures
                    .broken(format!("a daemon did not end on SIGTERM: {log}"));
            }
        }
        self.figures.add("SIGTERM", self.slots.len() as u64);
        let strikes = self.done + self.slots.len() as u64;
        Ok(strikes)
    }

    /// Replaces who has died; nobody dies without a cause.
    fn reap(&mut self) -> Result<(), String> {
        for slot in &mut self.slots {
            let Some((ended, rightly)) = slot.ended() else {
                continue;
            };
            let struck = matches!(slot.doing, Doing::Ending);
            if slot.is_armed && !struck && ended == Ended::Signal(9) {
                self.done += 1;
                self.figures.add("deaths at chosen frames", 1);
            }
            if !rightly {
                let log = slot.daemon.log_file().display().to_string();
                self.figures
                    .broken(format!("a daemon ended by itself: {ended:?}: {log}"));
            }
            *slot = Slot::start(&self.ground.yard, &mut self.names, self.chance, true)?;
        }
        Ok(())
    }

    /// Sees to those that are stopped, robbed, or waking.
    fn attend(&mut self) -> Result<(), String> {
        let look = self.looked.elapsed() > LOOK;
        if look {
            self.looked = Instant::now();
        }
        for at in 0..self.slots.len() {
            let slot = &mut self.slots[at];
            match &mut slot.doing {
                Doing::Stopped(until) if Instant::now() >= *until => self.go_on(at),
                Doing::Robbed(theft) if look => match theft.turn(self.ground)? {
                    Turn::Sleeps => {}
                    Turn::WakesReplaced => {
                        let doing = Doing::Waking(theft.woken());
                        self.wake(at, doing);
                    }
                    Turn::WakesAlone => {
                        self.figures
                            .add("robbed runners that woke without an heir", 1);
                        self.wake(at, Doing::Running);
                    }
                },
                Doing::Waking(theft) if theft.is_noticed(&slot.daemon.log()) => {
                    self.figures.add("robbed runners that noticed", 1);
                    slot.doing = Doing::Running;
                }
                Doing::Waking(theft) if theft.since.elapsed() > PATIENCE => {
                    let (plan, epoch) = (&theft.plan, theft.epoch);
                    let log = slot.daemon.log_file().display();
                    self.figures.broken(format!(
                        "{plan}: the runner of epoch {epoch} was replaced and never said so: {log}"
                    ));
                    slot.doing = Doing::Running;
                }
                Doing::Running
                | Doing::Ending
                | Doing::Stopped(_)
                | Doing::Robbed(_)
                | Doing::Waking(_) => {}
            }
        }
        Ok(())
    }

    /// A stopped one goes on, or dies as it is.
    fn go_on(&mut self, at: usize) {
        if self.chance.u32(0..4) == 0 {
            self.figures.add("of them stopped", 1);
            self.end(at, Signal::KILL, "SIGKILL");
        } else {
            self.wake(at, Doing::Running);
        }
    }

    fn wake(&mut self, at: usize, doing: Doing) {
        self.figures.add("SIGCONT", 1);
        let slot = &mut self.slots[at];
        slot.daemon.send(Signal::CONT);
        slot.doing = doing;
    }

    fn is_due(&self) -> bool {
        let now = Instant::now();
        now > self.next_at + SOON
            || (now > self.next_at && self.ground.model.sold().calls >= self.next_sale)
    }

    fn strike(&mut self) -> Result<(), String> {
        let Some(at) = self.victim() else {
            return Ok(());
        };
        match self.chance.u32(0..100) {
            0..46 => self.end(at, Signal::KILL, "SIGKILL"),
            46..50 => self.kill_all(),
            50..64 => self.end(at, Signal::TERM, "SIGTERM"),
            _ => self.stop(at)?,
        }
        // One in five is struck again at once, or its successor before it has begun.
        let (sales, micros) = if self.chance.u32(0..5) == 0 {
            (0, self.chance.u64(0..80_000))
        } else {
            let sales = self.chance.u64(0..=2 * self.pace);
            (sales, self.chance.u64(0..40_000))
        };
        self.next_sale = self.ground.model.sold().calls + sales;
        // Not only when something was sold just now.
        self.next_at = Instant::now() + Duration::from_micros(micros);
        Ok(())
    }

    fn end(&mut self, at: usize, signal: Signal, name: &'static str) {
        self.figures.add(name, 1);
        self.done += 1;
        let slot = &mut self.slots[at];
        slot.daemon.send(signal);
        slot.doing = Doing::Ending;
    }

    /// As a machine that loses its power does; only those that are stopped live on.
    fn kill_all(&mut self) {
        self.figures.add("power cuts", 1);
        for at in 0..self.slots.len() {
            if self.slots[at].is_running() {
                self.end(at, Signal::KILL, "SIGKILL");
            }
        }
    }

    /// Stops it, and steals its lease more often than not.
    fn stop(&mut self, at: usize) -> Result<(), String> {
        let slot = &mut self.slots[at];
        if !slot.daemon.freeze() {
            return Ok(());
        }
        self.figures.add("SIGSTOP", 1);
        self.done += 1;
        let stolen = if self.chance.u32(0..3) > 0 {
            let logged = slot.daemon.log().len();
            theft::steal(self.ground, slot.daemon.pid(), logged, self.chance)?
        } else {
            None
        };
        slot.doing = match stolen {
            Some(theft) => {
                self.figures.add("leases stolen", 1);
                Doing::Robbed(theft)
            }
            None => {
                let millis = self.chance.u64(0..1_200);
                Doing::Stopped(Instant::now() + Duration::from_millis(millis))
            }
        };
        Ok(())
    }

    /// Whoever executes a plan, four times in five, if anybody does.
    fn victim(&mut self) -> Option<usize> {
        let alive: Vec<usize> = (0..self.slots.len())
            .filter(|at| self.slots[*at].is_running())
            .collect();
        let holders = theft::holders(self.ground);
        let busy: Vec<usize> = alive
            .iter()
            .copied()
            .filter(|at| holders.contains(&self.slots[*at].daemon.pid()))
            .collect();
        let among = if busy.is_empty() || self.chance.u32(0..5) == 0 {
            alive
        } else {
            busy
        };
        self.chance.choice(among)
    }
}
