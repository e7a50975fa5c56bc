//! What a step's prompt is shown of the memory.

use std::collections::BTreeSet;

use projections::{
    memory::{Entry, Recalled, Remembered, Store},
    work::Step,
};

use super::lookup::{LookedUp, Lookup, Reading};
use crate::{
    daemon::execute::Runner,
    error::Result,
    memory::{Found, Wanted},
    prompts::{self, Sought},
};

/// Verdicts on work that is nothing like it teach nothing.
const LEAST_LIKE: f32 = 0.05;

/// Entries that say the same stand in a prompt once, so a few more are looked at.
const SPARE: usize = 5;

impl Runner<'_> {
    /// What the first call of `step` is shown of the memory; `None` while that is being looked up, or who does its
    /// task is.
    pub(in crate::daemon) fn recalled(&mut self, step: &Step) -> Result<Option<Option<Recalled>>> {
        if !self.is_routed(step)? {
            return Ok(None);
        }
        let label = step.label();
        match self.lookups.get(&label) {
            Some(Lookup::UnderWay) => return Ok(None),
            Some(Lookup::Done(LookedUp::Recalled(recalled))) => return Ok(Some(recalled.clone())),
            Some(Lookup::Done(LookedUp::Nothing)) => return Ok(Some(None)),
            Some(Lookup::Done(LookedUp::Compared(_))) | None => {}
        }
        let sought = prompts::sought(self.log.plan(), step, &self.team.ground);
        let top = self.team.remembering().memory.top;
        let Some(sought) = sought.filter(|sought| top > 0 && self.has_any(sought.store)) else {
            return Ok(Some(None));
        };
        let redactor = self.team.redactor();
        self.look_up(label, move |reading| {
            let recalled = look(reading, &sought).map(|mut recalled| {
                for entry in &mut recalled.entries {
                    entry.text = redactor.without_known(&entry.text);
                    entry.source = redactor.without_known(&entry.source);
                }
                recalled
            });
            LookedUp::Recalled(recalled)
        });
        Ok(None)
    }

    /// Nothing is looked for where nothing can be.
    fn has_any(&self, store: Store) -> bool {
        let dir = self.log.project().dir().join(store.as_str());
        dir.read_dir().is_ok_and(|mut names| names.next().is_some())
    }
}

fn look(reading: &Reading, sought: &Sought) -> Option<Recalled> {
    let embedder = reading.embedder();
    let top = usize::try_from(reading.config.top).unwrap_or(usize::MAX);
    let except = |id: &str| id.starts_with(&sought.except);
    let wanted = Wanted {
        kind: Some(sought.kind),
        agent: None,
        most: top + SPARE,
        at_least: match sought.store {
            Store::TeamMemory => match reading.config.min_similarity {
                Some(least) => least as f32,
                None => embedder.least_alike(),
            },
            Store::QcHistory => LEAST_LIKE,
        },
        except: Some(&except),
    };
    let shelf = reading.memory.shelf(&reading.project, sought.store);
    let found = shelf.search(&*embedder, &sought.query, &wanted, &reading.effort());
    let found = reading.had(found)?;
    reading.tell(&found);
    let entries = distinct(found, top);
    (!entries.is_empty()).then(|| Recalled {
        embedder: embedder.id().to_owned(),
        entries,
    })
}

/// Of entries that say the same, the most similar.
fn distinct(found: Found, most: usize) -> Vec<Remembered> {
    let mut said = BTreeSet::new();
    let new = found
        .hits
        .into_iter()
        .filter(|hit| said.insert(hit.entry.shown.clone()));
    new.take(most)
        .map(|hit| Remembered {
            store: hit.entry.store,
            score: thousandths(hit.score),
            source: source(&hit.entry),
            id: hit.entry.id,
            text: hit.entry.shown,
        })
        .collect()
}

/// Who wrote it and when.
fn source(entry: &Entry) -> String {
    let agent = entry.agent.as_deref().unwrap_or("somebody");
    let what = match (entry.passed, entry.label.as_str()) {
        (Some(true), _) => format!("passed, by {agent}"),
        (Some(false), _) => format!("rejected, by {agent}"),
        (None, "") => format!("a note by {agent}"),
        (None, label) => format!("a {label} by {agent}"),
    };
    match entry.at {
        Some(at) => format!("{what}, {at}"),
        None => what,
    }
}

/// A similarity as journals hold it.
pub(super) fn thousandths(score: f32) -> u16 {
    (score.clamp(0.0, 1.0) * 1000.0).round() as u16
}
