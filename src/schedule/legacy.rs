//! Schedules as the existing Python program writes them, said as standard cron expressions. All of its times are UTC.
//!
//! ```text
//!  daily 06:30       30 6 * * *            hourly :15          15 * * * *
//!  weekly mon 09:00  0 9 * * mon           monthly 31 00:00    0 0 31 * *    (months without the day are skipped by both)
//!  6h, next at 20:20 20 2-23/6 * * *       45m                 cannot be said
//! ```
//!
//! An interval goes on from its next firing in steps of the same length, for ever. An expression can say that of those
//! that divide the hour, the day or the week, and of no others: such a schedule is refused here and never rounded, since
//! whoever pays for a plan should not find it run oftener than asked for.

use chrono::{DateTime, Datelike, Timelike, Utc};

/// A schedule in other words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Translation {
    /// Five fields, to be read as UTC.
    pub expression: String,
    /// What is not exactly as it was.
    pub notes: Vec<String>,
}

/// A schedule that cannot be said.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LegacyFault {
    /// None of the forms.
    #[error(
        "{0:?} is none of its schedules: 30m, 6h, 1d, hourly :MM, daily HH:MM, weekly DAY HH:MM, monthly D HH:MM"
    )]
    Unknown(String),
    /// An interval that divides neither hour nor day nor week.
    #[error("no cron expression says \"every {every}\"")]
    Irregular {
        /// The interval.
        every: String,
        /// The next longer one that can be said, as an expression.
        longer: Option<String>,
    },
}

/// Minutes in a day.
const DAY: u32 = 24 * 60;

/// Intervals that an expression can say, in minutes.
const REGULAR: [u32; 20] = [
    1,
    2,
    3,
    4,
    5,
    6,
    10,
    12,
    15,
    20,
    30,
    60,
    2 * 60,
    3 * 60,
    4 * 60,
    6 * 60,
    8 * 60,
    12 * 60,
    DAY,
    7 * DAY,
];

/// Says `schedule` as an expression; `next` is when it would fire next, in seconds since 1970. Only intervals need it.
///
/// # Errors
/// [`LegacyFault`] for what is none of its schedules, or cannot be said.
pub fn translate(schedule: &str, next: Option<i64>) -> Result<Translation, LegacyFault> {
    let lower = schedule.to_ascii_lowercase();
    let words: Vec<&str> = lower.split_whitespace().collect();
    if let Some(minutes) = interval(&lower) {
        return every(schedule.trim(), minutes, next);
    }
    let expression = match words[..] {
        ["hourly", minute] => minute
            .strip_prefix(':')
            .and_then(|m| number(m, 0, 59))
            .map(|minute| format!("{minute} * * * *")),
        ["daily", time] => clock(time).map(|(hour, minute)| format!("{minute} {hour} * * *")),
        ["weekly", day, time] => clock(time)
            .filter(|_| WEEKDAYS.contains(&day))
            .map(|(hour, minute)| format!("{minute} {hour} * * {day}")),
        ["monthly", day, time] => clock(time)
            .zip(number(day, 1, 31))
            .map(|((hour, minute), day)| format!("{minute} {hour} {day} * *")),
        _ => None,
    };
    let unknown = || LegacyFault::Unknown(schedule.chars().take(60).collect());
    Ok(Translation {
        expression: expression.ok_or_else(unknown)?,
        notes: Vec::new(),
    })
}

/// The expression of one instant, to the minute at or after it; it comes again a year later, so it must be counted.
#[must_use]
pub fn once(at: i64) -> Option<String> {
    let at = full_minute(at)?;
    Some(format!(
        "{} {} {} {} *",
        at.minute(),
        at.hour(),
        at.day(),
        at.month()
    ))
}

const WEEKDAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// `HH:MM`.
fn clock(text: &str) -> Option<(u32, u32)> {
    let (hour, minute) = text.split_once(':')?;
    let two = minute.len() == 2;
    number(hour, 0, 23).zip(number(minute, 0, 59).filter(|_| two))
}

fn number(text: &str, least: u32, most: u32) -> Option<u32> {
    let digits = (1..=2).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    let number: u32 = text.parse().ok().filter(|_| digits)?;
    (least..=most).contains(&number).then_some(number)
}

/// The minutes of an interval, `30m` or `2 days`; zero is none.
#[must_use]
pub fn interval(text: &str) -> Option<u32> {
    let text = text.trim().to_ascii_lowercase();
    let end = text.find(|c: char| !c.is_ascii_digit())?;
    let (count, unit) = text.split_at(end);
    let unit = unit.trim_start();
    let minutes = match unit.strip_suffix('s').unwrap_or(unit) {
        "m" | "min" => 1,
        "h" | "hr" | "hour" => 60,
        "d" | "day" => DAY,
        _ => return None,
    };
    let all = count.parse::<u32>().ok()?.checked_mul(minutes)?;
    (all > 0).then_some(all)
}

fn every(text: &str, minutes: u32, next: Option<i64>) -> Result<Translation, LegacyFault> {
    let (phase, notes) = match next.and_then(full_minute).zip(next) {
        Some((phase, next)) => (phase, seconds_lost(phase, next)),
        None => {
            let note = "it does not say when it would fire next: counted from midnight, UTC";
            (DateTime::UNIX_EPOCH, vec![note.to_owned()])
        }
    };
    let expression = regular(minutes, phase).ok_or_else(|| LegacyFault::Irregular {
        every: text.to_owned(),
        longer: longer(minutes, phase),
    })?;
    Ok(Translation { expression, notes })
}

/// The minute that begins at `seconds` or next after it: nothing fires before its time.
fn full_minute(seconds: i64) -> Option<DateTime<Utc>> {
    let up = seconds.checked_add(59)?.div_euclid(60).checked_mul(60)?;
    DateTime::from_timestamp(up, 0)
}

fn seconds_lost(phase: DateTime<Utc>, next: i64) -> Vec<String> {
    let late = phase.timestamp() - next;
    if late == 0 {
        return Vec::new();
    }
    vec![format!(
        "it fires at full minutes, {late} s later than it did"
    )]
}

/// The expression that fires every so many minutes, at `phase` among others.
fn regular(minutes: u32, phase: DateTime<Utc>) -> Option<String> {
    if !REGULAR.contains(&minutes) {
        return None;
    }
    let (minute, hour) = (phase.minute(), phase.hour());
    Some(match minutes {
        1..60 => format!("{} * * * *", stepped(minute, minutes, 59)),
        60 => format!("{minute} * * * *"),
        61..DAY => format!("{minute} {} * * *", stepped(hour, minutes / 60, 23)),
        DAY => format!("{minute} {hour} * * *"),
        _ => {
            let days_from_monday = phase.weekday().num_days_from_monday();
            let day = usize::try_from(days_from_monday).map_or("mon", |day| WEEKDAYS[day]);
            format!("{minute} {hour} * * {day}")
        }
    })
}

/// Every `step`-th value up to `most`, `value` among them.
fn stepped(value: u32, step: u32, most: u32) -> String {
    match (value % step, step) {
        (_, 1) => "*".to_owned(),
        (0, _) => format!("*/{step}"),
        (first, _) => format!("{first}-{most}/{step}"),
    }
}

/// The next longer interval that can be said; the longest is a month.
fn longer(minutes: u32, phase: DateTime<Utc>) -> Option<String> {
    let regular_one = REGULAR.into_iter().find(|regular| *regular > minutes);
    match regular_one {
        Some(longer) => regular(longer, phase),
        None if minutes <= 31 * DAY => Some(format!(
            "{} {} {} * *",
            phase.minute(),
            phase.hour(),
            phase.day().min(28)
        )),
        None => None,
    }
}

#[cfg(test)]
mod tests {
    use projections::time::Timestamp;

    use super::*;
    use crate::schedule::{Expression, Zone, slots};

    /// 2026-11-23T20:20:00Z, a Monday.
    const MONDAY: i64 = 1_795_465_200;

    fn said(schedule: &str, next: Option<i64>) -> String {
        translate(schedule, next)
            .unwrap_or_else(|e| panic!("{schedule}: {e}"))
            .expression
    }

    #[test]
    fn calendars_are_said_word_for_word() {
        for (schedule, expression) in [
            ("daily 06:30", "30 6 * * *"),
            ("daily 6:05", "5 6 * * *"),
            ("DAILY  23:59 ", "59 23 * * *"),
            ("weekly mon 09:00", "0 9 * * mon"),
            ("Weekly Sun 0:00", "0 0 * * sun"),
            ("monthly 1 00:00", "0 0 1 * *"),
            ("monthly 31 12:15", "15 12 31 * *"),
            ("hourly :00", "0 * * * *"),
            ("hourly :59", "59 * * * *"),
        ] {
            let translation = translate(schedule, Some(MONDAY)).unwrap();
            assert_eq!(translation.expression, expression, "{schedule}");
            assert!(translation.notes.is_empty(), "{schedule}");
        }
    }

    #[test]
    fn intervals_keep_their_phase() {
        for (schedule, expression) in [
            ("1m", "* * * * *"),
            ("5m", "*/5 * * * *"),
            ("30m", "20-59/30 * * * *"),
            ("30 mins", "20-59/30 * * * *"),
            ("60m", "20 * * * *"),
            ("1h", "20 * * * *"),
            ("6h", "20 2-23/6 * * *"),
            ("4 hours", "20 */4 * * *"),
            ("360m", "20 2-23/6 * * *"),
            ("1d", "20 20 * * *"),
            ("24h", "20 20 * * *"),
            ("7d", "20 20 * * mon"),
        ] {
            assert_eq!(said(schedule, Some(MONDAY)), expression, "{schedule}");
        }
        assert_eq!(said("7d", Some(MONDAY - 86_400)), "20 20 * * sun");
    }

    #[test]
    fn seconds_are_told_and_never_fire_early() {
        let translation = translate("30m", Some(MONDAY + 50)).unwrap();
        assert_eq!(translation.expression, "21-59/30 * * * *");
        assert_eq!(
            translation.notes,
            ["it fires at full minutes, 10 s later than it did"]
        );
        let midnight = translate("6h", None).unwrap();
        assert_eq!(midnight.expression, "0 */6 * * *");
        assert!(midnight.notes[0].contains("midnight"));
    }

    #[test]
    fn what_no_expression_says_is_refused_with_the_next_longer_one() {
        for (schedule, next_longer) in [
            ("7m", Some("*/10 * * * *")),
            ("45m", Some("20 * * * *")),
            ("90m", Some("20 */2 * * *")),
            ("7h", Some("20 4-23/8 * * *")),
            ("25h", Some("20 20 * * mon")),
            ("2d", Some("20 20 * * mon")),
            ("14d", Some("20 20 23 * *")),
            ("32d", None),
        ] {
            let fault = translate(schedule, Some(MONDAY)).unwrap_err();
            let LegacyFault::Irregular { every, longer } = fault else {
                panic!("{schedule}: {fault}")
            };
            assert_eq!((every.as_str(), longer.as_deref()), (schedule, next_longer));
        }
    }

    #[test]
    fn anything_else_is_none_of_its_schedules() {
        for schedule in [
            "",
            "0m",
            "-5m",
            "1w",
            "m",
            "3 0m",
            "5mss",
            "99999999999999d",
            "daily",
            "daily 24:00",
            "daily 6:5",
            "daily 06:60",
            "weekly monday 09:00",
            "weekly 09:00",
            "monthly 0 00:00",
            "monthly 32 00:00",
            "hourly 15",
            "hourly :60",
            "0 6 * * *",
            "daily 06:30 UTC",
        ] {
            let fault = translate(schedule, Some(MONDAY)).unwrap_err();
            assert!(matches!(fault, LegacyFault::Unknown(_)), "{schedule:?}");
        }
    }

    /// The slots of an expression in the days after `from`, in seconds.
    fn slots_of(expression: &str, from: i64, days: i64) -> Vec<i64> {
        let at = |seconds: i64| Timestamp::from_micros(seconds * 1_000_000);
        let expression = Expression::parse(expression).unwrap();
        let (from, until) = (at(from), at(from + days * 86_400));
        let slots = slots(&expression, &Zone::default(), from, until);
        slots.map(|slot| slot.micros() / 1_000_000).collect()
    }

    #[test]
    fn an_interval_fires_when_it_would_have_and_at_no_other_time() {
        for minutes in REGULAR {
            for late in [0, 1, 7, 59, 61, 23 * 60 + 59] {
                let next = MONDAY + late * 60;
                let expression = said(&format!("{minutes}m"), Some(next));
                let step = i64::from(minutes) * 60;
                let before = next - 60;
                let until = before + 15 * 86_400;
                let expected: Vec<i64> = (0..)
                    .map(|k| next + k * step)
                    .take_while(|at| *at <= until)
                    .collect();
                let slots = slots_of(&expression, before, 15);
                assert_eq!(slots, expected, "{minutes}m after {late}: {expression}");
            }
        }
    }

    #[test]
    fn everything_said_can_be_read_and_comes_first_at_the_right_time() {
        for (schedule, first) in [
            ("hourly :15", "2026-11-23T21:15"),
            ("daily 20:20", "2026-11-24T20:20"),
            ("weekly mon 20:21", "2026-11-23T20:21"),
            ("weekly sun 00:00", "2026-11-29T00:00"),
            ("monthly 31 06:00", "2026-12-31T06:00"),
        ] {
            let first = Timestamp::parse(&format!("{first}:00Z")).unwrap();
            let slots = slots_of(&said(schedule, None), MONDAY, 40);
            assert_eq!(
                slots.first(),
                Some(&(first.micros() / 1_000_000)),
                "{schedule}"
            );
        }
        let once = once(MONDAY + 60).unwrap();
        assert_eq!(slots_of(&once, MONDAY, 365), [MONDAY + 60]);
    }

    #[test]
    fn one_instant_is_one_date() {
        assert_eq!(once(MONDAY).as_deref(), Some("20 20 23 11 *"));
        assert_eq!(once(MONDAY + 1).as_deref(), Some("21 20 23 11 *"));
        assert_eq!(once(i64::MAX), None);
    }
}
