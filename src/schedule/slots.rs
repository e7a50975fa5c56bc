//! The slots of an expression in a zone, one after the other.

use chrono::NaiveDateTime;
use projections::time::Timestamp;

use super::{Expression, Zone};

/// The first slot strictly after an instant; none is left when the year 2100 ends.
#[must_use]
pub fn next_slot(expression: &Expression, zone: &Zone, after: Timestamp) -> Option<Timestamp> {
    let forever = Timestamp::from_micros(i64::MAX);
    slots(expression, zone, after, forever).next()
}

/// The slots strictly after `after` and not after `until`, ascending. Each is found when it is asked for.
#[must_use]
pub fn slots<'a>(
    expression: &'a Expression,
    zone: &Zone,
    after: Timestamp,
    until: Timestamp,
) -> Slots<'a> {
    Slots {
        expression,
        zone: *zone,
        last: after,
        until,
        // Nothing earlier can be due: the clock has shown this time, and so has passed all before it.
        clock: zone.clock_at(after),
    }
}

/// What [`slots`] gives.
#[derive(Clone, Debug)]
pub struct Slots<'a> {
    expression: &'a Expression,
    zone: Zone,
    /// The slot that was given last, or where the search begins.
    last: Timestamp,
    until: Timestamp,
    /// The local time that was looked at last.
    clock: NaiveDateTime,
}

impl Iterator for Slots<'_> {
    type Item = Timestamp;

    fn next(&mut self) -> Option<Timestamp> {
        loop {
            let local = self.expression.next_local(self.clock)?;
            let at = self.zone.reaches(local)?;
            if at > self.until {
                return None;
            }
            self.clock = local;
            // Not so when the clock was set back and shows for the second time what comes next, or when more than one
            // matching time was skipped.
            if at > self.last {
                self.last = at;
                return Some(at);
            }
        }
    }
}
