//! Instants, durations and money as integers, and the one text form of each.

use std::fmt;

use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::DeserializeSeed};

use crate::codec::Word;

/// An instant: microseconds since 1970-01-01T00:00:00Z. Prints as `2026-11-23T20:15:00.123456Z`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

/// Text that is not an RFC 3339 instant.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not an RFC 3339 time, as in 2026-11-23T20:15:00.123456Z")]
pub struct NotATime(pub String);

impl Timestamp {
    /// From microseconds since the epoch.
    #[must_use]
    pub fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// Microseconds since the epoch.
    #[must_use]
    pub fn micros(self) -> i64 {
        self.0
    }

    /// Parses any RFC 3339 time, whatever its offset.
    ///
    /// # Errors
    /// [`NotATime`] quotes what was given.
    pub fn parse(text: &str) -> Result<Self, NotATime> {
        match fixed_form(text) {
            Some(micros) => Ok(Self(micros)),
            None => DateTime::parse_from_rfc3339(text)
                .map(|time| Self(time.timestamp_micros()))
                .map_err(|_| NotATime(text.chars().take(60).collect())),
        }
    }

    /// This instant and `seconds` more.
    #[must_use]
    pub fn plus_seconds(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds.saturating_mul(1_000_000)))
    }

    /// This instant and `millis` more.
    #[must_use]
    pub fn plus_millis(self, millis: u64) -> Self {
        let micros = i64::try_from(millis.saturating_mul(1_000)).unwrap_or(i64::MAX);
        Self(self.0.saturating_add(micros))
    }

    /// Whole microseconds from `earlier` to this, zero when it is not earlier.
    #[must_use]
    pub fn micros_since(self, earlier: Self) -> u64 {
        u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0)
    }

    fn utc(self) -> DateTime<Utc> {
        DateTime::from_timestamp_micros(self.0).unwrap_or(DateTime::UNIX_EPOCH)
    }

    /// With a numeric offset, as the operator's guide prints times: `2026-05-06T20:30:00+00:00`. Six decimals
    /// if there is a fraction, as the existing program writes it.
    #[must_use]
    pub fn guide_form(self) -> String {
        let form = if self.0 % 1_000_000 == 0 {
            SecondsFormat::Secs
        } else {
            SecondsFormat::Micros
        };
        self.utc().to_rfc3339_opts(form, false)
    }

    /// A form without colons, for file names: `20261123T201500.123456Z`.
    #[must_use]
    pub fn file_form(self) -> String {
        self.utc().format("%Y%m%dT%H%M%S%.6fZ").to_string()
    }
}

/// Reads the fixed 27-byte form without a general parser: it stands in every frame.
fn fixed_form(text: &str) -> Option<i64> {
    let b: &[u8; 27] = text.as_bytes().try_into().ok()?;
    let shape = b[4] == b'-' && b[7] == b'-' && b[10] == b'T' && b[13] == b':' && b[16] == b':';
    if !shape || b[19] != b'.' || b[26] != b'Z' {
        return None;
    }
    let number = |from: usize, to: usize| {
        b[from..to].iter().try_fold(0u32, |n, d| {
            d.is_ascii_digit().then(|| n * 10 + u32::from(d - b'0'))
        })
    };
    let date = chrono::NaiveDate::from_ymd_opt(
        i32::try_from(number(0, 4)?).ok()?,
        number(5, 7)?,
        number(8, 10)?,
    )?;
    let time = date.and_hms_micro_opt(
        number(11, 13)?,
        number(14, 16)?,
        number(17, 19)?,
        number(20, 26)?,
    )?;
    Some(time.and_utc().timestamp_micros())
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.utc().to_rfc3339_opts(SecondsFormat::Micros, true))
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        out.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = Word.deserialize(from)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

/// Money: millionths of a US dollar. Never a float.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct MicroUsd(pub u64);

impl MicroUsd {
    /// The sum, stopping at the largest amount.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// The amount in dollars as a JSON number, read from its own decimal text.
    ///
    /// # Panics
    /// Never: an amount prints as a JSON number.
    #[must_use]
    pub fn to_json(self) -> serde_json::Value {
        serde_json::from_str(&self.to_string()).expect("an amount prints as a JSON number")
    }

    /// Reads a decimal number of dollars, at most six places: `5`, `5.00`, `0.000013`.
    #[must_use]
    pub fn parse_usd(text: &str) -> Option<Self> {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
        let trimmed = fraction.trim_end_matches('0');
        if whole.is_empty() || !digits(whole) || !digits(fraction) || trimmed.len() > 6 {
            return None;
        }
        let micros: u64 = format!("{trimmed:0<6}").parse().ok()?;
        Some(Self(
            whole
                .parse::<u64>()
                .ok()?
                .checked_mul(1_000_000)?
                .checked_add(micros)?,
        ))
    }
}

/// Dollars with as many decimals as they need, one at least: `0.013`, `5.0`. Valid in JSON and YAML.
impl fmt::Display for MicroUsd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fraction = format!("{:06}", self.0 % 1_000_000);
        let trimmed = fraction.trim_end_matches('0');
        write!(
            f,
            "{}.{}",
            self.0 / 1_000_000,
            if trimmed.is_empty() { "0" } else { trimmed }
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_round_trip_in_every_accepted_form() {
        let at = Timestamp::parse("2026-11-23T20:15:00.123456Z").unwrap();
        assert_eq!(at.to_string(), "2026-11-23T20:15:00.123456Z");
        assert_eq!(
            Timestamp::parse("2026-11-23T21:15:00.123456+01:00").unwrap(),
            at
        );
        assert_eq!(at.guide_form(), "2026-11-23T20:15:00.123456+00:00");
        let shorter = Timestamp::parse("2026-11-23T20:15:00.25Z").unwrap();
        assert_eq!(shorter.guide_form(), "2026-11-23T20:15:00.250000+00:00");
        let whole = Timestamp::parse("2026-11-23T20:15:00Z").unwrap();
        assert_eq!(whole.guide_form(), "2026-11-23T20:15:00+00:00");
        assert_eq!(at.file_form(), "20261123T201500.123456Z");
        for text in [
            "",
            "yesterday",
            "2026-13-01T00:00:00.000000Z",
            "2026-11-23 20:15",
            "2026-11-23T25:15:00.123456Z",
        ] {
            assert!(Timestamp::parse(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn dollars_are_exact() {
        for (text, micros, shown) in [
            ("5", 5_000_000, "5.0"),
            ("0.013", 13_000, "0.013"),
            ("0.000001", 1, "0.000001"),
            ("1.50", 1_500_000, "1.5"),
        ] {
            assert_eq!(MicroUsd::parse_usd(text), Some(MicroUsd(micros)));
            assert_eq!(MicroUsd(micros).to_string(), shown);
        }
        for text in ["", ".5", "-1", "1e3", "0.0000001", "99999999999999999999"] {
            assert_eq!(MicroUsd::parse_usd(text), None, "{text:?}");
        }
    }
}
