//! How paths, sizes, times and lists are put into words.

use std::fmt::Display;

use projections::time::Timestamp;

pub(super) use crate::vault::shell::quoted;

/// Of a list, so many are named; the rest is counted.
const NAMED: usize = 8;

/// `a, b, c and 4 more`.
pub(super) fn list<T: Display>(items: impl IntoIterator<Item = T>) -> String {
    let all: Vec<String> = items.into_iter().map(|item| item.to_string()).collect();
    match all.len() {
        0 => "none".to_owned(),
        count if count <= NAMED + 1 => all.join(", "),
        count => format!("{} and {} more", all[..NAMED].join(", "), count - NAMED),
    }
}

/// `1 plan`, `3 plans`.
pub(super) fn count(number: usize, what: &str) -> String {
    match number {
        1 => format!("1 {what}"),
        number => format!("{number} {what}s"),
    }
}

/// Bytes in the unit in which they have one to three digits.
pub(super) fn size(bytes: u64) -> String {
    let units = [(30, "GiB"), (20, "MiB"), (10, "KiB")];
    let unit = units.iter().find(|(bits, _)| bytes >> bits > 0);
    match unit {
        Some((bits, name)) => format!("{:.1} {name}", bytes as f64 / (1u64 << bits) as f64),
        None => format!("{bytes} bytes"),
    }
}

/// Seconds in the unit in which people count them.
pub(super) fn span(seconds: u64) -> String {
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7_200 => format!("{} min", seconds / 60),
        7_200..172_800 => format!("{} h", seconds / 3_600),
        _ => format!("{} days", seconds / 86_400),
    }
}

/// How long ago, by this machine's clock.
pub(super) fn since(now: Timestamp, then: Timestamp) -> String {
    format!("{} ago", span(now.micros_since(then) / 1_000_000))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_quoted_where_a_shell_would_take_them_apart() {
        assert_eq!(quoted("/a/b-1.md"), "/a/b-1.md");
        assert_eq!(quoted("/a b"), "'/a b'");
        assert_eq!(quoted("/it's"), r"'/it'\''s'");
        assert_eq!(quoted("$HOME"), "'$HOME'");
    }

    #[test]
    fn long_lists_are_cut_and_nothing_is_cut_for_one_item() {
        assert_eq!(list::<u32>([]), "none");
        assert_eq!(list(1..=9), "1, 2, 3, 4, 5, 6, 7, 8, 9");
        assert_eq!(list(1..=10), "1, 2, 3, 4, 5, 6, 7, 8 and 2 more");
    }

    #[test]
    fn sizes_and_spans_have_the_unit_that_fits() {
        assert_eq!(size(5), "5 bytes");
        assert_eq!(size(64 << 20), "64.0 MiB");
        assert_eq!(size(1_610_612_736), "1.5 GiB");
        assert_eq!(span(119), "119 s");
        assert_eq!(span(3_600), "60 min");
        assert_eq!(span(200_000), "2 days");
    }

    #[test]
    fn what_lies_ahead_is_no_time_ago() {
        let now = Timestamp::from_micros(1_000_000);
        assert_eq!(since(now, Timestamp::from_micros(9_000_000)), "0 s ago");
    }
}
