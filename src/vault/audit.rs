//! Is a plan's journal what it was? Chain, anchors, history and named contents; read-only, on whatever is there.

use projections::{
    event::Event,
    ids::PlanId,
    payload::{Anchor, Digest},
    plan::Plan,
};
use serde::Serialize;

use super::{
    Project,
    project::log_name,
    put, regular,
    replay::{self, Until},
};
use crate::error::{Error, Result};

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum Verdict {
    /// Everything that was acknowledged is there, unchanged.
    Whole {
        /// How many frames.
        frames: u64,
        /// The last frame's hash.
        b3: Digest,
        /// What is worth knowing and no damage.
        notes: Vec<String>,
    },
    /// Something is missing or changed.
    Damaged {
        /// What, and where.
        why: String,
    },
    /// The plan was never taken in.
    NoJournal,
}

impl Verdict {
    /// Whether nothing is damaged.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        !matches!(self, Self::Damaged { .. })
    }
}

/// A plan's journal, looked at whole.
pub(super) struct Examined {
    pub(super) verdict: Verdict,
    /// The state that it folds to.
    pub(super) plan: Option<Plan>,
    /// Bytes of an unfinished frame at its end.
    pub(super) torn: u64,
}

/// Verifies one plan; `sealed` is a head that was noted elsewhere.
#[must_use]
pub fn verify(project: &Project, id: &PlanId, sealed: Option<Anchor>) -> Verdict {
    match examine(project, id, sealed) {
        Ok(examined) => examined.verdict,
        Err(Error::Journal(journal::Error::Missing { .. })) if sealed.is_none() => {
            gone(project, id).map_or(Verdict::NoJournal, |why| Verdict::Damaged { why })
        }
        Err(error) => Verdict::Damaged { why: error.told() },
    }
}

/// Of a plan without a journal whose file was rendered from one: what is wrong with that.
pub(super) fn gone(project: &Project, id: &PlanId) -> Option<String> {
    let why = project.found(id).err()?;
    let text = regular::read_text(&project.plan_path(id)).unwrap_or_default();
    let names_a_journal = text.lines().any(|line| line.starts_with("journal:"));
    names_a_journal.then(|| why.told())
}

/// As [`verify`], and the plan's state.
pub(super) fn examine(project: &Project, id: &PlanId, sealed: Option<Anchor>) -> Result<Examined> {
    let anchors: Vec<Anchor> = sealed
        .into_iter()
        .chain(anchor_of_file(project, id))
        .collect();
    let mut notes = Vec::new();
    let (mut artifacts, mut checkpoints, mut last) = (Vec::new(), Vec::new(), None);
    for anchor in anchors {
        check_anchor(project, id, anchor)?;
    }
    let reading = replay::read(project, id, Until::Tail, &mut |_, entry, event| {
        last = Some(entry.mark.anchor);
        if let Event::ArtifactWritten(e) = event {
            artifacts.retain(|(path, _)| *path != e.path);
            artifacts.push((e.path.clone(), e.b3));
        }
        if let Event::ContextExhausted(e) = event {
            checkpoints.retain(|(path, _)| *path != e.checkpoint);
            checkpoints.push((e.checkpoint.clone(), e.b3));
        }
    })?;
    if let Some(fault) = reading.fault {
        return Err(fault);
    }
    if let Some(missing) = replay::missing_content(project, id)?.first() {
        let why = format!("{}: {}", missing.path, missing.why);
        return Ok(Examined {
            verdict: Verdict::Damaged { why },
            plan: reading.plan,
            torn: 0,
        });
    }
    let torn = reading.torn.map_or(0, |torn| torn.bytes);
    if torn > 0 {
        notes.push(format!("{torn} byte(s) of an unfinished frame at the end"));
    }
    for (path, b3) in artifacts {
        if let Ok(Err(fault)) = project.read_artifact(id, &path, &b3) {
            notes.push(fault.to_string());
        }
    }
    for (path, b3) in checkpoints {
        let kept = std::fs::read(project.dir().join(&path));
        if !kept.is_ok_and(|bytes| Digest::of(&bytes) == b3) {
            notes.push(format!("checkpoint {path} is gone or was changed"));
        }
    }
    let b3 = last.map_or(Digest([0; 32]), |anchor| anchor.b3);
    Ok(Examined {
        verdict: Verdict::Whole {
            frames: reading.frames,
            b3,
            notes,
        },
        plan: reading.plan,
        torn,
    })
}

/// A log opened with an anchor refuses to be shorter than it, or other than it.
pub(super) fn check_anchor(project: &Project, id: &PlanId, anchor: Anchor) -> Result<()> {
    let mut log = project
        .store()
        .read(&log_name(id), Some(replay::log_anchor(anchor)))?;
    log.catch_up(&mut |_| ())?;
    Ok(())
}

/// What the plan's file remembers as acknowledged, if the file is as it was rendered.
pub(super) fn anchor_of_file(project: &Project, id: &PlanId) -> Option<Anchor> {
    let text = regular::rendered_text(&project.plan_path(id))?;
    put::rendering_of(&id.to_string(), text.as_bytes())
}

/// The journal's last frame, verified; `None` for a plan that was never taken in.
///
/// # Errors
/// The journal's, damage included.
pub fn head(project: &Project, id: &PlanId) -> Result<Option<Anchor>> {
    match project.store().read(&log_name(id), None) {
        Err(journal::Error::Missing { .. }) => Ok(None),
        Err(error) => Err(error.into()),
        Ok(mut log) => Ok(log.catch_up(&mut |_| ())?.tail.map(replay::anchor_of)),
    }
}
