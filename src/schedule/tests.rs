//! The rules of expressions, zones and slots: by hand here, by generated cases in `generated`.

#[cfg(test)]
mod calendar;
#[cfg(test)]
mod clocks;
#[cfg(test)]
mod generated;
#[cfg(test)]
mod grammar;

#[cfg(test)]
mod accounts;
#[cfg(test)]
mod change;
#[cfg(test)]
mod due;
#[cfg(test)]
mod world;

use projections::time::Timestamp;

use super::{Expression, Zone, slots};

fn forever() -> Timestamp {
    Timestamp::from_micros(i64::MAX)
}

fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

fn expression(text: &str) -> Expression {
    Expression::parse(text).unwrap_or_else(|fault| panic!("{text}: {fault}"))
}

/// The first slots after an instant (minutes of UTC), as many as are expected.
#[track_caller]
fn fires(text: &str, zone: &str, after: &str, expected: &[&str]) {
    let zone = Zone::parse(zone).unwrap();
    let expression = expression(text);
    let found: Vec<String> = slots(&expression, &zone, at(&format!("{after}:00Z")), forever())
        .take(expected.len())
        .map(|slot| slot.guide_form().replace(":00+00:00", ""))
        .collect();
    assert_eq!(found, expected, "{text} in {zone} after {after}");
}
