//! Bringing a shelf up to date with its folder, as far as the effort allows.

use std::{
    collections::HashMap,
    io,
    sync::{MutexGuard, PoisonError, TryLockError},
    thread,
    time::Duration,
};

use super::{Effort, Shelf, State, state::When, unreadable};
use crate::memory::{Embedder, Fault, Vector, folder, index::Digest};

/// Texts that are embedded at once: so few that the effort is not overrun by much.
const BATCH: usize = 8;

/// Files that are read whatever the effort: reading costs little, and what was read and not changed is found.
const ALWAYS: usize = 256;

/// How long between two looks whether another has done.
const WAIT: Duration = Duration::from_millis(2);

/// Where bringing up to date stands.
struct Course<'a> {
    shelf: &'a Shelf,
    embedder: &'a dyn Embedder,
    effort: &'a Effort<'a>,
    known: HashMap<Digest, u32>,
    troubles: &'a mut Vec<String>,
    /// The next row to look at, and how many files have been read.
    at: usize,
    read: usize,
}

/// A row whose text is to be embedded.
struct Due {
    row: usize,
    digest: Digest,
    text: String,
}

impl Shelf {
    /// # Errors
    /// [`Fault::Cut`] only: what cannot be embedded is left and told.
    pub(super) fn update(
        &self,
        embedder: &dyn Embedder,
        like: &Vector,
        effort: &Effort<'_>,
        troubles: &mut Vec<String>,
        progress: &mut dyn FnMut(usize, usize),
    ) -> Result<(), Fault> {
        let Some(_turn) = self.turn(effort)? else {
            return Ok(());
        };
        self.prepare(embedder.id(), like, troubles);
        let walked = match folder::walk(&self.folder, &|| effort.is_cut()) {
            Ok(walked) => walked,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return Err(Fault::Cut),
            Err(error) => {
                let folder = self.folder.display();
                troubles.push(format!("{folder}: {error}; nothing is found in it"));
                *self.state() = Some(State::new(embedder.id(), like));
                return Ok(());
            }
        };
        troubles.extend(walked.troubles.iter().cloned());
        let known = self.with(|state| state.merge(&walked));
        drop(walked);
        let course = Course {
            shelf: self,
            embedder,
            effort,
            known,
            troubles,
            at: 0,
            read: 0,
        };
        let outcome = course.run(progress);
        if let Err(error) = self.with(State::settle) {
            self.give_up(&error, troubles);
        } else {
            self.save(When::Worth, troubles);
        }
        outcome
    }

    /// Waits until nobody else brings the state up to date; `None` when that takes all of the effort.
    fn turn(&self, effort: &Effort<'_>) -> Result<Option<MutexGuard<'_, ()>>, Fault> {
        loop {
            match self.turn.try_lock() {
                Ok(turn) => return Ok(Some(turn)),
                Err(TryLockError::Poisoned(turn)) => return Ok(Some(turn.into_inner())),
                Err(TryLockError::WouldBlock) if effort.is_cut() => return Err(Fault::Cut),
                Err(TryLockError::WouldBlock) if effort.is_over() => return Ok(None),
                Err(TryLockError::WouldBlock) => thread::sleep(WAIT),
            }
        }
    }

    /// Only for who has the turn, once the state is prepared.
    fn with<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        act(state.as_mut().expect("who has the turn has prepared it"))
    }
}

impl Course<'_> {
    fn run(mut self, progress: &mut dyn FnMut(usize, usize)) -> Result<(), Fault> {
        let mut outcome = Ok(());
        while outcome.is_ok() {
            let due = self.gather();
            if due.is_empty() || self.effort.is_over() {
                break;
            }
            outcome = self.embed(&due);
            let (done, all) = self.shelf.with(|state| (state.found(), state.rows.len()));
            progress(done, all);
            self.shelf.save(When::Underway, self.troubles);
        }
        match outcome {
            Err(Fault::Embedder(why)) => {
                self.troubles.push(why);
                Ok(())
            }
            Err(Fault::Cut) => Err(Fault::Cut),
            Ok(()) => Ok(()),
        }
    }

    /// Reads on, until there are texts enough for a batch.
    fn gather(&mut self) -> Vec<Due> {
        let shelf = self.shelf;
        let mut due = Vec::new();
        shelf.with(|state| {
            while self.at < state.rows.len() && due.len() < BATCH {
                if state.rows.get(self.at).is_unread {
                    if self.read >= ALWAYS && self.effort.is_over() {
                        break;
                    }
                    self.read += 1;
                    due.extend(self.read_one(state));
                }
                self.at += 1;
            }
        });
        due
    }

    fn read_one(&mut self, state: &mut State) -> Option<Due> {
        let id = state.rows.id(self.at);
        let entry = match folder::read(&self.shelf.folder, self.shelf.store, id) {
            Ok(entry) => entry,
            Err(error) => {
                if error.kind() != io::ErrorKind::NotFound {
                    self.troubles.push(unreadable(id, &error));
                }
                return None;
            }
        };
        let row = state.rows.get_mut(self.at);
        row.read(&entry);
        let digest = row.text;
        if let Some(slot) = self.known.get(&digest) {
            // One that was read because it may have changed, and may still, is as the file has it.
            state.unsaved += usize::from(row.slot != *slot || !row.is_racy);
            row.slot = *slot;
            row.is_unread = false;
            return None;
        }
        row.slot = crate::memory::index::NONE;
        if state.aside.contains(&digest) {
            row.is_unread = false;
            return None;
        }
        Some(Due {
            row: self.at,
            digest,
            text: entry.sought,
        })
    }

    /// A batch; if it fails, one text at a time, so that one which the embedder cannot do does not keep the others.
    fn embed(&mut self, due: &[Due]) -> Result<(), Fault> {
        match self.try_embed(due) {
            Err(Fault::Embedder(_)) if due.len() > 1 => {}
            outcome => return outcome,
        }
        let mut failed = Vec::new();
        for one in due {
            match self.try_embed(std::slice::from_ref(one)) {
                Ok(()) => {}
                Err(Fault::Cut) => return Err(Fault::Cut),
                Err(Fault::Embedder(why)) if failed.len() + 1 == due.len() => {
                    return Err(Fault::Embedder(why));
                }
                Err(Fault::Embedder(why)) => failed.push((one, why)),
            }
        }
        for (one, why) in failed {
            self.put_aside(one, &why);
        }
        Ok(())
    }

    fn try_embed(&mut self, due: &[Due]) -> Result<(), Fault> {
        let texts: Vec<&str> = due.iter().map(|due| due.text.as_str()).collect();
        let vectors = self.embedder.embed(&texts, self.effort.cut)?;
        if vectors.len() != due.len() {
            let (made, texts) = (vectors.len(), due.len());
            let id = self.embedder.id();
            let why = format!("the embedder {id} made {made} vectors of {texts} texts");
            return Err(Fault::Embedder(why));
        }
        for (due, vector) in due.iter().zip(&vectors) {
            self.adopt(due, vector);
        }
        Ok(())
    }

    fn adopt(&mut self, due: &Due, vector: &Vector) {
        let slot = self.shelf.with(|state| {
            let slot = state.vectors.push(vector)?;
            let row = state.rows.get_mut(due.row);
            row.slot = slot;
            row.is_unread = false;
            state.unsaved += 1;
            Ok(slot)
        });
        match slot {
            Ok(slot) => drop(self.known.insert(due.digest, slot)),
            Err(why) => self.put_aside(due, &why),
        }
    }

    fn put_aside(&mut self, due: &Due, why: &String) {
        let id = self.shelf.with(|state| {
            state.aside.insert(due.digest);
            state.rows.get_mut(due.row).is_unread = false;
            state.rows.id(due.row).to_owned()
        });
        let id = id.escape_debug();
        self.troubles
            .push(format!("{id}.md: {why}; it is left out"));
    }
}
