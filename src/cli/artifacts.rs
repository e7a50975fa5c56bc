//! Artifacts as a plan's journal has them: where each stands, what it held when it was handed in, and what became of the
//! file.

use std::collections::BTreeMap;

use projections::{
    event::Event,
    ids::{PlanId, TaskId},
    payload::{Digest, Payload},
    plan::Plan,
    work::Step,
};

use crate::{
    error::{Error, Result},
    prompts::reply,
    vault::{
        Project,
        replay::{self, Until},
    },
};

/// An artifact as it was handed in last.
#[derive(Debug)]
pub(super) struct HandedIn {
    /// Below the run's `artifacts/`.
    pub(super) path: String,
    pub(super) b3: Digest,
    held: Held,
}

/// Where the journal holds an artifact's bytes.
#[derive(Debug)]
enum Held {
    /// Themselves.
    Kept(Payload),
    /// In this reply, for a task with these artifacts.
    Reply(Payload, Vec<String>),
    /// Nowhere.
    Nowhere,
}

/// All artifacts of a plan, by path, and what ended the reading of its journal early.
///
/// # Errors
/// [`Error::Journal`] when there is no journal.
pub(super) fn of(project: &Project, plan: &PlanId) -> Result<(Vec<HandedIn>, Option<Error>)> {
    let mut replies: BTreeMap<TaskId, Payload> = BTreeMap::new();
    let mut found: Vec<HandedIn> = Vec::new();
    let reading = replay::read(project, plan, Until::Tail, &mut |plan, _, event| {
        match event {
            Event::ModelCallCompleted(_) => replies.extend(handing_in(plan)),
            Event::ArtifactWritten(e) => {
                let run = plan.run.as_ref();
                let planned = run.and_then(|run| run.task(&e.task));
                let own = planned.map(|task| task.spec.artifacts.clone());
                let held = match (&e.content, replies.get(&e.task)) {
                    (Some(content), _) => Held::Kept(content.clone()),
                    (None, Some(reply)) => Held::Reply(reply.clone(), own.unwrap_or_default()),
                    (None, None) => Held::Nowhere,
                };
                found.retain(|known| known.path != e.path);
                found.push(HandedIn {
                    path: e.path.clone(),
                    b3: e.b3,
                    held,
                });
            }
            // Whatever else happens to a plan makes no file of its run.
            _ => {}
        }
    })?;
    found.sort_by(|one, other| one.path.cmp(&other.path));
    Ok((found, reading.fault))
}

/// The reply that was just completed, if it may hand something in, with its task.
fn handing_in(plan: &Plan) -> Option<(TaskId, Payload)> {
    let (call, reply) = plan.calls.last_reply.as_ref()?;
    match &call.step {
        Step::Produce { task, .. } | Step::Fix { task, .. } => Some((task.clone(), reply.clone())),
        Step::Draft { .. }
        | Step::PlanTasks { .. }
        | Step::Review { .. }
        | Step::Reflect { .. }
        | Step::Decompose { .. } => None,
    }
}

impl HandedIn {
    /// Its bytes as they were handed in.
    ///
    /// # Errors
    /// [`Error::Failed`] when the journal does not hold them; the blob store's.
    pub(super) fn bytes_as_handed_in(&self, project: &Project) -> Result<Vec<u8>> {
        let bytes = match &self.held {
            Held::Kept(content) => Some(project.resolve(content)?),
            Held::Reply(reply, own) => in_reply(&project.resolve(reply)?, own, &self.path),
            Held::Nowhere => None,
        };
        bytes
            .filter(|bytes| Digest::of(bytes) == self.b3)
            .ok_or_else(|| Error::Failed(format!("the journal does not hold {}", self.path)))
    }
}

fn in_reply(reply: &[u8], own: &[String], path: &str) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(reply).ok()?;
    let produced = reply::artifact(text).ok()?;
    let files = produced.files(own);
    let (_, text) = files.into_iter().find(|(file, _)| *file == path)?;
    Some(text.as_bytes().to_vec())
}
