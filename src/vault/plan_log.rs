//! A plan's journal with the state it folds to: the only way to change a plan.
//!
//! ```text
//!  submit: refresh ▸ decide ▸ (reserve a ticket id) ▸ long texts to blobs ▸ append, fsync ▸ fold ▸ project
//!             ▲                                                               │
//!             └───────────────────── another process was first ◀──────────────┘
//! ```

use std::time::Instant;

use journal::{Draft, Lease, LeaseNote, Log};
use projections::{
    codec,
    event::Event,
    files::{self, Whole},
    ids::{Epoch, PlanId},
    payload::Digest,
    plan::{Plan, Status},
    time::Timestamp,
};

use super::{Actor, Project, audit, ledger::Tracker, project::log_name, replay};
use crate::{
    chance, clock,
    command::Command,
    decide::{self, Context, Policy, Refusal},
    error::{Error, Result},
    fault,
};

/// Somebody who only asks whether the lease is held has it for an instant; a runner has it for good.
const PROBES: u32 = 3;
const PROBE: std::time::Duration = std::time::Duration::from_millis(2);

/// A plan that can be changed.
pub struct PlanLog {
    pub(super) project: Project,
    pub(super) id: PlanId,
    log: Box<dyn Log>,
    plan: Plan,
    /// When the last frame was read here.
    read_at: Instant,
    ledgers: Tracker,
    policy: Policy,
    /// Whether a projection could not be written.
    behind: bool,
    /// The operator's text that is being taken in or refused: displacing it is no news.
    pub(super) judged: Option<Digest>,
    /// A torn tail that opening found and moved aside.
    torn: Option<journal::TornTail>,
}

impl PlanLog {
    /// Opens a plan's journal and folds it: after a crash and on a quiet day alike.
    ///
    /// # Errors
    /// [`Error::NoPlan`] or [`Error::Archived`]; damage as [`Error::Journal`] or [`Error::History`].
    pub fn open(project: &Project, id: &PlanId) -> Result<Self> {
        if project.is_archive() || project.is_archived(id) {
            return Err(project.archived_error(id));
        }
        let anchor = audit::anchor_of_file(project, id).map(replay::log_anchor);
        let mut log = match project.store().open(&log_name(id), anchor) {
            Err(journal::Error::Missing { .. }) => return Err(Error::NoPlan(id.clone())),
            opened => opened?,
        };
        let mut ledgers = Tracker::default();
        let (plan, seen) = replay::fold_log(&mut *log, id, None, &mut ledgers)?;
        let plan = plan.ok_or_else(|| Error::NoPlan(id.clone()))?;
        Ok(Self {
            project: project.clone(),
            id: id.clone(),
            log,
            plan,
            read_at: Instant::now(),
            ledgers,
            policy: Policy::default(),
            behind: false,
            judged: None,
            torn: seen.torn,
        })
    }

    /// Makes a plan's journal with `events` as its first frame.
    ///
    /// # Errors
    /// [`journal::Error::Exists`] when the id is taken.
    pub fn create(
        project: &Project,
        id: &PlanId,
        mut events: Vec<Event>,
        actor: &Actor,
    ) -> Result<Self> {
        if project.archive_dir(id).exists() {
            let name = log_name(id);
            return Err(journal::Error::Exists { name }.into());
        }
        project.make_dir("plans")?;
        project.keep_long_texts(&mut events)?;
        let first = draft(&events, clock::now(), Epoch::default(), actor);
        fault::before_append();
        project.store().create(&log_name(id), &first)?;
        fault::after_append();
        let mut made = Self::open(project, id)?;
        made.show();
        Ok(made)
    }

    /// The same handle, deciding by these rules.
    #[must_use]
    pub fn under(mut self, policy: Policy) -> Self {
        self.policy = policy;
        self
    }

    /// The state.
    #[must_use]
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Its project.
    #[must_use]
    pub fn project(&self) -> &Project {
        &self.project
    }

    /// Whether a projection is missing that could not be written.
    #[must_use]
    pub fn is_behind(&self) -> bool {
        self.behind
    }

    /// A torn tail that opening moved aside.
    #[must_use]
    pub fn torn(&self) -> Option<&journal::TornTail> {
        self.torn.as_ref()
    }

    /// The plan's time: the clock's. Where the clock lies before the last frame, because it was set back, the plan's
    /// time goes on from that frame, so that what waits does not wait for the clock to come round again.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        let since = clock::millis(self.read_at.elapsed());
        clock::now().max(self.plan.head_frame.at.plus_millis(since))
    }

    fn stand_at(&mut self, plan: Plan) {
        if plan.head_frame.anchor != self.plan.head_frame.anchor {
            self.read_at = Instant::now();
        }
        self.plan = plan;
    }

    /// Takes in what others have appended.
    ///
    /// # Errors
    /// Damage. A log that diverged is opened anew.
    pub fn refresh(&mut self) -> Result<()> {
        let before = self.plan.clone();
        match replay::fold_log(&mut *self.log, &self.id, Some(before), &mut self.ledgers) {
            Ok((plan, _)) => {
                self.stand_at(plan.expect("folding onto a plan gives a plan"));
                Ok(())
            }
            Err(Error::Journal(
                journal::Error::Diverged { .. } | journal::Error::Poisoned { .. },
            )) => self.reopen(),
            Err(error) => Err(error),
        }
    }

    /// Opens and verifies the log anew, after a failed sync.
    ///
    /// # Errors
    /// As [`PlanLog::open`].
    pub fn reopen(&mut self) -> Result<()> {
        *self = Self::open(&self.project, &self.id)?.under(self.policy.clone());
        Ok(())
    }

    /// Decides a command against the newest state, makes its events durable, and projects them.
    ///
    /// # Errors
    /// [`Error::Refused`] with the reason; [`Error::Journal`] when nothing could be made durable: then nothing
    /// has happened.
    pub fn submit(&mut self, command: &Command, actor: &Actor) -> Result<Vec<Event>> {
        let mut ticket = None;
        // Once for all rounds: with other lots the second round could decide that no ticket is needed after all, and
        // the reserved number would be lost.
        let (now, chance) = (self.now(), chance::draw());
        loop {
            self.refresh()?;
            let context = Context {
                now: now.max(self.plan.head_frame.at),
                chance,
                by: actor.by.clone(),
                runner: actor.runner,
                ticket: ticket.clone(),
                policy: self.policy.clone(),
            };
            let events = match decide::decide(&self.plan, command, &context) {
                Ok(events) => events,
                Err(Refusal::NeedsTicket) => {
                    ticket = Some(self.project.take_ticket_id(actor)?);
                    continue;
                }
                Err(refusal) => {
                    return Err(Error::Refused {
                        plan: self.id.clone(),
                        refusal,
                    });
                }
            };
            match self.append(events, context.now, actor) {
                Err(Error::Journal(journal::Error::Conflict { .. })) => {}
                Err(Error::Journal(journal::Error::Diverged { .. })) => self.reopen()?,
                Err(error) => return Err(error),
                Ok(events) => {
                    self.project_events(&events);
                    return Ok(events);
                }
            }
        }
    }

    fn append(
        &mut self,
        mut events: Vec<Event>,
        now: Timestamp,
        actor: &Actor,
    ) -> Result<Vec<Event>> {
        self.project.keep_long_texts(&mut events)?;
        let epoch = decide::epoch_of(&self.plan, &events);
        let frame = draft(&events, now, epoch, actor);
        fault::before_append();
        self.log.append(
            self.plan.head_frame.anchor.seq + 1,
            std::slice::from_ref(&frame),
        )?;
        fault::after_append();
        self.fold_own(frame)?;
        Ok(events)
    }

    /// Folds the frame just appended, as any reader would: from its text.
    fn fold_own(&mut self, frame: Draft) -> Result<()> {
        let anchor = self
            .log
            .position()
            .expect("a log that was appended to has a tail");
        let frame = journal::Frame {
            anchor,
            at: frame.at,
            epoch: frame.epoch,
            by: frame.by,
            events: frame.events,
        };
        let mut folding = replay::Folding::new(Some(self.plan.clone()), replay::Until::Tail);
        folding.take(&self.id, frame, &mut |plan, entry, event| {
            self.ledgers.observe(plan, entry, event)
        });
        match (folding.fault, folding.plan) {
            (None, Some(plan)) => {
                self.stand_at(plan);
                Ok(())
            }
            (Some(fault), _) => Err(fault),
            (None, None) => Err(Error::NoPlan(self.id.clone())),
        }
    }

    /// Projects a decision. Steps of a plan at work are booked, and not shown one by one.
    fn project_events(&mut self, events: &[Event]) {
        if self.behind {
            return self.show();
        }
        let written = if self.is_noteworthy(events) {
            let changed: Vec<String> = events.iter().filter_map(|e| self.path_of(e)).collect();
            self.render(|path| changed.iter().any(|c| c == path))
        } else {
            self.ledgers.write(&self.project, &self.id)
        };
        self.note_projected(written);
    }

    /// Renders everything that can be rendered.
    pub fn show(&mut self) {
        let written = self.render(|_| true);
        self.note_projected(written);
    }

    /// A projection that cannot be written is no reason to stop: the journal holds the fact, and what is missing
    /// is rendered with the next one, or by the next opener.
    fn note_projected(&mut self, written: Result<()>) {
        self.behind = written.is_err();
        if let Err(error) = written {
            tracing::warn!(plan = %self.id, "a projection could not be written: {}", error.told());
        }
    }

    /// Whether an operator would look for it.
    fn is_noteworthy(&self, events: &[Event]) -> bool {
        let step = |event: &Event| {
            matches!(
                event,
                Event::ModelCallStarted(_)
                    | Event::ModelCallCompleted(_)
                    | Event::ModelCallFailed(_)
                    | Event::ModelCallAbandoned(_)
                    | Event::ReplyRejected(_)
                    | Event::TasksPlanned(_)
                    | Event::TaskProduced(_)
                    | Event::TaskReviewed(_)
                    | Event::TaskRedone(_)
                    | Event::ArtifactWritten(_)
                    | Event::BudgetWarned(_)
                    | Event::ModelFellBack(_)
                    | Event::ToolCallStarted(_)
                    | Event::ToolCallFinished(_)
                    | Event::ContextSoftWarned(_)
                    | Event::ContextCompressed(_)
            )
        };
        !matches!(self.plan.status, Status::Executing { .. }) || !events.iter().all(step)
    }

    /// Renders the ledgers, of the other whole files those that are wanted, and then the plan's file: its anchor
    /// vouches for all the rest, so while something is missing, and in a crash before the end, it stays old.
    fn render(&mut self, wanted: impl Fn(&str) -> bool) -> Result<()> {
        let own = files::plan_path(&self.id);
        let (own, others): (Vec<Whole>, Vec<Whole>) = files::whole(&self.plan)
            .into_iter()
            .partition(|file| file.path == own);
        let mut written = self.ledgers.write(&self.project, &self.id);
        for file in others.iter().filter(|file| wanted(&file.path)) {
            written = written.and(self.put(file));
        }
        written?;
        own.iter().try_for_each(|file| self.put(file))
    }

    fn path_of(&self, event: &Event) -> Option<String> {
        match event {
            Event::TicketOpened(e) => Some(files::ticket_path(&e.ticket)),
            Event::TicketDecided(e) => Some(files::ticket_path(&e.ticket)),
            Event::TicketWithdrawn(e) => Some(files::ticket_path(&e.ticket)),
            Event::QualityReported(_) => Some(files::quality_report_path(&self.id)),
            Event::TeamStateWritten(_) => Some(files::team_state_path(&self.id)),
            _ => None,
        }
    }

    /// Puts a file in place. Should somebody have edited it in the very last instant, their text is taken in.
    fn put(&mut self, file: &Whole) -> Result<()> {
        let tickets = self.plan.tickets.values().filter_map(|t| t.found_as);
        let found = self.plan.found_as.into_iter().chain(tickets);
        let known: Vec<Digest> = found.chain(self.judged).collect();
        let displaced = self.project.put_whole(file, &known)?;
        fault::after_render();
        match displaced {
            None => Ok(()),
            Some(text) if file.path == files::plan_path(&self.id) => self.absorb(&text).map(drop),
            Some(text) if file.path.starts_with("tickets/") => self.absorb_ticket(file, &text),
            Some(text) => self.project.keep_edited(file, &text),
        }
    }

    /// Takes the lease if nobody has it.
    ///
    /// # Errors
    /// The file system's.
    pub fn lease(project: &Project, id: &PlanId) -> Result<Option<Box<dyn Lease>>> {
        for _ in 0..PROBES {
            if let Some(lease) = project.store().lease(&log_name(id))? {
                return Ok(Some(lease));
            }
            std::thread::sleep(PROBE);
        }
        Ok(None)
    }

    /// Who holds the lease.
    ///
    /// # Errors
    /// The file system's.
    pub fn leased(project: &Project, id: &PlanId) -> Result<Option<LeaseNote>> {
        Ok(project.store().leased(&log_name(id))?)
    }
}

fn draft(events: &[Event], now: Timestamp, epoch: Epoch, actor: &Actor) -> Draft {
    Draft {
        at: now.to_string(),
        epoch: epoch.0,
        by: actor.by.clone(),
        events: codec::encode(events),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::vault::Vault;

    /// A plan that was written down while the clock was `ahead` seconds ahead.
    fn plan_from(ahead: i64) -> (tempfile::TempDir, PlanLog) {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(dir.path().join("ess/plans")).unwrap();
        let vault = Vault::open(dir.path()).unwrap();
        let id: PlanId = "ESS-P-001".parse().unwrap();
        let project = vault.project(id.project()).unwrap();
        let text = projections::document::read(b"### Sub-objectives\n\n**1. A** - b\n").unwrap();
        let events = decide::draft(&id, &text).unwrap();
        let at = clock::now().plus_seconds(ahead);
        let first = draft(&events, at, Epoch::default(), &Actor::named("test"));
        project.store().create(&log_name(&id), &first).unwrap();
        let log = PlanLog::open(&project, &id).unwrap();
        (dir, log)
    }

    #[test]
    fn the_plans_time_is_the_clocks() {
        let (_dir, log) = plan_from(-3_600);
        let (before, now) = (clock::now(), log.now());
        assert!(before <= now && now <= clock::now());
    }

    #[test]
    fn the_plans_time_goes_on_when_the_clock_was_set_back() {
        let (_dir, mut log) = plan_from(3_600);
        let first = log.now();
        assert!(first >= log.plan().head_frame.at);
        std::thread::sleep(Duration::from_millis(30));
        log.refresh().unwrap();
        assert!(
            log.now() >= first.plus_millis(30),
            "a look does not hold it"
        );
        let approve = Command::Approve {
            note: String::new(),
        };
        log.submit(&approve, &Actor::named("test")).unwrap();
        assert!(log.plan().head_frame.at >= first.plus_millis(30));
    }
}
