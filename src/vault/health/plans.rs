//! Every plan of the vault, looked at on all processors: a vault has thousands, and each is a journal to be verified.

use std::{
    path::PathBuf,
    sync::atomic::{AtomicUsize, Ordering},
};

use journal::LeaseNote;
use projections::{
    event::PauseReason,
    ids::{PlanId, TicketId},
    plan::{Plan, Status},
    time::Timestamp,
};

use super::{super::Project, is_stuck};
use crate::{
    error::Error,
    vault::{
        PlanLog,
        audit::{self, Verdict},
    },
};

/// Most threads that verify.
const MOST: usize = 8;

/// One plan.
#[derive(Debug)]
pub struct PlanHealth {
    /// Which.
    pub id: PlanId,
    /// Its journal.
    pub journal: Journal,
    /// Where it stands, if its journal is whole.
    pub standing: Option<Standing>,
    /// Its lease.
    pub lease: Claim,
    /// The file that the lease is a lock of.
    pub lease_file: PathBuf,
    /// Whether its claim lock was not free for longer than an append takes.
    pub is_stuck: bool,
    /// The file that the claim lock is a lock of.
    pub lock_file: PathBuf,
}

/// A plan's journal as it was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Journal {
    /// Everything that was acknowledged is there, unchanged.
    Whole {
        /// How many frames.
        frames: u64,
        /// Bytes of an unfinished frame at its end.
        torn: u64,
    },
    /// Something is missing or changed, and what.
    Damaged(String),
    /// It is gone: the plan's file names one, and what that says.
    Gone(String),
    /// The system does not let it be read, and why.
    Unreadable(String),
    /// There is only a file, which will be taken in.
    NotTakenIn,
    /// There is only a file, which cannot be taken in, and why.
    Refused(String),
}

/// What a journal says of its plan, as far as a doctor asks.
#[derive(Clone, Debug)]
pub struct Standing {
    /// Its status.
    pub status: Status,
    /// The time of its last frame.
    pub newest: Timestamp,
    /// When a step was last completed, if one ever was.
    pub last_progress: Option<Timestamp>,
    /// Its open tickets.
    pub tickets: Vec<TicketId>,
    /// A kind of event that a newer program wrote.
    pub unknown: Option<String>,
    /// Whether it has a cap in dollars.
    pub caps_cost: bool,
}

/// A lease as it was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claim {
    /// Nobody holds it, and the file does not name anybody.
    Free,
    /// Nobody holds it; the file names who did last.
    Stale,
    /// Somebody holds it, and what they say of themselves.
    Held(LeaseNote),
    /// It cannot be asked.
    Unreadable(String),
}

impl PlanHealth {
    /// Whether somebody holds its lease.
    #[must_use]
    pub fn is_held(&self) -> bool {
        matches!(self.lease, Claim::Held(_))
    }

    /// Whether it waits for a runner.
    #[must_use]
    pub fn is_approved(&self) -> bool {
        matches!(self.status(), Some(Status::Approved))
    }

    /// Whether its runner is lost: it executes, and nobody holds its lease.
    #[must_use]
    pub fn is_orphan(&self) -> bool {
        matches!(self.status(), Some(Status::Executing { .. })) && !self.is_held()
    }

    /// Whether it is set aside because its runners were lost again and again.
    #[must_use]
    pub fn is_quarantined(&self) -> bool {
        matches!(
            self.status(),
            Some(Status::Paused {
                reason: PauseReason::Quarantine,
                ..
            })
        )
    }

    fn status(&self) -> Option<&Status> {
        self.standing.as_ref().map(|standing| &standing.status)
    }
}

/// Looks at every plan of these projects, in their order. A plan that is broken in any way is found so, and hides no
/// other; of a project whose plans cannot be listed there are none.
#[must_use]
pub fn examine(projects: &[Project]) -> Vec<PlanHealth> {
    let of = |project: &Project| {
        let ids = project.plan_ids().unwrap_or_default();
        let pairs = ids.into_iter().map(|id| (project.clone(), id));
        pairs.collect::<Vec<_>>()
    };
    let plans: Vec<(Project, PlanId)> = projects.iter().flat_map(of).collect();
    let next = AtomicUsize::new(0);
    let work = || {
        let mut seen = Vec::new();
        while let Some((project, id)) = plans.get(next.fetch_add(1, Ordering::Relaxed)) {
            let found = look(project, id);
            // Journal and lease are read one after the other: a runner may have come or gone in between.
            let settled = !found.is_orphan();
            seen.push(if settled { found } else { look(project, id) });
        }
        seen
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let threads = threads.min(MOST).min(plans.len().max(1));
    let mut seen: Vec<PlanHealth> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        let joined = threads.into_iter().map(|thread| thread.join());
        joined
            .flat_map(|seen| seen.expect("looking does not panic"))
            .collect()
    });
    seen.sort_by(|a, b| a.id.cmp(&b.id));
    seen
}

fn look(project: &Project, id: &PlanId) -> PlanHealth {
    let beside = |suffix: &str| project.plans_dir().join(format!("{id}.{suffix}"));
    let (lease_file, lock_file) = (beside("lease"), beside("lock"));
    let (journal, standing) = journal(project, id);
    PlanHealth {
        lease: lease(project, id, &lease_file),
        is_stuck: is_stuck(project.disk(), &lock_file),
        id: id.clone(),
        journal,
        standing,
        lease_file,
        lock_file,
    }
}

fn journal(project: &Project, id: &PlanId) -> (Journal, Option<Standing>) {
    let journal = match audit::examine(project, id, None) {
        Ok(examined) => match examined.verdict {
            Verdict::Whole { frames, .. } => {
                let torn = examined.torn;
                let standing = examined.plan.as_ref().map(standing);
                return (Journal::Whole { frames, torn }, standing);
            }
            Verdict::Damaged { why } => Journal::Damaged(why),
            Verdict::NoJournal => Journal::NotTakenIn,
        },
        Err(Error::Journal(journal::Error::Missing { .. })) => match project.found(id) {
            Ok(_) => Journal::NotTakenIn,
            Err(error) => match audit::gone(project, id) {
                Some(why) => Journal::Gone(why),
                None => Journal::Refused(error.told()),
            },
        },
        Err(error) if error.is_passing() => Journal::Unreadable(error.told()),
        Err(error) => Journal::Damaged(error.told()),
    };
    (journal, None)
}

fn lease(project: &Project, id: &PlanId, file: &std::path::Path) -> Claim {
    match PlanLog::leased(project, id) {
        Ok(Some(note)) => Claim::Held(note),
        Ok(None) if std::fs::metadata(file).is_ok_and(|meta| meta.len() > 0) => Claim::Stale,
        Ok(None) => Claim::Free,
        Err(error) => Claim::Unreadable(error.told()),
    }
}

fn standing(plan: &Plan) -> Standing {
    Standing {
        status: plan.status.clone(),
        newest: plan.head_frame.at,
        last_progress: (plan.last_progress != Timestamp::default()).then_some(plan.last_progress),
        tickets: plan.open_tickets().map(|(id, _)| id.clone()).collect(),
        unknown: plan.unknown.clone(),
        caps_cost: plan.caps.max_cost_usd.is_some(),
    }
}
