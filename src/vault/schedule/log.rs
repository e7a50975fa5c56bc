//! The schedule's journal with the schedule it folds to.

use std::path::PathBuf;

use journal::{Disk, Draft, FileStore, Frame, Log, LogName, LogStore};
use projections::{
    document::{self, Seal},
    payload::Anchor,
    schedule::{self as facts, Event, FILE, Fact, Schedule},
    time::Timestamp,
};

use super::super::{
    Actor, Vault, atomic,
    audit::Verdict,
    displaced::Displaced,
    put::is_rendering,
    regular::{self, Lying},
    replay, stamp,
};
use super::{ended::EndedPlans, remedy};
use crate::{
    error::{Error, Result},
    fault,
};

/// Where the schedule lies, below the program's own directory.
pub(crate) const DIR: &str = "cron";

/// Its log.
const NAME: &str = "schedule";

/// Where it lies.
pub(crate) fn dir(vault: &Vault) -> PathBuf {
    vault.own_dir().join(DIR)
}

/// The schedule's journal.
pub(in crate::vault) fn path(vault: &Vault) -> PathBuf {
    FileStore::new(vault.disk().clone(), dir(vault), stamp()).path(&name())
}

/// Whether a file of that directory is the schedule's journal.
pub(crate) fn is_journal(name: &str) -> bool {
    name.strip_suffix(".journal.jsonl") == Some(NAME)
}

/// How a frame is told: its time, its writer, its facts.
pub type Past<'a> = dyn FnMut(Timestamp, &str, &Fact) + 'a;

/// The schedule, open.
pub struct ScheduleLog {
    vault: Vault,
    store: FileStore,
    writes: bool,
    log: Option<Box<dyn Log>>,
    schedule: Schedule,
    ended: EndedPlans,
}

impl ScheduleLog {
    /// Opens it for changes. A vault without a schedule has an empty one.
    ///
    /// # Errors
    /// The file system's.
    pub fn open(vault: &Vault) -> Result<Self> {
        let dir = vault.make_own_dir(DIR)?;
        Ok(Self::of(vault, dir, true))
    }

    /// Opens it for reading: makes nothing, and takes no lock.
    ///
    /// # Errors
    /// None now; the journal's come with [`ScheduleLog::refresh`].
    pub fn read(vault: &Vault) -> Result<Self> {
        Ok(Self::of(vault, dir(vault), false))
    }

    fn of(vault: &Vault, dir: PathBuf, writes: bool) -> Self {
        Self {
            vault: vault.clone(),
            store: FileStore::new(vault.disk().clone(), dir, stamp()),
            writes,
            log: None,
            schedule: Schedule::default(),
            ended: EndedPlans::default(),
        }
    }

    /// The schedule, as of the last look.
    #[must_use]
    pub fn schedule(&self) -> &Schedule {
        &self.schedule
    }

    pub(super) fn ended(&self) -> EndedPlans {
        self.ended.clone()
    }

    pub(super) fn vault(&self) -> &Vault {
        &self.vault
    }

    /// Takes in what others have appended.
    ///
    /// # Errors
    /// Damage, and a history that cannot have happened, with what to do.
    pub fn refresh(&mut self) -> Result<&Schedule> {
        match self.catch_up(&mut |_, _, _| ()) {
            // The file is another one now, or a sync failed: everything is read anew.
            Err(Error::Journal(
                journal::Error::Diverged { .. } | journal::Error::Poisoned { .. },
            )) => {
                (self.log, self.schedule) = (None, Schedule::default());
                self.catch_up(&mut |_, _, _| ())?;
            }
            done => done?,
        }
        Ok(&self.schedule)
    }

    fn catch_up(&mut self, past: &mut Past<'_>) -> Result<()> {
        if self.log.is_none() {
            self.log = self.opened()?;
        }
        let Some(log) = &mut self.log else {
            return Ok(());
        };
        let (mut fault, schedule) = (None, &mut self.schedule);
        let seen = log.catch_up(&mut |frame| {
            if fault.is_none() {
                fault = take(schedule, &frame, past).err();
            }
        });
        let seen = seen.map_err(Error::journal(&remedy::of_damage(&self.vault)))?;
        if let Some(kept) = seen.torn.and_then(|torn| torn.kept_as) {
            tracing::warn!(kept = %kept.display(), "unfinished frame of a lost writer moved aside");
        }
        match fault {
            None => Ok(()),
            Some(why) => {
                (self.log, self.schedule) = (None, Schedule::default());
                Err(self.bad(&format!("{why}; {}", remedy::of_damage(&self.vault))))
            }
        }
    }

    fn opened(&self) -> Result<Option<Box<dyn Log>>> {
        let anchor = anchor_of_file(&self.vault).map(replay::log_anchor);
        let opened = if self.writes {
            self.store.open(&name(), anchor)
        } else {
            self.store.read(&name(), anchor)
        };
        match opened {
            Ok(log) => Ok(Some(log)),
            Err(journal::Error::Missing { .. }) if anchor.is_none() => Ok(None),
            Err(journal::Error::Missing { .. }) => Err(self.bad(&format!(
                "it is gone, and {FILE} was made from it; {}",
                remedy::of_loss(&self.vault)
            ))),
            Err(error) => Err(error.into()),
        }
    }

    fn bad(&self, why: &str) -> Error {
        Error::BadSchedule {
            file: self.store.path(&name()),
            why: why.to_owned(),
        }
    }

    /// What a newer program wrote may change the sense of everything else.
    pub(super) fn check_writable(&self) -> Result<()> {
        match &self.schedule.unknown {
            None => Ok(()),
            Some(kind) => Err(Error::Failed(format!(
                "the schedule holds {kind}, which a newer modulatio wrote; this one reads it but does not write to it"
            ))),
        }
    }

    /// Decides on the newest schedule and makes the events durable as one; decides again when another process was first.
    /// No events are a decision too: nothing is written.
    pub(super) fn decide(
        &mut self,
        now: Timestamp,
        actor: &Actor,
        decide: &mut dyn FnMut(&Schedule) -> Result<Vec<Event>>,
    ) -> Result<Vec<Event>> {
        loop {
            self.refresh()?;
            // Whoever died right behind an append has left it to the next writer.
            self.show_if_behind();
            let events = decide(&self.schedule)?;
            if events.is_empty() {
                return Ok(events);
            }
            self.check_writable()?;
            match self.append(&events, now.max(self.schedule.at), actor) {
                Err(Error::Journal(
                    journal::Error::Conflict { .. } | journal::Error::Exists { .. },
                )) => {}
                Err(error) => return Err(error),
                Ok(()) => {
                    self.show_if_behind();
                    return Ok(events);
                }
            }
        }
    }

    fn append(&mut self, events: &[Event], at: Timestamp, actor: &Actor) -> Result<()> {
        let draft = Draft {
            at: at.to_string(),
            epoch: 0,
            by: actor.by.clone(),
            events: facts::encode(events),
        };
        fault::before_append();
        let (Some(log), Some(head)) = (&mut self.log, self.schedule.head) else {
            self.store.create(&name(), &draft)?;
            fault::after_append();
            return self.refresh().map(drop);
        };
        let anchor = log.append(head.seq + 1, std::slice::from_ref(&draft))?;
        fault::after_append();
        self.fold_own(anchor, draft)
    }

    /// Folds the frame just appended, as any reader would: from its text.
    fn fold_own(&mut self, anchor: journal::Anchor, draft: Draft) -> Result<()> {
        let frame = Frame {
            anchor,
            at: draft.at,
            epoch: draft.epoch,
            by: draft.by,
            events: draft.events,
        };
        take(&mut self.schedule, &frame, &mut |_, _, _| ()).map_err(|why| {
            (self.log, self.schedule) = (None, Schedule::default());
            self.bad(&why)
        })
    }

    /// Renders `cron.yaml` unless it is what the schedule says. It is the journal's shadow: if it cannot be written,
    /// the next look tries again. What a person wrote there is kept aside.
    pub(super) fn show_if_behind(&self) {
        let text = facts::render(&self.schedule);
        let path = self.vault.root().join(FILE);
        let current = regular::read_text(&path).is_ok_and(|found| found == text);
        if text.is_empty() || current || self.check_writable().is_err() {
            return;
        }
        if let Err(error) = self.show(&path, &text) {
            tracing::warn!("{FILE} could not be written: {}", error.told());
        }
        fault::after_render();
    }

    fn show(&self, path: &std::path::Path, text: &str) -> Result<()> {
        let (disk, root) = (&**self.vault.disk(), self.vault.root());
        match atomic::replace(disk, root, path, text)? {
            Some(displaced) => put_away(disk, displaced),
            None => Ok(()),
        }
    }
}

/// Forgets a rendering that lies out of its place; what a person wrote there is kept aside.
pub(in crate::vault) fn put_away(disk: &dyn Disk, displaced: Displaced) -> Result<()> {
    let rendered = match displaced.lying()? {
        Lying::Text(text) => is_rendering(&text),
        Lying::Nothing => true,
        Lying::NoFile(_) => false,
    };
    if rendered {
        return displaced.discard(disk);
    }
    let kept_as = displaced.keep(disk)?;
    tracing::warn!(
        file = FILE,
        kept_as,
        "it had been edited, and jobs are not changed there: use `modulatio cron`; rendered afresh"
    );
    Ok(())
}

fn name() -> LogName {
    LogName::parse(NAME).expect("the schedule's name is letters")
}

fn take(
    schedule: &mut Schedule,
    frame: &Frame,
    past: &mut Past<'_>,
) -> std::result::Result<(), String> {
    let seq = frame.anchor.seq;
    let bad = |why: String| format!("frame {seq}: {why}");
    let read = facts::decode(&frame.events).map_err(|e| bad(e.to_string()))?;
    let at = Timestamp::parse(&frame.at).map_err(|e| bad(e.to_string()))?;
    let anchor = replay::anchor_of(frame.anchor);
    facts::apply(schedule, anchor, at, &frame.by, &read).map_err(|e| e.to_string())?;
    read.iter().for_each(|fact| past(at, &frame.by, fact));
    Ok(())
}

/// What `cron.yaml` remembers as acknowledged, if it is as it was rendered.
fn anchor_of_file(vault: &Vault) -> Option<Anchor> {
    let text = regular::read_text(&vault.root().join(FILE)).ok()?;
    match document::seal_of(&text) {
        Seal::Intact(anchor) => Some(anchor),
        Seal::Broken(_) => None,
    }
}

/// Everything that ever happened to the schedule, in order.
///
/// # Errors
/// The journal's; what is whole was told.
pub fn history(vault: &Vault, past: &mut Past<'_>) -> Result<Schedule> {
    let mut log = ScheduleLog::read(vault)?;
    log.catch_up(past)?;
    Ok(log.schedule)
}

/// Whether the schedule's journal is what it was; `NoJournal` for a vault that has no schedule. `sealed` is a head that
/// was noted elsewhere.
#[must_use]
pub fn verify(vault: &Vault, sealed: Option<Anchor>) -> Verdict {
    match try_verify(vault, sealed) {
        Ok(verdict) => verdict,
        Err(Error::Journal(journal::Error::Missing { .. })) => Verdict::Damaged {
            why: "the journal was sealed and is gone".to_owned(),
        },
        Err(error) => Verdict::Damaged { why: error.told() },
    }
}

fn try_verify(vault: &Vault, sealed: Option<Anchor>) -> Result<Verdict> {
    let mut log = ScheduleLog::read(vault)?;
    if let Some(anchor) = sealed {
        let mut sealed = log.store.read(&name(), Some(replay::log_anchor(anchor)))?;
        sealed
            .catch_up(&mut |_| ())
            .map_err(Error::journal(&remedy::of_damage(vault)))?;
    }
    let head = log.refresh()?.head;
    Ok(head.map_or(Verdict::NoJournal, |head| Verdict::Whole {
        frames: head.seq + 1,
        b3: head.b3,
        notes: Vec::new(),
    }))
}

/// The journal's last frame, verified; `None` for a vault that has no schedule.
///
/// # Errors
/// The journal's, damage included.
pub fn head(vault: &Vault) -> Result<Option<Anchor>> {
    Ok(ScheduleLog::read(vault)?.refresh()?.head)
}

/// How `cron.yaml` differs from the journal, if it does.
///
/// # Errors
/// The journal's; that a newer program wrote in it, and so in the file.
pub fn differences(vault: &Vault) -> Result<Option<replay::Difference>> {
    let mut log = ScheduleLog::read(vault)?;
    let text = facts::render(log.refresh()?);
    log.check_writable()?;
    let found = regular::read_text(&vault.root().join(FILE));
    let why = match found {
        _ if text.is_empty() => return Ok(None),
        Ok(found) if found == text => return Ok(None),
        Ok(_) => "differs from the journal".to_owned(),
        Err(error) => error.to_string(),
    };
    Ok(Some(replay::Difference {
        path: FILE.to_owned(),
        why,
    }))
}

/// Renders `cron.yaml`; says whether it had to be.
///
/// # Errors
/// The journal's, and the file system's.
pub fn rebuild(vault: &Vault) -> Result<bool> {
    if differences(vault)?.is_none() {
        return Ok(false);
    }
    let mut log = ScheduleLog::read(vault)?;
    let text = facts::render(log.refresh()?);
    log.show(&vault.root().join(FILE), &text)?;
    Ok(true)
}
