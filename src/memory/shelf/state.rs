//! What a shelf has in memory.

use std::collections::{HashMap, HashSet};

use projections::work::TaskKind;

use super::super::{
    Vector,
    folder::Walked,
    index::{Digest, Eligible, NONE, Row, Rows, Vectors},
};

/// The index of one embedder.
pub(super) struct State {
    pub(super) embedder: String,
    pub(super) rows: Rows,
    pub(super) vectors: Vectors,
    /// Texts that the embedder could not do; not tried again.
    pub(super) aside: HashSet<Digest>,
    /// Changes that the file does not have.
    pub(super) unsaved: usize,
}

impl State {
    /// An empty one, for vectors like this.
    pub(super) fn new(embedder: &str, like: &Vector) -> Self {
        Self {
            embedder: embedder.to_owned(),
            rows: Rows::default(),
            vectors: Vectors::like(like),
            aside: HashSet::new(),
            unsaved: 0,
        }
    }

    /// Takes over what a walk saw: rows of new and changed files are to be read, those of files that went are gone.
    /// Gives the slots of all texts that there were, so that a file which was renamed keeps its vector.
    pub(super) fn merge(&mut self, walked: &Walked) -> HashMap<Digest, u32> {
        if self.is_as(walked) {
            return HashMap::new();
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
        let known = old.iter().filter(|row| row.slot != NONE);
        known.map(|row| (row.text, row.slot)).collect()
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
