//! A task's artifacts: what was handed in is put on disk, what tools wrote is found there, and all of it is kept in the
//! journal, so that a file that was changed or deleted meanwhile can be restored.

use projections::{
    ids::TaskId,
    payload::{Digest, Payload},
    plan::{Artifact, Task},
    work::Step,
};

use super::execute::Runner;
use crate::{
    command::Report,
    error::Result,
    prompts::{Exhibit, reply},
};

/// Largest artifact, in bytes.
const LARGEST: usize = 16 << 20;

impl Runner<'_> {
    /// Puts on disk what the reply hands in, and says what is there of what the task was to make.
    pub(super) fn collect_artifacts(&mut self, id: &TaskId, reply: &Payload) -> Result<()> {
        self.fence()?;
        let text = self.text(reply)?;
        let task = self.log.plan().run.as_ref().and_then(|run| run.task(id));
        let Some(task) = task.cloned() else {
            return Ok(());
        };
        let produced = match reply::artifact(&text) {
            Ok(produced) => produced,
            Err(fault) => {
                return self.obstructed(format!("the reply of {id} holds no artifact: {fault}"));
            }
        };
        let (mut artifacts, mut missing) = (Vec::new(), Vec::new());
        let handed_in = produced.files(&task.spec.artifacts);
        for (path, content) in &handed_in {
            if task.spec.artifacts.iter().any(|own| own == path) {
                match self.write(path, content.as_bytes()) {
                    Ok(artifact) => artifacts.push(artifact),
                    Err(why) => return self.obstructed(why),
                }
            } else {
                missing.push(format!("{path} is none of the task's artifacts"));
            }
        }
        let others = task.spec.artifacts.iter();
        for path in others.filter(|path| !handed_in.iter().any(|(known, _)| known == path)) {
            match self.found(path)? {
                Ok(artifact) => artifacts.push(artifact),
                Err(why) => missing.push(why),
            }
        }
        let task = id.clone();
        let report = Report::ArtifactsCollected {
            task,
            artifacts,
            missing,
        };
        self.report(report).map(drop)
    }

    fn write(&self, path: &str, bytes: &[u8]) -> std::result::Result<Artifact, String> {
        let written = self.log.project().write_artifact(&self.id, path, bytes);
        let b3 = written
            .map_err(|error| format!("the artifact {path} cannot be written: {}", error.told()))?;
        Ok(Artifact {
            path: path.to_owned(),
            b3,
            bytes: bytes.len() as u64,
            content: None,
        })
    }

    /// A file that a tool wrote, its bytes kept.
    fn found(&self, path: &str) -> Result<std::result::Result<Artifact, String>> {
        let project = self.log.project();
        let Some(bytes) = project.found_artifact(&self.id, path)? else {
            return Ok(Err(format!("{path} was not handed in")));
        };
        if bytes.is_empty() {
            return Ok(Err(format!("{path} is empty")));
        }
        if bytes.len() > LARGEST {
            let length = bytes.len();
            return Ok(Err(format!(
                "{path} has {length} bytes, more than the {LARGEST} that an artifact may have"
            )));
        }
        Ok(Ok(Artifact {
            path: path.to_owned(),
            b3: Digest::of(&bytes),
            bytes: bytes.len() as u64,
            content: Some(project.keep_bytes(bytes)?),
        }))
    }

    /// The files of a step's task, by path, as they were handed in. What was changed or deleted on disk meanwhile is
    /// restored, unless the step's own agent is at work on it.
    pub(super) fn exhibits(&mut self, step: &Step) -> Result<Vec<Exhibit>> {
        let run = self.log.plan().run.as_ref();
        let task = step.task().and_then(|(id, _)| run?.task(id));
        let Some(task) = task.cloned() else {
            return Ok(Vec::new());
        };
        let at_work = !task.talk.is_empty() && !matches!(step, Step::Review { .. });
        let mut exhibits = Vec::new();
        for artifact in &task.artifacts {
            // What the agent was asked with stays what it was while its tools change the file.
            let bytes = if at_work {
                self.recorded(&task, artifact)?
            } else {
                self.on_disk(&task, artifact)?
            };
            exhibits.extend(bytes.map(|bytes| Exhibit::of(&artifact.path, bytes)));
        }
        exhibits.sort_by(|one, other| one.path.cmp(&other.path));
        Ok(exhibits)
    }

    /// A file as it lies there, or as it should.
    fn on_disk(&mut self, task: &Task, artifact: &Artifact) -> Result<Option<Vec<u8>>> {
        let project = self.log.project();
        match project.read_artifact(&self.id, &artifact.path, &artifact.b3)? {
            Ok(bytes) => Ok(Some(bytes)),
            Err(fault) => {
                tracing::warn!(plan = %self.id, "{fault}; restored from the journal");
                self.restore(task, artifact)
            }
        }
    }

    fn restore(&mut self, task: &Task, artifact: &Artifact) -> Result<Option<Vec<u8>>> {
        let Some(bytes) = self.recorded(task, artifact)? else {
            return Ok(None);
        };
        self.fence()?;
        let project = self.log.project();
        project.write_artifact(&self.id, &artifact.path, &bytes)?;
        Ok(Some(bytes))
    }

    /// A file as the journal has it.
    fn recorded(&self, task: &Task, artifact: &Artifact) -> Result<Option<Vec<u8>>> {
        match &artifact.content {
            Some(kept) => self.log.project().resolve(kept).map(Some),
            None => Ok(self
                .handed_in(task, &artifact.path)?
                .map(String::into_bytes)),
        }
    }

    /// What the last reply that handed a file in has of it.
    fn handed_in(&self, task: &Task, path: &str) -> Result<Option<String>> {
        for attempt in (1..=task.attempt).rev() {
            let id = task.spec.id.clone();
            let steps = [
                Step::Produce {
                    task: id.clone(),
                    attempt,
                },
                Step::Fix { task: id, attempt },
            ];
            for step in steps {
                let Some(text) = self.log.project().reply_to(&self.id, &step)? else {
                    continue;
                };
                let Ok(produced) = reply::artifact(&text) else {
                    continue;
                };
                let files = produced.files(&task.spec.artifacts);
                if let Some((_, text)) = files.iter().find(|(known, _)| *known == path) {
                    return Ok(Some((*text).to_owned()));
                }
            }
        }
        Ok(None)
    }
}
