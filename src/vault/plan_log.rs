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
    ids::{Epoch, PlanId},
    payload::{Anchor, Digest},
    plan::Plan,
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
    pub(super) plan: Plan,
    /// When the last frame was read here.
    read_at: Instant,
    pub(super) ledgers: Tracker,
    policy: Policy,
    /// Whether a projection could not be written.
    pub(super) behind: bool,
    /// The operator's text that is being taken in or refused: displacing it is no news.
    pub(super) judged: Option<Digest>,
    /// A state of this plan that its file was seen to be a rendering of.
    pub(super) shown: Option<Anchor>,
    /// Whether somebody has seen the plan's file.
    pub(super) file_seen: bool,
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
        let mut ledgers = Tracker::after(anchor.map(|anchor| anchor.seq));
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
            shown: None,
            file_seen: false,
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
        let seen = self.file_seen;
        *self = Self::open(&self.project, &self.id)?.under(self.policy.clone());
        self.file_seen = seen;
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
