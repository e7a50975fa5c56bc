//! Dates: months, leap years, and the two fields of days.

use super::{at, expression, fires, forever};
use crate::schedule::{Zone, next_slot, slots};
use projections::time::Timestamp;

#[test]
fn a_slot_is_strictly_after() {
    let daily = expression("0 6 * * *");
    let next = |after| next_slot(&daily, &Zone::default(), at(after)).unwrap();
    let (first, second) = (at("2026-11-28T06:00:00Z"), at("2026-11-29T06:00:00Z"));
    assert_eq!(next("2026-11-28T05:59:59.999999Z"), first);
    assert_eq!(next("2026-11-28T06:00:00Z"), second);
    assert_eq!(next("2026-11-28T06:00:00.000001Z"), second);
    assert_eq!(next("2026-11-28T06:00:59.999999Z"), second);
}

#[test]
fn the_end_of_the_span_is_in_it() {
    let hourly = expression("@hourly");
    let count = |after, until| slots(&hourly, &Zone::default(), at(after), at(until)).count();
    assert_eq!(count("2026-11-28T06:00:00Z", "2026-11-28T08:00:00Z"), 2);
    assert_eq!(
        count("2026-11-28T06:00:00Z", "2026-11-28T07:59:59.999999Z"),
        1
    );
    assert_eq!(count("2026-11-28T06:00:00Z", "2026-11-28T06:00:00Z"), 0);
    assert_eq!(count("2026-11-28T06:00:00Z", "2026-11-27T06:00:00Z"), 0);
}

#[test]
fn months_without_the_day_are_passed_over() {
    let after = "2027-01-31T00:00";
    fires(
        "0 0 31 * *",
        "UTC",
        after,
        &["2027-03-31T00:00", "2027-05-31T00:00", "2027-07-31T00:00"],
    );
    fires(
        "0 0 30 * *",
        "UTC",
        after,
        &["2027-03-30T00:00", "2027-04-30T00:00"],
    );
    fires("0 0 31 1,2 *", "UTC", after, &["2028-01-31T00:00"]);
}

#[test]
fn leap_days_come_in_leap_years() {
    let after = "2026-11-28T00:00";
    fires(
        "0 0 29 2 *",
        "UTC",
        after,
        &["2028-02-29T00:00", "2032-02-29T00:00"],
    );
    fires(
        "0 0 28,29 2 *",
        "UTC",
        after,
        &["2027-02-28T00:00", "2028-02-28T00:00", "2028-02-29T00:00"],
    );
    // 2100 has none, and after it nothing is searched.
    let leap = expression("0 0 29 2 *");
    assert_eq!(
        next_slot(&leap, &Zone::default(), at("2096-02-29T00:00:00Z")),
        None
    );
    fires(
        "0 0 1 3 *",
        "UTC",
        "2100-02-28T23:59",
        &["2100-03-01T00:00"],
    );
}

#[test]
fn either_day_matches_when_both_restrict() {
    let after = "2026-11-01T00:00";
    // Fridays, and the 13th: of November a Friday itself.
    fires(
        "0 0 13 * 5",
        "UTC",
        after,
        &[
            "2026-11-06T00:00",
            "2026-11-13T00:00",
            "2026-11-20T00:00",
            "2026-11-27T00:00",
            "2026-12-04T00:00",
            "2026-12-11T00:00",
            "2026-12-13T00:00",
        ],
    );
    fires(
        "0 0 30 2 1",
        "UTC",
        after,
        &["2027-02-01T00:00", "2027-02-08T00:00"],
    );
    // A step restricts as well: odd days, and Mondays.
    fires(
        "0 0 */2 * 1",
        "UTC",
        after,
        &["2026-11-02T00:00", "2026-11-03T00:00", "2026-11-05T00:00"],
    );
    fires(
        "0 0 1-31 * 1",
        "UTC",
        after,
        &["2026-11-02T00:00", "2026-11-03T00:00", "2026-11-04T00:00"],
    );
}

#[test]
fn a_star_for_one_day_leaves_it_to_the_other() {
    let after = "2026-11-01T00:00";
    fires(
        "0 0 * * 1",
        "UTC",
        after,
        &["2026-11-02T00:00", "2026-11-09T00:00"],
    );
    fires(
        "0 0 *,5 * 1",
        "UTC",
        after,
        &["2026-11-02T00:00", "2026-11-09T00:00"],
    );
    fires(
        "0 0 13 * *",
        "UTC",
        after,
        &["2026-11-13T00:00", "2026-12-13T00:00"],
    );
    fires(
        "0 0 13 * 0-7",
        "UTC",
        after,
        &["2026-11-02T00:00", "2026-11-03T00:00"],
    );
    fires(
        "0 0 */1 * */2",
        "UTC",
        after,
        &["2026-11-03T00:00", "2026-11-05T00:00", "2026-11-07T00:00"],
    );
}

#[test]
fn words_stand_for_expressions() {
    let after = "2026-11-28T12:34";
    for (word, expected) in [
        ("@yearly", ["2027-01-01T00:00", "2028-01-01T00:00"]),
        ("@annually", ["2027-01-01T00:00", "2028-01-01T00:00"]),
        ("@monthly", ["2026-12-01T00:00", "2027-01-01T00:00"]),
        ("@weekly", ["2026-11-29T00:00", "2026-12-06T00:00"]),
        ("@daily", ["2026-11-29T00:00", "2026-11-30T00:00"]),
        ("@MIDNIGHT", ["2026-11-29T00:00", "2026-11-30T00:00"]),
        ("@hourly", ["2026-11-28T13:00", "2026-11-28T14:00"]),
    ] {
        fires(word, "UTC", after, &expected);
    }
}

#[test]
fn slots_lie_in_the_years_1970_to_2100() {
    let minutely = expression("* * * * *");
    for zone in ["UTC", "Pacific/Kiritimati", "Pacific/Pago_Pago"] {
        let zone = Zone::parse(zone).unwrap();
        let first = next_slot(&minutely, &zone, Timestamp::from_micros(i64::MIN)).unwrap();
        assert!(
            zone.local(first).starts_with("1970-01-01 00:00"),
            "{}",
            zone.local(first)
        );
        let last = slots(&minutely, &zone, at("2100-12-31T00:00:00Z"), forever())
            .last()
            .unwrap();
        assert!(
            zone.local(last).starts_with("2100-12-31 23:59"),
            "{}",
            zone.local(last)
        );
        assert_eq!(next_slot(&minutely, &zone, last), None);
        assert_eq!(next_slot(&minutely, &zone, forever()), None);
    }
}

#[test]
fn a_local_time_shows_the_zone_at_that_time() {
    let shown = |zone, time| Zone::parse(zone).unwrap().local(at(time));
    assert_eq!(
        shown("Europe/Berlin", "2026-12-01T05:00:59.5Z"),
        "2026-12-01 06:00 CET"
    );
    assert_eq!(
        shown("Europe/Berlin", "2026-07-01T04:00:00Z"),
        "2026-07-01 06:00 CEST"
    );
    assert_eq!(
        shown("Europe/Istanbul", "2026-12-01T05:00:00Z"),
        "2026-12-01 08:00 +03"
    );
    assert_eq!(
        shown("Asia/Kathmandu", "2026-12-01T05:00:00Z"),
        "2026-12-01 10:45 +0545"
    );
    assert_eq!(shown("UTC", "2026-12-01T05:00:00Z"), "2026-12-01 05:00 UTC");
    let edge = |micros| {
        Zone::parse("Pacific/Apia")
            .unwrap()
            .local(Timestamp::from_micros(micros))
    };
    assert!(edge(i64::MIN).starts_with("0001-01-01"));
    assert!(edge(i64::MAX).starts_with("+10000-01-01"));
}
