//! The circuit breakers of one daemon: every plan that it runs knows which endpoints are dead.

use std::time::Instant;

use crate::{
    clock,
    config::BreakerConfig,
    models::{Admission, BreakerSettings, Breakers, Failure, Outcome, Reply},
};

/// Breakers by endpoint. A model that asks nobody has none: its endpoint is empty.
pub(super) struct Endpoints(Breakers);

impl Endpoints {
    pub(super) fn new(config: BreakerConfig) -> Self {
        Self(Breakers::new(BreakerSettings {
            failures: config.failures,
            open: config.open,
            max_open: config.max_open,
        }))
    }

    /// Whether `endpoint` may be asked now.
    pub(super) fn admits(&self, endpoint: &str) -> Admission {
        if endpoint.is_empty() {
            return Admission::Go;
        }
        self.0.admits(endpoint, Instant::now())
    }

    /// Takes note of how a call ended; says whether the endpoint counts as dead from now on.
    pub(super) fn heard(&self, endpoint: &str, outcome: &Result<Reply, Failure>) -> bool {
        if endpoint.is_empty() {
            return false;
        }
        let now = Instant::now();
        self.0.outcome(endpoint, now, Outcome::of(outcome));
        let Admission::Wait(wait) = self.0.admits(endpoint, now) else {
            return false;
        };
        tracing::warn!(
            endpoint,
            millis = clock::millis(wait),
            "the endpoint counts as dead; it is asked again later"
        );
        true
    }
}
