//! Putting a plan away. Killed at any instant, it is whole in its place or whole in the archive, or its journal lies in
//! the archive and doing it again brings the rest.
//!
//! ```text
//!  1 lease          nobody runs it, and nobody begins to
//!  2 take in edits, render what is missing
//!  3 directories of the archive, durable
//!  4 journal        one rename under the claim lock, if it still ends where it was read ◀── here it is decided
//!  5 what the journal holds twice is dropped, if that is asked for
//!  6 tickets, run, files by the plan's name; then their directories are synced
//!  7 lock and lease files
//! ```
//!
//! Until 4 nothing has left its place: a kill before it costs an empty directory. The journal goes first, not last,
//! because only it decides where the plan is: with the plan file gone first, a daemon would render it anew behind us,
//! and with the journal gone first nothing renders any more, since all that is rendered is folded from it. Whoever had
//! the journal open finds it gone before it appends ([`journal::FileStore::move_to`]).
//!
//! After 4 every reader finds the plan in the archive, and what is still in its old place belongs to an archived plan:
//! scans and imports pass it by ([`Project::is_archived`]), and 5 to 7 are done again from the start. Each of them looks
//! at what is there, so none is done twice. 7 comes last and after the sync, so that as long as anything may be in its
//! old place, also after a power cut, there is a file that tells of it.

use std::path::PathBuf;

use journal::LeaseNote;
use projections::{files, ids::PlanId, payload::Digest, plan::Plan};

use super::DIR;
use crate::{
    clock,
    command::Command,
    decide::Refusal,
    error::{Error, Result},
    fault,
    vault::{
        Actor, PlanLog, Project, Settling, Vault,
        project::log_name,
        replay::{self, Until},
    },
};

/// How often a plan is read again that somebody writes to meanwhile.
const TRIES: u32 = 5;

/// What was put away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PutAway {
    /// Bytes that were moved.
    pub moved: u64,
    /// Bytes that are no more, because the journal holds them.
    pub freed: u64,
}

impl Project {
    /// Whether the plan, as it stands, can be put away.
    ///
    /// # Errors
    /// [`Error::Kept`] says why not, [`Error::Leased`] who has it.
    pub fn can_be_put_away(&self, plan: &Plan) -> Result<()> {
        is_over(self.vault(), plan)?;
        match PlanLog::leased(self, &plan.id)? {
            Some(note) => Err(leased(&plan.id, note)),
            None => self.is_on_one_disk(plan),
        }
    }

    /// Puts a plan away, or brings to its end what was cut. Of its run, `spare` is what the journal holds and need not
    /// be kept twice: artifacts by path; `None` keeps everything.
    ///
    /// # Errors
    /// As [`Project::can_be_put_away`]; the journal's and the file system's. After an error it may be done again.
    pub fn put_away(
        &self,
        id: &PlanId,
        spare: Option<&[(String, Digest)]>,
        actor: &Actor,
    ) -> Result<PutAway> {
        let Some(lease) = PlanLog::lease(self, id)? else {
            let note = PlanLog::leased(self, id)?;
            return Err(leased(id, note.unwrap_or_default()));
        };
        if !self.is_archived(id) {
            self.move_journal(id, actor)?;
        }
        let done = self.bring_the_rest(id, spare)?;
        // Everything is durable where it belongs; whoever waits for one of these finds that it is no more.
        for lock in ["lease", "lock"] {
            let path = self.lock_path(id, lock);
            match std::fs::remove_file(&path) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    return Err(Error::io("remove", path)(error));
                }
                Ok(()) | Err(_) => fault::archive_step(),
            }
        }
        drop(lease);
        Ok(done)
    }

    /// Steps 2 to 4.
    fn move_journal(&self, id: &PlanId, actor: &Actor) -> Result<()> {
        for _ in 0..TRIES {
            let log = self.made_ready(id, actor)?;
            let to = self.make_archive(id)?;
            fault::archive_step();
            let tail = replay::log_anchor(log.plan().head_frame.anchor);
            match self.files().move_to(&log_name(id), &to, tail) {
                Err(journal::Error::Conflict { .. }) => {}
                Err(journal::Error::Exists { .. }) => {
                    let other = self.archive_name(id).join(files::plan_path(id));
                    let other = other.with_extension("journal.jsonl");
                    let why = format!("{} is another journal; move it away", other.display());
                    return Err(kept(id, why));
                }
                moved => {
                    moved?;
                    fault::archive_step();
                    return Ok(());
                }
            }
        }
        Err(kept(id, "somebody is writing to it; try again".to_owned()))
    }

    /// The plan with nothing left to do for it.
    fn made_ready(&self, id: &PlanId, actor: &Actor) -> Result<PlanLog> {
        let mut log = PlanLog::open(self, id)?;
        is_over(self.vault(), log.plan())?;
        log.reconcile_tickets(Settling::Now)?;
        log.reconcile(Settling::Now)?;
        match log.submit(&Command::SettleOrphans, actor) {
            Ok(_)
            | Err(Error::Refused {
                refusal: Refusal::Moot,
                ..
            }) => {}
            Err(error) => return Err(error),
        }
        log.show();
        if log.is_behind() {
            let why = "its files cannot be brought up to its journal (see the warning above)";
            return Err(kept(id, why.to_owned()));
        }
        self.vault().balance_days(id, clock::now(), actor)?;
        is_over(self.vault(), log.plan())?;
        self.is_on_one_disk(log.plan())?;
        Ok(log)
    }

    /// The directories of the plan's archive, their names durable; gives the journal's.
    fn make_archive(&self, id: &PlanId) -> Result<PathBuf> {
        let own = format!("{DIR}/{id}");
        for below in ["tickets", "runs", "plans"] {
            self.make_dir(&format!("{own}/{below}"))?;
        }
        for dir in [
            self.archive_dir(id),
            self.dir().join(DIR),
            self.dir().to_owned(),
        ] {
            self.disk()
                .sync_dir(&dir)
                .map_err(Error::io("sync", &dir))?;
        }
        Ok(self.archive_dir(id).join("plans"))
    }

    /// Steps 5 and 6.
    fn bring_the_rest(&self, id: &PlanId, spare: Option<&[(String, Digest)]>) -> Result<PutAway> {
        self.make_archive(id)?;
        let reading = replay::read(&self.archived(id), id, Until::Tail, &mut |_, _, _| ())?;
        let Some(plan) = reading.plan else {
            return Err(reading.fault.unwrap_or_else(|| Error::NoPlan(id.clone())));
        };
        let mut freed = 0;
        if let Some(artifacts) = spare {
            for (path, bytes) in self.spare(id, artifacts)? {
                std::fs::remove_file(&path).map_err(Error::io("remove", &path))?;
                fault::archive_step();
                freed += bytes;
            }
        }
        self.move_belongings(&plan)?;
        let moved = self.archived(id).belongings_size(&plan)?;
        Ok(PutAway { moved, freed })
    }
}

/// A plan that has ended, and of whose calls no day's account asks any more.
fn is_over(vault: &Vault, plan: &Plan) -> Result<()> {
    let status = plan.status.name();
    if !status.is_terminal() {
        let why =
            format!("it is {status}; declined, cancelled, aborted and done plans can be archived");
        return Err(kept(&plan.id, why));
    }
    if plan.calls.in_doubt.is_empty() {
        return Ok(());
    }
    match vault.possible_calls(&plan.id, clock::now())? {
        0 => Ok(()),
        count => Err(kept(
            &plan.id,
            format!(
                "{count} call(s) in doubt count against the caps of their day; release them with `modulatio plan \
                 release {}`, or wait: after two days no account asks for them",
                plan.id
            ),
        )),
    }
}

fn kept(plan: &PlanId, why: String) -> Error {
    Error::Kept {
        plan: plan.clone(),
        why,
    }
}

fn leased(plan: &PlanId, note: LeaseNote) -> Error {
    Error::Leased {
        plan: plan.clone(),
        by: note.to_string(),
    }
}
