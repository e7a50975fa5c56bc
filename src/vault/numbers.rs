//! Ids of plans and tickets. A number is taken by an append to the project's own small journal, under its
//! lock, so that no two processes ever take the same one. A number whose taker died is simply never used.

use journal::{Draft, FileStore, LogName, LogStore};
use projections::ids::{PlanId, TicketId};
use serde::{Deserialize, Serialize};

use super::{Actor, OWN_DIR, Project, make_dirs, stamp};
use crate::{
    clock,
    error::{Error, Result},
};

/// Where the numbers lie, below the program's own directory.
const DIR: &str = "numbers";

/// What is numbered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Series {
    Plan,
    Ticket,
}

/// The one kind of event in such a journal.
#[derive(Debug, Serialize, Deserialize)]
struct NumberTaken {
    kind: String,
    /// 2: `under`.
    v: u32,
    series: Series,
    number: u32,
    /// What it was taken for, if that has one number for good.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    under: Option<String>,
}

impl Project {
    /// A plan id that nobody has had.
    ///
    /// # Errors
    /// The log's, and the directory's.
    pub fn take_plan_id(&self, actor: &Actor) -> Result<PlanId> {
        self.plan_id(None, actor)
    }

    /// The plan id that was taken under this name, or a new one: the same name has the same id for good.
    ///
    /// # Errors
    /// The log's, and the directory's.
    pub(super) fn take_plan_id_for(&self, name: &str, actor: &Actor) -> Result<PlanId> {
        self.plan_id(Some(name), actor)
    }

    /// The plan id that was taken under this name, if one was; takes none.
    ///
    /// # Errors
    /// The log's.
    pub(super) fn plan_id_of(&self, name: &str) -> Result<Option<PlanId>> {
        let taken = taken(self, Series::Plan)?;
        let of = |own: &&NumberTaken| own.under.as_deref() == Some(name);
        let number = taken.iter().find(of).map(|own| own.number);
        Ok(number.map(|number| PlanId::mint(self.code().clone(), number)))
    }

    /// Remembers a ticket's number that another program gave: it stays taken when that ticket's file is gone.
    ///
    /// # Errors
    /// The log's, and the directory's.
    pub(super) fn keep_ticket_number(&self, id: &TicketId, actor: &Actor) -> Result<()> {
        let last = taken(self, Series::Ticket)?;
        let last = last.iter().map(|own| own.number).max().unwrap_or(0);
        if last < id.number() {
            let under = format!("{id} of another program");
            let before = id.number() - 1;
            take(self, Series::Ticket, before, Some(&under), actor)?;
        }
        Ok(())
    }

    fn plan_id(&self, under: Option<&str>, actor: &Actor) -> Result<PlanId> {
        // An archived plan has not given its number back, nor one whose file in the archive was lost.
        let plans = [self.plan_ids()?, self.archive_names()?];
        let used = plans.iter().flatten().map(PlanId::number).max();
        let number = take(self, Series::Plan, used.unwrap_or(0), under, actor)?;
        Ok(PlanId::mint(self.code().clone(), number))
    }

    /// A ticket id that nobody has had.
    ///
    /// # Errors
    /// The log's, and the directory's.
    pub fn take_ticket_id(&self, actor: &Actor) -> Result<TicketId> {
        let used = ticket_files(self).map(|id| id.number()).max();
        let number = take(self, Series::Ticket, used.unwrap_or(0), None, actor)?;
        Ok(TicketId::new(self.code().clone(), number))
    }
}

/// Tickets that lie in the project, those of the existing program included.
fn ticket_files(project: &Project) -> impl Iterator<Item = TicketId> + use<> {
    let entries = std::fs::read_dir(project.dir().join("tickets"))
        .into_iter()
        .flatten();
    entries.filter_map(|entry| {
        entry
            .ok()?
            .file_name()
            .to_str()?
            .strip_suffix(".md")?
            .parse()
            .ok()
    })
}

/// All numbers of a series that were taken so far.
fn taken(project: &Project, wanted: Series) -> Result<Vec<NumberTaken>> {
    let store = store(project, project.vault().own_dir().join(DIR));
    let mut log = match store.read(&LogName::parse(&project.code().to_string())?, None) {
        Ok(log) => log,
        Err(journal::Error::Missing { .. }) => return Ok(Vec::new()),
        Err(error) => return Err(error.into()),
    };
    let mut all = Vec::new();
    log.catch_up(&mut |frame| {
        all.extend(of_series(&frame, wanted));
    })?;
    Ok(all)
}

fn store(project: &Project, dir: std::path::PathBuf) -> FileStore {
    FileStore::new(project.vault().disk().clone(), dir, stamp())
}

/// What a frame took of a series.
fn of_series(frame: &journal::Frame, series: Series) -> impl Iterator<Item = NumberTaken> {
    let taken: Vec<NumberTaken> = serde_json::from_str(&frame.events).unwrap_or_default();
    taken.into_iter().filter(move |own| own.series == series)
}

fn take(
    project: &Project,
    series: Series,
    used: u32,
    under: Option<&str>,
    actor: &Actor,
) -> Result<u32> {
    let dir = make_dirs(
        project.disk(),
        project.vault().root(),
        &std::path::Path::new(OWN_DIR).join(DIR),
    )?;
    let store = store(project, dir);
    let name = LogName::parse(&project.code().to_string())?;
    loop {
        match try_take(project, &store, &name, series, used, under, actor) {
            Err(Error::Journal(
                journal::Error::Conflict { .. } | journal::Error::Exists { .. },
            )) => {}
            done => return done,
        }
    }
}

fn try_take(
    project: &Project,
    store: &FileStore,
    name: &LogName,
    series: Series,
    used: u32,
    under: Option<&str>,
    actor: &Actor,
) -> Result<u32> {
    let mut log = match store.open(name, None) {
        Ok(log) => log,
        Err(journal::Error::Missing { .. }) => {
            let number = next(used.max(in_archive(project, series)?))?;
            store.create(name, &draft(series, number, under, actor))?;
            return Ok(number);
        }
        Err(error) => return Err(error.into()),
    };
    let (mut last, mut same) = (None, None);
    let seen = log.catch_up(&mut |frame| {
        for own in of_series(&frame, series) {
            last = last.max(Some(own.number));
            if under.is_some() && own.under.as_deref() == under {
                same = Some(own.number);
            }
        }
    })?;
    if let Some(number) = same {
        return Ok(number);
    }
    let last = match last {
        Some(last) => last,
        None => in_archive(project, series)?,
    };
    let number = next(last.max(used))?;
    let expected = seen.tail.map_or(0, |tail| tail.seq + 1);
    log.append(expected, &[draft(series, number, under, actor)])?;
    Ok(number)
}

/// The highest number of what went into the archive and had its number from here: where none was given out, the journal
/// was lost.
fn in_archive(project: &Project, series: Series) -> Result<u32> {
    let highest = match series {
        Series::Plan => None,
        Series::Ticket => project
            .archived_tickets()?
            .iter()
            .map(TicketId::number)
            .max(),
    };
    Ok(highest.unwrap_or(0))
}

fn next(used: u32) -> Result<u32> {
    used.checked_add(1)
        .ok_or_else(|| Error::Failed("the project has run out of numbers".to_owned()))
}

fn draft(series: Series, number: u32, under: Option<&str>, actor: &Actor) -> Draft {
    let event = NumberTaken {
        kind: "NumberTaken".to_owned(),
        v: 2,
        series,
        number,
        under: under.map(str::to_owned),
    };
    let events = serde_json::to_string(&[event]).expect("an event is text and integers");
    Draft {
        at: clock::now().to_string(),
        epoch: 0,
        by: actor.by.clone(),
        events,
    }
}
