//! Files that the recorded run left on disk: what was in them comes from the recording, and is handed to the stage when
//! it was there.

use projections::{
    event::{ArtifactWritten, Event},
    fold::Entry,
    ids::TaskId,
    payload::Digest,
    plan::{Artifact, TaskStage},
    work::Step,
};

use super::{Rehearsal, Stop};
use crate::{
    command::Report as Told,
    prompts::{self, Exhibit, Shown, reply},
};

impl<E> Rehearsal<'_, E> {
    /// A frame in which a task's artifacts were found on disk, or were missing.
    pub(super) fn collect(&mut self, entry: &Entry) -> Result<(), Stop<E>> {
        let Some(task) = collecting(entry) else {
            return Ok(());
        };
        let mut artifacts = Vec::new();
        for event in &entry.events {
            if let Event::ArtifactWritten(e) = event {
                let shown = self.content(e)?;
                self.kept
                    .entry(e.task.clone())
                    .or_default()
                    .insert(e.path.clone(), shown);
                artifacts.push(Artifact {
                    path: e.path.clone(),
                    b3: e.b3,
                    bytes: e.bytes,
                    content: e.content.clone(),
                });
            }
        }
        let missing = missing(entry);
        let collected = self.stage.report(Told::ArtifactsCollected {
            task,
            artifacts,
            missing,
        });
        self.made("the artifacts", collected).map(drop)
    }

    /// What was in a file: as the frame keeps it, or as the reply before it has it.
    fn content(&mut self, e: &ArtifactWritten) -> Result<Shown, E> {
        if let Some(kept) = &e.content {
            // Only texts can be looked up; what is none comes back as another text, and its length is all that a
            // prompt says of it.
            let text = (self.resolve)(kept)?;
            let whole = Digest::of(text.as_bytes()) == e.b3;
            return Ok(if whole {
                Shown::Text(text)
            } else {
                Shown::Binary(e.bytes)
            });
        }
        Ok(Shown::Text(self.handed_in(e)?.unwrap_or_default()))
    }

    fn handed_in(&mut self, e: &ArtifactWritten) -> Result<Option<String>, E> {
        let run = self.recorded.run.as_ref();
        let Some(task) = run.and_then(|run| run.task(&e.task)) else {
            return Ok(None);
        };
        let TaskStage::Writing { reply } = &task.stage else {
            return Ok(None);
        };
        let paths = task.spec.artifacts.clone();
        let text = (self.resolve)(&reply.clone())?;
        let produced = reply::artifact(&text).ok();
        let files = produced.iter().flat_map(|produced| produced.files(&paths));
        let mut found = files.filter(|(path, _)| *path == e.path);
        Ok(found.next().map(|(_, text)| text.to_owned()))
    }

    /// The files of a step's task, as the recorded run had them.
    pub(super) fn exhibits(&self, step: &Step) -> Vec<Exhibit> {
        if !prompts::shows_artifacts(self.stage.plan(), step) {
            return Vec::new();
        }
        let kept = step.task().and_then(|(task, _)| self.kept.get(task));
        let files = kept.cloned().unwrap_or_default().into_iter();
        files.map(|(path, shown)| Exhibit { path, shown }).collect()
    }
}

/// Whose artifacts a frame is about: those found, or a production that left none.
fn collecting(entry: &Entry) -> Option<TaskId> {
    entry.events.iter().find_map(|event| match event {
        Event::ArtifactWritten(e) => Some(e.task.clone()),
        Event::TaskReviewed(e) if e.by_engine && !answers(entry) => Some(e.task.clone()),
        _ => None,
    })
}

/// Whether the frame follows from an answer of a model, and not from a look at the disk.
fn answers(entry: &Entry) -> bool {
    let answers = |event: &Event| matches!(event, Event::ModelCallCompleted(_));
    entry.events.iter().any(answers)
}

fn missing(entry: &Entry) -> Vec<String> {
    let reviewed = entry.events.iter().find_map(|event| match event {
        Event::TaskReviewed(e) if e.by_engine => Some(&e.verdict.defects),
        _ => None,
    });
    let defects = reviewed.into_iter().flatten();
    defects.map(|defect| defect.what.clone()).collect()
}
