//! Plans that are over, put away: out of every scan, and kept whole.
//!
//! ```text
//!  ess/plans/ESS-P-001.journal.jsonl ──┐ one rename decides        ess/archive/ESS-P-001/
//!  ess/plans/ESS-P-001.md .usage.jsonl │                           ├── plans/    journal, plan file, usage ledger
//!  ess/tickets/ESS-1.md                ├──────────────────────────▶├── tickets/
//!  ess/runs/ESS-P-001/                 ┘ and the rest follows      └── runs/ESS-P-001/
//!  ess/blobs/                            stays: several plans may name the same content
//! ```
//!
//! An archive is laid out as its project is, so whatever reads a plan reads an archived one: [`Vault::reader_of`] gives
//! the project with its directory exchanged. Nothing writes there: a plan whose journal lies in the archive, and not in
//! its place, cannot be opened, claimed or imported. Where there is a journal in both places, the one in its place
//! counts: somebody has copied it back.
//!
//! Its number is never given to another plan, its calls count in their day, and `audit` verifies and seals it.

mod belongings;
mod put_away;

use std::path::PathBuf;

use projections::ids::{PlanId, TicketId};

use super::{Project, Vault, regular};
use crate::error::{Error, Result};

pub use put_away::PutAway;

/// Below a project's directory.
pub(super) const DIR: &str = "archive";

impl Vault {
    /// Where the plan can be read: its project, or the archive that keeps it. For reading only.
    ///
    /// # Errors
    /// [`Error::NoProject`] or [`Error::NoPlan`].
    pub fn reader_of(&self, plan: &PlanId) -> Result<Project> {
        match self.project_of(plan) {
            Err(Error::Archived { .. }) => Ok(self.project(plan.project())?.archived(plan)),
            found => found,
        }
    }
}

impl Project {
    /// Where the plan lies when it is archived.
    #[must_use]
    pub fn archive_dir(&self, plan: &PlanId) -> PathBuf {
        self.dir().join(DIR).join(plan.to_string())
    }

    /// The same, from the vault's directory, as people are told it.
    #[must_use]
    pub fn archive_name(&self, plan: &PlanId) -> PathBuf {
        let directory = PathBuf::from(self.code().directory());
        directory.join(DIR).join(plan.to_string())
    }

    /// Whether the plan's journal lies in the archive, and none in its place.
    #[must_use]
    pub fn is_archived(&self, plan: &PlanId) -> bool {
        !self.journal_path(plan).exists() && self.archived(plan).journal_path(plan).exists()
    }

    /// The ids of all archived plans, sorted.
    ///
    /// # Errors
    /// [`Error::Io`] when the directory cannot be read.
    pub fn archived_ids(&self) -> Result<Vec<PlanId>> {
        let mut ids = self.archive_names()?;
        ids.retain(|id| self.is_archived(id));
        Ok(ids)
    }

    /// The plans that have a directory in the archive, whatever is in it, sorted.
    pub(super) fn archive_names(&self) -> Result<Vec<PlanId>> {
        let dir = self.dir().join(DIR);
        let entries = match std::fs::read_dir(&dir) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(Error::io("read", dir)(error)),
        };
        let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
        let mut ids: Vec<PlanId> = names.filter_map(|name| self.plan_named(&name)).collect();
        ids.sort();
        Ok(ids)
    }

    /// Numbers of tickets that went with their plans.
    pub(super) fn archived_tickets(&self) -> Result<Vec<TicketId>> {
        let mut found = Vec::new();
        for id in self.archive_names()? {
            let dir = self.archive_dir(&id).join("tickets");
            let entries = std::fs::read_dir(dir).into_iter().flatten().flatten();
            let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
            found.extend(names.filter_map(|name| name.strip_suffix(".md")?.parse().ok()));
        }
        Ok(found)
    }

    pub(super) fn archived_error(&self, plan: &PlanId) -> Error {
        Error::Archived {
            plan: plan.clone(),
            dir: self.archive_name(plan),
        }
    }

    /// Whether the plan is archived and its file in `plans/`, if there is one, is a rendering that was left there. A
    /// text of an operator is to be told of.
    pub(super) fn is_left_behind(&self, plan: &PlanId) -> bool {
        self.is_archived(plan)
            && match regular::read(&self.plan_path(plan)) {
                Ok(bytes) => super::put::is_rendering(&bytes),
                Err(error) => error.kind() == std::io::ErrorKind::NotFound,
            }
    }

    /// Whether the plan is being put away, or its putting away was cut: the journal has gone and other things have not.
    #[must_use]
    pub fn is_half_archived(&self, plan: &PlanId) -> bool {
        self.is_archived(plan) && self.has_belongings(plan)
    }
}
