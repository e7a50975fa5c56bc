//! Generated cases: against a matcher that goes minute by minute, and on any text whatever.

use chrono::{Datelike, NaiveDateTime, TimeDelta, Timelike};
use projections::time::Timestamp;
use proptest::prelude::*;

use super::{expression, forever};
use crate::schedule::{Expression, Zone, next_slot, slots};

const MINUTE: i64 = 60_000_000;
const DAY: i64 = 1_440 * MINUTE;

// ----------------------------------------------------------------------------------------------- the naive matcher

/// Whether a value is one of a field's, as plainly as it can be said.
fn has(field: &str, value: u32, low: u32, high: u32) -> bool {
    let number = |text: &str| match text.parse::<u32>() {
        Ok(7) if high == 6 => 0,
        Ok(number) => number,
        Err(_) => named(text),
    };
    field.split(',').any(|element| {
        let (range, step) = element.split_once('/').unwrap_or((element, "1"));
        let (from, to) = match range.split_once('-') {
            Some((from, to)) => (number(from), number(to)),
            None if range == "*" => (low, high),
            None if element.contains('/') => (number(range), high),
            None => (number(range), number(range)),
        };
        // Walk from one end to the other, over the field's end if need be.
        let mut at = from;
        let mut walked = 0;
        loop {
            if at == value && walked % step.parse::<u32>().unwrap() == 0 {
                return true;
            }
            if at == to {
                return false;
            }
            at = if at == high { low } else { at + 1 };
            walked += 1;
        }
    })
}

fn named(text: &str) -> u32 {
    let months = "jan feb mar apr may jun jul aug sep oct nov dec";
    let days = "sun mon tue wed thu fri sat";
    let place = |names: &str| names.split(' ').position(|name| name == text);
    match place(days) {
        Some(at) => at as u32,
        None => place(months).unwrap() as u32 + 1,
    }
}

fn matches(text: &str, local: NaiveDateTime) -> bool {
    let fields: Vec<&str> = text.split(' ').collect();
    has(fields[0], local.minute(), 0, 59)
        && has(fields[1], local.hour(), 0, 23)
        && has(fields[3], local.month(), 1, 12)
        && matches_days(fields[2], fields[4], local)
}

/// A star leaves it to the other field, and so does what leaves nothing out beside another star.
fn matches_days(days: &str, weekdays: &str, local: NaiveDateTime) -> bool {
    let day = has(days, local.day(), 1, 31);
    let weekday = has(weekdays, local.weekday().num_days_from_sunday(), 0, 6);
    let full = |field, low, high| (low..=high).all(|value| has(field, value, low, high));
    let open = days == "*"
        || weekdays == "*"
        || (weekdays.contains('*') && full(days, 1, 31))
        || (days.contains('*') && full(weekdays, 0, 6));
    if open { day && weekday } else { day || weekday }
}

/// Slots by the rule: look at the clock each minute, and at all that it has passed since the latest that it showed.
fn minute_by_minute(text: &str, zone: &Zone, after: Timestamp, minutes: i64) -> Vec<Timestamp> {
    let start = after.micros().div_euclid(MINUTE) * MINUTE;
    let clock = |micros| zone.clock_at(Timestamp::from_micros(micros));
    let mut latest = clock(start - 2 * DAY);
    let mut found = Vec::new();
    for at in (start - 2 * DAY..=start + minutes * MINUTE).step_by(MINUTE as usize) {
        let (mut due, now) = (false, clock(at));
        while latest < now {
            latest += TimeDelta::minutes(1);
            due |= at > after.micros() && matches(text, latest);
        }
        if due {
            found.push(Timestamp::from_micros(at));
        }
    }
    found
}

// -------------------------------------------------------------------------------------------------- the generators

/// One field within its bounds, its edges more often than their share.
fn field(low: u32, high: u32) -> impl Strategy<Value = String> {
    let value = prop_oneof![4 => low..=high, 1 => Just(low), 1 => Just(high)];
    let step = 1..=(high - low + 1);
    let pair = (value.clone(), value.clone()).prop_filter("a range of one", |(a, b)| a != b);
    let element = prop_oneof![
        3 => value.clone().prop_map(|n| n.to_string()),
        2 => pair.clone().prop_map(|(a, b)| format!("{a}-{b}")),
        1 => step.clone().prop_map(|n| format!("*/{n}")),
        1 => (value, step.clone()).prop_map(|(a, n)| format!("{a}/{n}")),
        1 => (pair, step).prop_map(|((a, b), n)| format!("{a}-{b}/{n}")),
    ];
    prop_oneof![
        2 => Just("*".to_owned()),
        3 => prop::collection::vec(element, 1..4).prop_map(|list| list.join(",")),
    ]
}

/// Expressions that can fire.
fn expressions() -> impl Strategy<Value = String> {
    let month = prop_oneof![4 => Just("*".to_owned()), 1 => field(1, 12), 1 => Just("mar,oct-dec".to_owned())];
    let weekday = prop_oneof![3 => field(0, 6), 1 => Just("fri-mon".to_owned()), 1 => Just("mon-fri".to_owned()), 1 => Just("7".to_owned())];
    (field(0, 59), field(0, 23), field(1, 31), month, weekday)
        .prop_map(|(minute, hour, day, month, weekday)| {
            format!("{minute} {hour} {day} {month} {weekday}")
        })
        .prop_filter("never fires", |text| Expression::parse(text).is_ok())
}

/// Instants near which the clock changes, with their zones.
const CHANGES: [(&str, &str); 12] = [
    ("UTC", "2026-11-28T00:00:00Z"),
    ("Europe/Berlin", "2026-03-29T01:00:00Z"),
    ("Europe/Berlin", "2026-10-25T01:00:00Z"),
    ("America/New_York", "2026-03-08T07:00:00Z"),
    ("America/New_York", "2026-11-01T06:00:00Z"),
    ("Australia/Lord_Howe", "2026-10-03T15:30:00Z"),
    ("Australia/Lord_Howe", "2026-04-04T15:00:00Z"),
    ("Pacific/Apia", "2011-12-30T10:00:00Z"),
    ("America/Sao_Paulo", "2017-10-15T03:00:00Z"),
    ("America/Sao_Paulo", "2018-02-18T02:00:00Z"),
    ("Asia/Beirut", "2022-03-26T22:00:00Z"),
    ("Pacific/Kwajalein", "1993-08-21T12:00:00Z"),
];

fn places() -> impl Strategy<Value = (Zone, Timestamp)> {
    let near = prop_oneof![
        4 => -180 * MINUTE..180 * MINUTE,
        2 => (-180i64..180).prop_map(|minutes| minutes * MINUTE),
        1 => -2_000 * DAY..2_000 * DAY,
    ];
    (prop::sample::select(&CHANGES[..]), near).prop_map(|((zone, change), near)| {
        let at = super::at(change).micros() + near;
        (Zone::parse(zone).unwrap(), Timestamp::from_micros(at))
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(150) })]

    #[test]
    fn slots_are_what_a_look_at_the_clock_each_minute_finds(text in expressions(), (zone, after) in places()) {
        let minutes = 3 * 1_440;
        let until = Timestamp::from_micros(after.micros().div_euclid(MINUTE) * MINUTE + minutes * MINUTE);
        let found: Vec<_> = slots(&expression(&text), &zone, after, until).collect();
        let expected = minute_by_minute(&text, &zone, after, minutes);
        let differs = found.iter().zip(&expected).find(|(a, b)| a != b);
        prop_assert_eq!(differs, None);
        prop_assert_eq!(found.len(), expected.len());
    }

    #[test]
    fn slots_are_the_next_slot_over_and_over(text in expressions(), (zone, after) in places()) {
        let expression = expression(&text);
        let mut last = after;
        for slot in slots(&expression, &zone, after, forever()).take(20) {
            prop_assert!(slot > last);
            prop_assert_eq!(next_slot(&expression, &zone, last), Some(slot));
            last = slot;
        }
        let until = slots(&expression, &zone, after, last).last().unwrap_or(after);
        prop_assert_eq!(until, last);
    }

    #[test]
    fn the_next_date_is_the_first_that_matches(day in field(1, 31), month in field(1, 12), weekday in field(0, 6), after in 0..20_000i64) {
        let text = format!("0 0 {day} {month} {weekday}");
        prop_assume!(Expression::parse(&text).is_ok());
        let after = Timestamp::from_micros(after * DAY);
        let zone = Zone::default();
        let wanted = (1..=3_000).map(|n| Timestamp::from_micros(after.micros() + n * DAY))
            .find(|at| matches(&text, zone.clock_at(*at)));
        let found = next_slot(&expression(&text), &zone, after);
        prop_assert_eq!(found.filter(|at| at.micros() <= after.micros() + 3_000 * DAY), wanted);
    }

    #[test]
    fn any_text_is_read_or_refused(text in "\\PC{0,60}") {
        let _ = Zone::parse(&text);
        if let Err(fault) = Expression::parse(&text) {
            prop_assert!(fault.to_string().len() < 500);
        }
    }

    #[test]
    fn any_text_of_its_signs_is_read_or_refused(text in "[0-9*/,\\- \t\nlLwW#?@a-fjmnorstuvy]{0,40}( [0-9*/,-]{1,5}){0,5}") {
        match Expression::parse(&text) {
            Ok(read) => prop_assert_eq!(Expression::parse(&read.to_string()), Ok(read)),
            Err(fault) => prop_assert!(fault.to_string().len() < 500),
        }
    }
}
