//! Dying on purpose. `MODULATIO_FAULT=kill-after-append:N` ends the process with SIGKILL right after its N-th
//! frame is durable; `kill-before-append:N`, `kill-after-render:N` and `kill-in-archive:N` do so at their points. The crash tests
//! walk every N; without the variable these are a few comparisons.

use std::sync::{
    OnceLock,
    atomic::{AtomicU64, Ordering},
};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Point {
    BeforeAppend,
    AfterAppend,
    AfterRender,
    InArchive,
}

struct Fault {
    at: Point,
    countdown: AtomicU64,
}

static FAULT: OnceLock<Option<Fault>> = OnceLock::new();

fn armed() -> Option<&'static Fault> {
    FAULT
        .get_or_init(|| parse(&std::env::var("MODULATIO_FAULT").ok()?))
        .as_ref()
}

fn parse(text: &str) -> Option<Fault> {
    let (point, n) = text.split_once(':')?;
    let at = match point {
        "kill-before-append" => Point::BeforeAppend,
        "kill-after-append" => Point::AfterAppend,
        "kill-after-render" => Point::AfterRender,
        "kill-in-archive" => Point::InArchive,
        _ => return None,
    };
    Some(Fault {
        at,
        countdown: AtomicU64::new(n.parse().ok()?),
    })
}

fn reach(point: Point) {
    let Some(fault) = armed().filter(|fault| fault.at == point) else {
        return;
    };
    if fault.countdown.fetch_sub(1, Ordering::Relaxed) == 1 {
        die();
    }
}

#[cfg(unix)]
fn die() {
    let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
}

#[cfg(not(unix))]
fn die() {
    std::process::abort();
}

pub(crate) fn before_append() {
    reach(Point::BeforeAppend);
}

pub(crate) fn after_append() {
    reach(Point::AfterAppend);
}

pub(crate) fn after_render() {
    reach(Point::AfterRender);
}

pub(crate) fn archive_step() {
    reach(Point::InArchive);
}
