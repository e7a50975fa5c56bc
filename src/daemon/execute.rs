//! Executing one plan: claim it, then perform what is due and report, until nothing is due. The state decides
//! what is next; nothing here remembers where it was.

use std::time::Duration;

use journal::{Lease, LeaseNote};
use projections::{
    event::{Event, StatusName, ToolOutcome, ToolUse},
    ids::{PlanId, TaskId},
    payload::Payload,
    plan::Status,
    time::Timestamp,
    work::Step,
};

use super::{Shutdown, beat::Beat, endpoints::Endpoints, shelf::RunShelf, team::Team};
use crate::{
    clock,
    command::{Command, Report},
    decide::Refusal,
    effect::{self, Effect},
    error::{Error, Result},
    prompts::reply,
    toolbox,
    vault::{Actor, DayKey, PlanLog, Project, Reconciled, SETTLED},
};

/// Longest wait before the journal is asked again whether the plan was paused or cancelled meanwhile.
const LOOK_UP: Duration = Duration::from_millis(250);

/// How an attempt to run a plan ended.
#[derive(Debug)]
pub(super) enum Ended {
    /// Somebody else has it, or it no longer wants a runner.
    LostRace(String),
    /// It is finished or waits for a person, and why.
    At(StatusName, Option<String>),
    /// The process was asked to stop; the plan was given back.
    Released,
    /// Another runner has claimed it since: nothing more was written.
    Fenced,
}

/// A plan in execution.
pub(super) struct Runner<'a> {
    pub(super) id: PlanId,
    pub(super) log: PlanLog,
    pub(super) team: Team,
    pub(super) shutdown: &'a Shutdown,
    pub(super) actor: Actor,
    /// The day on which the call under way is reserved.
    pub(super) day: Option<DayKey>,
    /// Until when a dead endpoint is left alone.
    pub(super) waiting: Option<Timestamp>,
    lease: Box<dyn Lease>,
    pub(super) beat: &'a Beat,
    pub(super) endpoints: &'a Endpoints,
}

/// What every runner of a daemon shares.
#[derive(Clone, Copy)]
pub(super) struct Around<'a> {
    /// The daemon's name in journals.
    pub(super) by: &'a str,
    pub(super) shutdown: &'a Shutdown,
    pub(super) beat: &'a Beat,
    pub(super) endpoints: &'a Endpoints,
}

/// Runs a plan as far as it goes.
///
/// # Errors
/// The journal's and the machine's; the plan then stays executing without a runner, and a later tick resumes it.
pub(super) async fn run(project: &Project, id: &PlanId, around: Around<'_>) -> Result<Ended> {
    let runner = match Runner::claim(project, id, around) {
        Ok(Some(runner)) => runner,
        Ok(None) => {
            return Ok(Ended::LostRace(
                "another process holds its lease, or its file is just being written".to_owned(),
            ));
        }
        Err(Error::Refused { refusal, .. }) => return Ok(Ended::LostRace(refusal.to_string())),
        Err(error) => return Err(error),
    };
    let ended = runner.run().await;
    around.beat.idle();
    ended
}

impl<'a> Runner<'a> {
    /// Lease first, then the claim: whoever holds the lease knows that no other runner is alive.
    fn claim(project: &Project, id: &PlanId, around: Around<'a>) -> Result<Option<Self>> {
        let team = Team::of(project)?;
        let Some(lease) = PlanLog::lease(project, id)? else {
            return Ok(None);
        };
        let mut log = project.open_plan(id)?.under(team.policy());
        if log.reconcile(SETTLED)? == Reconciled::Unsettled {
            return Ok(None);
        }
        let actor = Actor::named(around.by);
        log.submit(&Command::Claim, &actor)?;
        log.show();
        if team.is_rehearsal() {
            tracing::warn!(plan = %id, "no real model is configured: this is a rehearsal, and its artifacts are placeholders");
        }
        let epoch = log.plan().epoch;
        let mut runner = Self {
            id: id.clone(),
            log,
            team,
            shutdown: around.shutdown,
            actor: actor.under(epoch),
            day: None,
            waiting: None,
            lease,
            beat: around.beat,
            endpoints: around.endpoints,
        };
        runner.note_lease();
        runner.balance_day();
        runner.check_prices()?;
        Ok(Some(runner))
    }

    fn note_lease(&mut self) {
        let note = LeaseNote {
            holder: self.actor.by.clone(),
            since: clock::now().to_string(),
            epoch: self.log.plan().epoch.0,
        };
        // For people only; the lock itself is the kernel's.
        if let Err(error) = self.lease.note(&note) {
            tracing::warn!(plan = %self.id, "the lease cannot be labelled: {error}");
        }
    }

    async fn run(mut self) -> Result<Ended> {
        let ended = self.work().await;
        match ended {
            Err(Error::Refused {
                refusal: Refusal::StaleEpoch { .. },
                ..
            })
            | Err(Error::Journal(journal::Error::Fenced { .. })) => Ok(Ended::Fenced),
            other => other,
        }
    }

    async fn work(&mut self) -> Result<Ended> {
        loop {
            if self.shutdown.is_asked() {
                return self.release();
            }
            // A hand edit, a cancellation above all, takes effect at the next step.
            self.log.reconcile(SETTLED)?;
            self.show_beat();
            let due = effect::due(self.log.plan(), self.log.now());
            match (due.effects.into_iter().next(), due.wake_at) {
                (Some(effect), _) => self.perform(&effect).await?,
                (None, Some(time)) => self.wait_until(time).await?,
                (None, None) => return self.nothing_due(),
            }
        }
    }

    /// Nothing is due in a plan that is executing only if the machine is wrong; a person must hear of it.
    fn nothing_due(&mut self) -> Result<Ended> {
        self.log.refresh()?;
        let status = self.log.plan().status.name();
        if status == StatusName::Executing && self.log.plan().calls.in_flight.is_empty() {
            let why =
                "nothing is due although the plan is executing; please report this".to_owned();
            self.report(Report::Obstructed { why })?;
        }
        Ok(self.ended())
    }

    fn ended(&self) -> Ended {
        let why = match &self.log.plan().status {
            Status::Paused { note, .. } => Some(note.clone()),
            Status::Draft
            | Status::Approved
            | Status::Executing { .. }
            | Status::Declined
            | Status::Cancelled
            | Status::Aborted
            | Status::Done => None,
        };
        Ended::At(self.log.plan().status.name(), why)
    }

    pub(super) fn show_beat(&self) {
        self.beat.at_work(self.log.plan(), self.waiting);
    }

    async fn perform(&mut self, effect: &Effect) -> Result<()> {
        let done = match effect {
            Effect::CallModel { step } => self.call_model(step).await,
            Effect::RunTool { task, call } => self.run_tool(task, call),
            Effect::WriteArtifact { task, path, reply } => self.write_artifact(task, path, reply),
        };
        match done {
            // Trying again by itself would meet the same; a person is told what it is, and no runner is lost over it.
            Err(error) if error.is_lasting() => self.obstructed(error.told()),
            done => done,
        }
    }

    /// The tools that there are only read, so running one again after a crash is harmless.
    fn run_tool(&mut self, task: &TaskId, call: &ToolUse) -> Result<()> {
        let arguments = self.text(&call.arguments)?;
        let room = self.room_for_a_result(task);
        let returned = toolbox::run(&RunShelf::of(self), &call.tool, &arguments, room);
        tracing::debug!(plan = %self.id, call = %call.id, tool = call.tool, done = returned.done, "tool returned");
        let outcome = if returned.done {
            ToolOutcome::Done
        } else {
            ToolOutcome::Failed
        };
        self.report(Report::ToolReturned {
            task: task.clone(),
            tool_call: call.id.clone(),
            outcome,
            result: returned.text,
        })
        .map(drop)
    }

    /// Bytes that the producer in work has room for.
    fn room_for_a_result(&self, task: &TaskId) -> usize {
        let plan = self.log.plan();
        let attempt = plan
            .run
            .as_ref()
            .and_then(|run| run.task(task))
            .map_or(1, |task| task.attempt);
        let step = Step::Produce {
            task: task.clone(),
            attempt,
        };
        self.team.member(plan, &step).window.bytes_of_a_quarter()
    }

    /// Whoever claims next decides what lies there: a runner that was stopped and replaced must not write over it.
    pub(super) fn fence(&mut self) -> Result<()> {
        self.log.refresh()?;
        let current = self.log.plan().epoch;
        match self.actor.runner {
            Some(epoch) if epoch != current => Err(Error::Refused {
                plan: self.id.clone(),
                refusal: Refusal::StaleEpoch { epoch, current },
            }),
            Some(_) | None => Ok(()),
        }
    }

    fn write_artifact(&mut self, task: &TaskId, path: &str, reply: &Payload) -> Result<()> {
        self.fence()?;
        let text = self.log.project().resolve(reply)?;
        let text = String::from_utf8_lossy(&text);
        let content = match reply::artifact(&text) {
            Ok(produced) => produced.content,
            Err(fault) => {
                return self.obstructed(format!("the reply of {task} holds no artifact: {fault}"));
            }
        };
        let bytes = content.len() as u64;
        match self.log.project().write_artifact(&self.id, path, &content) {
            Ok(b3) => {
                self.report(Report::ArtifactWritten {
                    task: task.clone(),
                    path: path.to_owned(),
                    b3,
                    bytes,
                })?;
                Ok(())
            }
            Err(error) => self.obstructed(format!(
                "the artifact {path} cannot be written: {}",
                error.told()
            )),
        }
    }

    pub(super) fn obstructed(&mut self, why: String) -> Result<()> {
        tracing::error!(plan = %self.id, "{why}");
        self.report(Report::Obstructed { why }).map(drop)
    }

    pub(super) async fn wait_until(&mut self, time: Timestamp) -> Result<()> {
        let micros = time.micros_since(self.log.now());
        let wait = Duration::from_micros(micros).min(LOOK_UP);
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            () = self.shutdown.asked() => {}
        }
        self.log.refresh()
    }

    /// Reports under this claim. What the plan has moved past is no error: the state says what is next.
    pub(super) fn report(&mut self, report: Report) -> Result<Vec<Event>> {
        match self.log.submit(&Command::Runner(report), &self.actor) {
            Err(Error::Refused {
                refusal: Refusal::Moot,
                ..
            }) => Ok(Vec::new()),
            Ok(events) => {
                self.tell_of(&events);
                Ok(events)
            }
            failed => failed,
        }
    }

    /// What becomes of a failed call: who reads the log should not have to read the journal for it.
    fn tell_of(&self, events: &[Event]) {
        for event in events {
            match event {
                Event::ModelFellBack(e) => {
                    let (step, from, to) = (e.step.seat(), &e.from, &e.to);
                    tracing::warn!(plan = %self.id, step, from, to, "falling back: {}", e.why);
                }
                Event::ModelCallFailed(e) => {
                    if let Some(until) = e.retry_at {
                        tracing::info!(plan = %self.id, call = %e.call_id, %until, "trying again");
                    }
                }
                _ => {}
            }
        }
    }

    fn release(&mut self) -> Result<Ended> {
        self.report(Report::Releasing {
            why: "its runner was asked to stop".to_owned(),
        })?;
        match self.log.plan().status.name() {
            StatusName::Approved => Ok(Ended::Released),
            _ => Ok(self.ended()),
        }
    }
}
