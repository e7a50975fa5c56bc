//! `modulatio plan artifacts`: artifacts as a plan's journal has them, and what became of their files.

use std::{collections::BTreeMap, path::PathBuf};

use projections::{
    event::Event,
    files::artifacts_path,
    ids::{PlanId, TaskId},
    payload::{Digest, Payload},
    plan::Plan,
    work::Step,
};

use serde_json::json;

use super::{args::ArtifactsOptions, output, show};
use crate::{
    error::{Error, Result},
    nearest::near,
    prompts::reply,
    vault::{
        ArtifactFault, Project, Vault,
        replay::{self, Until},
    },
};

/// An artifact as it was handed in last.
#[derive(Debug)]
pub(super) struct HandedIn {
    /// The sub-objective that it was made for.
    pub(super) sub_objective: u32,
    pub(super) task: TaskId,
    /// Below the run's `artifacts/`.
    pub(super) path: String,
    pub(super) b3: Digest,
    pub(super) bytes: u64,
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

/// What the file on disk is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum OnDisk {
    Ok,
    Changed,
    Missing,
}

impl OnDisk {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Changed => "changed",
            Self::Missing => "missing",
        }
    }
}

const HEAD: [&str; 5] = ["TASK", "BYTES", "B3", "FILE", "NAME"];

pub(super) fn run(vault: &Vault, options: &ArtifactsOptions, json: bool) -> Result<()> {
    let id = &options.plan;
    let project = vault.reader_of(id)?;
    show::tell_archived(&project, id);
    let (mut artifacts, fault) = of(&project, id)?;
    if let Some(name) = &options.name {
        let known: Vec<String> = artifacts.iter().map(|a| a.path.clone()).collect();
        artifacts.retain(|artifact| artifact.path == *name);
        let Some(artifact) = artifacts.first() else {
            // What cannot be read any more may have held it.
            return Err(fault.unwrap_or_else(|| Error::Failed(unknown(id, name, known))));
        };
        if !options.path && !json {
            output::report_bytes(&artifact.bytes_as_handed_in(&project)?);
            return fault.map_or(Ok(()), Err);
        }
    }
    list(&project, options, &artifacts, json);
    fault.map_or(Ok(()), Err)
}

fn unknown(plan: &PlanId, name: &str, known: Vec<String>) -> String {
    let known = known.into_iter().map(|path| (path.clone(), path));
    let near = match near(name, known, String::clone).as_slice() {
        [] => String::new(),
        near => format!("; the nearest: {}", near.join(", ")),
    };
    format!("{plan} has no artifact {name:?}{near}; see `modulatio plan artifacts {plan}`")
}

fn list(project: &Project, options: &ArtifactsOptions, artifacts: &[HandedIn], json: bool) {
    let id = &options.plan;
    let path = |artifact: &HandedIn| -> PathBuf {
        project.dir().join(artifacts_path(id)).join(&artifact.path)
    };
    if json {
        for artifact in artifacts {
            output::report_json(&json!({
                "plan": id,
                "sub_objective": artifact.sub_objective,
                "task": artifact.task,
                "name": artifact.path,
                "bytes": artifact.bytes,
                "b3": artifact.b3,
                "file": artifact.on_disk(project, id).word(),
                "path": path(artifact),
            }));
        }
    } else if options.path {
        for artifact in artifacts {
            output::report(&path(artifact).display().to_string());
        }
    } else {
        let rows: Vec<[String; 5]> = std::iter::once(HEAD.map(str::to_owned))
            .chain(artifacts.iter().map(|artifact| artifact.row(project, id)))
            .collect();
        output::report(&output::table(&rows));
    }
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
                    sub_objective: run.map_or(0, |run| run.index),
                    task: e.task.clone(),
                    path: e.path.clone(),
                    b3: e.b3,
                    bytes: e.bytes,
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
    /// What the file on disk is now.
    pub(super) fn on_disk(&self, project: &Project, plan: &PlanId) -> OnDisk {
        match project.read_artifact(plan, &self.path, &self.b3) {
            Ok(Ok(_)) => OnDisk::Ok,
            Ok(Err(ArtifactFault::Gone { .. })) => OnDisk::Missing,
            Ok(Err(ArtifactFault::Changed { .. })) | Err(_) => OnDisk::Changed,
        }
    }

    fn row(&self, project: &Project, plan: &PlanId) -> [String; 5] {
        [
            self.task.to_string(),
            self.bytes.to_string(),
            // Enough to tell two versions apart at a glance; the whole is in the JSON.
            self.b3.to_string().chars().take(16).collect(),
            self.on_disk(project, plan).word().to_owned(),
            self.path.clone(),
        ]
    }

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
