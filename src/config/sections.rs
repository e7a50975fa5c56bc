//! The small sections of `modulatio.yaml`: `retry:`, `breaker:`, `context:`, `daily:`.

use std::time::Duration;

use super::{
    reader::{Field, Section},
    values::span,
};

const SHORTEST: Duration = Duration::from_millis(1);
const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(24 * 3600);

/// How a call that failed for a passing reason is tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryConfig {
    /// The first pause; each one after it is longer.
    pub base: Duration,
    /// The longest pause; at least `base`.
    pub max: Duration,
    /// How long one call is tried again, from its first failure on; zero never tries again.
    pub wall: Duration,
    /// How often one call is tried in all while its answers are not what the protocol promises, 1 to 10.
    pub malformed: u32,
}

impl Default for RetryConfig {
    fn default() -> Self {
        Self {
            base: SECOND,
            max: MINUTE,
            wall: 30 * MINUTE,
            malformed: 2,
        }
    }
}

/// When a model is left alone for a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BreakerConfig {
    /// Failures in a row that open the breaker, 1 to 1000.
    pub failures: u32,
    /// How long it stays open the first time.
    pub open: Duration,
    /// How long it stays open at most, however often; at least `open`.
    pub max_open: Duration,
}

impl Default for BreakerConfig {
    fn default() -> Self {
        Self {
            failures: 5,
            open: 30 * SECOND,
            max_open: 5 * MINUTE,
        }
    }
}

/// How full a model's window may get, in percent of it, 1 to 99.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ContextConfig {
    /// From here on it is warned of; at most `compress_percent`.
    pub warn_percent: u8,
    /// From here on a conversation is compressed.
    pub compress_percent: u8,
}

impl Default for ContextConfig {
    fn default() -> Self {
        Self {
            warn_percent: 70,
            compress_percent: 80,
        }
    }
}

/// Bounds of all plans of a vault together, for each day of UTC. `None` is no bound.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DailyCaps {
    /// Cost, in micro-dollars (millionths of a US dollar).
    pub max_cost_micro_usd: Option<u64>,
    /// Tokens, read and written.
    pub max_tokens: Option<u64>,
}

/// Reads `retry:`. A `max` that is not written follows a longer `base`.
pub(super) fn read_retry(file: &Section<'_>) -> RetryConfig {
    let default = RetryConfig::default();
    let known = ["base", "max", "wall", "malformed"];
    let Some(section) = file.read("retry", |field| field.section(&known)) else {
        return default;
    };
    let pause = |key| section.read(key, |field| field.duration_within(SHORTEST..=DAY));
    let base = pause("base").unwrap_or(default.base);
    let max = pause("max");
    refuse_shorter(&section, ("max", max), ("base", base));
    let wall = section.read("wall", |field| field.duration_within(Duration::ZERO..=DAY));
    let malformed = section.read("malformed", |field| field.count(1..=10));
    RetryConfig {
        base,
        max: max.unwrap_or(default.max.max(base)),
        wall: wall.unwrap_or(default.wall),
        malformed: malformed.unwrap_or(default.malformed),
    }
}

/// Reads `breaker:`. A `max_open` that is not written follows a longer `open`.
pub(super) fn read_breaker(file: &Section<'_>) -> BreakerConfig {
    let default = BreakerConfig::default();
    let known = ["failures", "open", "max_open"];
    let Some(section) = file.read("breaker", |field| field.section(&known)) else {
        return default;
    };
    let pause = |key| section.read(key, |field| field.duration_within(SHORTEST..=DAY));
    let open = pause("open").unwrap_or(default.open);
    let max_open = pause("max_open");
    refuse_shorter(&section, ("max_open", max_open), ("open", open));
    let failures = section.read("failures", |field| field.count(1..=1000));
    BreakerConfig {
        failures: failures.unwrap_or(default.failures),
        open,
        max_open: max_open.unwrap_or(default.max_open.max(open)),
    }
}

fn refuse_shorter(
    section: &Section<'_>,
    (key, longer): (&str, Option<Duration>),
    (other, shorter): (&str, Duration),
) {
    if let Some(longer) = longer.filter(|longer| *longer < shorter) {
        let (longer, shorter) = (span(longer), span(shorter));
        section.note(
            key,
            format!("{longer} is shorter than {other}, which is {shorter}"),
        );
    }
}

/// Reads `context:`, of the file or of a model, over what holds without it. A percentage that is not written gives
/// way to one that is.
pub(super) fn read_context(field: &Field<'_>, default: ContextConfig) -> ContextConfig {
    let Some(section) = field.section(&["warn_percent", "compress_percent"]) else {
        return default;
    };
    let percent = |key| section.read(key, |field| field.percent());
    let (warn, compress) = (percent("warn_percent"), percent("compress_percent"));
    if let (Some(warn), Some(compress)) = (warn, compress)
        && warn > compress
    {
        let problem = format!("{warn} is more than compress_percent, which is {compress}");
        section.note("warn_percent", problem);
    }
    let compress = compress.unwrap_or_else(|| default.compress_percent.max(warn.unwrap_or(0)));
    ContextConfig {
        warn_percent: warn.unwrap_or(default.warn_percent.min(compress)),
        compress_percent: compress,
    }
}

/// Reads `daily:`.
pub(super) fn read_daily(file: &Section<'_>) -> DailyCaps {
    let known = ["max_cost_usd", "max_tokens"];
    let Some(section) = file.read("daily", |field| field.section(&known)) else {
        return DailyCaps::default();
    };
    DailyCaps {
        max_cost_micro_usd: section.read("max_cost_usd", |field| field.micro_dollars()),
        max_tokens: section.read("max_tokens", |field| field.whole(1..=u64::MAX)),
    }
}
