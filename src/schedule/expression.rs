//! A standard cron expression, translated for the crate `cron`, which searches the calendar.

use std::{fmt, str::FromStr};

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, Utc};
use cron::Schedule;

use super::{
    fault::{ExpressionFault, MOST_BYTES, quoted},
    field::{DAY_OF_MONTH, DAY_OF_WEEK, Field, HOUR, MINUTE, MONTH},
};

/// Words for whole expressions, and what they stand for.
const WORDS: [(&str, &str); 7] = [
    ("@yearly", "0 0 1 1 *"),
    ("@annually", "0 0 1 1 *"),
    ("@monthly", "0 0 1 * *"),
    ("@weekly", "0 0 * * 0"),
    ("@daily", "0 0 * * *"),
    ("@midnight", "0 0 * * *"),
    ("@hourly", "0 * * * *"),
];

/// When something is due, in local wall time: minute, hour, day of the month, month, day of the week.
///
/// Prints as it was written, with one space between fields. Two expressions are equal when they print alike.
#[derive(Clone, Debug)]
pub struct Expression {
    text: String,
    /// The schedules of which any may match: two when both fields of days restrict.
    alternatives: Vec<Schedule>,
}

impl Expression {
    /// Reads an expression: five fields, or a word such as `@daily`.
    ///
    /// # Errors
    /// [`ExpressionFault`] says what stands where, and what may stand there.
    pub fn parse(text: &str) -> Result<Self, ExpressionFault> {
        if text.len() > MOST_BYTES {
            return Err(ExpressionFault::TooLong(text.len()));
        }
        let parts: Vec<&str> = text
            .split(|c: char| c.is_ascii_whitespace() || c == '\u{b}')
            .filter(|part| !part.is_empty())
            .collect();
        let alternatives = match parts[..] {
            [] => return Err(ExpressionFault::Empty),
            [word] if word.starts_with('@') => {
                five(&meaning(word)?.split(' ').collect::<Vec<_>>())?
            }
            _ => five(&parts)?,
        };
        Ok(Self {
            text: parts.join(" "),
            alternatives,
        })
    }

    /// The first local time after `after` that matches, up to the end of the year 2100.
    pub(super) fn next_local(&self, after: NaiveDateTime) -> Option<NaiveDateTime> {
        let next = |schedule: &Schedule| schedule.after(&searchable(after)).next();
        let first = self.alternatives.iter().filter_map(next).min();
        first.map(|time| time.naive_utc())
    }
}

/// An instant whose calendar the crate can search from. It reads the year as an unsigned number and goes on by a second
/// first, so neither may be out of range; a local time goes in and comes out as if it were one of UTC, so that the
/// crate has no part in changes of the clock.
fn searchable(after: NaiveDateTime) -> DateTime<Utc> {
    let new_year = |year| {
        let day = NaiveDate::from_ymd_opt(year, 1, 1).expect("every year begins");
        day.and_time(NaiveTime::MIN)
    };
    after.clamp(new_year(1969), new_year(2200)).and_utc()
}

/// What a word stands for.
fn meaning(word: &str) -> Result<&'static str, ExpressionFault> {
    let known = WORDS
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case(word));
    known.map(|(_, fields)| *fields).ok_or_else(|| {
        let why = if word.eq_ignore_ascii_case("@reboot") {
            "is no time; what the daemon does when it starts cannot be scheduled"
        } else {
            "is not known; write @yearly, @annually, @monthly, @weekly, @daily, @midnight or @hourly"
        };
        ExpressionFault::Word {
            word: quoted(word),
            why,
        }
    })
}

fn five(parts: &[&str]) -> Result<Vec<Schedule>, ExpressionFault> {
    let &[minute, hour, day, month, weekday] = parts else {
        return Err(ExpressionFault::FieldCount(parts.len()));
    };
    let fields = Fields {
        minute: MINUTE.read(minute)?,
        hour: HOUR.read(hour)?,
        day: DAY_OF_MONTH.read(day)?,
        month: MONTH.read(month)?,
        weekday: DAY_OF_WEEK.read(weekday)?,
    };
    let alternatives = fields.alternatives();
    let ever = |schedule: &Schedule| {
        schedule
            .after(&searchable(NaiveDateTime::MIN))
            .next()
            .is_some()
    };
    if alternatives.iter().any(ever) {
        Ok(alternatives)
    } else {
        Err(ExpressionFault::NeverFires {
            days: fields.day.text().to_owned(),
            months: fields.month.text().to_owned(),
        })
    }
}

struct Fields {
    minute: Field,
    hour: Field,
    day: Field,
    month: Field,
    weekday: Field,
}

impl Fields {
    /// Either field of days matches when both restrict; else both must, of which one matches always.
    fn alternatives(&self) -> Vec<Schedule> {
        let day_is_open = self.day.is_open_beside(&self.weekday);
        let weekday_is_open = self.weekday.is_open_beside(&self.day);
        if day_is_open || weekday_is_open {
            return vec![self.translated(!day_is_open, !weekday_is_open)];
        }
        vec![self.translated(true, false), self.translated(false, true)]
    }

    /// In the crate's dialect: seconds come first, and weekdays count from 1 for Sunday.
    fn translated(&self, by_day: bool, by_weekday: bool) -> Schedule {
        let text = format!(
            "0 {} {} {} {} {}",
            listed(&self.minute, true, 0),
            listed(&self.hour, true, 0),
            listed(&self.day, by_day, 0),
            listed(&self.month, true, 0),
            listed(&self.weekday, by_weekday, 1),
        );
        Schedule::from_str(&text).expect("lists of values in range are of the crate's dialect")
    }
}

/// A field's values written out, each `more` than here; all of them when the field does not count.
fn listed(field: &Field, counts: bool, more: u8) -> String {
    if !counts || field.is_full() {
        return "*".to_owned();
    }
    let values: Vec<String> = field.values().map(|n| (n + more).to_string()).collect();
    values.join(",")
}

impl FromStr for Expression {
    type Err = ExpressionFault;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl PartialEq for Expression {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Expression {}
