//! A time zone by its name in the IANA database, which is compiled in.

use std::{fmt, str::FromStr};

use chrono::{DateTime, LocalResult, NaiveDateTime, TimeZone, Utc};
use chrono_tz::{GapInfo, Tz};
use projections::time::Timestamp;

use super::fault::quoted;

/// A time zone; UTC unless said otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Zone(Tz);

/// A name that the database does not have.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0} is no time zone; write a name of the IANA database as it stands there, \
     as in Europe/Berlin, America/New_York or UTC"
)]
pub struct ZoneFault(String);

impl Zone {
    /// Reads a name such as `Europe/Berlin`.
    ///
    /// # Errors
    /// [`ZoneFault`] quotes what was given and says what to write.
    pub fn parse(name: &str) -> Result<Self, ZoneFault> {
        name.parse().map(Self).map_err(|_| ZoneFault(quoted(name)))
    }

    /// The wall time at an instant, to the minute, with the zone's abbreviation: `2026-12-01 06:00 CET`. A zone without
    /// one shows its offset: `+03`.
    #[must_use]
    pub fn local(&self, at: Timestamp) -> String {
        let there = utc(at).with_timezone(&self.0);
        there.format("%Y-%m-%d %H:%M %Z").to_string()
    }

    /// What the zone's clock shows at an instant.
    pub(super) fn clock_at(&self, at: Timestamp) -> NaiveDateTime {
        utc(at).with_timezone(&self.0).naive_local()
    }

    /// The first instant at which the zone's clock shows `local`, or has passed it.
    pub(super) fn reaches(&self, local: NaiveDateTime) -> Option<Timestamp> {
        let at = match self.0.from_local_datetime(&local) {
            LocalResult::Single(at) | LocalResult::Ambiguous(at, _) => at,
            LocalResult::None => GapInfo::new(&local, &self.0)?.end?,
        };
        Some(Timestamp::from_micros(at.timestamp_micros()))
    }
}

/// An instant as the calendar takes it. What lies outside of the years 1 to 9999 is brought in: nothing there is a slot,
/// and an offset could carry it out of the calendar.
fn utc(at: Timestamp) -> DateTime<Utc> {
    const FIRST: i64 = -62_135_596_800_000_000;
    const LAST: i64 = 253_402_300_799_000_000;
    let micros = at.micros().clamp(FIRST, LAST);
    DateTime::from_timestamp_micros(micros).expect("the years 1 to 9999 are in the calendar")
}

impl Default for Zone {
    fn default() -> Self {
        Self(Tz::UTC)
    }
}

impl FromStr for Zone {
    type Err = ZoneFault;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::parse(name)
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.name())
    }
}
