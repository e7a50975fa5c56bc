//! Changes of the clock: a table by hand, and the rule by itself in zones that have the odd ones.

use chrono::{DateTime, TimeDelta};
use projections::time::Timestamp;

use super::{fires, forever};
use crate::schedule::{Zone, next_slot};

#[test]
fn a_skipped_time_falls_at_the_end_of_what_was_skipped() {
    // 02:00 to 03:00 in Berlin, at 01:00 UTC.
    let after = "2026-03-29T00:29";
    fires(
        "30 2 * * *",
        "Europe/Berlin",
        after,
        &["2026-03-29T01:00", "2026-03-30T00:30"],
    );
    fires(
        "0 2 * * *",
        "Europe/Berlin",
        after,
        &["2026-03-29T01:00", "2026-03-30T00:00"],
    );
    fires(
        "59 1 * * *",
        "Europe/Berlin",
        after,
        &["2026-03-29T00:59", "2026-03-29T23:59"],
    );
    // In New York at 07:00 UTC.
    fires(
        "15 2 * * *",
        "America/New_York",
        "2026-03-08T06:00",
        &["2026-03-08T07:00", "2026-03-09T06:15"],
    );
    // Half an hour on Lord Howe, 02:00 to 02:30.
    fires(
        "15 2 * * *",
        "Australia/Lord_Howe",
        "2026-10-03T12:00",
        &["2026-10-03T15:30", "2026-10-04T15:15"],
    );
    fires(
        "30 2 * * *",
        "Australia/Lord_Howe",
        "2026-10-03T12:00",
        &["2026-10-03T15:30", "2026-10-04T15:30"],
    );
}

#[test]
fn however_many_times_are_skipped_that_is_one_slot() {
    let after = "2026-03-29T00:29";
    fires(
        "*/10 * * * *",
        "Europe/Berlin",
        after,
        &[
            "2026-03-29T00:30",
            "2026-03-29T00:40",
            "2026-03-29T00:50",
            "2026-03-29T01:00",
            "2026-03-29T01:10",
        ],
    );
    fires(
        "*/30 2,3 * * *",
        "Europe/Berlin",
        after,
        &["2026-03-29T01:00", "2026-03-29T01:30", "2026-03-30T00:00"],
    );
    fires(
        "*/7 2 * * *",
        "Europe/Berlin",
        after,
        &["2026-03-29T01:00", "2026-03-30T00:00"],
    );
    fires(
        "0 * * * *",
        "Europe/Berlin",
        after,
        &["2026-03-29T01:00", "2026-03-29T02:00"],
    );
    // From within: what was skipped is past.
    fires(
        "30 2 * * *",
        "Europe/Berlin",
        "2026-03-29T01:00",
        &["2026-03-30T00:30"],
    );
}

#[test]
fn a_time_that_comes_twice_is_one_slot_at_its_first_coming() {
    // 03:00 back to 02:00 in Berlin, at 01:00 UTC.
    let after = "2026-10-24T23:29";
    fires(
        "30 2 * * *",
        "Europe/Berlin",
        after,
        &["2026-10-25T00:30", "2026-10-26T01:30"],
    );
    fires(
        "0 2 * * *",
        "Europe/Berlin",
        after,
        &["2026-10-25T00:00", "2026-10-26T01:00"],
    );
    fires(
        "0 3 * * *",
        "Europe/Berlin",
        after,
        &["2026-10-25T02:00", "2026-10-26T02:00"],
    );
    fires(
        "0 * * * *",
        "Europe/Berlin",
        after,
        &["2026-10-25T00:00", "2026-10-25T02:00", "2026-10-25T03:00"],
    );
    fires(
        "*/30 * * * *",
        "Europe/Berlin",
        after,
        &[
            "2026-10-24T23:30",
            "2026-10-25T00:00",
            "2026-10-25T00:30",
            "2026-10-25T02:00",
        ],
    );
    // From within the second coming: what the clock shows next, it has shown.
    fires(
        "30 2 * * *",
        "Europe/Berlin",
        "2026-10-25T01:15",
        &["2026-10-26T01:30"],
    );
    fires(
        "30 1 * * *",
        "America/New_York",
        "2026-11-01T00:00",
        &["2026-11-01T05:30", "2026-11-02T06:30"],
    );
    // Half an hour on Lord Howe, 02:00 back to 01:30.
    fires(
        "45 1 * * *",
        "Australia/Lord_Howe",
        "2026-04-04T12:00",
        &["2026-04-04T14:45", "2026-04-05T15:15"],
    );
}

#[test]
fn midnight_can_be_skipped_or_come_twice() {
    fires(
        "0 0 * * *",
        "America/Sao_Paulo",
        "2017-10-14T12:00",
        &["2017-10-15T03:00", "2017-10-16T02:00"],
    );
    fires(
        "30 23 * * *",
        "America/Sao_Paulo",
        "2018-02-17T12:00",
        &["2018-02-18T01:30", "2018-02-19T02:30"],
    );
    fires(
        "0 0 * * *",
        "America/Sao_Paulo",
        "2018-02-17T12:00",
        &["2018-02-18T03:00", "2018-02-19T03:00"],
    );
    fires(
        "0 0 * * *",
        "Asia/Beirut",
        "2022-03-26T12:00",
        &["2022-03-26T22:00", "2022-03-27T21:00"],
    );
    // The skipped midnight of a Sunday belongs to that Sunday.
    fires(
        "0 0 * * sun",
        "Asia/Beirut",
        "2022-03-26T12:00",
        &["2022-03-26T22:00", "2022-04-02T21:00"],
    );
}

#[test]
fn a_day_can_be_skipped() {
    // Samoa went from 29 to 31 December 2011, at 10:00 UTC.
    fires(
        "0 12 * * *",
        "Pacific/Apia",
        "2011-12-29T12:00",
        &["2011-12-29T22:00", "2011-12-30T10:00", "2011-12-30T22:00"],
    );
    fires(
        "0 12 30 12 *",
        "Pacific/Apia",
        "2011-12-29T12:00",
        &["2011-12-30T10:00", "2012-12-29T22:00"],
    );
    fires(
        "*/5 * 30 12 *",
        "Pacific/Apia",
        "2011-12-29T12:00",
        &["2011-12-30T10:00", "2012-12-29T10:00"],
    );
    fires(
        "0 0 30,31 12 *",
        "Pacific/Apia",
        "2011-12-29T12:00",
        &["2011-12-30T10:00", "2012-12-29T10:00"],
    );
}

#[test]
fn odd_offsets_count_to_the_minute() {
    fires(
        "0 6 * * *",
        "Asia/Kathmandu",
        "2026-11-28T00:00",
        &["2026-11-28T00:15"],
    );
    fires(
        "0 6 * * *",
        "America/St_Johns",
        "2026-11-28T00:00",
        &["2026-11-28T09:30"],
    );
    fires(
        "0 6 * * *",
        "Pacific/Chatham",
        "2026-11-28T00:00",
        &["2026-11-28T16:15"],
    );
    fires(
        "0 6 * * *",
        "Pacific/Kiritimati",
        "2026-11-28T00:00",
        &["2026-11-28T16:00"],
    );
    fires(
        "0 6 * * *",
        "Pacific/Pago_Pago",
        "2026-11-28T00:00",
        &["2026-11-28T17:00"],
    );
    fires(
        "@monthly",
        "Pacific/Apia",
        "2026-11-28T00:00",
        &["2026-11-30T11:00", "2026-12-31T11:00"],
    );
}

/// A stretch of a zone in which the clock is set once: from which second on, and how far ahead of UTC.
type Stretch = (i64, i64);

fn ahead(zone: &Zone, second: i64) -> i64 {
    let local = zone.clock_at(Timestamp::from_micros(second * 1_000_000));
    local.and_utc().timestamp() - second
}

/// The stretches from 1970 to 2100. None in the database lasts for less than a week.
fn stretches(zone: &Zone) -> Vec<Stretch> {
    const STEP: i64 = 6 * 86_400;
    let mut found = vec![(i64::MIN / 2, ahead(zone, 0))];
    for start in (0..4_133_980_800).step_by(STEP as usize) {
        let before = found[found.len() - 1].1;
        if ahead(zone, start + STEP) != before {
            let (mut low, mut high) = (start, start + STEP);
            while high - low > 1 {
                let middle = i64::midpoint(low, high);
                if ahead(zone, middle) == before {
                    low = middle
                } else {
                    high = middle
                }
            }
            found.push((high, ahead(zone, high)));
        }
    }
    found
}

/// The rule by itself: the first second at which the clock shows `local`, or more.
fn by_the_rule(stretches: &[Stretch], local: i64) -> i64 {
    let shown = stretches
        .iter()
        .enumerate()
        .find_map(|(at, (from, ahead))| {
            let end = stretches.get(at + 1).map_or(i64::MAX, |next| next.0);
            let second = (*from).max(local - ahead);
            (second < end).then_some(second)
        });
    shown.unwrap()
}

#[test]
fn every_local_time_around_every_change_follows_the_rule() {
    let zones = [
        "Africa/Casablanca",
        "Africa/Monrovia",
        "America/Caracas",
        "America/Noronha",
        "America/Sao_Paulo",
        "America/St_Johns",
        "Antarctica/Casey",
        "Antarctica/Troll",
        "Asia/Gaza",
        "Asia/Manila",
        "Asia/Pyongyang",
        "Australia/Lord_Howe",
        "Europe/Dublin",
        "Pacific/Apia",
        "Pacific/Kwajalein",
    ];
    for name in zones {
        let zone = Zone::parse(name).unwrap();
        let stretches = stretches(&zone);
        assert!(stretches.len() > 1, "{name} never changes its clock");
        for pair in stretches.windows(2) {
            let (low, high) = (pair[0].1.min(pair[1].1), pair[0].1.max(pair[1].1));
            let first = (pair[1].0 + low - 3_600) / 60 * 60;
            for local in (first..pair[1].0 + high + 3_600).step_by(60) {
                let shown = DateTime::UNIX_EPOCH.naive_utc() + TimeDelta::seconds(local);
                let reached = zone.reaches(shown).map(|at| at.micros() / 1_000_000);
                assert_eq!(
                    reached,
                    Some(by_the_rule(&stretches, local)),
                    "{name}: {shown}"
                );
            }
        }
    }
}

#[test]
fn no_zone_of_the_database_stops_a_schedule() {
    let hourly = super::expression("@hourly");
    for zone in chrono_tz::TZ_VARIANTS {
        let zone = Zone::parse(zone.name()).unwrap();
        let now = super::at("2026-11-28T00:00:00Z");
        let next = next_slot(&hourly, &zone, now).unwrap();
        assert!(next.micros_since(now) <= 3_600_000_000, "{zone}");
        assert_eq!(next_slot(&hourly, &zone, forever()), None);
        let decades = (0..30).map(|n| -4_000_000_000_000_000 + n * 315_360_000_000_000);
        for at in decades.map(Timestamp::from_micros) {
            assert!(zone.local(at).len() > "1970-01-01 00:00 ".len(), "{zone}");
        }
    }
}
