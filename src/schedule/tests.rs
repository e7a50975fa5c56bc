//! The rules of expressions, zones and slots, by hand and by generated cases.

use projections::time::Timestamp;

use super::{Expression, Zone, next_slot, slots};

fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

/// The first `count` slots after an instant, in UTC to the minute.
fn first(expression: &str, zone: &str, after: &str, count: usize) -> Vec<String> {
    let expression = Expression::parse(expression).unwrap();
    let zone = Zone::parse(zone).unwrap();
    slots(
        &expression,
        &zone,
        at(after),
        Timestamp::from_micros(i64::MAX),
    )
    .take(count)
    .map(|slot| slot.guide_form()[..16].to_owned())
    .collect()
}

#[test]
fn a_slot_is_strictly_after() {
    let daily = Expression::parse("0 6 * * *").unwrap();
    let next = |after| next_slot(&daily, &Zone::default(), at(after)).unwrap();
    assert_eq!(
        next("2026-11-28T05:59:59.999999Z"),
        at("2026-11-28T06:00:00Z")
    );
    assert_eq!(next("2026-11-28T06:00:00Z"), at("2026-11-29T06:00:00Z"));
    assert_eq!(
        next("2026-11-28T06:00:00.000001Z"),
        at("2026-11-29T06:00:00Z")
    );
}

#[test]
fn a_skipped_time_falls_at_the_end_of_the_gap_once() {
    let berlin =
        |expression, count| first(expression, "Europe/Berlin", "2026-03-29T00:29:00Z", count);
    assert_eq!(
        berlin("30 2 * * *", 2),
        ["2026-03-29T01:00", "2026-03-30T00:30"]
    );
    assert_eq!(
        berlin("*/30 2,3 * * *", 2),
        ["2026-03-29T01:00", "2026-03-29T01:30"]
    );
}
