//! The protocol by which processes share a plan: lease, claim, epoch and append, on the real file store over a simulated
//! disk, with the real rules. Every order of the steps of two or three processes, of kills between and in appends, of
//! stolen leases, power cuts and an operator's words, from every place on the way of a process that nobody disturbs.

mod moves;
mod scene;
mod shelf;
mod steps;
mod turned;
pub(super) mod turns;

use projections::plan::Status;

use self::{
    moves::{Flaw, Move, Word},
    scene::{Left, Phase, Scene},
};
use super::search::{Model, hash_of};

/// The protocol among so many processes.
pub(super) struct Protocol {
    processes: usize,
    /// Of so many new states one is led to its end.
    close: u128,
    left: Left,
    flaw: Flaw,
}

impl Protocol {
    pub(super) fn of(processes: usize, close: u32) -> Self {
        let left = Left {
            kills: 2,
            thefts: 1,
            orders: 1,
            cuts: 1,
        };
        Self {
            processes,
            close: u128::from(close.max(1)),
            left,
            flaw: Flaw::None,
        }
    }

    /// Two processes and somebody who takes their leases away again and again: few ways, so that a search goes deep.
    pub(super) fn of_thieves() -> Self {
        let left = Left {
            kills: 0,
            thefts: 2,
            orders: 0,
            cuts: 0,
        };
        Self {
            left,
            ..Self::of(2, 64)
        }
    }

    /// As it would be if runners were not fenced: the explorer must see it.
    pub(super) fn without_a_fence() -> Self {
        Self {
            flaw: Flaw::NoFence,
            ..Self::of_thieves()
        }
    }
}

/// More steps than a plan needs that nobody disturbs.
const MOST: usize = 120;

impl Model for Protocol {
    type State = Scene;
    type Move = Move;

    fn starts(&self) -> Vec<(String, Scene)> {
        let mut scene =
            Scene::new(self.processes, self.left).expect("a plan of the lab's own can be set up");
        let mut all = vec![("approved".to_owned(), scene.clone())];
        for at in 1..MOST {
            if scene.truth().status.name().is_terminal() {
                break;
            }
            let stepped = moves::perform(&scene, &Move::Step(0), Flaw::None);
            scene = stepped
                .expect("a process that nobody disturbs keeps every promise")
                .expect("a process that nobody disturbs can take its step");
            all.push((format!("{at} steps of one"), scene.clone()));
        }
        all
    }

    fn fingerprint(&self, scene: &Scene) -> u128 {
        hash_of(scene.essence().as_bytes())
    }

    fn moves(&self, scene: &Scene) -> Vec<Move> {
        moves::moves(scene)
    }

    fn make(&self, scene: &Scene, what: &Move) -> Result<Option<Scene>, String> {
        moves::perform(scene, what, self.flaw)
    }

    fn examine(&self, scene: &Scene, fingerprint: u128) -> Result<(), String> {
        recovery_is_idempotent(scene)?;
        if fingerprint.is_multiple_of(self.close) {
            comes_to_its_end(scene)?;
        }
        Ok(())
    }
}

/// Who opens the journal after somebody has opened it finds what the first one found, and changes nothing.
fn recovery_is_idempotent(scene: &Scene) -> Result<(), String> {
    let disk = scene.disk.fork();
    let before = shelf::bytes(&disk)?;
    let first = shelf::look(&disk)?;
    let bytes = shelf::bytes(&disk)?;
    if bytes == before && scene.contents().len() == 1 {
        return Ok(());
    }
    let second = shelf::look(&disk)?;
    let settled = disk.contents_after_a_cut(shelf::JOURNAL.as_ref()).len() == 1;
    if shelf::bytes(&disk)? != bytes || first != second || !settled {
        return Err("opening the journal twice gives two states".to_owned());
    }
    Ok(())
}

/// With all processes gone, one that comes alone brings the plan to its end, whatever lies there.
fn comes_to_its_end(scene: &Scene) -> Result<(), String> {
    let mut scene = scene.next();
    scene.all_die();
    for _ in 0..MOST {
        let status = scene.truth().status.clone();
        if status.name().is_terminal() {
            return Ok(());
        }
        let idle = matches!(scene.processes[0].phase, Phase::Idle);
        let what = match status {
            Status::Paused { .. } if idle => Move::Order(Word::Resume),
            _ => Move::Step(0),
        };
        let stepped = moves::perform(&scene, &what, Flaw::None)?;
        scene =
            stepped.ok_or_else(|| format!("left in peace, {what:?} does nothing at {status:?}"))?;
        scene.left.orders = 1;
    }
    Err(format!(
        "left in peace, the plan does not end: {:?}",
        scene.truth().status
    ))
}
