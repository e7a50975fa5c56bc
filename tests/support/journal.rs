//! A plan's journal as the library reads it.

use modulatio::vault::{
    Vault,
    replay::{self, Until},
};
use projections::{event::Event, fold::Entry, plan::Plan};

/// Everything that happened to a plan, and where it stands.
pub(crate) struct Journal {
    pub(crate) plan: Plan,
    pub(crate) entries: Vec<(Entry, Event)>,
}

impl Journal {
    /// Reads a whole journal; panics when it is damaged.
    pub(crate) fn read(root: &std::path::Path, plan: &str) -> Self {
        let vault = Vault::open(root).expect("a vault");
        let id = plan.parse().expect("a plan id");
        let project = vault.project_of(&id).expect("the plan is there");
        let mut entries = Vec::new();
        let reading = replay::read(&project, &id, Until::Tail, &mut |_, entry, event| {
            let entry = Entry {
                events: Vec::new(),
                ..entry.clone()
            };
            entries.push((entry, event.clone()));
        })
        .expect("a journal");
        assert!(reading.fault.is_none(), "{plan}: {:?}", reading.fault);
        let plan = reading.plan.expect("a plan");
        Self { plan, entries }
    }

    /// The events alone.
    pub(crate) fn events(&self) -> impl Iterator<Item = &Event> {
        self.entries.iter().map(|(_, event)| event)
    }

    /// How many events are of this kind.
    pub(crate) fn count(&self, kind: &str) -> usize {
        kinds(self).filter(|k| *k == kind).count()
    }

    /// The plan's status, as files spell it.
    pub(crate) fn status(&self) -> &'static str {
        self.plan.status.name().as_str()
    }

    /// Every frame's epoch and writer, in order.
    pub(crate) fn frames(&self) -> Vec<(u64, u64, String)> {
        let mut frames: Vec<(u64, u64, String)> = Vec::new();
        for (entry, _) in &self.entries {
            let seq = entry.mark.anchor.seq;
            if frames.last().is_none_or(|(last, _, _)| *last != seq) {
                frames.push((seq, entry.epoch.0, entry.mark.by.clone()));
            }
        }
        frames
    }
}

/// The kinds of a journal's events, in order.
pub(crate) fn kinds(journal: &Journal) -> impl Iterator<Item = &str> {
    journal.events().map(Event::kind)
}
