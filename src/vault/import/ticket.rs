//! Open tickets of the existing Python program: they become tickets of their plans, under their ids. What is closed,
//! or asks nothing of a plan here, stays as it is.

use std::path::{Path, PathBuf};

use projections::{
    document::{self, Document},
    event::{Event, TicketOpened},
    files,
    found::{self, ticket::Standing},
    ids::{PlanId, TicketId},
    payload::Digest,
    plan::Plan,
};

use super::super::{
    Actor, Project, regular,
    replay::{self, Until},
};
use crate::{
    clock,
    command::Command,
    decide::{self, Context, Policy, Refusal},
    error::{Error, Result},
};

/// A ticket's file that is not this program's.
pub(super) struct Foreign {
    pub(super) id: TicketId,
    pub(super) bytes: Vec<u8>,
    pub(super) found: found::ticket::Ticket,
}

impl Foreign {
    /// What takes it over.
    pub(super) fn command(&self) -> Command {
        Command::TakeTicket {
            ticket: self.id.clone(),
            found: Box::new(self.found.clone()),
            file: Digest::of(&self.bytes),
        }
    }
}

/// What becomes of a ticket.
pub(super) enum Taken {
    Opened(Box<TicketOpened>),
    /// It had been taken before.
    There,
}

/// The ticket that a file's name says, of this project.
pub(super) fn id_of(project: &Project, path: &Path) -> Option<TicketId> {
    let stem = path.file_name()?.to_str()?.strip_suffix(".md")?;
    let id: TicketId = stem.parse().ok()?;
    (id.project() == project.code() && id.to_string() == stem).then_some(id)
}

/// Whether a ticket's file is this program's, whatever somebody has written into it.
pub(super) fn is_ours(document: &Document) -> bool {
    document.values.contains_key("journal") || document.values.contains_key("digest")
}

/// What taking over a ticket of this plan comes to.
///
/// # Errors
/// [`Error::Refused`] when nothing can be asked of the plan.
pub(super) fn decided(plan: &Plan, ticket: &Foreign) -> Result<Taken> {
    if plan.tickets.contains_key(&ticket.id) {
        return Ok(Taken::There);
    }
    let context = Context {
        now: clock::now(),
        by: String::new(),
        runner: None,
        chance: 0,
        ticket: None,
        policy: Policy::default(),
    };
    let refused = |refusal| Error::Refused {
        plan: plan.id.clone(),
        refusal,
    };
    let events = decide::decide(plan, &ticket.command(), &context).map_err(refused)?;
    Ok(opened(events))
}

fn opened(events: Vec<Event>) -> Taken {
    let opened = events.into_iter().find_map(|event| match event {
        Event::TicketOpened(opened) => Some(Box::new(opened)),
        _ => None,
    });
    opened.map_or(Taken::There, Taken::Opened)
}

impl Project {
    /// Takes over a ticket that asks something of a plan here.
    ///
    /// # Errors
    /// [`Error::Refused`] when nothing can be asked of the plan; the journal's, the file system's.
    pub(super) fn take_ticket(&self, plan: &PlanId, ticket: &Foreign) -> Result<Taken> {
        let mut log = self.open_plan(plan)?;
        if let Taken::There = decided(log.plan(), ticket)? {
            // Whoever took it may have died before it was rendered.
            log.show();
            return Ok(Taken::There);
        }
        self.keep_original(&files::ticket_path(&ticket.id), &ticket.bytes)?;
        match log.submit(&ticket.command(), &Actor::named(super::plan::IMPORT)) {
            Ok(events) => Ok(opened(events)),
            // Somebody else was first.
            Err(Error::Refused {
                refusal: Refusal::Moot,
                ..
            }) => {
                log.show();
                Ok(Taken::There)
            }
            Err(error) => Err(error),
        }
    }

    /// A plan as it stands, or as it would if it were taken in.
    pub(super) fn plan_as_it_would_be(&self, id: &PlanId) -> Result<Plan> {
        if !self.journal_path(id).exists() {
            return self.found_plan(id)?.plan();
        }
        let reading = replay::read(self, id, Until::Tail, &mut |_, _, _| ())?;
        match (reading.fault, reading.plan) {
            (Some(fault), _) => Err(fault),
            (None, plan) => plan.ok_or_else(|| Error::NoPlan(id.clone())),
        }
    }
}

/// Takes in a ticket's file that a daemon has come by, if it is an open one of another program about a plan here.
pub(in super::super) fn take_in(project: &Project, path: &Path, text: &str) -> Result<()> {
    let Some((foreign, plan)) = asked(project, path, text) else {
        return Ok(());
    };
    match project.take_ticket(&plan, &foreign) {
        // Nothing waits for an answer.
        Ok(_) | Err(Error::Refused { .. }) => Ok(()),
        Err(error) => Err(error),
    }
}

/// Open tickets of another program that ask something of plans here and were not taken over.
#[must_use]
pub fn untaken(project: &Project) -> Vec<TicketId> {
    let entries = std::fs::read_dir(project.dir().join("tickets"));
    let paths = entries.into_iter().flatten().flatten().map(|e| e.path());
    let asked = |path: PathBuf| {
        let text = regular::read_text(&path).ok()?;
        let (foreign, plan) = asked(project, &path, &text)?;
        let plan = project.plan_as_it_would_be(&plan).ok()?;
        let waits = matches!(decided(&plan, &foreign), Ok(Taken::Opened(_)));
        waits.then_some(foreign.id)
    };
    let mut found: Vec<_> = paths.filter_map(asked).collect();
    found.sort();
    found
}

/// The file of a ticket that is another program's.
#[must_use]
pub fn foreign_file(project: &Project, id: &TicketId) -> Option<PathBuf> {
    let path = project.dir().join(files::ticket_path(id));
    let document = document::read(&regular::read(&path).ok()?);
    let ours = document.is_ok_and(|document| is_ours(&document));
    (!ours).then_some(path)
}

fn asked(project: &Project, path: &Path, text: &str) -> Option<(Foreign, PlanId)> {
    let id = id_of(project, path)?;
    let document = document::read(text.as_bytes())
        .ok()
        .filter(|document| !is_ours(document))?;
    let found = found::ticket::read(&id, &document).ok()?;
    let plan = found.plan.clone().filter(|plan| project.holds(plan))?;
    let foreign = Foreign {
        id,
        bytes: text.as_bytes().to_vec(),
        found,
    };
    (foreign.found.standing != Standing::Closed).then_some((foreign, plan))
}
