//! A shelf's index on the disk: loading it, noticing that another process wrote it, writing it.
//!
//! Vectors of a model and features of texts lie in files of their own (`x.index`, `x.lexical.index`): the lexical
//! embedder often stands in for a model that is not there for a while, and what the model did is not to be lost by that.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::PoisonError,
    time::Instant,
};

use super::{
    Shelf, Standing,
    state::{State, When},
};
use crate::memory::{
    Vector, folder,
    index::{NONE, Opened, Rows, Seal, Unusable, Vectors},
};

impl Shelf {
    /// A state for this embedder: the one in memory, or the one on the disk if that is ahead; else an empty one. Only
    /// for who has the turn.
    pub(super) fn prepare(&self, embedder: &str, like: &Vector, troubles: &mut Vec<String>) {
        let path = self.path_for(like);
        let mut state = self.state();
        match &mut *state {
            Some(own) if own.embedder == embedder && own.vectors.is_like(like) => {
                let stamp = stamp_of(&path);
                if stamp != own.file {
                    self.look_at_file(own, &path, stamp, troubles);
                }
            }
            Some(_) => {
                drop(state);
                self.save(When::Last, troubles);
                *self.state() = Some(self.load(&path, embedder, like, troubles));
            }
            None => *state = Some(self.load(&path, embedder, like, troubles)),
        }
    }

    fn path_for(&self, like: &Vector) -> PathBuf {
        match like {
            Vector::Dense(_) => self.index.clone(),
            Vector::Sparse(_) => self.lexical(),
        }
    }

    fn lexical(&self) -> PathBuf {
        self.index.with_extension("lexical.index")
    }

    fn load(
        &self,
        path: &Path,
        embedder: &str,
        like: &Vector,
        troubles: &mut Vec<String>,
    ) -> State {
        let stamp = stamp_of(path);
        match usable(path, embedder, like) {
            Ok((rows, vectors)) => State {
                file: stamp,
                ..State::of(embedder, rows, vectors)
            },
            Err(Unusable::Missing) => State::new(embedder, like),
            Err(Unusable::Damaged(why) | Unusable::Foreign(why)) => {
                troubles.push(made_anew(path, &why));
                State {
                    file: stamp,
                    unsaved: 1,
                    ..State::new(embedder, like)
                }
            }
        }
    }

    /// Another process wrote the file, or somebody removed it. Taken over if it holds no less than what is in memory.
    fn look_at_file(
        &self,
        state: &mut State,
        path: &Path,
        stamp: Option<u64>,
        troubles: &mut Vec<String>,
    ) {
        state.file = stamp;
        let found = state.found();
        let like = state.vectors.example();
        match usable(path, &state.embedder, &like) {
            Ok((rows, vectors)) if rows.len() >= found => adopt(state, rows, vectors),
            Ok((rows, _)) => state.unsaved += found - rows.len(),
            Err(Unusable::Missing) => state.unsaved = found,
            // What is in memory rests on the file that this one took the place of.
            Err(Unusable::Foreign(_)) => {}
            // Perhaps it is that very file.
            Err(Unusable::Damaged(why)) => {
                troubles.push(made_anew(path, &why));
                *state = State {
                    file: stamp,
                    unsaved: 1,
                    ..State::new(&state.embedder, &like)
                };
            }
        }
    }

    /// Forgets all, and what is on the disk with it.
    pub(super) fn begin_anew(&self, embedder: &str, like: &Vector) {
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        *self.state() = Some(State {
            file: stamp_of(&self.path_for(like)),
            unsaved: 1,
            ..State::new(embedder, like)
        });
    }

    /// The file is not what it was when it was opened: what it holds is not to be relied on. Only for who has the turn.
    pub(super) fn give_up(&self, error: &io::Error, troubles: &mut Vec<String>) {
        let index = self.index.display();
        troubles.push(format!(
            "{index}: {error}; the index is loaded again, or made anew from the files"
        ));
        *self.state() = None;
    }

    pub(super) fn write(&self, when: When, troubles: &mut Vec<String>) {
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        self.save(when, troubles);
    }

    /// Writes the file, if it is time. Only for who has the turn.
    pub(super) fn save(&self, when: When, troubles: &mut Vec<String>) {
        let mut state = self.state();
        let Some(own) = state.as_mut().filter(|state| state.is_due(when)) else {
            return;
        };
        own.tried = Instant::now();
        if let Err((path, error)) = self.put(own) {
            own.failed = Some(own.unsaved);
            let path = path.display();
            troubles.push(format!(
                "{path}: {error}; the index is not written, and kept in memory meanwhile"
            ));
        }
    }

    fn put(&self, state: &mut State) -> Result<(), (PathBuf, io::Error)> {
        let path = self.path_for(&state.vectors.example());
        let failed = |error| (path.clone(), error);
        state.settle().map_err(failed)?;
        let mut written = None;
        let put = self.keeper.put(&path, &mut |out| {
            written = Some(state.vectors.write(out, &state.embedder, &state.rows)?);
            Ok(())
        });
        put.map_err(failed)?;
        if let Some((seal, live)) = written {
            rest_on(state, &path, &seal, &live);
        }
        Ok(())
    }

    /// How far the index on the disk is, for this embedder.
    #[must_use]
    pub fn standing(&self, embedder: &str) -> Standing {
        let mut standing = Standing::default();
        let walked = folder::walk(&self.folder, &|| false).unwrap_or_else(|error| {
            let folder = self.folder.display();
            standing.troubles.push(format!("{folder}: {error}"));
            folder::Walked::default()
        });
        standing.files = walked.len();
        let mut own = Rows::default();
        for path in [self.index.clone(), self.lexical()] {
            match Opened::open(&path, None) {
                Ok(opened) if standing.embedder.as_deref() != Some(embedder) => {
                    if opened.embedder == embedder {
                        own = opened.rows;
                    }
                    standing.embedder = Some(opened.embedder);
                    standing.bytes = opened.length;
                }
                Ok(_) | Err(Unusable::Missing) => {}
                Err(Unusable::Damaged(why) | Unusable::Foreign(why)) => {
                    standing.damaged = Some(format!("{}: {why}", path.display()));
                }
            }
        }
        if standing.embedder.as_deref() == Some(embedder) {
            standing.damaged = None;
        }
        compare(&own, &walked, &mut standing);
        standing.troubles.extend(walked.troubles);
        standing
    }
}

fn compare(rows: &Rows, walked: &folder::Walked, standing: &mut Standing) {
    let mut at = 0;
    for (id, seen) in walked.files() {
        while at < rows.len() && rows.id(at) < id {
            at += 1;
        }
        if at == rows.len() || rows.id(at) != id {
            standing.missing += 1;
        } else if rows.get(at).stamp != seen.stamp {
            standing.stale += 1;
        } else {
            standing.rows += 1;
        }
    }
}

fn stamp_of(path: &Path) -> Option<u64> {
    fs::metadata(path).ok().map(|meta| folder::stamp(&meta))
}

/// The rows and vectors of a file that is whole and of this embedder.
fn usable(path: &Path, embedder: &str, like: &Vector) -> Result<(Rows, Vectors), Unusable> {
    let opened = Opened::open(path, None)?;
    if opened.embedder != embedder {
        let other = opened.embedder.escape_debug();
        let why = format!("it is of the embedder {other}, and this one is {embedder}");
        return Err(Unusable::Foreign(why));
    }
    let (rows, vectors) = Vectors::over(opened)?;
    if vectors.is_like(like) {
        return Ok((rows, vectors));
    }
    let why = "its vectors are of another form or length than the embedder's";
    Err(Unusable::Foreign(why.to_owned()))
}

fn made_anew(path: &Path, why: &str) -> String {
    let path = path.display();
    format!("{path}: {why}; the index is made anew from the files")
}

/// Takes over what another process wrote; what only this one has embedded is kept beside it.
fn adopt(state: &mut State, rows: Rows, vectors: Vectors) {
    let theirs: std::collections::HashSet<_> = rows.iter().map(|row| row.text).collect();
    let before = std::mem::replace(&mut state.vectors, vectors);
    let own = std::mem::replace(&mut state.rows, rows);
    state.unsaved = 0;
    for row in own
        .iter()
        .filter(|row| row.is_found() && !theirs.contains(&row.text))
    {
        let slot = before
            .fresh_of(row.slot)
            .and_then(|vector| state.vectors.push(&vector).ok());
        state.spare.extend(slot.map(|slot| (row.text, slot)));
    }
}

/// From now on the vectors lie in the file that was written: if it is still that one.
fn rest_on(state: &mut State, path: &Path, seal: &Seal, live: &[u32]) {
    state.unsaved = 0;
    state.failed = None;
    let Ok(opened) = Opened::open(path, Some(seal)) else {
        return;
    };
    if opened.seal != *seal {
        return;
    }
    let stamp = opened.stamp;
    let Ok((_, vectors)) = Vectors::over(opened) else {
        return;
    };
    for row in state.rows.iter_mut() {
        let new = live.binary_search(&row.slot).ok();
        row.slot = new.and_then(|new| u32::try_from(new).ok()).unwrap_or(NONE);
    }
    state.spare.clear();
    state.vectors = vectors;
    state.file = Some(stamp);
    // The rows are as they were written, but for those that are not found yet.
    state.unsaved = 0;
}
