//! A plan's journal as the library reads it.

use std::path::Path;

use modulatio::vault::{
    Vault,
    replay::{self, Until},
};
use projections::{event::Event, fold::Entry, plan::Plan};

/// Everything that happened to a plan, and where it stands.
pub(crate) struct History {
    pub(crate) plan: Plan,
    pub(crate) entries: Vec<(Entry, Event)>,
}

/// One frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Frame {
    pub(crate) seq: u64,
    pub(crate) epoch: u64,
    pub(crate) by: String,
}

impl History {
    /// Reads a whole journal; damage is an error.
    pub(crate) fn read(root: &Path, plan: &str) -> Result<Self, String> {
        let told = |e: modulatio::error::Error| format!("{plan}: {}", e.told());
        let vault = Vault::open(root).map_err(told)?;
        let id = plan.parse().map_err(|e| format!("{plan}: {e}"))?;
        let project = vault.project_of(&id).map_err(told)?;
        let mut entries = Vec::new();
        let reading = replay::read(&project, &id, Until::Tail, &mut |_, entry, event| {
            let entry = Entry {
                events: Vec::new(),
                ..entry.clone()
            };
            entries.push((entry, event.clone()));
        })
        .map_err(told)?;
        match (reading.fault, reading.plan) {
            (None, Some(plan)) => Ok(Self { plan, entries }),
            (Some(fault), _) => Err(told(fault)),
            (None, None) => Err(format!("{plan}: its journal holds no plan")),
        }
    }

    /// The events alone.
    pub(crate) fn events(&self) -> impl Iterator<Item = &Event> {
        self.entries.iter().map(|(_, event)| event)
    }

    /// How many events are of this kind.
    pub(crate) fn count(&self, kind: &str) -> usize {
        self.events().filter(|event| event.kind() == kind).count()
    }

    /// The plan's status, as files spell it.
    pub(crate) fn status(&self) -> &'static str {
        self.plan.status.name().as_str()
    }

    /// Every frame, in order.
    pub(crate) fn frames(&self) -> Vec<Frame> {
        let mut frames: Vec<Frame> = Vec::new();
        for (entry, _) in &self.entries {
            let seq = entry.mark.anchor.seq;
            if frames.last().is_none_or(|last| last.seq != seq) {
                frames.push(Frame {
                    seq,
                    epoch: entry.epoch.0,
                    by: entry.mark.by.clone(),
                });
            }
        }
        frames
    }
}
