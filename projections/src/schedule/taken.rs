//! Which slots of a job were claimed, in bounded room: so that none is claimed again after the job's cursor was sent back.
//!
//! ```text
//!  claims     ··|·|·|·|·|·········|······|·|·|··▶      a clock that was ahead leaves its claims far beyond the others
//!  spans      [———————————]·······[]·····[———]         neighbours are one span once there are more than fit
//! ```
//!
//! A span holds all that lies between its ends, claimed or not. What lies there and was not claimed is not claimed any
//! more: that is the price, and it is paid where the claims are closest.

use std::collections::BTreeMap;

use crate::time::Timestamp;

/// Most spans that are kept.
const MOST: usize = 64;

/// Instants at which a job has claimed slots.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Taken {
    /// From the first instant of each span to its last; no two overlap.
    spans: BTreeMap<Timestamp, Timestamp>,
}

impl Taken {
    /// Whether a slot was claimed, or lies between claims that are not told apart any more.
    #[must_use]
    pub fn holds(&self, slot: Timestamp) -> bool {
        let before = self.spans.range(..=slot).next_back();
        before.is_some_and(|(_, last)| slot <= *last)
    }

    /// The spans that reach beyond an instant, ascending: the first and the last slot of each.
    pub fn beyond(&self, at: Timestamp) -> impl Iterator<Item = (Timestamp, Timestamp)> + '_ {
        let spans = self.spans.iter().map(|(first, last)| (*first, *last));
        spans.filter(move |(_, last)| *last > at)
    }

    pub(super) fn add(&mut self, slot: Timestamp) {
        if self.holds(slot) {
            return;
        }
        self.spans.insert(slot, slot);
        if self.spans.len() > MOST {
            self.join_closest();
        }
    }

    /// Of equals the oldest, so that the newest stay apart.
    fn join_closest(&mut self) {
        let nexts = self.spans.iter().skip(1);
        let pairs = self.spans.iter().zip(nexts);
        let closest = pairs.min_by_key(|((_, last), (next, _))| next.micros_since(**last));
        let Some((first, next)) = closest.map(|((first, _), (next, _))| (*first, *next)) else {
            return;
        };
        if let Some(last) = self.spans.remove(&next) {
            self.spans.insert(first, last);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn minute(n: i64) -> Timestamp {
        Timestamp::from_micros(n * 60_000_000)
    }

    fn taken(minutes: impl IntoIterator<Item = i64>) -> Taken {
        let mut taken = Taken::default();
        minutes.into_iter().for_each(|n| taken.add(minute(n)));
        taken
    }

    #[test]
    fn what_was_claimed_is_held_however_much_that_is() {
        let claims = (0..5_000).chain(5_000_000..5_009_000).chain([7_000, 6_000]);
        let taken = taken(claims.clone());
        assert!(taken.spans.len() <= MOST, "{}", taken.spans.len());
        claims.for_each(|n| assert!(taken.holds(minute(n)), "{n}"));
    }

    #[test]
    fn claims_of_a_clock_that_was_ahead_never_join_those_of_now() {
        let taken = taken((0..5_000).chain(5_000_000..5_009_000));
        for n in [-1, 5_000, 100_000, 4_999_999, 5_009_000] {
            assert!(!taken.holds(minute(n)), "{n}");
        }
        let beyond: Vec<_> = taken.beyond(minute(5_100)).collect();
        assert_eq!(beyond.first().map(|span| span.0), Some(minute(5_000_000)));
        assert_eq!(beyond.last().map(|span| span.1), Some(minute(5_008_999)));
    }

    #[test]
    fn a_few_claims_are_told_apart() {
        let taken = taken([9, 3, 5, 3]);
        let held: Vec<i64> = (0..12).filter(|n| taken.holds(minute(*n))).collect();
        assert_eq!(held, [3, 5, 9]);
    }
}
