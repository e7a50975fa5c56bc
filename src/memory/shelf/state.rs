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
