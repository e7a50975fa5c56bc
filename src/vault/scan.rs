//! Which plans want a runner. A tick asks the file system only for sizes and times; a plan is read when they
//! changed, and its whole journal is folded only when its file is no true rendering of the journal's tail.

mod place;
mod sweep;
mod tickets;

use std::collections::{BTreeMap, BTreeSet};

use projections::{
    document,
    event::StatusName,
    ids::{PlanId, ProjectCode},
    plan::{Plan, Wish},
};

use super::{
    PlanLog, Project, ProjectFault, Reconciled, Vault, project::log_name, put::rendering_of,
    reconcile::SETTLED, regular, replay,
};
use crate::error::{Error, Result};
use place::{Listed, Listing, Place, Stat};
use tickets::Tickets;

pub use sweep::{LEFT_FOR_GOOD, sweep};

/// What a scan knows of one plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Nothing to do.
    Idle(StatusName),
    /// Approved, waits for a runner.
    Approved,
    /// It was put away since the directory was listed.
    Archived,
    /// Executing, or a draft that the Leader is to write while nobody sits before it; an orphan if nobody holds its
    /// lease.
    Executing,
    /// Its file may be in the middle of being written.
    Unsettled,
    /// It cannot be run, and why.
    Fault(String),
}

/// Size, time and identity of a plan's two files: what changes when they do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Trace {
    file: Option<Stat>,
    journal: Option<Stat>,
}

impl Trace {
    /// Whether a change of the file would show. A journal only grows.
    fn is_old(&self) -> bool {
        self.file.is_none_or(|file| file.is_old())
    }
}

#[derive(Clone, Debug)]
struct Known {
    trace: Trace,
    /// Whether the standing is the same for as long as the files are.
    lasts: bool,
    standing: Standing,
    /// The last round that came by it.
    round: u64,
}

/// What one scan found.
#[derive(Debug, Default)]
pub struct Found {
    /// Plans that can be claimed, approved ones, orphans and drafts to be written, in the order in which to try them.
    pub runnable: Vec<PlanId>,
    /// Whether a file must be looked at again soon.
    pub unsettled: bool,
    /// Plans scanned.
    pub plans: usize,
}

/// Remembers what it has seen.
#[derive(Debug, Default)]
pub struct Scanner {
    only: Option<ProjectCode>,
    known: BTreeMap<PlanId, Known>,
    listings: BTreeMap<ProjectCode, Listing>,
    tickets: Tickets,
    round: u64,
    faults: BTreeSet<(String, String)>,
}

impl Scanner {
    /// A scanner of all projects, or of one.
    #[must_use]
    pub fn new(only: Option<ProjectCode>) -> Self {
        Self {
            only,
            ..Self::default()
        }
    }

    /// Looks at every plan of every project. One bad plan or project never hides another: it is told as a
    /// warning, once.
    ///
    /// # Errors
    /// [`Error::Io`] when the vault itself cannot be read.
    pub fn scan(&mut self, vault: &Vault) -> Result<Found> {
        let (projects, faults) = vault.projects()?;
        for ProjectFault { name, why } in faults {
            self.warn(&name, &why);
        }
        let mut found = Found::default();
        self.round += 1;
        let mut listings = std::mem::take(&mut self.listings);
        for project in &projects {
            if !self.covers(project) {
                continue;
            }
            let listing = listings.remove(project.code()).unwrap_or_default();
            match self.scan_project(project, listing, &mut found) {
                Ok(listing) => drop(self.listings.insert(project.code().clone(), listing)),
                Err(error) => self.warn(&project.code().directory(), &error.told()),
            }
        }
        let round = self.round;
        self.known.retain(|_, known| known.round == round);
        Ok(found)
    }

    fn scan_project(
        &mut self,
        project: &Project,
        listing: Listing,
        found: &mut Found,
    ) -> Result<Listing> {
        // First, so that the plans are seen as the answers leave them.
        let looked = self.tickets.look(project);
        found.unsettled |= looked.unsettled;
        for (file, why) in looked.faults {
            self.warn(&file, &why);
        }
        let place = Place::of(project);
        let listing = listing.renewed(project, &place)?;
        for listed in &listing.plans {
            self.look(project, &place, listed, found);
        }
        found.plans += listing.plans.len();
        Ok(listing)
    }

    /// Looks only at `plans`, as the watcher names them.
    ///
    /// # Errors
    /// None of its own: a plan or project that cannot be read is told as a warning.
    pub fn scan_only(&mut self, vault: &Vault, plans: &BTreeSet<PlanId>) -> Result<Found> {
        let mut found = Found::default();
        for id in plans {
            match vault.project_of(id) {
                Ok(project) if self.covers(&project) => {
                    let listed = Listed::new(&project, id.clone());
                    self.look(&project, &Place::of(&project), &listed, &mut found);
                }
                Ok(_)
                | Err(Error::NoPlan(_) | Error::NoProject { .. } | Error::Archived { .. }) => {}
                Err(error) => self.warn(&id.to_string(), &error.told()),
            }
        }
        found.plans = plans.len();
        Ok(found)
    }

    fn covers(&self, project: &Project) -> bool {
        self.only.as_ref().is_none_or(|code| code == project.code())
    }

    fn look(&mut self, project: &Project, place: &Place, listed: &Listed, found: &mut Found) {
        let (id, standing) = (&listed.id, self.standing(project, place, listed));
        match &standing {
            Standing::Idle(_) | Standing::Archived => {}
            Standing::Approved => found.runnable.push(id.clone()),
            Standing::Executing => {
                if matches!(PlanLog::leased(project, id), Ok(None)) {
                    found.runnable.push(id.clone());
                }
            }
            Standing::Unsettled => found.unsettled = true,
            Standing::Fault(why) => self.warn(&id.to_string(), why),
        }
    }

    fn standing(&mut self, project: &Project, place: &Place, listed: &Listed) -> Standing {
        let (id, before) = (&listed.id, trace(place, listed));
        if let Some(known) = self.known.get_mut(id)
            && known.lasts
            && known.trace == before
        {
            known.round = self.round;
            return known.standing.clone();
        }
        let known = self.known.get(id);
        let file_seen = known.is_some_and(|known| known.trace.file.is_some());
        // What a paused plan waits for must lie there; later on, the scanner remembers its tickets.
        let quick = quick(project, id)
            .filter(|standing| known.is_some() || *standing != Standing::Idle(StatusName::Paused));
        let seen = quick
            .map(|standing| (standing, true))
            .or_else(|| thorough(project, id, file_seen));
        let (standing, lasts) =
            seen.unwrap_or_else(|| (Standing::Fault("it is gone".to_owned()), false));
        // Files may have changed again while they were read, or have just been rendered: then the next look reads
        // them once more. Only what holds until a file changes is remembered.
        let trace = self::trace(place, listed);
        self.known.insert(
            id.clone(),
            Known {
                lasts: lasts && trace == before && trace.is_old(),
                trace,
                standing: standing.clone(),
                round: self.round,
            },
        );
        standing
    }

    fn warn(&mut self, what: &str, why: &str) {
        if self.faults.insert((what.to_owned(), why.to_owned())) {
            tracing::warn!(what, "passed over: {why}");
        }
    }
}

fn trace(place: &Place, listed: &Listed) -> Trace {
    Trace {
        file: place.stat(&listed.file),
        journal: place.stat(&listed.journal),
    }
}

/// The status by the file alone, when it is a true rendering of the journal's last frame.
pub(super) fn stated(project: &Project, id: &PlanId) -> Option<StatusName> {
    let text = regular::rendered_text(&project.plan_path(id))?;
    let anchor = rendering_of(&id.to_string(), text.as_bytes())?;
    let status = StatusName::parse(document::stated(&text, "status")?)?;
    let tail = project
        .store()
        .read(&log_name(id), None)
        .ok()?
        .seek_tail()
        .ok()?;
    if tail.torn.is_some() || tail.tail.map(replay::anchor_of) != Some(anchor) {
        return None;
    }
    Some(status)
}

/// The standing by the file alone. Whether somebody is to write a draft, its file does not say.
fn quick(project: &Project, id: &PlanId) -> Option<Standing> {
    let status = stated(project, id).filter(|status| *status != StatusName::Draft)?;
    Some(standing_of(status))
}

fn standing_of(status: StatusName) -> Standing {
    match status {
        StatusName::Approved => Standing::Approved,
        StatusName::Executing => Standing::Executing,
        StatusName::Draft
        | StatusName::Paused
        | StatusName::Declined
        | StatusName::Cancelled
        | StatusName::Aborted
        | StatusName::Done => Standing::Idle(status),
    }
}

/// The standing by the journal, after taking in hand edits and rendering what is missing; and whether it holds
/// until a file changes. `None` for a plan that is gone.
fn thorough(project: &Project, id: &PlanId, file_seen: bool) -> Option<(Standing, bool)> {
    let mut log = match project.open_plan(id) {
        Ok(log) => log,
        Err(Error::NoPlan(_)) => return None,
        Err(Error::Archived { .. }) if project.is_left_behind(id) => {
            return Some((Standing::Archived, false));
        }
        Err(error) => return Some(failed(&error)),
    };
    log.file_seen = file_seen;
    if let Some(torn) = log.torn() {
        let kept = torn
            .kept_as
            .as_ref()
            .map_or_else(String::new, |path| path.display().to_string());
        tracing::warn!(plan = %id, bytes = torn.bytes, kept, "unfinished frame of a lost writer moved aside");
    }
    Some(match log.reconcile(SETTLED) {
        Ok(Reconciled::Unsettled) => (Standing::Unsettled, false),
        Ok(_) if matches!(log.reconcile_tickets(SETTLED), Ok(true)) => (Standing::Unsettled, false),
        Ok(_) if awaits_the_leader(log.plan()) => (Standing::Executing, !log.is_behind()),
        Ok(_) => (standing_of(log.plan().status.name()), !log.is_behind()),
        Err(error) => failed(&error),
    })
}

/// Whether a daemon lets the Leader write it: a draft that a person asked for is theirs to go on with.
fn awaits_the_leader(plan: &Plan) -> bool {
    let unattended = |wish: &Wish| wish.mandate.unattended;
    plan.is_being_drafted() && plan.wishes.last().is_some_and(unattended)
}

/// What the machine refused (a lock that somebody holds, a full disk) it may allow at the next look.
fn failed(error: &Error) -> (Standing, bool) {
    (Standing::Fault(error.told()), !error.is_passing())
}
