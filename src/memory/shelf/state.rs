//! What a shelf has in memory.

use std::{
    collections::{HashMap, HashSet},
    io,
    time::{Duration, Instant},
};

use projections::work::TaskKind;

use super::super::{
    Vector,
    folder::Walked,
    index::{Digest, Eligible, NONE, Row, Rows, Vectors},
};

/// How long changes that are not many stay in memory only.
const SETTLED: Duration = Duration::from_secs(60);

/// How long between two writings while there is more to come.
const UNDERWAY: Duration = Duration::from_secs(10);

/// When an index is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum When {
    /// When so much has changed that writing it costs less than doing it again.
    Worth,
    /// The same, with more to come.
    Underway,
    /// Nothing more will change.
    Last,
    /// If anything has changed.
    Always,
}

/// The index of one embedder.
pub(super) struct State {
    pub(super) embedder: String,
    pub(super) rows: Rows,
    pub(super) vectors: Vectors,
    /// Texts that the embedder could not do; not tried again.
    pub(super) aside: HashSet<Digest>,
    /// Slots that no row has (yet).
    pub(super) spare: HashMap<Digest, u32>,
    /// The file that was looked at last.
    pub(super) file: Option<u64>,
    /// Changes that the file does not have.
    pub(super) unsaved: usize,
    /// How many there were when it could not be written.
    pub(super) failed: Option<usize>,
    /// When it was written, or tried to be, last.
    pub(super) tried: Instant,
}

impl State {
    /// An empty one, for vectors like this.
    pub(super) fn new(embedder: &str, like: &Vector) -> Self {
        Self::of(embedder, Rows::default(), Vectors::like(like))
    }

    pub(super) fn of(embedder: &str, rows: Rows, vectors: Vectors) -> Self {
        Self {
            embedder: embedder.to_owned(),
            rows,
            vectors,
            aside: HashSet::new(),
            spare: HashMap::new(),
            file: None,
            unsaved: 0,
            failed: None,
            tried: Instant::now(),
        }
    }

    /// Rows among which is searched.
    pub(super) fn found(&self) -> usize {
        self.rows.iter().filter(|row| row.is_found()).count()
    }

    /// Whether the file is to be written. Often while the index is small; of a large one when a sixteenth is new.
    pub(super) fn is_due(&self, when: When) -> bool {
        if self.file.is_none() && self.found() == 0 {
            // Nothing is there that anyone would look for.
            return false;
        }
        let is_part = |of: usize| self.unsaved > 0 && self.unsaved * of >= self.found();
        let is_long_ago = self.tried.elapsed() >= SETTLED;
        match when {
            When::Always => self.unsaved > 0,
            When::Last => is_part(256),
            When::Underway => self.tried.elapsed() >= UNDERWAY && is_part(16),
            When::Worth => match self.failed {
                Some(then) if !is_long_ago => self.unsaved >= then.saturating_mul(2),
                Some(_) | None => is_part(16) || (is_long_ago && is_part(256)),
            },
        }
    }

    pub(super) fn settle(&mut self) -> io::Result<()> {
        self.vectors.settle(&self.rows)
    }

    /// Takes over what a walk saw: rows of new and changed files are to be read, those of files that went are gone.
    /// Gives the slots of all texts that there were, so that a file which was renamed keeps its vector.
    pub(super) fn merge(&mut self, walked: &Walked) -> HashMap<Digest, u32> {
        let mut known = std::mem::take(&mut self.spare);
        if self.is_as(walked) {
            return known;
        }
        let old = std::mem::take(&mut self.rows);
        let mut at = 0;
        for (id, seen) in walked.files() {
            while at < old.len() && old.id(at) < id {
                at += 1;
                self.unsaved += 1;
            }
            let mut row = Row::unread(seen.stamp, seen.is_recent);
            if at < old.len() && old.id(at) == id {
                row = met(*old.get(at), row);
                at += 1;
            }
            self.rows.push(id, row);
        }
        self.unsaved += old.len() - at;
        let vectors = old.iter().filter(|row| row.slot != NONE);
        known.extend(vectors.map(|row| (row.text, row.slot)));
        known
    }

    /// Whether all files are as they were, with no need to look into one.
    fn is_as(&self, walked: &Walked) -> bool {
        let same = |(at, (id, seen)): (usize, (&str, super::super::folder::Seen))| {
            let row = self.rows.get(at);
            row.stamp == seen.stamp && !row.is_racy && !row.is_unread && self.rows.id(at) == id
        };
        self.rows.len() == walked.len() && walked.files().enumerate().all(same)
    }

    /// The rows that may be found, by rising slot.
    pub(super) fn eligible(&self, kind: Option<TaskKind>, agent: Option<u64>) -> Vec<Eligible> {
        let is_wanted = |row: &Row| {
            row.is_found()
                && (kind.is_none() || row.kind.is_none() || row.kind == kind)
                && agent.is_none_or(|agent| row.agent == agent)
        };
        let mut eligible: Vec<Eligible> = (0..)
            .zip(self.rows.iter())
            .filter(|(_, row)| is_wanted(row))
            .map(|(n, row)| Eligible {
                slot: row.slot,
                row: n,
            })
            .collect();
        if !eligible.is_sorted() {
            eligible.sort_unstable();
        }
        eligible
    }
}

/// A row whose file is there still.
fn met(old: Row, new: Row) -> Row {
    if old.stamp == new.stamp && !old.is_racy {
        return old;
    }
    Row {
        stamp: new.stamp,
        is_racy: new.is_racy,
        is_unread: true,
        ..old
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::{folder, index::digest, world::World};

    /// A store of one file that is indexed as it is now.
    fn indexed(is_racy: bool) -> (World, State) {
        let world = World::new();
        world.write("a", "apples");
        let walked = folder::walk(&world.folder, &|| false).unwrap();
        let (_, seen) = walked.files().next().unwrap();
        assert!(seen.is_recent, "it was written just now");
        let mut state = State::new("test", &Vector::Sparse(Vec::new()));
        let slot = state.vectors.push(&Vector::Sparse(vec![(1, 1.0)])).unwrap();
        let row = Row {
            text: digest("apples"),
            slot,
            is_unread: false,
            ..Row::unread(seen.stamp, is_racy)
        };
        assert!(state.rows.push("a", row));
        (world, state)
    }

    #[test]
    fn a_file_that_could_have_changed_within_its_stamp_is_read_again() {
        for is_racy in [true, false] {
            let (world, mut state) = indexed(is_racy);
            let walked = folder::walk(&world.folder, &|| false).unwrap();
            let known = state.merge(&walked);
            assert_eq!(state.rows.get(0).is_unread, is_racy);
            assert_eq!(
                known.len(),
                usize::from(is_racy),
                "its vector is known still"
            );
        }
    }

    #[test]
    fn an_index_is_written_when_that_costs_less_than_doing_it_again() {
        let (_world, mut state) = indexed(false);
        let mut is_due = |unsaved, when| {
            state.unsaved = unsaved;
            state.is_due(when)
        };
        assert!(!is_due(0, When::Always) && !is_due(0, When::Worth) && !is_due(0, When::Last));
        assert!(is_due(1, When::Worth) && is_due(1, When::Last));
        assert!(!is_due(1, When::Underway), "it has just been tried");
        for n in 1..2_000_u32 {
            let row = Row {
                slot: n,
                is_unread: false,
                ..Row::unread(1, false)
            };
            assert!(state.rows.push(&format!("b{n:05}"), row));
        }
        let mut is_due = |unsaved, when| {
            state.unsaved = unsaved;
            state.is_due(when)
        };
        assert!(!is_due(124, When::Worth) && is_due(125, When::Worth));
        assert!(!is_due(7, When::Last) && is_due(8, When::Last) && is_due(1, When::Always));
        state.failed = Some(200);
        state.unsaved = 399;
        assert!(!state.is_due(When::Worth));
        state.unsaved = 400;
        assert!(state.is_due(When::Worth));
    }

    #[test]
    fn what_nobody_would_look_for_is_not_written() {
        let mut state = State::new("test", &Vector::Sparse(Vec::new()));
        state.unsaved = 5;
        assert!(!state.is_due(When::Always));
        state.file = Some(1);
        assert!(state.is_due(When::Always), "it takes the place of another");
    }
}
