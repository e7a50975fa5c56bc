//! Letting the Leader write a plan, in the foreground of a command: the same runner, without ticks and heartbeat.

use projections::ids::PlanId;

use super::{
    Identity, Shutdown,
    beat::Beat,
    endpoints::Endpoints,
    execute::{self, Around, Ended},
};
use crate::{
    config,
    error::{Error, Result},
    vault::Project,
};

/// Runs a draft that was asked of the Leader until it is written, has failed, or the process is asked to stop.
///
/// # Errors
/// [`Error::Leased`] when somebody else lets it be written already; [`Error::Config`]; the journal's and the machine's.
pub async fn draft(project: &Project, id: &PlanId) -> Result<()> {
    let identity = Identity::own();
    let shutdown = Shutdown::on_signals()
        .map_err(|e| Error::Daemon(format!("cannot listen for signals: {e}")))?;
    let configured = config::load(project.vault().root())?;
    let beat = Beat::unseen(&identity);
    let around = Around {
        by: &identity.by(),
        shutdown: &shutdown,
        beat: &beat,
        endpoints: &Endpoints::new(configured.breaker),
    };
    match execute::run(project, id, around).await? {
        Ended::LostRace(why) => Err(Error::Failed(format!("{id} cannot be written now: {why}"))),
        Ended::At(..) | Ended::Released | Ended::Fenced => Ok(()),
    }
}
