//! What can happen among processes: each takes its next step, dies, loses its lease; the power goes; an operator speaks.

use std::path::Path;

use journal::Disk;
use modulatio::command::Command;

use super::{
    scene::{Phase, Process, Scene},
    shelf::{self, CutOff, Pen},
    steps::{step, wanted},
};

/// One thing that can happen.
#[derive(Clone, Debug)]
pub(in crate::explore) enum Move {
    /// A process takes its next step.
    Step(usize),
    /// It is killed between two steps.
    Kill(usize),
    /// It is killed in its append.
    KillIn(usize, CutOff),
    /// Its plan's lease file is removed by somebody.
    Remove,
    /// It is replaced by another file.
    Replace,
    /// The power goes between two steps; of what may be left of the journal, this.
    Cut(usize),
    /// The power goes in a process's append.
    CutIn(usize, usize),
    /// An operator speaks.
    Order(Word),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::explore) enum Word {
    Pause,
    Resume,
    Approve,
    Cancel,
    CancelForce,
}

/// How the machine is broken on purpose, to see that it is noticed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flaw {
    None,
    /// A runner believes that it has the plan for as long as it lives: it writes under whatever epoch the plan is.
    NoFence,
}

pub(super) fn moves(scene: &Scene) -> Vec<Move> {
    let mut all = Vec::new();
    let left = scene.left;
    for process in &scene.processes {
        let number = process.number;
        all.push(Move::Step(number));
        let idle = matches!(process.phase, Phase::Idle);
        if left.kills > 0 && !idle {
            all.push(Move::Kill(number));
            if appends(process) {
                let ways = [CutOff::Half, CutOff::Unsynced, CutOff::Untold];
                all.extend(ways.map(|way| Move::KillIn(number, way)));
            }
        }
        if left.cuts > 0 && appends(process) {
            all.extend((0..CONTENTS).map(|content| Move::CutIn(number, content)));
        }
    }
    if left.cuts > 0 {
        all.extend((0..CONTENTS).map(Move::Cut));
    }
    if left.thefts > 0 {
        all.extend([Move::Remove, Move::Replace]);
    }
    if left.orders > 0 {
        let words = [
            Word::Pause,
            Word::Resume,
            Word::Approve,
            Word::Cancel,
            Word::CancelForce,
        ];
        all.extend(words.map(Move::Order));
    }
    all
}

/// Of what a cut may leave: nothing of what was not synced, all of it, and two things between.
const CONTENTS: usize = 4;

/// Whether its next step is an append.
fn appends(process: &Process) -> bool {
    match &process.phase {
        Phase::Claiming(_) => true,
        Phase::Running(runner) => runner.seen.is_some(),
        Phase::Idle | Phase::Leased => false,
    }
}

/// Lets it happen; `None` when nothing changes.
///
/// # Errors
/// The promise that was broken.
pub(super) fn perform(scene: &Scene, what: &Move, flaw: Flaw) -> Result<Option<Scene>, String> {
    let mut next = scene.next();
    let happened = match what {
        Move::Step(number) => step(&mut next, *number, flaw)?,
        Move::Kill(number) => kill(&mut next, *number),
        Move::KillIn(number, at) => kill_in(&mut next, *number, *at, flaw)?,
        Move::Remove => steal(&mut next, false)?,
        Move::Replace => steal(&mut next, true)?,
        Move::Cut(content) => cut(&mut next, *content),
        Move::CutIn(number, content) => {
            kill_in(&mut next, *number, CutOff::Unsynced, flaw)? && cut(&mut next, *content)
        }
        Move::Order(word) => {
            next.left.orders -= 1;
            next.order(&word.command())?
        }
    };
    if !happened {
        return Ok(None);
    }
    // A step that ends a process leaves its locks on the fork that it worked on.
    next.check()?;
    Ok(Some(next))
}

impl Word {
    pub(super) fn command(self) -> Command {
        let note = "as I say".to_owned();
        match self {
            Self::Pause => Command::Pause { note },
            Self::Resume => Command::Resume { note },
            Self::Approve => Command::Approve { note },
            Self::Cancel => Command::Cancel { note, cut: false },
            Self::CancelForce => Command::Cancel { note, cut: true },
        }
    }
}

fn kill(scene: &mut Scene, number: usize) -> bool {
    scene.left.kills = scene.left.kills.saturating_sub(1);
    let process = &mut scene.processes[number];
    if let Some(lease) = process.lease {
        scene.disk.release(lease);
    }
    process.die();
    true
}

fn kill_in(scene: &mut Scene, number: usize, at: CutOff, flaw: Flaw) -> Result<bool, String> {
    let process = &scene.processes[number];
    let Some((seen, events, epoch)) = wanted(process, flaw)? else {
        return Ok(false);
    };
    let by = process.by();
    let pen = Pen { by: &by, epoch };
    let Some(disk) = shelf::append_and_die(&scene.disk, &seen, &events, &pen, at) else {
        return Ok(false);
    };
    scene.disk = disk;
    scene.untold += 1;
    Ok(kill(scene, number))
}

/// All processes are gone with the power, and of the journal this is left.
fn cut(scene: &mut Scene, content: usize) -> bool {
    scene.left.cuts = scene.left.cuts.saturating_sub(1);
    let contents = scene.contents();
    let picked = match content {
        0 => Some(0),
        1 => contents.len().checked_sub(1),
        2 => Some(contents.len() / 3),
        _ => Some(contents.len() * 2 / 3),
    };
    let earlier = content > 0 && picked == Some(0);
    let Some(bytes) = picked.filter(|_| !earlier).and_then(|at| contents.get(at)) else {
        return false;
    };
    let disk = scene.disk.restarted();
    disk.tamper(Path::new(shelf::JOURNAL), bytes.clone());
    scene.disk = disk;
    scene.processes.iter_mut().for_each(Process::die);
    true
}

/// Whoever holds the lease holds it on a file without a name from now on.
fn steal(scene: &mut Scene, replace: bool) -> Result<bool, String> {
    scene.left.thefts -= 1;
    let path = Path::new(shelf::LEASE);
    let there = scene.disk.exists(path).map_err(|why| why.to_string())?;
    if !there {
        return Ok(false);
    }
    if replace {
        let other = Path::new("/vault/other");
        scene
            .disk
            .create_new(other)
            .map_err(|why| why.to_string())?;
        scene
            .disk
            .rename(other, path)
            .map_err(|why| why.to_string())?;
    } else {
        scene.disk.remove(path).map_err(|why| why.to_string())?;
    }
    Ok(true)
}
