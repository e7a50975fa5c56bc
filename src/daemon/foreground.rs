//! Working on one plan in the foreground of a command: the same runner as a daemon's, without ticks and heartbeat.

use std::{sync::Arc, time::Duration};

use projections::{ids::PlanId, plan::Status};

use super::{
    Identity, Shutdown,
    beat::Beat,
    endpoints::Endpoints,
    execute::{self, Around, Ended},
    memory::Memory,
};
use crate::{
    config,
    error::{Error, Result},
    vault::{Follower, PlanLog, Project},
};

/// Between two looks at a plan that somebody else has.
const LOOK_UP: Duration = Duration::from_millis(250);

/// Why the foreground has let go of a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LetGo {
    /// It has ended, or waits for a person.
    NothingToDo,
    /// The process was asked to stop.
    Asked,
}

/// What a runner in the foreground has around it.
struct Foreground<'a> {
    project: &'a Project,
    by: String,
    shutdown: &'a Shutdown,
    beat: Beat,
    endpoints: Endpoints,
    memory: Arc<Memory>,
}

impl<'a> Foreground<'a> {
    fn new(project: &'a Project, role: &str, shutdown: &'a Shutdown) -> Result<Self> {
        let identity = Identity::own();
        let configured = config::load(project.vault().root())?;
        Ok(Self {
            project,
            by: identity.by_as(role),
            shutdown,
            beat: Beat::unseen(&identity),
            endpoints: Endpoints::new(configured.breaker),
            memory: Arc::default(),
        })
    }

    async fn execute(&self, id: &PlanId) -> Result<Ended> {
        let around = Around {
            by: &self.by,
            shutdown: self.shutdown,
            beat: &self.beat,
            endpoints: &self.endpoints,
            memory: &self.memory,
        };
        execute::run(self.project, id, around).await
    }

    /// Says whether it was run here, and not by somebody else who was quicker.
    async fn has_run(&self, id: &PlanId) -> Result<bool> {
        match self.execute(id).await? {
            Ended::LostRace(why) => {
                tracing::info!(plan = %id, "claim lost: {why}");
                Ok(false)
            }
            Ended::Fenced => Ok(false),
            Ended::At(..) | Ended::Released => Ok(true),
        }
    }
}

/// Runs a draft that was asked of the Leader until it is written, has failed, or the process is asked to stop.
///
/// # Errors
/// [`Error::Failed`] when somebody else lets it be written already; [`Error::Config`]; the journal's and the machine's.
pub async fn draft(project: &Project, id: &PlanId) -> Result<()> {
    let shutdown = Shutdown::on_signals()
        .map_err(|e| Error::Daemon(format!("cannot listen for signals: {e}")))?;
    let foreground = Foreground::new(project, "daemon", &shutdown)?;
    match foreground.execute(id).await? {
        Ended::LostRace(why) => Err(Error::Failed(format!("{id} cannot be written now: {why}"))),
        Ended::At(..) | Ended::Released | Ended::Fenced => Ok(()),
    }
}

/// Runs a plan, its drafting included, until it has ended or waits for a person. Daemons may be as quick: while one of
/// them has it, this waits, and goes on with it should that one let go of it.
///
/// # Errors
/// [`Error::Config`]; the journal's and the machine's. The plan then stays as it is, for a daemon to go on with.
pub async fn run_plan(project: &Project, id: &PlanId, shutdown: &Shutdown) -> Result<LetGo> {
    let foreground = Foreground::new(project, "kickoff", shutdown)?;
    let mut journal = Follower::open(project, id)?;
    loop {
        journal.catch_up(&mut |_, _, _| ())?;
        let plan = journal.plan().ok_or_else(|| Error::NoPlan(id.clone()))?;
        let taken = PlanLog::leased(project, id)?.is_some();
        let wanted = plan.is_at_work() || plan.status == Status::Approved;
        // Calls of a plan that has ended or pauses are awaited by the runner that made them.
        if !wanted && (plan.calls.in_flight.is_empty() || !taken) {
            return Ok(LetGo::NothingToDo);
        }
        if shutdown.is_asked() {
            return Ok(LetGo::Asked);
        }
        if wanted && !taken && foreground.has_run(id).await? {
            continue;
        }
        tokio::select! {
            () = tokio::time::sleep(LOOK_UP) => {}
            () = shutdown.asked() => {}
        }
    }
}
