//! What must be on disk when a plan's journal ends with a certain frame, worked out once for each frame, and what must
//! hold of that history.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::{Arc, Mutex, PoisonError},
};

use modulatio::{
    decide::Policy,
    vault::{
        Project,
        replay::{self, Until},
    },
};
use modulatio_tools::books;
use projections::{
    event::{Caps, Event},
    files::{self, Ledger},
    fold::{self, Entry},
    ids::PlanId,
    payload::{Anchor, BlobRef, Payload},
    plan::Plan,
};

use crate::promises::{self, Broken, Rules};

/// What follows from a journal.
#[derive(Debug)]
pub(super) struct Expected {
    /// Files that the plan projects, below the project's directory.
    pub(super) files: Vec<(String, Vec<u8>)>,
    /// Texts that lie in the blob store.
    pub(super) blobs: Vec<BlobRef>,
    /// Labels of steps whose answer was paid and taken.
    pub(super) taken: BTreeSet<String>,
    /// The first promise that the history itself breaks.
    pub(super) broken: Option<Broken>,
    pub(super) plan: Plan,
}

/// All that was worked out so far.
#[derive(Debug, Default)]
pub(super) struct Known(Mutex<HashMap<[u8; 32], Arc<Expected>>>);

impl Known {
    /// What follows from the journal of `id` as it lies there, which ends with the frame of `head`.
    pub(super) fn of(
        &self,
        project: &Project,
        id: &PlanId,
        head: Anchor,
    ) -> Result<Arc<Expected>, String> {
        let known = |all: &HashMap<[u8; 32], Arc<Expected>>| all.get(&head.b3.0).cloned();
        let lock = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(expected) = known(&lock()) {
            return Ok(expected);
        }
        let expected = Arc::new(Expected::of(project, id)?);
        lock().insert(head.b3.0, expected.clone());
        Ok(expected)
    }
}

impl Expected {
    fn of(project: &Project, id: &PlanId) -> Result<Self, String> {
        let mut ledgers: BTreeMap<Ledger, Vec<u8>> = BTreeMap::new();
        let mut frames: Vec<Entry> = Vec::new();
        let mut resolve = |payload: &Payload| project.resolve(payload);
        let reading = replay::read(project, id, Until::Tail, &mut |plan, entry, event| {
            let seq = entry.mark.anchor.seq;
            if frames.last().is_none_or(|last| last.mark.anchor.seq != seq) {
                frames.push(entry.clone());
            }
            for ledger in Ledger::ALL {
                for piece in ledger.addition(plan, entry, event) {
                    let bytes = piece.resolved(&mut resolve).unwrap_or_default();
                    ledgers.entry(ledger).or_default().extend(bytes);
                }
            }
        })
        .map_err(|error| error.told())?;
        if let Some(fault) = reading.fault {
            return Err(fault.told());
        }
        let plan = reading.plan.ok_or("the journal holds no plan")?;
        let whole = files::whole(&plan).into_iter();
        let grown = ledgers
            .into_iter()
            .map(|(ledger, bytes)| (ledger.path(id), bytes));
        let files = whole
            .map(|file| (file.path, file.text.into_bytes()))
            .chain(grown)
            .collect();
        let mut promises = promises::Ledger::default();
        let broken = history(&frames, &mut promises).err();
        Ok(Self {
            files,
            blobs: events(&frames).flat_map(blobs).collect(),
            taken: promises.taken().clone(),
            broken,
            plan,
        })
    }
}

fn events(frames: &[Entry]) -> impl Iterator<Item = &Event> {
    frames.iter().flat_map(|frame| &frame.events)
}

fn blobs(event: &Event) -> Vec<BlobRef> {
    let texts = event.texts().into_iter();
    let blob = |payload: &Payload| match payload {
        Payload::Blob(blob) => Some(*blob),
        Payload::Text(_) => None,
    };
    texts.filter_map(blob).collect()
}

/// What must hold of a history, frame by frame.
fn history(frames: &[Entry], promises: &mut promises::Ledger) -> Result<(), Broken> {
    let mut before: Option<Plan> = None;
    for frame in frames {
        let after = fold::apply(before.clone(), frame).map_err(|error| error.to_string())?;
        let rules = Rules {
            now: frame.mark.at,
            parallel: Policy::default().parallel,
            default_caps: Caps::default(),
        };
        let from = before.as_ref().unwrap_or(&after);
        promises
            .check(from, &after, &frame.events, rules)
            .map_err(|broken| format!("frame {}: {broken}", frame.mark.anchor.seq))?;
        before = Some(after);
    }
    books::never_over(events(frames)).map_err(|discord| discord.to_string())
}
