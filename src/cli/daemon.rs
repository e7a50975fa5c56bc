//! `modulatio daemon`.

use std::time::Duration;

use super::args::DaemonOptions;
use crate::{
    daemon::{self, Options},
    error::{Error, Result},
    vault::Vault,
};

pub(super) fn run(vault: Vault, options: &DaemonOptions) -> Result<()> {
    let options = Options {
        tick: options.tick_seconds.map(Duration::from_secs),
        project: options.project.clone(),
        until_idle: options.until_idle,
    };
    block_on(daemon::run(vault, options))
}

/// Runs what a daemon does, here and now.
pub(super) fn block_on<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    // One worker keeps the heartbeat and the signals alive while the other waits for a disk.
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build();
    let runtime = runtime.map_err(|e| Error::Daemon(format!("no runtime: {e}")))?;
    let ended = runtime.block_on(work);
    runtime.shutdown_timeout(Duration::from_millis(200));
    ended
}
