//! Several processes at one plan, what each of them knows, and what was acknowledged.

use std::{collections::BTreeMap, sync::Arc};

use journal::{Anchor, Frame, LogStore, SimDisk};
use modulatio::decide;
use projections::{
    document,
    event::Event,
    fold,
    ids::{CallId, Epoch, PlanId},
    plan::Plan,
    work::Step,
};

use super::{
    super::search::hash_of,
    shelf::{self, Pen},
};
use crate::promises::{Ledger, Rules};

/// How far a process is.
#[derive(Clone, Debug)]
pub(super) enum Phase {
    /// Between two ticks.
    Idle,
    /// It holds the lease and is to read the plan again.
    Leased,
    /// It has read the plan and is about to claim it.
    Claiming(Arc<Plan>),
    /// It works under its claim.
    Running(Runner),
}

#[derive(Clone, Debug)]
pub(super) struct Runner {
    pub(super) epoch: Epoch,
    /// The call that it waits for; there is an answer at any time.
    pub(super) flying: Option<(CallId, Step)>,
    /// What it has read before its next append.
    pub(super) seen: Option<Arc<Plan>>,
}

#[derive(Clone, Debug)]
pub(super) struct Process {
    pub(super) number: usize,
    /// Which life this is: a process that was killed comes back as another.
    pub(super) life: u32,
    /// The open file by which it holds a lease.
    pub(super) lease: Option<u64>,
    pub(super) phase: Phase,
}

impl Process {
    pub(super) fn by(&self) -> String {
        format!("daemon:{}.{}", self.number, self.life)
    }

    pub(super) fn die(&mut self) {
        self.life += 1;
        self.lease = None;
        self.phase = Phase::Idle;
    }
}

/// How often bad things may still happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Left {
    pub(super) kills: u32,
    pub(super) thefts: u32,
    pub(super) orders: u32,
    pub(super) cuts: u32,
}

#[derive(Clone)]
pub(in crate::explore) struct Scene {
    /// Never changed: each step changes a fork of it.
    pub(super) disk: SimDisk,
    pub(super) processes: Vec<Process>,
    pub(super) left: Left,
    /// Every frame that somebody was told is durable.
    pub(super) acknowledged: BTreeMap<u64, Anchor>,
    /// Appends whose writer died before it was told.
    pub(super) untold: u64,
    /// What has been checked so far: the frames, whose each epoch is, and what they fold to.
    checked: Checked,
}

#[derive(Clone, Default)]
struct Checked {
    frames: Vec<Anchor>,
    owners: BTreeMap<u64, String>,
    ledger: Ledger,
    plan: Option<Arc<Plan>>,
}

const BODY: &str = "## Essays\n\n### Sub-objectives\n\n**1. First** — an essay.\n";

impl Scene {
    /// An approved plan and idle processes.
    pub(super) fn new(processes: usize, left: Left) -> Result<Self, String> {
        let disk = SimDisk::new(shelf::DIR.as_ref());
        let id: PlanId = "ESS-P-001".parse().expect("an id");
        let text = document::read(BODY.as_bytes()).map_err(|why| why.to_string())?;
        let events = decide::draft(&id, &text).map_err(|why| format!("{why:?}"))?;
        let pen = Pen {
            by: "cli:anna",
            epoch: Epoch::default(),
        };
        let first = shelf::store(&disk)
            .create(&shelf::name(), &shelf::draft(&events, &pen))
            .map_err(shelf::told)?;
        let process = |number| Process {
            number,
            life: 0,
            lease: None,
            phase: Phase::Idle,
        };
        let mut scene = Self {
            disk,
            processes: (0..processes).map(process).collect(),
            left,
            acknowledged: BTreeMap::from([(first.seq, first)]),
            untold: 0,
            checked: Checked::default(),
        };
        let note = "go".to_owned();
        scene.order(&modulatio::command::Command::Approve { note })?;
        scene.check()?;
        Ok(scene)
    }

    /// A copy that may be changed.
    pub(super) fn next(&self) -> Self {
        Self {
            disk: self.disk.fork(),
            ..self.clone()
        }
    }

    /// An operator's command: read, decided and appended; `false` when it is refused.
    pub(super) fn order(&mut self, command: &modulatio::command::Command) -> Result<bool, String> {
        let plan = self.look()?;
        let Ok(events) = shelf::decided(&plan, command, "cli:anna", None) else {
            return Ok(false);
        };
        let epoch = decide::epoch_of(&plan, &events);
        let pen = Pen {
            by: "cli:anna",
            epoch,
        };
        let told = shelf::append(&self.disk, &plan, &events, &pen).map_err(shelf::told)?;
        self.acknowledge(told);
        Ok(true)
    }

    /// Every process is killed; the machine goes on.
    pub(super) fn all_die(&mut self) {
        self.disk = self.disk.restarted();
        self.processes.iter_mut().for_each(Process::die);
        self.left.orders = 1;
    }

    pub(super) fn acknowledge(&mut self, anchor: Anchor) {
        self.acknowledged.insert(anchor.seq, anchor);
    }

    /// The state that the journal's frames fold to, as checked last.
    pub(super) fn truth(&self) -> &Plan {
        self.checked
            .plan
            .as_ref()
            .expect("a scene is checked when it is made")
    }

    /// The state as a process finds it that opens the journal now. Frames that were folded before are not folded again.
    pub(super) fn look(&self) -> Result<Arc<Plan>, String> {
        let frames = shelf::look(&self.disk)?;
        match &self.checked.plan {
            Some(plan)
                if frames.last().map(|frame| frame.anchor)
                    == self.checked.frames.last().copied() =>
            {
                Ok(plan.clone())
            }
            Some(_) | None => shelf::folded(&frames).map(Arc::new),
        }
    }

    /// All that its future depends on.
    pub(super) fn essence(&self) -> String {
        let processes: Vec<_> = self
            .processes
            .iter()
            .map(|process| {
                let phase = match &process.phase {
                    Phase::Idle => "idle".to_owned(),
                    Phase::Leased => "leased".to_owned(),
                    Phase::Claiming(seen) => format!("claiming {:?}", seen.head_frame.anchor),
                    Phase::Running(runner) => format!(
                        "running {} {:?} {:?}",
                        runner.epoch,
                        runner.flying,
                        runner.seen.as_ref().map(|seen| seen.head_frame.anchor)
                    ),
                };
                // Which number an open file has matters to nobody, but whose lease has lost its name does.
                (process.life, process.lease.is_some(), phase)
            })
            .collect();
        let held = shelf::store(&self.disk)
            .leased(&shelf::name())
            .is_ok_and(|holder| holder.is_some());
        let durable: Vec<u128> = self.contents().iter().map(|bytes| hash_of(bytes)).collect();
        format!(
            "{:?}",
            (
                processes,
                held,
                self.left,
                durable,
                &self.acknowledged,
                self.untold
            )
        )
    }

    /// What the journal may hold after a power cut, the shortest first; only one thing if all is synced.
    pub(super) fn contents(&self) -> Vec<Vec<u8>> {
        self.disk.contents_after_a_cut(shelf::JOURNAL.as_ref())
    }

    /// Looks at the journal as it is now.
    ///
    /// # Errors
    /// The promise that is broken.
    pub(super) fn check(&mut self) -> Result<(), String> {
        let frames = shelf::frames(&self.disk)?;
        for (seq, anchor) in &self.acknowledged {
            let kept = usize::try_from(*seq).ok().and_then(|at| frames.get(at));
            if kept.map(|frame| frame.anchor) != Some(*anchor) {
                return Err(format!("frame {seq} was acknowledged and is gone"));
            }
        }
        if frames.len() as u64 > self.acknowledged.len() as u64 + self.untold {
            return Err("there is a frame that nobody has appended".to_owned());
        }
        self.forget_what_was_lost(&frames);
        let known = self.checked.frames.len();
        frames[known..]
            .iter()
            .try_for_each(|frame| self.take(frame))
    }

    /// A power cut may take back what was never acknowledged; then all is read anew.
    fn forget_what_was_lost(&mut self, frames: &[Frame]) {
        let now: Vec<Anchor> = frames.iter().map(|frame| frame.anchor).collect();
        if !now.starts_with(&self.checked.frames) {
            self.checked = Checked::default();
        }
    }

    fn take(&mut self, frame: &Frame) -> Result<(), String> {
        let entry = shelf::entry(frame)?;
        let before = self.checked.plan.take();
        let after =
            fold::apply(before.as_deref().cloned(), &entry).map_err(|why| why.to_string())?;
        self.owned(frame, &entry.events)?;
        let rules = Rules {
            now: entry.mark.at,
            parallel: shelf::policy().parallel,
            default_caps: shelf::policy().default_caps,
        };
        let before = before.unwrap_or_else(|| Arc::new(after.clone()));
        let held = self
            .checked
            .ledger
            .check(&before, &after, &entry.events, rules);
        held.map_err(|broken| {
            format!("{broken}, by frame {}: {}", frame.anchor.seq, frame.events)
        })?;
        self.checked.frames.push(frame.anchor);
        self.checked.plan = Some(Arc::new(after));
        Ok(())
    }

    /// An epoch is raised by a claim alone, and all that is written by daemons under it is its claimant's.
    fn owned(&mut self, frame: &Frame, events: &[Event]) -> Result<(), String> {
        let claims = events
            .iter()
            .any(|event| matches!(event, Event::PlanClaimed(_)));
        let last = self.checked.owners.keys().next_back().copied().unwrap_or(0);
        if claims != (frame.epoch > last) || frame.epoch < last {
            return Err(format!(
                "frame {} is of epoch {} after {last}",
                frame.anchor.seq, frame.epoch
            ));
        }
        if claims {
            self.checked.owners.insert(frame.epoch, frame.by.clone());
        }
        // A claim that only asks a person takes nothing: it stands under the claim before it.
        let asks = events
            .iter()
            .any(|event| matches!(event, Event::PlanPaused(_)));
        let owner = self.checked.owners.get(&frame.epoch);
        if !asks && frame.by.starts_with("daemon:") && owner.is_some_and(|owner| *owner != frame.by)
        {
            return Err(format!(
                "{} wrote under the claim of {}",
                frame.by,
                owner.map_or("", |by| by)
            ));
        }
        Ok(())
    }
}
