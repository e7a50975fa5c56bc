//! Bounded time: a tool that takes longer says what it has.

use std::{
    io::{Error, ErrorKind, Read, Result},
    time::{Duration, Instant},
};

/// Longest time that one call may take.
const MOST_TIME: Duration = Duration::from_secs(10);

/// When a call must have ended.
#[derive(Clone, Copy, Debug)]
pub(super) struct Deadline(Instant);

impl Deadline {
    pub(super) fn from_now() -> Self {
        Self(Instant::now() + MOST_TIME)
    }

    pub(super) fn has_passed(self) -> bool {
        Instant::now() >= self.0
    }

    /// What reads from `inner` until then, and fails with [`ErrorKind::TimedOut`] afterwards.
    pub(super) fn over<R: Read>(self, inner: R) -> Timed<R> {
        Timed { inner, until: self }
    }
}

/// A reader that ends in time.
pub(super) struct Timed<R> {
    inner: R,
    until: Deadline,
}

impl<R: Read> Read for Timed<R> {
    fn read(&mut self, into: &mut [u8]) -> Result<usize> {
        if self.until.has_passed() {
            let why = "reading it took too long";
            return Err(Error::new(ErrorKind::TimedOut, why));
        }
        self.inner.read(into)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_read_after_the_deadline() {
        let mut into = [0; 8];
        let passed = Deadline(Instant::now());
        let late = passed.over(&b"text"[..]).read(&mut into).unwrap_err();
        assert_eq!(late.kind(), ErrorKind::TimedOut);
        let in_time = Deadline::from_now().over(&b"text"[..]).read(&mut into);
        assert_eq!(in_time.unwrap(), 4);
    }
}
