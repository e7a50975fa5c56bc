//! The best so far.

use std::{cmp::Ordering, collections::BinaryHeap};

/// A row and its score. Of two, the less is the better: the higher score, or the earlier row.
#[derive(Clone, Copy, Debug)]
pub(in crate::memory) struct Scored {
    pub(in crate::memory) score: f32,
    pub(in crate::memory) row: u32,
}

impl Ord for Scored {
    fn cmp(&self, other: &Self) -> Ordering {
        let by_score = other.score.total_cmp(&self.score);
        by_score.then_with(|| self.row.cmp(&other.row))
    }
}

impl PartialOrd for Scored {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Scored {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Scored {}

/// At most so many, all with at least such a score.
pub(super) struct Top {
    most: usize,
    at_least: f32,
    /// The worst on top.
    kept: BinaryHeap<Scored>,
}

impl Top {
    pub(super) fn new(most: usize, at_least: f32) -> Self {
        Self {
            most,
            at_least,
            kept: BinaryHeap::new(),
        }
    }

    /// No lower score than this comes in; an equal one may, by its row.
    pub(super) fn bar(&self) -> f32 {
        match self.kept.peek() {
            Some(worst) if self.kept.len() >= self.most => worst.score.max(self.at_least),
            _ => self.at_least,
        }
    }

    pub(super) fn offer(&mut self, scored: Scored, admits: &dyn Fn(u32) -> bool) {
        let is_better = |worst: &Scored| scored < *worst;
        let has_room = self.kept.len() < self.most;
        let comes_in = has_room || (self.most > 0 && self.kept.peek().is_some_and(is_better));
        if scored.score >= self.at_least && comes_in && admits(scored.row) {
            if !has_room {
                self.kept.pop();
            }
            self.kept.push(scored);
        }
    }

    /// The best first.
    pub(super) fn into_sorted(self) -> Vec<Scored> {
        self.kept.into_sorted_vec()
    }
}
