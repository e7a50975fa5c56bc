//! Operators at work: commands, some of which are killed, edits by hand, and heads of the journals that are kept
//! elsewhere.

use std::{
    fs,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use super::{Ground, hands};
use crate::{
    Figures,
    ground::{
        Ran, ran,
        words::{Fate, Word},
    },
};

/// One plan in so many may be ended by each operator.
const PLANS_AN_END: usize = 6;

/// Where operators keep the heads of journals, beside the vault.
pub(super) const SEALS: &str = "seals";

/// One of them.
pub(super) struct Operator<'a> {
    ground: &'a Ground,
    number: u32,
    chance: fastrand::Rng,
    /// Plans that may still be ended: the others are to live.
    ends: usize,
    said: u32,
    pub(super) words: Vec<Word>,
    pub(super) figures: Figures,
}

impl<'a> Operator<'a> {
    pub(super) fn new(ground: &'a Ground, number: u32, chance: fastrand::Rng) -> Self {
        Self {
            ground,
            number,
            chance,
            ends: ground.plans.len() / PLANS_AN_END,
            said: 0,
            words: Vec::new(),
            figures: Figures::of("kill"),
        }
    }

    /// Says and edits until it is to stop.
    pub(super) fn meddle(mut self, stop: &AtomicBool) -> Result<Self, String> {
        while !stop.load(Ordering::Relaxed) {
            if let Some(plan) = self.chance.choice(&self.ground.plans) {
                self.act(plan)?;
            }
            std::thread::sleep(Duration::from_millis(self.chance.u64(0..120)));
        }
        Ok(self)
    }

    fn act(&mut self, plan: &str) -> Result<(), String> {
        if self.ends > 0 && self.chance.u32(0..20) == 0 {
            return self.end(plan);
        }
        let edited = match self.chance.u32(0..100) {
            0..15 => hands::edit_plan(self.ground, plan, &mut self.chance),
            15..35 => hands::answer_ticket(self.ground, "approved", &mut self.chance),
            35..37 => return self.seal(),
            _ => return self.go_on(plan),
        };
        self.figures.add("edits by hand", u64::from(edited));
        Ok(())
    }

    fn end(&mut self, plan: &str) -> Result<(), String> {
        let words: &[&str] = match self.chance.u32(0..5) {
            0 => &["decline", plan],
            1 | 2 => &["cancel", plan],
            _ => &["cancel", plan, "--force"],
        };
        if self.say_with_note(plan, words)? {
            self.ends -= 1;
            let forced = words.contains(&"--force");
            self.figures
                .add("plans cancelled by force", u64::from(forced));
        }
        Ok(())
    }

    fn go_on(&mut self, plan: &str) -> Result<(), String> {
        match self.chance.u32(0..100) {
            0..40 => self.say_with_note(plan, &["approve", plan]).map(drop),
            40..56 => self.say_with_note(plan, &["pause", plan]).map(drop),
            56..76 => self.say_with_note(plan, &["resume", plan]).map(drop),
            76..86 => self.cap(plan),
            86..96 => self.run(&["edit-budget", plan, "--max-tokens", "none"]),
            96..99 => self.run(&["release", plan]),
            _ => self.run(&["show", plan]),
        }
    }

    /// A number that no other word has.
    fn cap(&mut self, plan: &str) -> Result<(), String> {
        let serial = self.number * 5_000 + self.said % 5_000;
        let tokens = self.chance.u32(0..12) * 10_000 + serial;
        let tokens = tokens.to_string();
        let words = ["edit-budget", plan, "--max-tokens", &tokens];
        self.say(plan, &words, &tokens).map(drop)
    }

    fn say_with_note(&mut self, plan: &str, words: &[&str]) -> Result<bool, String> {
        let mark = format!("o{}-{}", self.number, self.said);
        self.say(plan, &[words, &["--note", &mark]].concat(), &mark)
    }

    /// Says it, and remembers what came of it; says whether it was granted.
    fn say(&mut self, plan: &str, words: &[&str], mark: &str) -> Result<bool, String> {
        let (ran, dies) = self.command(words)?;
        let fate = match Fate::of(&ran, dies) {
            // The plan is cancelled; who has it is stopped.
            Fate::Odd(_) if has_not_let_go(&ran) => Fate::Applied,
            Fate::Odd(_) if is_busy(&ran) => Fate::Refused(ran.err.clone()),
            fate => fate,
        };
        match fate {
            Fate::Refused(_) => self.figures.add("commands refused", 1),
            Fate::Killed => self.figures.add("commands killed", 1),
            Fate::Applied | Fate::Odd(_) => {}
        }
        let granted = fate == Fate::Applied;
        self.words.push(Word {
            plan: plan.to_owned(),
            said: words.join(" "),
            mark: mark.to_owned(),
            fate,
        });
        Ok(granted)
    }

    /// What says nothing by which it could be known again.
    fn run(&mut self, words: &[&str]) -> Result<(), String> {
        let (ran, dies) = self.command(words)?;
        match Fate::of(&ran, dies) {
            Fate::Odd(how) if !is_busy(&ran) => {
                let said = words.join(" ");
                self.figures.broken(format!("plan {said}: {how}"));
            }
            Fate::Odd(_) | Fate::Applied | Fate::Refused(_) | Fate::Killed => {}
        }
        Ok(())
    }

    /// Runs it to its end; one in six dies in the middle of it, if it writes at all.
    fn command(&mut self, words: &[&str]) -> Result<(Ran, bool), String> {
        self.said += 1;
        self.figures.add("commands", 1);
        let mut command = self.ground.yard.command(&[&["plan"], words].concat());
        let dies = self.chance.u32(0..6) == 0;
        if dies {
            let points = ["before-append", "after-append", "after-render"];
            let point = self.chance.choice(points).unwrap_or("after-append");
            command.env("MODULATIO_FAULT", format!("kill-{point}:1"));
        }
        Ok((ran(&mut command)?, dies))
    }

    /// Keeps the heads of all journals: whatever stands there now must be there for good.
    fn seal(&mut self) -> Result<(), String> {
        let ran = self.ground.yard.run(&["audit", "seal"])?;
        if ran.code != Some(0) {
            self.figures.broken(format!("audit seal: {ran:?}"));
            return Ok(());
        }
        let dir = self.ground.yard.beside(SEALS);
        let file = dir.join(format!("{}-{}", self.number, self.figures.count("seals")));
        self.figures.add("seals", 1);
        let kept = fs::create_dir_all(&dir).and_then(|()| fs::write(&file, ran.out));
        kept.map_err(|e| format!("{}: {e}", file.display()))
    }
}

/// A stopped daemon holds a claim lock.
fn is_busy(ran: &Ran) -> bool {
    ran.code == Some(1) && ran.err.contains(".lock was not free within")
}

fn has_not_let_go(ran: &Ran) -> bool {
    ran.code == Some(5) && ran.err.contains("has not let go of it yet")
}
