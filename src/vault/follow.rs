//! Following a plan's journal while others write to it: read-only, frame by frame, as far as it is whole.

use journal::{Log, TornTail};
use projections::{event::Event, fold::Entry, ids::PlanId, plan::Plan};

use super::{
    Project,
    project::log_name,
    replay::{self, Folding, Until},
};
use crate::error::{Error, Result};

/// A reader that stays.
pub struct Follower {
    project: Project,
    id: PlanId,
    log: Box<dyn Log>,
    plan: Option<Plan>,
    /// Frames before this one have been shown.
    next: u64,
    torn: Option<TornTail>,
}

impl Follower {
    /// Stands before the first frame.
    ///
    /// # Errors
    /// [`Error::BadFile`] when the plan has a file and no journal yet; the journal's.
    pub fn open(project: &Project, id: &PlanId) -> Result<Self> {
        Ok(Self {
            project: project.clone(),
            id: id.clone(),
            log: opened(project, id)?,
            plan: None,
            next: 0,
            torn: None,
        })
    }

    /// The state after the last frame that was read.
    #[must_use]
    pub fn plan(&self) -> Option<&Plan> {
        self.plan.as_ref()
    }

    /// Bytes of an unfinished frame at the end, when it was last looked at.
    #[must_use]
    pub fn torn(&self) -> Option<&TornTail> {
        self.torn.as_ref()
    }

    /// Shows what has come since, each event with the state right after it.
    ///
    /// # Errors
    /// Damage, after everything before it was shown; the file system's.
    pub fn catch_up(&mut self, observe: &mut dyn FnMut(&Plan, &Entry, &Event)) -> Result<()> {
        match self.read_on(observe) {
            // Frames that could not be made durable were taken back, or another file was put in its place.
            Err(Error::Journal(journal::Error::Diverged { .. })) => {
                self.log = opened(&self.project, &self.id)?;
                self.plan = None;
                let read = self.read_on(observe);
                let frames = self.log.position().map_or(0, |tail| tail.seq + 1);
                self.next = self.next.min(frames);
                read
            }
            read => read,
        }
    }

    fn read_on(&mut self, observe: &mut dyn FnMut(&Plan, &Entry, &Event)) -> Result<()> {
        let mut folding = Folding::new(self.plan.take(), Until::Tail);
        let (id, next) = (&self.id, &mut self.next);
        let mut fresh = |plan: &Plan, entry: &Entry, event: &Event| {
            if entry.mark.anchor.seq >= *next {
                observe(plan, entry, event);
            }
        };
        let seen = self
            .log
            .catch_up(&mut |frame| folding.take(id, frame, &mut fresh));
        self.plan = folding.plan;
        if let Some(plan) = &self.plan {
            *next = (*next).max(plan.head_frame.anchor.seq + 1);
        }
        self.torn = seen?.torn;
        folding.fault.map_or(Ok(()), Err)
    }
}

fn opened(project: &Project, id: &PlanId) -> Result<Box<dyn Log>> {
    let anchor = super::audit::anchor_of_file(project, id).map(replay::log_anchor);
    match project.store().read(&log_name(id), anchor) {
        Err(journal::Error::Missing { .. }) => Err(Error::BadFile {
            file: project.plan_path(id),
            why: "it has a file and no journal yet; a daemon's next tick, or `modulatio plan approve`, takes it in"
                .to_owned(),
        }),
        opened => Ok(opened?),
    }
}

#[cfg(test)]
mod tests {
    use journal::Draft;
    use projections::{codec, document, event::EditRejected, ids::Epoch};

    use super::*;
    use crate::{clock, decide, vault::Vault};

    fn frame(events: &[Event]) -> Draft {
        Draft {
            at: clock::now().to_string(),
            epoch: Epoch::default().0,
            by: "test".to_owned(),
            events: codec::encode(events),
        }
    }

    fn refused(why: &str) -> Draft {
        let event = EditRejected {
            file: "f".to_owned(),
            why: why.to_owned(),
            kept_as: None,
        };
        frame(&[event.into()])
    }

    fn plan() -> (tempfile::TempDir, Project, PlanId) {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(dir.path().join("ess/plans")).unwrap();
        let vault = Vault::open(dir.path()).unwrap();
        let id: PlanId = "ESS-P-001".parse().unwrap();
        let project = vault.project(id.project()).unwrap();
        let text = document::read(b"### Sub-objectives\n\n**1. A** - b\n").unwrap();
        let first = frame(&decide::draft(&id, &text).unwrap());
        project.store().create(&log_name(&id), &first).unwrap();
        (dir, project, id)
    }

    fn seqs(follower: &mut Follower) -> Vec<u64> {
        let mut seen = Vec::new();
        follower
            .catch_up(&mut |_, entry, _| seen.push(entry.mark.anchor.seq))
            .unwrap();
        seen
    }

    #[test]
    fn each_frame_is_shown_once() {
        let (_dir, project, id) = plan();
        let mut follower = Follower::open(&project, &id).unwrap();
        assert_eq!(seqs(&mut follower), [0]);
        assert!(seqs(&mut follower).is_empty());
        let mut log = project.store().open(&log_name(&id), None).unwrap();
        log.catch_up(&mut |_| ()).unwrap();
        log.append(1, &[refused("a"), refused("b")]).unwrap();
        assert_eq!(seqs(&mut follower), [1, 2]);
        assert_eq!(follower.plan().unwrap().head_frame.anchor.seq, 2);
    }

    /// As after a sync that failed: what was appended is cut off again, and others append there.
    #[test]
    fn what_stands_in_the_place_of_frames_taken_back_is_shown() {
        let (_dir, project, id) = plan();
        let path = project.journal_path(&id);
        let one = std::fs::read(&path).unwrap();
        let append = |seq, why: &str| {
            let mut log = project.store().open(&log_name(&id), None).unwrap();
            log.catch_up(&mut |_| ()).unwrap();
            log.append(seq, &[refused(why)]).unwrap();
        };
        let mut follower = Follower::open(&project, &id).unwrap();
        append(1, "a");
        append(2, "b");
        assert_eq!(seqs(&mut follower), [0, 1, 2]);
        std::fs::write(&path, &one).unwrap();
        assert!(seqs(&mut follower).is_empty());
        append(1, "another");
        assert_eq!(seqs(&mut follower), [1]);
    }

    #[test]
    fn what_is_whole_is_shown_before_the_damage_is_told() {
        let (_dir, project, id) = plan();
        let mut log = project.store().open(&log_name(&id), None).unwrap();
        log.catch_up(&mut |_| ()).unwrap();
        log.append(1, &[refused("a"), refused("b")]).unwrap();
        let path = project.journal_path(&id);
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, text.replace("\"why\":\"b\"", "\"why\":\"x\"")).unwrap();
        let mut follower = Follower::open(&project, &id).unwrap();
        let mut seen = Vec::new();
        let mut observe = |_: &Plan, entry: &Entry, _: &Event| seen.push(entry.mark.anchor.seq);
        let error = follower.catch_up(&mut observe).unwrap_err();
        assert_eq!((error.exit_code(), seen), (7, vec![0, 1]));
    }
}
