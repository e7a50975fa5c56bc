//! A plan's journal as lines for people, from its beginning and as it grows.

use projections::{
    ids::PlanId,
    narration::{Narrator, Told},
    plan::Plan,
};

use crate::{
    clock,
    error::Result,
    vault::{Follower, PlanLog, Project},
};

/// A journal that is being told.
pub(super) struct Story {
    project: Project,
    follower: Follower,
    narrator: Narrator,
}

impl Story {
    /// # Errors
    /// As [`Follower::open`].
    pub(super) fn open(project: &Project, id: &PlanId) -> Result<Self> {
        Ok(Self {
            project: project.clone(),
            follower: Follower::open(project, id)?,
            narrator: Narrator::default(),
        })
    }

    /// What has happened since it was last asked, and whether all of it could be read.
    pub(super) fn news(&mut self) -> (Vec<Told>, Result<()>) {
        let (mut news, narrator) = (Vec::new(), &mut self.narrator);
        let read = self
            .follower
            .catch_up(&mut |_, entry, event| news.extend(narrator.tell(entry, event)));
        (news, read)
    }

    /// Where the plan stands, if its first frame could be read.
    pub(super) fn plan(&self) -> Option<&Plan> {
        self.follower.plan()
    }

    /// Bytes at the end that nobody acknowledged.
    pub(super) fn unfinished(&self) -> Option<u64> {
        self.follower.torn().map(|torn| torn.bytes)
    }

    /// Who has the plan.
    pub(super) fn runner(&self) -> Result<Option<String>> {
        let Some(plan) = self.plan() else {
            return Ok(None);
        };
        let note = PlanLog::leased(&self.project, &plan.id)?;
        Ok(note.map(|note| note.holder))
    }

    /// Whether nothing more comes of calls that were under way: they are settled, or their runner is gone.
    pub(super) fn is_settled(&self) -> Result<bool> {
        let flying = self
            .plan()
            .is_some_and(|plan| !plan.calls.in_flight.is_empty());
        Ok(!flying || self.runner()?.is_none())
    }
}

/// A line of the story: when by the clock on this machine's wall, who, and what.
pub(super) fn line(told: &Told) -> String {
    format!(
        "{}  {:<20} {}",
        clock::on_the_wall(told.at),
        told.who,
        told.what
    )
}
