//! What the benches share: taking times, reading the process's memory, printing a table.

#![allow(dead_code, reason = "each bench uses its part")]

pub(crate) mod history;

use std::time::{Duration, Instant};

/// Times of one act, in order.
pub(crate) struct Times(Vec<Duration>);

/// Does `act` once to warm up, then `rounds` times.
pub(crate) fn rounds<T>(rounds: usize, mut act: impl FnMut() -> T) -> Times {
    let mut timed = || {
        let start = Instant::now();
        std::hint::black_box(act());
        start.elapsed()
    };
    timed();
    let mut times: Vec<Duration> = (0..rounds).map(|_| timed()).collect();
    times.sort_unstable();
    Times(times)
}

/// As [`rounds`], with a preparation before each round whose time does not count.
pub(crate) fn rounds_after<A: FnOnce()>(rounds: usize, mut prepare: impl FnMut() -> A) -> Times {
    let mut timed = || {
        let act = prepare();
        let start = Instant::now();
        act();
        start.elapsed()
    };
    timed();
    let mut times: Vec<Duration> = (0..rounds).map(|_| timed()).collect();
    times.sort_unstable();
    Times(times)
}

impl Times {
    /// Taken elsewhere.
    pub(crate) fn of(mut times: Vec<Duration>) -> Self {
        times.sort_unstable();
        Self(times)
    }

    fn at(&self, per_cent: usize) -> Duration {
        self.0[(self.0.len() * per_cent / 100).min(self.0.len() - 1)]
    }

    /// The best: what others on the machine slowed down least.
    pub(crate) fn best(&self) -> Duration {
        self.0[0]
    }

    /// The median.
    pub(crate) fn p50(&self) -> Duration {
        self.at(50)
    }

    /// All but one in a hundred took no longer.
    pub(crate) fn p99(&self) -> Duration {
        self.at(99)
    }

    /// `count` times as often as the best goes into a second.
    pub(crate) fn rate(&self, count: usize) -> f64 {
        count as f64 / self.best().as_secs_f64()
    }

    /// The best as a multiple of another's.
    pub(crate) fn ratio(&self, floor: &Times) -> f64 {
        self.best().as_secs_f64() / floor.best().as_secs_f64()
    }
}

/// Milliseconds.
pub(crate) fn millis(time: Duration) -> String {
    format!("{:.2} ms", time.as_secs_f64() * 1e3)
}

/// The heading over [`row`]s.
pub(crate) fn heading() {
    println!(
        "{:<40} {:>11} {:>11} {:>11} {:>11} {:>8}  target",
        "what", "best", "p50", "p99", "best per s", "x floor"
    );
}

/// One line: `count` things done in `times`, compared with a floor.
pub(crate) fn row(what: &str, times: &Times, count: usize, floor: &Times, target: &str) {
    println!(
        "{what:<40} {:>11} {:>11} {:>11} {:>11.0} {:>8.2}  {target}",
        millis(times.best()),
        millis(times.p50()),
        millis(times.p99()),
        times.rate(count),
        times.ratio(floor),
    );
}

/// The most memory that the process has had resident, KiB, since the last [`forget_peak`]; 0 where nobody tells.
pub(crate) fn peak_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM:"));
    line.and_then(|line| line.split_whitespace().nth(1)?.parse().ok())
        .unwrap_or(0)
}

/// Starts [`peak_kib`] anew.
pub(crate) fn forget_peak() {
    let _ = std::fs::write("/proc/self/clear_refs", "5");
}
