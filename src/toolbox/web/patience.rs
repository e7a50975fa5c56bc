//! How long one waits: until a moment, or until nobody asks any more.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc::{Receiver, RecvTimeoutError},
    },
    time::{Duration, Instant},
};

/// How often one that waits looks whether it should go on.
const LOOK_UP: Duration = Duration::from_millis(50);

/// Shared by one that waits and one that works for it.
#[derive(Clone, Debug)]
pub(super) struct Patience {
    whole: Duration,
    until: Instant,
    given_up: Arc<AtomicBool>,
}

impl Patience {
    /// From now on.
    pub(super) fn of(whole: Duration) -> Self {
        Self {
            whole,
            until: Instant::now() + whole,
            given_up: Arc::default(),
        }
    }

    /// What is left; an error once there is no use in going on.
    pub(super) fn left(&self) -> Result<Duration, String> {
        let left = self.until.saturating_duration_since(Instant::now());
        if left.is_zero() || self.given_up.load(Ordering::Relaxed) {
            return Err(format!("it was not done within {:?}", self.whole));
        }
        Ok(left)
    }

    /// Waits for what the other side finds. Once it returns, the other side stops at its next look.
    pub(super) fn wait<T>(
        &self,
        found: &Receiver<Result<T, String>>,
        cancel: &AtomicBool,
    ) -> Result<T, String> {
        let waited = self.wait_on(found, cancel);
        self.given_up.store(true, Ordering::Relaxed);
        waited
    }

    fn wait_on<T>(
        &self,
        found: &Receiver<Result<T, String>>,
        cancel: &AtomicBool,
    ) -> Result<T, String> {
        loop {
            if cancel.load(Ordering::Relaxed) {
                return Err("it was cancelled".to_owned());
            }
            match found.recv_timeout(LOOK_UP.min(self.left()?)) {
                Ok(found) => return found,
                Err(RecvTimeoutError::Timeout) => {}
                // Only a panic ends the other side without a word.
                Err(RecvTimeoutError::Disconnected) => {
                    return Err("it broke off for a fault of this program".to_owned());
                }
            }
        }
    }
}
