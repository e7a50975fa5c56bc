//! A day's journal with the day it folds to.

use std::path::{Path, PathBuf};

use journal::{Draft, FileStore, Log, LogName, LogStore};
use projections::time::Timestamp;

use super::{
    DayKey,
    day::{Day, DayEvent},
};
use crate::{
    error::{Error, Result},
    fault,
    vault::{Actor, Vault, stamp},
};

/// Where the days lie, below the program's own directory.
const SPEND_DIR: &str = "spend";

/// What an operator can do about a day's journal that cannot be read.
const REMEDY: &str =
    "move the file aside, and the day is opened anew with what the plans' journals say was spent";

pub(super) struct DayLog {
    log: Box<dyn Log>,
    path: PathBuf,
    day: Option<Day>,
    next: u64,
}

impl DayLog {
    /// Opens the day for appending; `None` when nobody has reserved on it.
    pub(super) fn open(vault: &Vault, day: DayKey) -> Result<Option<Self>> {
        let store = store(vault, vault.make_own_dir(SPEND_DIR)?);
        Self::opened(day, &store, |name| store.open(name, None))
    }

    /// Opens the day for reading alone.
    pub(super) fn read(vault: &Vault, day: DayKey) -> Result<Option<Self>> {
        let store = store(vault, vault.own_dir().join(SPEND_DIR));
        Self::opened(day, &store, |name| store.read(name, None))
    }

    fn opened(
        day: DayKey,
        store: &FileStore,
        open: impl FnOnce(&LogName) -> journal::Result<Box<dyn Log>>,
    ) -> Result<Option<Self>> {
        let name = log_name(day)?;
        match open(&name) {
            Err(journal::Error::Missing { .. }) => Ok(None),
            Err(error) => Err(error.into()),
            Ok(log) => Ok(Some(Self {
                log,
                path: store.path(&name),
                day: None,
                next: 0,
            })),
        }
    }

    /// Makes the day's journal.
    pub(super) fn create(
        vault: &Vault,
        day: DayKey,
        first: &[DayEvent],
        at: Timestamp,
        actor: &Actor,
    ) -> Result<()> {
        let store = store(vault, vault.make_own_dir(SPEND_DIR)?);
        fault::before_append();
        store.create(&log_name(day)?, &draft(first, at, actor))?;
        fault::after_append();
        Ok(())
    }

    /// Takes in what was appended since, and tells where the day stands.
    pub(super) fn refresh(&mut self) -> Result<&Day> {
        let mut fault = None;
        let day = &mut self.day;
        let seen = self.log.catch_up(&mut |frame| {
            if fault.is_none()
                && let Err(why) = take(day, &frame)
            {
                fault = Some(format!("frame {}: {why}; {REMEDY}", frame.anchor.seq));
            }
        });
        let seen = seen.map_err(Error::journal(REMEDY))?;
        if let Some(why) = fault {
            return Err(bad(&self.path, why));
        }
        if let Some(kept) = seen.torn.and_then(|torn| torn.kept_as) {
            tracing::warn!(kept = %kept.display(), "unfinished frame of a lost writer moved aside");
        }
        self.next = seen.tail.map_or(0, |tail| tail.seq + 1);
        self.day
            .as_ref()
            .ok_or_else(|| bad(&self.path, format!("it holds no event; {REMEDY}")))
    }

    /// Decides on the newest state and makes the events durable as one; decides again when another process was first.
    /// No events are a decision too: nothing is written.
    pub(super) fn decide(
        &mut self,
        at: Timestamp,
        actor: &Actor,
        decide: &mut dyn FnMut(&Day) -> Vec<DayEvent>,
    ) -> Result<()> {
        loop {
            let events = decide(self.refresh()?);
            if events.is_empty() {
                return Ok(());
            }
            let draft = draft(&events, at, actor);
            fault::before_append();
            match self.log.append(self.next, &[draft]) {
                Err(journal::Error::Conflict { .. }) => {}
                Err(error) => return Err(Error::journal(REMEDY)(error)),
                Ok(_) => {
                    fault::after_append();
                    return Ok(());
                }
            }
        }
    }
}

fn store(vault: &Vault, dir: PathBuf) -> FileStore {
    FileStore::new(vault.disk().clone(), dir, stamp())
}

fn log_name(day: DayKey) -> Result<LogName> {
    Ok(LogName::parse(&day.to_string())?)
}

fn draft(events: &[DayEvent], at: Timestamp, actor: &Actor) -> Draft {
    Draft {
        at: at.to_string(),
        epoch: 0,
        by: actor.by.clone(),
        events: serde_json::to_string(events).expect("an event is text and integers"),
    }
}

/// Folds a frame onto the day.
fn take(day: &mut Option<Day>, frame: &journal::Frame) -> std::result::Result<(), String> {
    let events: Vec<DayEvent> = serde_json::from_str(&frame.events).map_err(|e| e.to_string())?;
    for event in events {
        *day = Some(Day::fold(day.take(), event)?);
    }
    Ok(())
}

fn bad(path: &Path, why: String) -> Error {
    Error::BadFile {
        file: path.to_path_buf(),
        why,
    }
}
