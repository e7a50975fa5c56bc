//! Looking something up beside all else that a runner does: in a thread of its own, for a bounded time, and without
//! any power to harm the plan.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, atomic::AtomicBool},
    time::{Duration, Instant},
};

use projections::memory::Recalled;

use super::{Memory, route::Likeness};
use crate::{
    config::{EmbedderConfig, MemoryConfig},
    daemon::execute::{Done, Runner},
    memory::{Effort, Embedder, Fault, Found},
    vault::Project,
};

/// How long one lookup goes on embedding what is new in a store.
const EFFORT: Duration = Duration::from_secs(5);

/// How long it is waited for, should a disk not answer.
const PATIENCE: Duration = Duration::from_secs(15);

/// How far what a step needs of the memory is looked up.
pub(in crate::daemon) enum Lookup {
    UnderWay,
    Done(LookedUp),
}

/// What was found.
pub(in crate::daemon) enum LookedUp {
    /// For the step's prompt.
    Recalled(Option<Recalled>),
    /// Of the producers, for who does its task.
    Compared(Likeness),
    /// It took too long or failed, which is said.
    Nothing,
}

/// All that a lookup needs.
pub(super) struct Reading {
    pub(super) memory: Arc<Memory>,
    pub(super) project: Project,
    wished: EmbedderConfig,
    pub(super) config: MemoryConfig,
    cut: Arc<AtomicBool>,
    until: Instant,
}

impl Reading {
    pub(super) fn effort(&self) -> Effort<'_> {
        Effort {
            until: self.until,
            cut: &self.cut,
        }
    }

    pub(super) fn cut(&self) -> &AtomicBool {
        &self.cut
    }

    /// The embedder that there is now; why it is not the one wished for is said once.
    pub(super) fn embedder(&self) -> Arc<dyn Embedder> {
        let engine = self.memory.engine(self.project.vault(), &self.wished);
        let now = engine.now();
        if let Some(why) = &now.instead {
            self.memory.warn(
                None,
                &format!("words are compared instead of meanings: {why}"),
            );
        }
        now.embedder
    }

    /// Says it once.
    pub(super) fn warn(&self, why: &str) {
        self.memory.warn(Some(&self.project), why);
    }

    /// What was had, or why not, which is said; that it was told to stop is nobody's news.
    pub(super) fn had<T>(&self, had: Result<T, Fault>) -> Option<T> {
        if let Err(fault) = &had
            && *fault != Fault::Cut
        {
            self.warn(&fault.to_string());
        }
        had.ok()
    }

    /// Says what was wrong with a store that was searched.
    pub(super) fn tell(&self, found: &Found) {
        found.troubles.iter().for_each(|trouble| self.warn(trouble));
    }
}

/// What a team remembers with.
#[derive(Clone, Debug)]
pub(in crate::daemon) struct Remembering {
    pub(in crate::daemon) embedder: EmbedderConfig,
    pub(in crate::daemon) memory: MemoryConfig,
}

impl Runner<'_> {
    /// Whether what the step of this label needs is being looked up.
    pub(in crate::daemon) fn looks_up(&self, label: &str) -> bool {
        matches!(self.lookups.get(label), Some(Lookup::UnderWay))
    }

    /// Begins a lookup for the step of this label.
    pub(super) fn look_up(
        &mut self,
        label: String,
        look: impl FnOnce(&Reading) -> LookedUp + Send + 'static,
    ) {
        let project = self.log.project().clone();
        let remembering = self.team.remembering();
        let reading = Reading {
            wished: remembering.embedder.clone(),
            memory: self.memory.clone(),
            project,
            config: remembering.memory,
            cut: self.cancel.clone(),
            until: Instant::now() + EFFORT,
        };
        self.lookups.insert(label.clone(), Lookup::UnderWay);
        self.work.spawn(async move {
            let (memory, project) = (reading.memory.clone(), reading.project.clone());
            let look = move || catch_unwind(AssertUnwindSafe(|| look(&reading)));
            let looked = tokio::time::timeout(PATIENCE, tokio::task::spawn_blocking(look)).await;
            let found = match looked {
                Ok(Ok(Ok(found))) => found,
                Ok(_) => {
                    memory.warn(
                        Some(&project),
                        "looking something up failed; please report this",
                    );
                    LookedUp::Nothing
                }
                Err(_) => {
                    memory.warn(
                        Some(&project),
                        "looking something up took too long and was given up",
                    );
                    LookedUp::Nothing
                }
            };
            Done::LookedUp { label, found }
        });
    }
}
