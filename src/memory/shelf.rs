//! One store of one project: its Markdown files, and what finds them.
//!
//! ```text
//!  search ─▶ the query's vector ─▶ walk (stat of every file) ─▶ read what changed ─▶ embed new texts ─▶ exact search
//!                                        rows by id                 by digest          as far as the effort goes
//! ```

mod file;
mod state;
mod update;

use std::{
    collections::HashSet,
    io,
    path::PathBuf,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Instant,
};

use projections::{
    memory::{Entry, Store},
    work::TaskKind,
};

use self::state::{State, When};
use super::{
    Embedder, Fault, Keeper, Vector, folder,
    index::{Scored, Sought, agent_of},
};

/// Most troubles that one answer tells.
const MAX_TOLD: usize = 16;

/// How often a search is tried whose index turns out to be damaged.
const ANEW: usize = 2;

/// How often a search that found a file which is not there any more is done again.
const AGAIN: usize = 3;

/// One store of one project. Cheap to make; nothing is read before it is needed. May be shared by threads.
pub struct Shelf {
    store: Store,
    folder: PathBuf,
    keeper: Arc<dyn Keeper>,
    index: PathBuf,
    /// Held by who brings the state up to date: it embeds without holding the state.
    turn: Mutex<()>,
    state: Mutex<Option<State>>,
    /// What has been told before.
    told: Mutex<HashSet<String>>,
}

/// What may be found.
#[derive(Clone, Copy)]
pub struct Wanted<'a> {
    /// Entries for this kind of artifact, and those for all.
    pub kind: Option<TaskKind>,
    /// Entries of this agent.
    pub agent: Option<&'a str>,
    /// Most hits.
    pub most: usize,
    /// Least score.
    pub at_least: f32,
    /// Not the entries of these ids.
    pub except: Option<&'a dyn Fn(&str) -> bool>,
}

/// How much may be done to bring the index up to date before a search.
#[derive(Clone, Copy)]
pub struct Effort<'a> {
    /// Nothing is embedded after that.
    pub until: Instant,
    /// Told to stop.
    pub cut: &'a AtomicBool,
}

/// What a search found.
#[derive(Debug, Default)]
pub struct Found {
    /// The most similar first; of one score by id.
    pub hits: Vec<Hit>,
    /// Files among which was searched.
    pub rows: usize,
    /// Files that could not be searched yet.
    pub behind: usize,
    /// What is to be told to people. Each is told once in the life of a shelf.
    pub troubles: Vec<String>,
}

/// A file that was found.
#[derive(Clone, Debug, PartialEq)]
pub struct Hit {
    /// The file.
    pub entry: Entry,
    /// How similar it is, 0 to 1.
    pub score: f32,
}

/// Every file of a store.
#[derive(Debug, Default)]
pub struct Listed {
    /// By rising id.
    pub entries: Vec<Entry>,
    /// Files that could not be read, and why.
    pub troubles: Vec<String>,
}

/// How far an index is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// Files of the store.
    pub files: usize,
    /// Of them, those that are found.
    pub rows: usize,
    /// Of them, those that changed since they were indexed.
    pub stale: usize,
    /// Of them, those that the index does not have.
    pub missing: usize,
    /// Why the index on the disk is not usable, if it is not.
    pub damaged: Option<String>,
    /// The embedder whose vectors the index holds; `None` without an index.
    pub embedder: Option<String>,
    /// Length of the index on the disk.
    pub bytes: u64,
    /// What else is to be told to people.
    pub troubles: Vec<String>,
}

impl Effort<'_> {
    pub(super) fn is_cut(&self) -> bool {
        self.cut.load(Ordering::Relaxed)
    }

    pub(super) fn is_over(&self) -> bool {
        self.is_cut() || Instant::now() >= self.until
    }
}

impl Shelf {
    /// The store's files in `folder`, and its index at `index`.
    #[must_use]
    pub fn new(store: Store, folder: PathBuf, index: PathBuf, keeper: Arc<dyn Keeper>) -> Self {
        Self {
            store,
            folder,
            keeper,
            index,
            turn: Mutex::default(),
            state: Mutex::default(),
            told: Mutex::default(),
        }
    }

    /// Brings the index up to date with the folder, as far as the effort allows, and searches it. Whatever cannot be
    /// found, for whatever reason, is not found.
    ///
    /// # Errors
    /// The query has no vector.
    pub fn search(
        &self,
        embedder: &dyn Embedder,
        query: &str,
        wanted: &Wanted<'_>,
        effort: &Effort<'_>,
    ) -> Result<Found, Fault> {
        let query = one(embedder, query, effort.cut)?;
        let mut troubles = Vec::new();
        let mut found = Found::default();
        for _ in 0..ANEW {
            self.update(embedder, &query, effort, &mut troubles, &mut |_, _| ())?;
            let mut state = self.state();
            let Some(own) = made_with(embedder, &mut state) else {
                continue;
            };
            match self.look(own, &query, wanted, &mut troubles) {
                Ok(looked) => {
                    found = looked;
                    break;
                }
                Err(error) => {
                    drop(state);
                    let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
                    self.give_up(&error, &mut troubles);
                }
            }
        }
        found.troubles = self.untold(troubles);
        Ok(found)
    }

    /// A further question right after a search: searches what that one searched, without a look at the folder.
    ///
    /// # Errors
    /// The query has no vector.
    pub fn search_again(
        &self,
        embedder: &dyn Embedder,
        query: &str,
        wanted: &Wanted<'_>,
        effort: &Effort<'_>,
    ) -> Result<Found, Fault> {
        let vector = one(embedder, query, effort.cut)?;
        let mut state = self.state();
        let mut troubles = Vec::new();
        if let Some(own) = made_with(embedder, &mut state)
            && let Ok(mut found) = self.look(own, &vector, wanted, &mut troubles)
        {
            found.troubles = self.untold(troubles);
            return Ok(found);
        }
        drop(state);
        self.search(embedder, query, wanted, effort)
    }

    /// Builds the index anew, from the files alone.
    ///
    /// # Errors
    /// The embedder fails.
    pub fn reindex(
        &self,
        embedder: &dyn Embedder,
        effort: &Effort<'_>,
        progress: &mut dyn FnMut(usize, usize),
    ) -> Result<Standing, Fault> {
        let like = one(embedder, "", effort.cut)?;
        let mut troubles = Vec::new();
        self.begin_anew(embedder.id(), &like);
        self.update(embedder, &like, effort, &mut troubles, progress)?;
        self.write(When::Always, &mut troubles);
        let mut standing = self.standing(embedder.id());
        standing.troubles = troubles;
        Ok(standing)
    }

    /// Every file as it is now, without the index.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub fn entries(&self) -> io::Result<Listed> {
        let walked = folder::walk(&self.folder, &|| false)?;
        let mut listed = Listed::default();
        for (id, _) in walked.files() {
            match folder::read(&self.folder, self.store, id) {
                Ok(entry) => listed.entries.push(entry),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => listed.troubles.push(unreadable(id, &error)),
            }
        }
        listed.troubles.extend(walked.troubles);
        Ok(listed)
    }

    /// Writes the index, if it is worth it. A shelf that is dropped does so too.
    pub fn flush(&self) {
        self.write(When::Last, &mut Vec::new());
    }

    /// Gives back the memory; whatever is needed again is loaded again.
    pub fn unload(&self) {
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        self.save(When::Last, &mut Vec::new());
        *self.state() = None;
    }

    fn look(
        &self,
        state: &mut State,
        query: &Vector,
        wanted: &Wanted<'_>,
        troubles: &mut Vec<String>,
    ) -> io::Result<Found> {
        let mut gone = Vec::new();
        let mut hits = Vec::new();
        for _ in 0..AGAIN {
            let before = gone.len();
            hits.clear();
            for scored in find(state, query, wanted, &gone)? {
                let id = state.rows.id(scored.row as usize);
                match folder::read(&self.folder, self.store, id) {
                    // It would take the place of one that says something.
                    Ok(entry) if entry.shown.is_empty() => gone.push(scored.row),
                    Ok(entry) => hits.push(Hit {
                        entry,
                        score: scored.score.clamp(0.0, 1.0),
                    }),
                    Err(error) => {
                        if error.kind() != io::ErrorKind::NotFound {
                            troubles.push(unreadable(id, &error));
                        }
                        gone.push(scored.row);
                    }
                }
            }
            if gone.len() == before {
                break;
            }
        }
        let rows = state.found();
        Ok(Found {
            hits,
            rows,
            behind: state.rows.len() - rows,
            troubles: Vec::new(),
        })
    }

    fn state(&self) -> MutexGuard<'_, Option<State>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Those that were not told before.
    fn untold(&self, troubles: Vec<String>) -> Vec<String> {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let mut new: Vec<String> = troubles
            .into_iter()
            .filter(|trouble| !told.contains(trouble))
            .collect();
        let more = new.len().saturating_sub(MAX_TOLD);
        new.truncate(MAX_TOLD);
        told.extend(new.iter().cloned());
        if more > 0 {
            new.push(format!("{}: {more} more of this kind", self.store.as_str()));
        }
        new
    }
}

impl Drop for Shelf {
    fn drop(&mut self) {
        self.flush();
    }
}

fn find(
    state: &mut State,
    query: &Vector,
    wanted: &Wanted<'_>,
    gone: &[u32],
) -> io::Result<Vec<Scored>> {
    let agent = wanted.agent.map(agent_of);
    let eligible = state.eligible(wanted.kind, agent);
    let rows = &state.rows;
    let is_excepted = |row: u32| {
        wanted
            .except
            .is_some_and(|except| except(rows.id(row as usize)))
    };
    let admits = |row: u32| !gone.contains(&row) && !is_excepted(row);
    state.vectors.search(&Sought {
        query,
        eligible: &eligible,
        admits: &admits,
        most: wanted.most,
        at_least: wanted.at_least,
    })
}

/// What is held, if it was made with this embedder.
fn made_with<'a>(embedder: &dyn Embedder, state: &'a mut Option<State>) -> Option<&'a mut State> {
    state
        .as_mut()
        .filter(|state| state.embedder == embedder.id())
}

/// The vector of one text.
fn one(embedder: &dyn Embedder, text: &str, cut: &AtomicBool) -> Result<Vector, Fault> {
    let mut vectors = embedder.embed(&[text], cut)?;
    let none = || Fault::Embedder(format!("the embedder {} made no vector", embedder.id()));
    vectors.pop().ok_or_else(none)
}

fn unreadable(id: &str, error: &io::Error) -> String {
    format!("{}.md: {error}; it is left out", id.escape_debug())
}

#[cfg(test)]
mod tests;
