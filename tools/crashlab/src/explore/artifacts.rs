//! What a reply hands in, as both explored machines collect it.

use modulatio::prompts;
use projections::{
    ids::TaskId,
    payload::{Digest, Payload},
    plan::{Artifact, Plan},
};

/// A reply's files, and all that the task was to make.
pub(super) struct HandedIn {
    /// Paths of the task's artifacts.
    pub(super) paths: Vec<String>,
    /// Paths and texts of the reply.
    pub(super) files: Vec<(String, String)>,
}

/// Reads the reply by which `task` is produced.
pub(super) fn handed_in(plan: &Plan, task: &TaskId, reply: &Payload) -> Result<HandedIn, String> {
    let run = plan.run.as_ref();
    let paths = run
        .and_then(|run| run.task(task))
        .map(|task| task.spec.artifacts.clone());
    let paths = paths.ok_or("artifacts are due of a task that is not there")?;
    let Payload::Text(reply) = reply else {
        return Err("a short reply lies in a blob".to_owned());
    };
    let produced = prompts::reply::artifact(reply).map_err(|why| format!("{why:?}"))?;
    let files = produced.files(&paths).into_iter();
    let files = files.map(|(path, text)| (path.to_owned(), text.to_owned()));
    Ok(HandedIn {
        files: files.collect(),
        paths,
    })
}

/// The artifact at `path`, as the journal names it.
pub(super) fn artifact(path: String, text: &str) -> Artifact {
    Artifact {
        path,
        b3: Digest::of(text.as_bytes()),
        bytes: text.len() as u64,
        content: None,
    }
}
