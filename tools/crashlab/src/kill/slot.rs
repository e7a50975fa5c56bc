//! A place for a daemon: whoever dies in it is replaced.

use std::time::Instant;

use crate::ground::{Daemon, Ended, Yard};

use super::theft::Theft;

/// What a daemon in its place is up to.
pub(super) enum Doing {
    /// It runs.
    Running,
    /// It was asked to end.
    Ending,
    /// It is stopped, until then.
    Stopped(Instant),
    /// It is stopped, and its lease was stolen.
    Robbed(Theft),
    /// It was robbed, runs again, and is to say that it noticed.
    Waking(Theft),
}

/// One place.
pub(super) struct Slot {
    pub(super) daemon: Daemon,
    pub(super) doing: Doing,
    /// Whether it is to die at a frame or a rendering by itself.
    pub(super) is_armed: bool,
}

/// A daemon's place among others, and how often it was taken.
pub(super) struct Names(u64);

impl Names {
    pub(super) fn new() -> Self {
        Self(0)
    }

    fn next(&mut self) -> String {
        self.0 += 1;
        format!("daemon-{:04}.log", self.0)
    }
}

impl Slot {
    /// A daemon in its place. Every other one that is started again carries its death in it.
    pub(super) fn start(
        yard: &Yard,
        names: &mut Names,
        chance: &mut fastrand::Rng,
        may_be_armed: bool,
    ) -> Result<Self, String> {
        let armed = may_be_armed && chance.bool();
        let fault = armed.then(|| fault(chance));
        let env: Vec<(&str, &str)> = fault
            .iter()
            .map(|fault| ("MODULATIO_FAULT", fault.as_str()))
            .collect();
        Ok(Self {
            daemon: Daemon::start(yard, &names.next(), &[], &env)?,
            doing: Doing::Running,
            is_armed: armed,
        })
    }

    /// Whether it may be harmed: not while it is stopped, ends, or has something to say.
    pub(super) fn is_running(&self) -> bool {
        matches!(self.doing, Doing::Running)
    }

    /// How it ended, if it has, and whether that is how it may.
    pub(super) fn ended(&mut self) -> Option<(Ended, bool)> {
        let ended = self.daemon.ended()?;
        let rightly = match ended {
            Ended::Signal(9) => self.is_armed || matches!(self.doing, Doing::Ending),
            // It heard the signal before it listens for it.
            Ended::Signal(15) | Ended::Code(0) => matches!(self.doing, Doing::Ending),
            Ended::Signal(_) | Ended::Code(_) => false,
        };
        Some((ended, rightly))
    }
}

/// Dies at a frame or a rendering: the first ones count most, since the claim is among them.
fn fault(chance: &mut fastrand::Rng) -> String {
    let point = match chance.u32(0..5) {
        0 | 1 => "kill-before-append",
        2 | 3 => "kill-after-append",
        _ => "kill-after-render",
    };
    let n = match chance.u32(0..3) {
        0 => chance.u32(1..4),
        1 => chance.u32(1..12),
        _ => chance.u32(1..40),
    };
    format!("{point}:{n}")
}
