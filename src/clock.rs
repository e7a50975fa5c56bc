//! The one place that reads the clock.

use std::{
    path::PathBuf,
    sync::OnceLock,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use chrono::{DateTime, Local, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, TimeZone};
use projections::time::Timestamp;

/// Now, UTC.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "this is the place")]
pub fn now() -> Timestamp {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    let micros = i64::try_from(since.as_micros()).unwrap_or(i64::MAX);
    Timestamp::from_micros(micros.saturating_add(shift()))
}

/// How far the clock of a test is ahead. `MODULATIO_CLOCK` names a file that holds the microseconds; it is read anew at
/// each look, so that a test can let hours pass, or set the clock back. Without the variable this is a comparison.
fn shift() -> i64 {
    static FILE: OnceLock<Option<PathBuf>> = OnceLock::new();
    let file = FILE.get_or_init(|| std::env::var_os("MODULATIO_CLOCK").map(PathBuf::from));
    let text = file
        .as_ref()
        .and_then(|file| std::fs::read_to_string(file).ok());
    text.and_then(|text| text.trim().parse().ok()).unwrap_or(0)
}

/// As journals and logs hold it: whole milliseconds, the rest cut off.
#[must_use]
pub fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// An instant as the clock on this machine's wall shows it: `2026-05-06 22:30:00`.
#[must_use]
pub fn on_the_wall(at: Timestamp) -> String {
    local(at).format("%Y-%m-%d %H:%M:%S").to_string()
}

/// The first instant at which the clock on this machine's wall shows `text`: a date, a time of today, or both.
#[must_use]
pub fn off_the_wall(text: &str) -> Option<Timestamp> {
    let hour = |text: &str| {
        let mut forms = ["%H:%M:%S", "%H:%M"].into_iter();
        forms.find_map(|form| NaiveTime::parse_from_str(text, form).ok())
    };
    let day = |text: &str| NaiveDate::parse_from_str(text, "%Y-%m-%d").ok();
    let shown: NaiveDateTime = match text.split_once([' ', 'T']) {
        Some((date, time)) => day(date)?.and_time(hour(time)?),
        None => match day(text) {
            Some(date) => date.and_time(NaiveTime::MIN),
            None => local(now()).date_naive().and_time(hour(text)?),
        },
    };
    // An hour that a change of the clock leaves out is over when the next one begins.
    let hours = [shown, shown + TimeDelta::hours(1)];
    let at = hours
        .iter()
        .find_map(|shown| Local.from_local_datetime(shown).earliest())?;
    Some(Timestamp::from_micros(at.timestamp_micros()))
}

fn local(at: Timestamp) -> DateTime<Local> {
    let utc = DateTime::from_timestamp_micros(at.micros()).unwrap_or_default();
    utc.with_timezone(&Local)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_wall_shows_reads_back() {
        for seconds in [0, 1_000_000_000, 1_790_000_000] {
            let at = Timestamp::default().plus_seconds(seconds);
            assert_eq!(off_the_wall(&on_the_wall(at)), Some(at));
        }
        let midnight = off_the_wall("2026-11-23").unwrap();
        assert_eq!(on_the_wall(midnight), "2026-11-23 00:00:00");
        let today = on_the_wall(off_the_wall("20:15").unwrap());
        assert!(today.ends_with(" 20:15:00"), "{today}");
        for text in ["", "yesterday", "2026-13-01", "25:00", "2026-11-23 20"] {
            assert_eq!(off_the_wall(text), None, "{text:?}");
        }
    }
}
