//! Executing one plan: claim it, then begin what is due and report what comes of it, until nothing is due. The state
//! decides what is next; nothing here remembers where it was.
//!
//! ```text
//!        ┌──────── due? ──▶ begin: reserve, journal, send off ──▶ under way (calls, tools: several at once) ┐
//!  look ─┤                                                                                                 │
//!        └─ nothing: wait for the first that is done ◀─────────────────────────────────────────────────────┘
//!                      └▶ report it, under this claim ──▶ look again
//! ```

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use journal::Lease;
use projections::{
    event::StatusName, ids::PlanId, payload::Payload, plan::Status, time::Timestamp,
};
use tokio::task::JoinSet;

use super::{
    Shutdown,
    beat::Beat,
    call::Answered,
    endpoints::Endpoints,
    memory::{LookedUp, Lookup, Memory},
    team::Team,
    tools::ToolDone,
};
use crate::{
    command::Report,
    decide::Refusal,
    effect::{self, Due, Effect},
    error::{Error, Result},
    vault::{Actor, PlanLog, Project, SETTLED},
};

/// Longest wait before the journal is asked again whether the plan was paused or cancelled meanwhile.
const LOOK_UP: Duration = Duration::from_millis(250);

/// How long tools that were told to end are waited for when the process is asked to stop.
const TOOLS_END: Duration = Duration::from_secs(1);

/// How long a machine that refuses is left alone while paid work is under way.
pub(super) const REFUSED_MS: u64 = 1_000;

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

/// Something that was under way, and is done.
pub(super) enum Done {
    Answered(Box<Answered>),
    Tool(ToolDone),
    /// What the step of this label needs of the memory.
    LookedUp {
        label: String,
        found: LookedUp,
    },
}

/// A plan in execution.
pub(super) struct Runner<'a> {
    pub(super) id: PlanId,
    pub(super) log: PlanLog,
    pub(super) team: Team,
    pub(super) shutdown: &'a Shutdown,
    pub(super) actor: Actor,
    /// Until when the step of this label is left alone, though it is due: its endpoint is dead, an account refuses.
    pub(super) held: BTreeMap<String, Timestamp>,
    /// What steps need of the memory, by label, until they are asked.
    pub(super) lookups: BTreeMap<String, Lookup>,
    /// Calls, tools and lookups under way.
    pub(super) work: JoinSet<Done>,
    /// How much of that is tools.
    pub(super) tools: usize,
    /// Tells tools to end.
    pub(super) cancel: Arc<AtomicBool>,
    /// Files that could not be looked at, and why.
    pub(super) passed_over: BTreeSet<String>,
    pub(super) lease: Box<dyn Lease>,
    pub(super) beat: &'a Beat,
    pub(super) endpoints: &'a Endpoints,
    pub(super) memory: Arc<Memory>,
}

/// What every runner of a daemon shares.
#[derive(Clone, Copy)]
pub(super) struct Around<'a> {
    /// The daemon's name in journals.
    pub(super) by: &'a str,
    pub(super) shutdown: &'a Shutdown,
    pub(super) beat: &'a Beat,
    pub(super) endpoints: &'a Endpoints,
    pub(super) memory: &'a Arc<Memory>,
}

/// Runs a plan as far as it goes.
///
/// # Errors
/// The journal's and the machine's; the plan is then given back, or stays executing without a runner, and a later tick
/// resumes it.
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
    async fn run(mut self) -> Result<Ended> {
        let ended = self.work_on().await;
        self.cancel.store(true, Ordering::Relaxed);
        match ended {
            Err(Error::Refused {
                refusal: Refusal::StaleEpoch { .. },
                ..
            })
            | Err(Error::Journal(journal::Error::Fenced { .. })) => Ok(Ended::Fenced),
            other => other,
        }
    }

    async fn work_on(&mut self) -> Result<Ended> {
        loop {
            if self.shutdown.is_asked() {
                return self.let_go("its runner was asked to stop").await;
            }
            match self.go_on().await {
                Ok(None) => {}
                Ok(Some(ended)) => return Ok(ended),
                // What is paid and under way is waited for, whatever the machine refuses meanwhile.
                Err(error) if error.is_passing() && !self.work.is_empty() => {
                    tracing::error!(plan = %self.id, "trying again: {}", error.told());
                    let until = self.log.now().plus_millis(REFUSED_MS);
                    self.wait(Some(until)).await?;
                    self.reopen();
                }
                Err(error) => {
                    self.give_back(&error);
                    return Err(error);
                }
            }
        }
    }

    /// A runner that the machine refuses for now is not lost: where the journal still takes a frame, the plan is given
    /// back, so that the next claims do not count as those of a plan that brings its runners down.
    fn give_back(&mut self, error: &Error) {
        if !error.is_for_now() {
            return;
        }
        let why = error.told();
        if let Err(refused) = self.report(Report::Releasing { why }) {
            tracing::debug!(plan = %self.id, "it cannot be given back: {}", refused.told());
        }
    }

    /// One thing begun or heard; `Some` when nothing is left.
    async fn go_on(&mut self) -> Result<Option<Ended>> {
        // A hand edit, a cancellation above all, takes effect at the next step.
        self.take_in_edits()?;
        if self.log.plan().status.name().is_terminal() {
            self.cancel.store(true, Ordering::Relaxed);
        }
        if self.log.plan().status == (Status::Cancelled { cut: true }) {
            return self
                .let_go("the plan was cancelled by force")
                .await
                .map(Some);
        }
        self.show_beat();
        let (now, parallel) = (self.log.now(), self.team.policy().parallel);
        self.held.retain(|_, until| *until > now);
        let Due { effects, wake_at } = effect::due(self.log.plan(), now, parallel);
        if let Some(effect) = effects.into_iter().find(|effect| !self.is_held(effect)) {
            self.perform(&effect)?;
            return Ok(None);
        }
        let wake_at = wake_at.into_iter().chain(self.held.values().copied()).min();
        if self.work.is_empty() && (wake_at.is_none() || !self.log.plan().is_at_work()) {
            return self.nothing_due().map(Some);
        }
        self.wait(wake_at).await?;
        Ok(None)
    }

    /// A file that cannot be read keeps nothing from going on: the journal is the truth.
    fn take_in_edits(&mut self) -> Result<()> {
        match self.log.reconcile(SETTLED) {
            Err(error @ Error::Io { act: "read", .. }) => self.pass_over(&error),
            became => drop(became?),
        }
        if let Err(error) = self.log.reconcile_tickets(SETTLED) {
            self.pass_over(&error);
        }
        Ok(())
    }

    /// Told once, however often it is looked at.
    fn pass_over(&mut self, error: &Error) {
        let why = error.told();
        if self.passed_over.insert(why.clone()) {
            tracing::warn!(plan = %self.id, "a file is passed over: {why}");
        }
    }

    fn is_held(&self, effect: &Effect) -> bool {
        match effect {
            Effect::CallModel { step } => {
                let label = step.label();
                self.held.contains_key(&label) || self.looks_up(&label)
            }
            Effect::RunTool { .. } | Effect::CollectArtifacts { .. } => false,
        }
    }

    /// Nothing is due in a plan that is executing only if the machine is wrong; a person must hear of it. Work that was
    /// told of by a frame that seemed to fail is the next claim's to begin again.
    fn nothing_due(&mut self) -> Result<Ended> {
        // Nor is anything due for a runner that was replaced, which must not speak for the plan.
        self.fence()?;
        let plan = self.log.plan();
        if plan.is_at_work() && !effect::has_begun(plan) {
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
            | Status::Cancelled { .. }
            | Status::Aborted
            | Status::Done => None,
        };
        Ended::At(self.log.plan().status.name(), why)
    }

    /// A plan that was paused or cancelled while its calls are under way stays the daemon's until they are answered.
    pub(super) fn show_beat(&self) {
        if !self.log.plan().is_at_work() {
            return;
        }
        self.beat
            .at_work(self.log.plan(), self.held.values().copied().min());
    }

    fn perform(&mut self, effect: &Effect) -> Result<()> {
        let done = match effect {
            Effect::CallModel { step } => self.begin_call(step),
            Effect::RunTool { task, call } => self.begin_tool(task, call),
            Effect::CollectArtifacts { task, reply } => self.collect_artifacts(task, reply),
        };
        match done {
            // Trying again by itself would meet the same; a person is told what it is, and no runner is lost over it.
            Err(error) if error.is_lasting() => self.obstructed(error.told()),
            done => done,
        }
    }

    async fn finished(&mut self, done: Done) -> Result<()> {
        match done {
            Done::Answered(answered) => self.heard(*answered).await,
            Done::Tool(done) => self.tool_returned(done).await,
            Done::LookedUp { label, found } => {
                self.lookups.insert(label, Lookup::Done(found));
                Ok(())
            }
        }
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

    /// A text of the journal, wherever it lies.
    pub(super) fn text(&self, payload: &Payload) -> Result<String> {
        let bytes = self.log.project().resolve(payload)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    pub(super) fn obstructed(&mut self, why: String) -> Result<()> {
        tracing::error!(plan = %self.id, "{why}");
        self.report(Report::Obstructed { why }).map(drop)
    }

    /// Leaves a step alone for a while.
    pub(super) fn hold(&mut self, label: String, until: Timestamp) {
        self.held.insert(label, until);
        self.show_beat();
    }

    /// Until something that is under way is done, at most until `time`; then looks at what others did meanwhile.
    async fn wait(&mut self, time: Option<Timestamp>) -> Result<()> {
        let micros = time.map(|time| Duration::from_micros(time.micros_since(self.log.now())));
        let wait = micros.unwrap_or(LOOK_UP).min(LOOK_UP);
        let shutdown = self.shutdown.clone();
        // An answer that is there is taken, whatever else is asked at the same moment: it is paid.
        let done = tokio::select! {
            biased;
            Some(done) = self.work.join_next(), if !self.work.is_empty() => Some(done),
            () = tokio::time::sleep(wait) => None,
            () = shutdown.asked() => None,
        };
        match done {
            Some(done) => self.finished(lived(done)).await,
            None => self.log.refresh(),
        }
    }

    /// Lets go of the plan, which is given back unless it has ended. Answers that are there are taken, other calls are
    /// cut, and tools are ended.
    async fn let_go(&mut self, why: &str) -> Result<Ended> {
        tracing::info!(plan = %self.id, "letting go: {why}");
        self.cancel.store(true, Ordering::Relaxed);
        let deadline = tokio::time::Instant::now() + TOOLS_END;
        loop {
            let done = if self.tools > 0 {
                let next = tokio::time::timeout_at(deadline, self.work.join_next()).await;
                next.ok().flatten()
            } else {
                self.work.try_join_next()
            };
            match done {
                Some(done) => self.finished(lived(done)).await?,
                None => break,
            }
        }
        self.report(Report::Releasing {
            why: why.to_owned(),
        })?;
        match self.log.plan().status.name() {
            StatusName::Approved => Ok(Ended::Released),
            _ => Ok(self.ended()),
        }
    }
}

/// Work is never aborted while its runner listens, and a panic in it is one of the program.
fn lived(done: std::result::Result<Done, tokio::task::JoinError>) -> Done {
    match done {
        Ok(done) => done,
        Err(error) => std::panic::resume_unwind(error.into_panic()),
    }
}
