//! A project's ticket files as a scan asks them: which were written into since they were last read, and which are gone.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use projections::ids::{PlanId, TicketId};

use super::{
    super::{
        PlanLog, Project,
        put::rendering_of,
        reconcile::SETTLED,
        regular::{self, Lying},
    },
    place::{self, Stat},
};
use crate::error::{Error, Result};

/// What ends a ticket of the existing program.
const FOREIGN: &str = "<!-- modulatio:transitions -->";

/// Ticket files as they were when they were last read.
#[derive(Debug, Default)]
pub(super) struct Tickets(BTreeMap<PathBuf, Known>);

#[derive(Clone, Debug)]
struct Known {
    stat: Option<Stat>,
    /// Whether it need not be read again while it is as it was.
    lasts: bool,
    /// Whose ticket it is, if anybody's.
    plan: Option<PlanId>,
}

/// What came of looking.
#[derive(Debug, Default)]
pub(super) struct Looked {
    /// Whether one may be in the middle of being written.
    pub(super) unsettled: bool,
    /// Files that could not be looked at, and why.
    pub(super) faults: Vec<(String, String)>,
}

impl Tickets {
    /// Takes in answers that were written into ticket files.
    pub(super) fn look(&mut self, project: &Project) -> Looked {
        let dir = project.dir().join("tickets");
        let mut looked = Looked::default();
        let files = tickets_in(project, &dir);
        let there: BTreeSet<&PathBuf> = files.iter().map(|(path, _)| path).collect();
        let known = self.0.range(dir.clone()..).map(|(path, _)| path);
        let known = known.take_while(|path| path.starts_with(&dir));
        let gone: Vec<PathBuf> = known
            .filter(|path| !there.contains(path))
            .cloned()
            .collect();
        for path in gone {
            self.miss(project, &path, &mut looked);
        }
        for (path, id) in files {
            self.look_at(project, path, &id, &mut looked);
        }
        looked
    }

    fn look_at(&mut self, project: &Project, path: PathBuf, id: &TicketId, looked: &mut Looked) {
        let (stat, known) = (place::stat(&path), self.0.get(&path));
        let same = known.is_some_and(|known| known.stat == stat && stat.is_some());
        if same && known.is_some_and(|known| known.lasts) {
            return;
        }
        let before = known.and_then(|known| known.plan.clone());
        match take_in(project, &path, id, before, same) {
            Ok(Seen { unsettled, plan }) => {
                looked.unsettled |= unsettled;
                // One that was changed just now could be changed again and bear the same time.
                let lasts = !unsettled && stat.is_some_and(|stat| stat.is_old());
                self.0.insert(path, Known { stat, lasts, plan });
            }
            Err(error) => looked
                .faults
                .push((path.display().to_string(), error.told())),
        }
    }

    /// A file that was there is not any more.
    fn miss(&mut self, project: &Project, path: &Path, looked: &mut Looked) {
        let Some(known) = self.0.remove(path) else {
            return;
        };
        let Some(plan) = &known.plan else {
            return;
        };
        match project
            .open_plan(plan)
            .and_then(|mut log| log.reconcile_tickets(SETTLED))
        {
            Ok(true) => {
                looked.unsettled = true;
                // It is missed again at the next look, unless it has come back.
                self.0.insert(path.to_path_buf(), known);
            }
            Ok(false) => {}
            Err(error) => looked
                .faults
                .push((path.display().to_string(), error.told())),
        }
    }
}

/// What a look at one file gave.
struct Seen {
    unsettled: bool,
    plan: Option<PlanId>,
}

/// Files that are called as this project's tickets are.
fn tickets_in(project: &Project, dir: &Path) -> Vec<(PathBuf, TicketId)> {
    let entries = std::fs::read_dir(dir).into_iter().flatten().flatten();
    let ticket = |entry: std::fs::DirEntry| {
        let name = entry.file_name().into_string().ok()?;
        let stem = name.strip_suffix(".md")?;
        let id: TicketId = stem.parse().ok()?;
        let named = id.project() == project.code() && id.to_string() == stem;
        named.then(|| (entry.path(), id))
    };
    entries.filter_map(ticket).collect()
}

fn take_in(
    project: &Project,
    path: &Path,
    id: &TicketId,
    before: Option<PlanId>,
    same: bool,
) -> Result<Seen> {
    let text = match regular::lying(path).map_err(Error::io("read", path))? {
        Lying::Text(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        Lying::NoFile(_) | Lying::Nothing => String::new(),
    };
    let named = named_in(&text);
    // A rendering is no news, unless it was put there since the last look: it may be an old one.
    let rendered = rendering_of(&id.to_string(), text.as_bytes()).is_some();
    if rendered && (same || before.is_none()) {
        let (unsettled, plan) = (false, named);
        return Ok(Seen { unsettled, plan });
    }
    super::super::import::take_in(project, path, &text)?;
    let candidates: Vec<PlanId> = before.into_iter().chain(named).collect();
    let Some(mut log) = owner(project, id, &candidates, &text)? else {
        let (unsettled, plan) = (false, None);
        return Ok(Seen { unsettled, plan });
    };
    Ok(Seen {
        unsettled: log.reconcile_tickets(SETTLED)?,
        plan: Some(log.plan().id.clone()),
    })
}

/// The plan that opened a ticket, or took it over; `None` for one of the existing program that asks nothing here, and
/// for a file of other people's.
fn owner(
    project: &Project,
    id: &TicketId,
    candidates: &[PlanId],
    text: &str,
) -> Result<Option<PlanLog>> {
    for plan in candidates {
        if let Some(log) = opened_by(project, plan, id)? {
            return Ok(Some(log));
        }
    }
    if text.contains(FOREIGN) {
        return Ok(None);
    }
    // Nothing that can be believed says whose it is. What is wrong with a plan is told where plans are looked at.
    let plans = project.plan_ids()?.into_iter();
    let mut logs = plans.filter_map(|plan| opened_by(project, &plan, id).ok().flatten());
    Ok(logs.next())
}

/// The plan's log, if it opened that ticket.
fn opened_by(project: &Project, plan: &PlanId, id: &TicketId) -> Result<Option<PlanLog>> {
    // Read as text first: of many plans only one is folded.
    let journal = std::fs::read(project.journal_path(plan)).unwrap_or_default();
    let name = format!("\"{id}\"");
    if !journal
        .windows(name.len())
        .any(|bytes| bytes == name.as_bytes())
    {
        return Ok(None);
    }
    let log = project.open_plan(plan)?;
    Ok(log.plan().tickets.contains_key(id).then_some(log))
}

/// The plan that a ticket's text names, its frontmatter broken or not.
fn named_in(text: &str) -> Option<PlanId> {
    let mut lines = text.lines();
    let named = lines.find_map(|line| line.strip_prefix("affected_plan_id:"))?;
    named.trim().trim_matches(['"', '\'']).parse().ok()
}
