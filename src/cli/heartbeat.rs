//! `modulatio heartbeat`: one line for monitors.

use super::output;
use crate::{
    daemon,
    error::{Error, Result},
    vault::Vault,
};

pub(super) fn run(vault: &Vault, all: bool) -> Result<()> {
    let beats = daemon::heartbeats(vault)?;
    let Some(newest) = beats.first() else {
        return Err(Error::Daemon(format!(
            "no daemon ever ran in {}",
            vault.root().display()
        )));
    };
    // The one at work says more than an idle one that ticked a moment later.
    let telling = beats
        .iter()
        .filter(|beat| is_fresh(&beat.last_tick, &newest.last_tick))
        .find(|b| b.active_plan.is_some());
    if all {
        beats.iter().for_each(|beat| output::print(&beat.line()));
    } else {
        output::print(&telling.unwrap_or(newest).line());
    }
    Ok(())
}

/// Whether a tick lies within a minute of the newest.
fn is_fresh(tick: &str, newest: &str) -> bool {
    use projections::time::Timestamp;
    let (Ok(tick), Ok(newest)) = (Timestamp::parse(tick), Timestamp::parse(newest)) else {
        return false;
    };
    newest.micros_since(tick) <= 60_000_000
}
