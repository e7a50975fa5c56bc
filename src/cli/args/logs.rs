//! What can be typed behind `logs`.

use clap::Args as ClapArgs;
use projections::{ids::PlanId, time::Timestamp};

use crate::clock;

#[derive(Debug, ClapArgs)]
pub(in crate::cli) struct LogsOptions {
    /// The plan
    pub(in crate::cli) plan: PlanId,
    /// Go on with what happens from now on, until the plan has ended
    #[arg(short, long)]
    pub(in crate::cli) follow: bool,
    /// Only what happened since: 30m, 2h or 1d ago, a time as the lines show it, or an RFC 3339 time
    #[arg(long, value_name = "TIME", value_parser = since)]
    pub(in crate::cli) since: Option<Timestamp>,
    /// Only the last N lines of what has happened
    #[arg(short = 'n', long, value_name = "N")]
    pub(in crate::cli) lines: Option<usize>,
}

fn since(text: &str) -> Result<Timestamp, String> {
    let ago = ago(text).map(|seconds| clock::now().plus_seconds(-seconds));
    ago.or_else(|| clock::off_the_wall(text))
        .or_else(|| Timestamp::parse(text).ok())
        .ok_or_else(|| {
            "write how long ago (90s, 30m, 2h, 1d), a time of this machine's clock (20:15, \
             2026-11-23, \"2026-11-23 20:15:00\"), or an RFC 3339 time (2026-11-23T20:15:00Z)"
                .to_owned()
        })
}

/// Seconds of `90s`, `30m`, `2h` or `1d`.
fn ago(text: &str) -> Option<i64> {
    let unit = match text.chars().last()? {
        's' => 1,
        'm' => 60,
        'h' => 3_600,
        'd' => 86_400,
        _ => return None,
    };
    let count: i64 = text[..text.len() - 1].parse().ok()?;
    Some(count).filter(|count| *count >= 0)?.checked_mul(unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_read_as_people_write_it() {
        let age = |text: &str| {
            let then = since(text).unwrap();
            clock::now().micros_since(then) / 1_000_000
        };
        for (text, seconds) in [("90s", 90), ("30m", 1_800), ("2h", 7_200), ("1d", 86_400)] {
            assert!((seconds..seconds + 60).contains(&age(text)), "{text}");
        }
        let at = Timestamp::parse("2026-11-23T20:15:00Z").unwrap();
        assert_eq!(since("2026-11-23T20:15:00Z"), Ok(at));
        assert_eq!(since("2026-11-23T21:15:00+01:00"), Ok(at));
        assert_eq!(since(&clock::on_the_wall(at)), Ok(at));
        for text in ["", "m", "-5m", "5 m", "5w", "99999999999999999d", "then"] {
            assert!(since(text).is_err(), "{text:?}");
        }
    }
}
