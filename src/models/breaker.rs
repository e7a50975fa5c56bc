//! Circuit breakers: an endpoint that keeps failing is left alone for a while, then asked once.
//!
//! ```text
//!            failures in a row                    time is up
//!  closed ─────────────────────▶ open ────────────────────────────▶ half open: one probe
//!     ▲                           ▲   twice as long, up to a bound      │      │
//!     │                           └─────────── probe failed ────────────┘      │
//!     └──────────────────────────────────────── the endpoint lives ────────────┘
//! ```
//!
//! Pure: time is an argument. A probe of which nothing is heard any more (its call was cut) is given up after the
//! open time, and the next one goes.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use super::{Failure, FailureClass, Reply};

/// Whether a call may go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    /// Now.
    Go,
    /// Not before this long from now; ask again then.
    Wait(Duration),
}

/// What a call says about its endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It answered.
    Ok,
    /// It is down, overloaded or silent.
    Failed,
    /// It lives, and would not answer this request (429 and other 4xx, nonsense).
    Neutral,
}

impl Outcome {
    /// What a call's result says.
    #[must_use]
    pub fn of(result: &Result<Reply, Failure>) -> Self {
        match result.as_ref().map_err(|failure| failure.class) {
            Ok(_) => Self::Ok,
            Err(
                FailureClass::Connection
                | FailureClass::Timeout
                | FailureClass::Stalled
                | FailureClass::Server
                | FailureClass::Overloaded,
            ) => Self::Failed,
            Err(
                FailureClass::RateLimited
                | FailureClass::Authentication
                | FailureClass::ContextTooLong
                | FailureClass::Refused
                | FailureClass::Malformed,
            ) => Self::Neutral,
        }
    }
}

/// The breaker of one endpoint.
#[derive(Clone, Debug)]
pub struct Breaker {
    settings: BreakerSettings,
    state: State,
}

/// When a breaker opens, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BreakerSettings {
    /// Failures in a row that open it; 0 counts as 1.
    pub failures: u32,
    /// How long it stays open at first.
    pub open: Duration,
    /// How long it stays open at most, however many probes fail.
    pub max_open: Duration,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Closed { failed: u32 },
    Open { until: Instant, open: Duration },
    Probing { since: Instant, open: Duration },
}

impl Breaker {
    /// A closed breaker that opens after so many `failures` in a row for `open`, and after each failed probe for
    /// twice as long, up to `max_open`.
    #[must_use]
    pub fn new(failures: u32, open: Duration, max_open: Duration) -> Self {
        Self {
            settings: BreakerSettings {
                failures,
                open,
                max_open,
            },
            state: State::Closed { failed: 0 },
        }
    }

    /// Whether a call may go at `now`. Of those that ask when the open time is up, one goes: the probe.
    pub fn admits(&mut self, now: Instant) -> Admission {
        let (until, open) = match self.state {
            State::Closed { .. } => return Admission::Go,
            State::Open { until, open } => (until, open),
            State::Probing { since, open } => (since + open, open),
        };
        let left = until.saturating_duration_since(now);
        if !left.is_zero() {
            return Admission::Wait(left);
        }
        self.state = State::Probing { since: now, open };
        Admission::Go
    }

    /// What became of a call that had been let go.
    pub fn outcome(&mut self, now: Instant, outcome: Outcome) {
        self.state = match (self.state, outcome) {
            (State::Closed { failed }, Outcome::Failed) => self.failed(now, failed + 1),
            (State::Probing { open, .. }, Outcome::Failed) => {
                self.open(now, open.saturating_mul(2))
            }
            // Calls that went before it opened say nothing new.
            (state @ State::Open { .. }, Outcome::Failed | Outcome::Neutral) => state,
            (state @ State::Closed { .. }, Outcome::Neutral) => state,
            (State::Probing { .. }, Outcome::Neutral) | (_, Outcome::Ok) => {
                State::Closed { failed: 0 }
            }
        };
    }

    fn failed(&self, now: Instant, failed: u32) -> State {
        if failed < self.settings.failures {
            return State::Closed { failed };
        }
        self.open(now, self.settings.open)
    }

    fn open(&self, now: Instant, open: Duration) -> State {
        let open = open.min(self.settings.max_open);
        State::Open {
            until: now + open,
            open,
        }
    }
}

/// The breakers of all endpoints, by origin (scheme, host and port). Clones share them.
#[derive(Clone, Debug)]
pub struct Breakers {
    settings: BreakerSettings,
    by_origin: Arc<Mutex<HashMap<String, Breaker>>>,
}

impl Breakers {
    /// No endpoint has failed yet.
    #[must_use]
    pub fn new(settings: BreakerSettings) -> Self {
        Self {
            settings,
            by_origin: Arc::default(),
        }
    }

    /// Whether a call to `origin` may go at `now`.
    #[must_use]
    pub fn admits(&self, origin: &str, now: Instant) -> Admission {
        self.with(origin, |breaker| breaker.admits(now))
    }

    /// What became of a call to `origin` that had been let go.
    pub fn outcome(&self, origin: &str, now: Instant, outcome: Outcome) {
        self.with(origin, |breaker| breaker.outcome(now, outcome));
    }

    fn with<T>(&self, origin: &str, act: impl FnOnce(&mut Breaker) -> T) -> T {
        let mut breakers = self.locked();
        if let Some(breaker) = breakers.get_mut(origin) {
            return act(breaker);
        }
        let BreakerSettings {
            failures,
            open,
            max_open,
        } = self.settings;
        let breaker = Breaker::new(failures, open, max_open);
        act(breakers.entry(origin.to_owned()).or_insert(breaker))
    }

    /// A panic in between leaves no breaker half written: each act on one is a single assignment.
    fn locked(&self) -> MutexGuard<'_, HashMap<String, Breaker>> {
        self.by_origin
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
