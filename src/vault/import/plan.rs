//! A plan file that lies there without a journal: recorded as found, in-flight state included.

use projections::{
    document::{self, Document},
    event::Event,
    files::{self, Ledger},
    fold::{self, Entry},
    ids::{Epoch, PlanId},
    payload::{Anchor, Digest, Payload},
    plan::{FrameMark, Plan},
};

use super::super::{
    Actor, PlanLog, Project,
    regular::{self, Lying},
};
use crate::{
    clock, decide,
    error::{Error, Result},
};

/// A found plan, read and not yet taken in.
pub(super) struct FoundPlan {
    id: PlanId,
    /// The file.
    pub(super) bytes: Vec<u8>,
    /// What stands in it.
    pub(super) document: Document,
    /// The usage ledger beside it.
    pub(super) ledger: Option<Vec<u8>>,
    events: Vec<Event>,
}

impl FoundPlan {
    /// The plan that it will be.
    ///
    /// # Errors
    /// [`Error::History`] when nothing can become of it.
    pub(super) fn plan(&self) -> Result<Plan> {
        let mark = FrameMark {
            anchor: Anchor {
                seq: 0,
                b3: Digest([0; 32]),
            },
            at: clock::now(),
            by: IMPORT.to_owned(),
        };
        let entry = Entry {
            mark,
            epoch: Epoch::default(),
            events: self.events.clone(),
        };
        fold::apply(None, &entry).map_err(|e| Error::History {
            plan: self.id.clone(),
            why: e.to_string(),
        })
    }

    /// Whether the ledger is text, as all that goes on from it must be.
    pub(super) fn has_legible_ledger(&self) -> bool {
        let ledger = self.ledger.as_deref().unwrap_or_default();
        std::str::from_utf8(ledger).is_ok()
    }
}

/// Who takes in what was found.
pub(super) const IMPORT: &str = "import";

impl Project {
    /// Gives a found plan file its journal.
    ///
    /// # Errors
    /// [`Error::NoPlan`] without a file, [`Error::BadFile`] for one that is no plan: it is left as it is.
    pub(in super::super) fn import_plan(&self, id: &PlanId) -> Result<PlanLog> {
        self.take_plan(self.found_plan(id)?)
    }

    /// The first frame of a found plan file's journal.
    ///
    /// # Errors
    /// As [`Project::import_plan`].
    pub(in super::super) fn found(&self, id: &PlanId) -> Result<Vec<Event>> {
        Ok(self.found_plan(id)?.events)
    }

    /// Reads a plan file that has no journal.
    ///
    /// # Errors
    /// As [`Project::import_plan`].
    pub(super) fn found_plan(&self, id: &PlanId) -> Result<FoundPlan> {
        let path = self.plan_path(id);
        let bad = |why: String| Error::BadFile {
            file: path.clone(),
            why,
        };
        let bytes = match regular::lying(&path).map_err(Error::io("read", &path))? {
            Lying::Text(bytes) => bytes,
            Lying::Nothing => return Err(Error::NoPlan(id.clone())),
            Lying::NoFile(what) => return Err(bad(what.to_owned())),
        };
        let document = document::read(&bytes).map_err(|e| bad(e.to_string()))?;
        if let Some(other) = copied_from(id, &document) {
            let why = format!(
                "it is a copy of {other}; for a new plan of its text, run `modulatio plan add {} FILE` on it and remove it here",
                id.project()
            );
            return Err(bad(why));
        }
        if document.values.contains_key("journal") {
            let why = "it names a journal that is gone; restore the journal from a backup, \
                       or remove the `journal:` line to import the plan as it stands";
            return Err(bad(why.to_owned()));
        }
        let ledger = self.ledger_beside(id);
        let usage = ledger.as_deref().and_then(usage);
        let events = decide::import(id, &document, usage, Digest::of(&bytes))
            .map_err(|e| bad(e.to_string()))?;
        Ok(FoundPlan {
            id: id.clone(),
            bytes,
            document,
            ledger,
            events,
        })
    }

    /// Keeps what was found as it was, and makes the plan's journal from it.
    pub(super) fn take_plan(&self, found: FoundPlan) -> Result<PlanLog> {
        let id = found.id;
        self.keep_original(&files::plan_path(&id), &found.bytes)?;
        if let Some(ledger) = &found.ledger {
            self.keep_original(&Ledger::Usage.path(&id), ledger)?;
        }
        match PlanLog::create(self, &id, found.events, &Actor::named(IMPORT)) {
            // Another process imported it in the same instant.
            Err(Error::Journal(journal::Error::Exists { .. })) => PlanLog::open(self, &id),
            made => made,
        }
    }

    fn ledger_beside(&self, id: &PlanId) -> Option<Vec<u8>> {
        let path = self.dir().join(Ledger::Usage.path(id));
        regular::read(&path).ok().filter(|bytes| !bytes.is_empty())
    }
}

/// The plan whose file this one was, under another name.
fn copied_from(id: &PlanId, document: &Document) -> Option<PlanId> {
    let said = document.values.get("id")?.as_str()?.parse().ok()?;
    let rendered = document.values.contains_key("journal");
    (said != *id && rendered).then_some(said)
}

/// The usage ledger that lies beside a plan; ours goes on after it.
fn usage(ledger: &[u8]) -> Option<Payload> {
    let text = std::str::from_utf8(ledger).ok()?.to_owned();
    let whole = if text.ends_with('\n') {
        text
    } else {
        format!("{text}\n")
    };
    Some(Payload::Text(whole))
}
