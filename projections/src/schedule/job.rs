//! The state of the schedule: its jobs, and where each of them stands.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};

use serde::{Deserialize, Serialize};

use super::Taken;
use crate::{
    event::Caps,
    ids::{JobId, PlanId, ProjectCode},
    payload::{Anchor, Digest},
    time::Timestamp,
};

/// Most slots of one job that wait for their turn.
pub const MOST_QUEUED: usize = 100;

/// How many of a job's plans are remembered at most, to tell whether one of them still runs. Only those are that are not
/// known to have ended, so that as many come together by `--overlap allow` or by hand alone; when there are more, the
/// oldest is forgotten, and stands in no slot's way any more.
pub const REMEMBERED: usize = 1_024;

/// What a job does, and when.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Definition {
    /// What is to be reached; the Leader writes a plan for it. With a template it is for people alone.
    pub objective: String,
    /// The plan itself, Markdown, instead of one that the Leader writes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template: Option<String>,
    /// Five-field cron expression.
    pub schedule: String,
    /// IANA name of the time zone in which the expression is read.
    pub tz: String,
    /// What becomes of a slot while a plan of an earlier one runs.
    pub overlap: Overlap,
    /// Which slots run that nobody was there for.
    pub catch_up: CatchUp,
    /// How old such a slot may be, in seconds.
    pub catch_up_window_s: u64,
    /// Each slot is delayed by up to so many seconds, by a number drawn from its own name.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub jitter_s: u64,
    /// No slot after this instant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// So many slots, and no more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
    /// Caps of its plans.
    #[serde(default)]
    pub caps: Caps,
    /// Who approves its plans.
    pub approve: Approval,
    /// The entry of another program that it was taken over from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<String>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks by reference")]
fn is_zero(count: &u64) -> bool {
    *count == 0
}

/// What becomes of a slot while a plan of an earlier one has not ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Overlap {
    /// It does not run.
    #[default]
    Skip,
    /// It waits for its turn.
    Queue,
    /// It runs beside it.
    Allow,
}

/// Which slots run that no daemon was there for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CatchUp {
    /// None.
    None,
    /// The last one.
    #[default]
    Last,
    /// All, in order.
    All,
}

/// Who approves a job's plans.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Approval {
    /// Whoever added the job has done so.
    #[default]
    Auto,
    /// A person, by a ticket for each plan.
    Ticket,
}

/// Why a job has no further slots.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Ending {
    /// Its time is over.
    Until,
    /// Its count is reached.
    Count,
}

/// A slot that somebody has claimed, whose plan is not known yet.
#[derive(Clone, Debug, PartialEq)]
pub struct Claim {
    /// When it was claimed.
    pub at: Timestamp,
    /// Whether a person wanted it.
    pub manual: bool,
    /// The job as it was then: what was claimed before an edit is no slot of the edited job.
    pub definition: Arc<Definition>,
    /// Who had added or changed the job last by then.
    pub defined_by: String,
}

/// Whether a job runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It does.
    Enabled,
    /// Not since then.
    Disabled(Timestamp),
    /// It has no further slots.
    Ended(Ending),
    /// It is gone.
    Removed,
}

/// A job.
#[derive(Clone, Debug, PartialEq)]
pub struct Job {
    /// Its id.
    pub id: JobId,
    /// What it does, and when.
    pub definition: Arc<Definition>,
    /// Who added it, or changed it last.
    pub defined_by: String,
    /// When.
    pub defined_at: Timestamp,
    /// Whether it runs.
    pub standing: Standing,
    /// Slots at or before this instant are accounted for.
    pub cursor: Timestamp,
    /// Slots of its expression that were claimed: accounted for as well, where the cursor was sent back.
    pub taken: Taken,
    /// Slots whose plans are not known yet.
    pub claimed: BTreeMap<Timestamp, Claim>,
    /// Slots that wait for their turn, in order.
    pub queue: VecDeque<Timestamp>,
    /// How many slots of its expression were claimed.
    pub claims: u64,
    /// For how many of these no plan could be made.
    pub failed: u64,
    /// The latest slot that was claimed, by hand or not.
    pub latest: Timestamp,
    /// How many slots did not run.
    pub skipped: u64,
    /// The last slot that has a plan, and the plan.
    pub last: Option<(Timestamp, PlanId)>,
    /// Its latest plans, oldest first, without those that had all ended when a later slot was claimed.
    pub plans: VecDeque<PlanId>,
}

impl Job {
    /// Its project.
    #[must_use]
    pub fn project(&self) -> &ProjectCode {
        self.id.project()
    }

    /// When the plan of a slot is to be made: at the slot, or up to the job's jitter later. It follows from the names
    /// of job and slot, so that all daemons agree and a restart changes nothing.
    #[must_use]
    pub fn fires_at(&self, slot: Timestamp) -> Timestamp {
        let jitter = self.definition.jitter_s.saturating_mul(1_000);
        if jitter == 0 {
            return slot;
        }
        let Digest(drawn) = Digest::of(format!("{}@{slot}", self.id).as_bytes());
        let mut word = [0; 8];
        word.copy_from_slice(&drawn[..8]);
        slot.plus_millis(u64::from_le_bytes(word) % (jitter + 1))
    }

    /// How many slots of its expression have a plan, or are getting one.
    #[must_use]
    pub fn fired(&self) -> u64 {
        self.claims.saturating_sub(self.failed)
    }

    /// Whether the slot has run, or will not: nobody looks at it again.
    #[must_use]
    pub fn is_accounted_for(&self, slot: Timestamp) -> bool {
        slot <= self.cursor || self.taken.holds(slot)
    }

    pub(super) fn remember(&mut self, plan: &PlanId) {
        self.plans.push_back(plan.clone());
        if self.plans.len() > REMEMBERED {
            self.plans.pop_front();
        }
    }
}

/// All jobs, by id; removed ones among them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Schedule {
    /// The jobs.
    pub jobs: BTreeMap<JobId, Job>,
    /// The last frame; `None` before the first.
    pub head: Option<Anchor>,
    /// Its time.
    pub at: Timestamp,
    /// A kind of a newer program, if there is one: then this one does not write.
    pub unknown: Option<String>,
}

impl Schedule {
    /// A job that is not removed.
    #[must_use]
    pub fn job(&self, id: &JobId) -> Option<&Job> {
        let job = self.jobs.get(id)?;
        (job.standing != Standing::Removed).then_some(job)
    }

    /// Jobs that are not removed.
    pub fn present(&self) -> impl Iterator<Item = &Job> {
        let jobs = self.jobs.values();
        jobs.filter(|job| job.standing != Standing::Removed)
    }

    /// The job that was taken over from this entry, removed or not.
    #[must_use]
    pub fn taken_from(&self, origin: &str) -> Option<&Job> {
        let mut jobs = self.jobs.values();
        jobs.find(|job| job.definition.origin.as_deref() == Some(origin))
    }

    /// The id of the project's next job.
    #[must_use]
    pub fn next_id(&self, project: &ProjectCode) -> JobId {
        let own = self.jobs.keys().filter(|id| id.project() == project);
        let last = own.map(JobId::number).max().unwrap_or(0);
        JobId::new(project.clone(), last.saturating_add(1))
    }
}
