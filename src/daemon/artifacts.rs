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
    error::{self, Error, Result},
    prompts::{Exhibit, reply},
    toolbox::{self, Found, Unplaced},
};

/// Largest artifact, in bytes.
const LARGEST: u64 = 16 << 20;

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
                match self.write(path, content.as_bytes())? {
                    Ok(artifact) => artifacts.push(artifact),
                    Err(Unplaced::InTheWay(why)) => missing.push(format!("{path} {why}")),
                    Err(Unplaced::Machine(error)) if error::is_short_of(&error) => {
                        return Err(Error::io("write the artifact", path)(error));
                    }
                    Err(Unplaced::Machine(error)) => {
                        let why = format!("the artifact {path} cannot be written: {error}");
                        return self.obstructed(why);
                    }
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

    fn write(&self, path: &str, bytes: &[u8]) -> Result<std::result::Result<Artifact, Unplaced>> {
        let root = self.log.project().workspace(&self.id)?;
        let put = toolbox::put_artifact(&root, path, bytes);
        Ok(put.map(|()| Artifact {
            path: path.to_owned(),
            b3: Digest::of(bytes),
            bytes: bytes.len() as u64,
            content: None,
        }))
    }

    /// A file that a tool wrote, its bytes kept.
    fn found(&self, path: &str) -> Result<std::result::Result<Artifact, String>> {
        let bytes = match self.look(path)? {
            Found::Bytes(bytes) if bytes.is_empty() => return Ok(Err(format!("{path} is empty"))),
            Found::Bytes(bytes) => bytes,
            Found::Nothing => return Ok(Err(format!("{path} was not handed in"))),
            Found::Odd(why) => return Ok(Err(format!("{path} {why}"))),
        };
        Ok(Ok(Artifact {
            path: path.to_owned(),
            b3: Digest::of(&bytes),
            bytes: bytes.len() as u64,
            content: Some(self.log.project().keep_bytes(bytes)?),
        }))
    }

    fn look(&self, path: &str) -> Result<Found> {
        let root = self.log.project().workspace(&self.id)?;
        let failed = Error::io("read", root.join(path));
        toolbox::find_artifact(&root, path, LARGEST).map_err(failed)
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

    /// Restores what has passed and is about to be built or reflected upon: what is vouched for is what was judged.
    pub(super) fn restore_passed(&mut self, step: &Step) -> Result<()> {
        let Some(run) = &self.log.plan().run else {
            return Ok(());
        };
        let needed: Vec<&TaskId> = match step {
            Step::Reflect { .. } => run.tasks.iter().map(|task| &task.spec.id).collect(),
            Step::Produce { task, .. } | Step::Fix { task, .. } => {
                let task = run.task(task).filter(|task| task.talk.is_empty());
                task.iter().flat_map(|task| &task.spec.needs).collect()
            }
            Step::Draft { .. }
            | Step::PlanTasks { .. }
            | Step::Review { .. }
            | Step::Decompose { .. } => Vec::new(),
        };
        let tasks: Vec<Task> = needed
            .into_iter()
            .filter_map(|id| run.task(id).cloned())
            .collect();
        for task in &tasks {
            for artifact in &task.artifacts {
                self.on_disk(task, artifact)?;
            }
        }
        Ok(())
    }

    /// A file as it lies there, or as it should.
    fn on_disk(&mut self, task: &Task, artifact: &Artifact) -> Result<Option<Vec<u8>>> {
        let path = &artifact.path;
        let why = match self.look(path)? {
            Found::Bytes(bytes) if Digest::of(&bytes) == artifact.b3 => return Ok(Some(bytes)),
            Found::Bytes(_) => "was changed since it was handed in",
            Found::Nothing => "is gone",
            Found::Odd(_) => "is no file any more",
        };
        let Some(bytes) = self.recorded(task, artifact)? else {
            tracing::warn!(plan = %self.id, "artifact {path} {why}, and the journal does not hold it");
            return Ok(None);
        };
        tracing::warn!(plan = %self.id, "artifact {path} {why}; restored from the journal");
        self.fence()?;
        if let Err(fault) = self.write(path, &bytes)? {
            tracing::warn!(plan = %self.id, "artifact {path} {fault}");
        }
        Ok(Some(bytes))
    }

    /// A file as the journal has it.
    fn recorded(&self, task: &Task, artifact: &Artifact) -> Result<Option<Vec<u8>>> {
        match &artifact.content {
            Some(kept) => self.log.project().resolve(kept).map(Some),
            None => Ok(self.handed_in(task, artifact)?.map(String::into_bytes)),
        }
    }

    /// What the reply that handed a file in has of it: tasks of an earlier division had the same names.
    fn handed_in(&self, task: &Task, artifact: &Artifact) -> Result<Option<String>> {
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
                let is_it = |(path, text): &&(&str, &str)| {
                    *path == artifact.path && Digest::of(text.as_bytes()) == artifact.b3
                };
                if let Some((_, text)) = files.iter().find(is_it) {
                    return Ok(Some((*text).to_owned()));
                }
            }
        }
        Ok(None)
    }
}
