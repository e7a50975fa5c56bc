//! What must be on disk when a plan's journal ends with a certain frame, worked out once for each frame, and what must
//! hold of that history.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::{Arc, Mutex, PoisonError},
};

use modulatio::vault::{
    Project,
    replay::{self, Until},
};
use projections::{
    event::{Caps, Event},
    files::{self, Ledger},
    ids::{CallId, PlanId},
    payload::{Anchor, BlobRef, Payload},
    plan::Plan,
};

/// What follows from a journal.
#[derive(Debug)]
pub(super) struct Expected {
    /// Files that the plan projects, below the project's directory.
    pub(super) files: Vec<(String, Vec<u8>)>,
    /// Texts that lie in the blob store.
    pub(super) blobs: Vec<BlobRef>,
    /// Labels of steps whose answer was paid and taken.
    pub(super) taken: BTreeSet<String>,
    /// What is wrong with the history itself.
    pub(super) faults: Vec<String>,
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
        let (mut history, mut blobs) = (History::default(), Vec::new());
        let mut resolve = |payload: &Payload| project.resolve(payload);
        let reading = replay::read(project, id, Until::Tail, &mut |plan, entry, event| {
            history.see(entry.epoch.0, event);
            blobs.extend(
                event
                    .texts()
                    .into_iter()
                    .filter_map(|payload| match payload {
                        Payload::Blob(blob) => Some(blob.clone()),
                        Payload::Text(_) => None,
                    }),
            );
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
            .chain(grown);
        Ok(Self {
            files: files.collect(),
            blobs,
            taken: history.taken,
            faults: history.faults,
            plan,
        })
    }
}

/// What is counted apart from the fold.
#[derive(Default)]
struct History {
    epoch: u64,
    caps: Caps,
    held: BTreeMap<CallId, (u64, u64)>,
    taken: BTreeSet<String>,
    faults: Vec<String>,
}

impl History {
    fn see(&mut self, epoch: u64, event: &Event) {
        if epoch < self.epoch && epoch > 0 {
            self.faults
                .push(format!("epoch {epoch} follows epoch {}", self.epoch));
        }
        self.epoch = self.epoch.max(epoch);
        self.book(event);
        self.take(event);
    }

    /// At the start of every call, what is spent and reserved is within the caps.
    fn book(&mut self, event: &Event) {
        match event {
            Event::PlanDrafted(e) => self.caps = e.caps,
            Event::CapsChanged(e) => self.caps = e.caps,
            Event::ModelCallStarted(e) => {
                let cost = e.reserved.cost.unwrap_or_default().0;
                self.held
                    .insert(e.call_id.clone(), (e.reserved.tokens, cost));
                let (tokens, cost) = self
                    .held
                    .values()
                    .fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
                let over = self.caps.max_tokens.is_some_and(|most| tokens > most)
                    || self.caps.max_cost_usd.is_some_and(|most| cost > most.0);
                if over {
                    let id = &e.call_id;
                    self.faults.push(format!(
                        "{id} goes over a cap: {tokens} tokens, {cost} micro-USD"
                    ));
                }
            }
            Event::ModelCallCompleted(e) => {
                let cost = e.cost.unwrap_or_default().0 + e.in_doubt.cost.unwrap_or_default().0;
                let tokens = e.usage.total() + e.in_doubt.tokens;
                self.held.insert(e.call_id.clone(), (tokens, cost));
            }
            Event::ModelCallFailed(e) if !e.in_doubt => drop(self.held.remove(&e.call_id)),
            Event::ReservationReleased(e) => drop(self.held.remove(&e.call_id)),
            _ => {}
        }
    }

    /// No step whose answer was paid and taken is asked again.
    fn take(&mut self, event: &Event) {
        match event {
            Event::ModelCallStarted(e) if self.taken.contains(&e.step.label()) => {
                self.faults.push(format!(
                    "{} was paid and taken, and is asked again",
                    e.step.label()
                ));
            }
            // Work that now reads otherwise starts anew.
            Event::PlanRevised(e) if e.body.is_some() => self.taken.clear(),
            Event::SubObjectiveDecomposed(_) => self.taken.clear(),
            _ => self.taken.extend(taken(event)),
        }
    }
}

/// The steps whose answer this event takes.
fn taken(event: &Event) -> Vec<String> {
    match event {
        Event::TasksPlanned(e) => vec![format!("s{}-plan", e.index)],
        Event::TaskProduced(e) => ["produce", "fix"]
            .map(|by| format!("{}-{by}-{}", e.task, e.attempt))
            .to_vec(),
        Event::TaskReviewed(e) if !e.by_engine => vec![format!("{}-qc-{}", e.task, e.attempt)],
        Event::SubObjectiveFinished(e) => vec![format!("s{}-reflect", e.index)],
        _ => Vec::new(),
    }
}
