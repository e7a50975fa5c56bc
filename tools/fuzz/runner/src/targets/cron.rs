//! Cron expressions and the slots that follow; the first line is the expression, the second the zone, the third the
//! instant after which to look, in microseconds. The whole is read as a schedule of the Python program too.

use modulatio::schedule::{Timetable, legacy};
use projections::time::Timestamp;

use super::text;

pub(crate) const WORDS: &[&str] = &[
    "*",
    "*/",
    "/",
    "-",
    ",",
    "?",
    "L",
    "W",
    "#",
    "@daily",
    "@reboot",
    "JAN",
    "MON-FRI",
    "0-59",
    "1-31",
    "29 2 ",
    "31 2 ",
    "00",
    "99999999999999999999",
    "Europe/Berlin",
    "Pacific/Apia",
    "Africa/Monrovia",
    "America/New_York",
    "\n",
    "\u{b}",
    "30m",
    "6h",
    "1d",
    "daily 06:30",
    "weekly Mon 09:00",
    "monthly 31 12:15",
    "-9223372036854775808",
    "9223372036854775807",
];

/// Slots that are looked at.
const SLOTS: usize = 20;

/// Reads an expression and goes on from slot to slot.
pub fn cron(bytes: &[u8]) {
    let text = text(bytes);
    let mut lines = text.lines();
    let expression = lines.next().unwrap_or_default();
    let zone = lines.next().unwrap_or("UTC");
    let after: i64 = lines.next().and_then(|at| at.parse().ok()).unwrap_or(0);
    old(expression, after);
    let Ok(timetable) = Timetable::read(expression, zone) else {
        return;
    };
    let after = Timestamp::from_micros(after);
    let mut last = after;
    let until = Timestamp::from_micros(i64::MAX);
    for slot in timetable.between(after, until).take(SLOTS) {
        assert!(slot > last, "{slot} does not follow {last}");
        assert_eq!(timetable.next(last), Some(slot), "after {last}");
        let _ = timetable.local(slot);
        last = slot;
    }
}

fn old(schedule: &str, next: i64) {
    let _ = (legacy::interval(schedule), legacy::once(next));
    for next in [None, Some(next)] {
        if let Ok(translation) = legacy::translate(schedule, next) {
            let _ = format!("{translation:?}");
        }
    }
}
