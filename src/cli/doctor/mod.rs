//! `modulatio doctor`: what is wrong, and the command that mends it.
//!
//! ```text
//!  Ground::gather ──▶ TABLE: one small function a check ──▶ checks ──▶ lines, or one JSON object ──▶ exit code
//! ```
//!
//! Nothing here needs what it looks at: a check says what it found, whatever that is, and hides no other.

mod access;
mod check;
mod daemons;
mod disk;
mod ground;
mod jobs;
mod journals;
mod machine;
mod memory;
mod plans;
mod providers;
mod service;
mod vault;
mod words;

use serde_json::json;

use super::{
    args::{Args, DoctorOptions},
    output,
};
use crate::error::{Error, Result};
use check::{Check, Kind, Level};
use ground::Ground;

/// One check: what it finds on this ground, nothing where it needs a vault and there is none.
type Look = fn(&Ground) -> Vec<Check>;

/// All checks, in the order in which they are told.
const TABLE: [(&str, &[Look]); 9] = [
    (
        "vault",
        &[vault::place, vault::configuration, vault::projects],
    ),
    (
        "access",
        &[
            access::mode,
            access::owner,
            access::files,
            access::directories,
        ],
    ),
    ("daemons", &[daemons::living, daemons::needed, jobs::homes]),
    (
        "plans",
        &[
            plans::taken_in,
            plans::leases,
            plans::locks,
            plans::orphans,
            plans::quarantine,
            plans::tickets,
        ],
    ),
    (
        "journals",
        &[journals::of_plans, journals::own, journals::torn],
    ),
    (
        "disk",
        &[
            disk::kind,
            disk::writes,
            disk::locks,
            disk::exchanges,
            disk::room,
            disk::files,
        ],
    ),
    (
        "machine",
        &[
            machine::watcher,
            machine::clock,
            jobs::held,
            machine::sandbox,
            service::unit,
        ],
    ),
    (
        "memory",
        &[memory::embedder, memory::indexes, memory::files],
    ),
    (
        "providers",
        &[providers::keys, providers::prices, providers::reached],
    ),
];

pub(super) fn run(args: &Args, options: &DoctorOptions) -> Result<()> {
    let checks = look(&Ground::gather(args, options));
    let worst = worst(&checks);
    if args.json {
        output::report_json(&json!({"checks": checks, "worst": worst}));
    } else {
        let lines: Vec<String> = checks.iter().map(Check::text).collect();
        output::report(&lines.join("\n"));
    }
    verdict(&checks)
}

fn look(ground: &Ground) -> Vec<Check> {
    let mut checks = Vec::new();
    for (area, looks) in TABLE {
        let found = looks.iter().flat_map(|look| look(ground));
        checks.extend(found.map(|check| Check { area, ..check }));
    }
    checks
}

fn worst(checks: &[Check]) -> Level {
    checks
        .iter()
        .map(|check| check.level)
        .max()
        .unwrap_or(Level::Ok)
}

/// The command ends as badly as the worst check.
fn verdict(checks: &[Check]) -> Result<()> {
    let of = |level: Level| checks.iter().filter(move |check| check.level == level);
    let (failed, warned) = (of(Level::Fail).count(), of(Level::Warn).count());
    let code = match (of(Level::Fail).map(|check| check.kind).min(), warned) {
        (Some(kind), _) => kind.exit_code(),
        (None, 0) => return Ok(()),
        (None, _) => Kind::Other.exit_code(),
    };
    let what = format!(
        "of {} checks, {failed} failed and {warned} warned",
        checks.len()
    );
    Err(Error::Unwell { what, code })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(checks: &[Check]) -> u8 {
        verdict(checks).map_or_else(|error| error.exit_code(), |()| 0)
    }

    #[test]
    fn the_gravest_failure_decides_how_the_command_ends() {
        let ok = Check::ok("a", "b");
        let warn = Check::warn("a", "b", "c");
        let fail = |kind| Check::fail("a", kind, "b", "c");
        assert_eq!(code(std::slice::from_ref(&ok)), 0);
        assert_eq!(code(&[ok.clone(), warn.clone()]), 1);
        assert_eq!(code(&[warn.clone(), fail(Kind::Other)]), 1);
        assert_eq!(code(&[fail(Kind::Other), fail(Kind::Daemon)]), 5);
        assert_eq!(code(&[fail(Kind::Daemon), fail(Kind::Authentication)]), 4);
        assert_eq!(
            code(&[fail(Kind::Configuration), fail(Kind::Authentication)]),
            3
        );
        assert_eq!(
            code(&[ok, warn, fail(Kind::Configuration), fail(Kind::Corruption)]),
            7
        );
    }

    #[test]
    fn the_worst_of_nothing_is_well() {
        assert_eq!(worst(&[]), Level::Ok);
        assert_eq!(
            worst(&[Check::warn("a", "b", "c"), Check::ok("a", "b")]),
            Level::Warn
        );
    }
}
