//! `project.yaml`: what a project is for, and what it does differently.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use super::{
    EmbedderConfig, Faults, Folder,
    caps::WrittenCaps,
    folders::read_folders,
    memory::{WrittenMemory, read_embedder},
    reader::{Field, Sink},
    team::WrittenTeam,
    tools::read_disabled,
};

/// A project's own file. It takes effect through [`Config::for_project`](super::Config::for_project).
#[derive(Clone, Debug, PartialEq)]
pub struct ProjectConfig {
    /// What the project is for.
    pub objective: String,
    /// The folders it works with, in the file's order.
    pub folders: Vec<Folder>,
    pub(super) team: WrittenTeam,
    pub(super) defaults: WrittenCaps,
    /// Tools that its agents are not offered, besides those of the vault.
    pub(super) disable: BTreeSet<String>,
    pub(super) embedder: Option<EmbedderConfig>,
    pub(super) memory: WrittenMemory,
    pub(super) file: PathBuf,
}

impl ProjectConfig {
    /// Reads the text of `project.yaml`; `file` is how faults name it. Whether its models exist is seen in
    /// `for_project`.
    pub fn parse(text: &str, file: &Path) -> Result<Self, Faults> {
        let sink = Sink::new(file);
        let value = sink.parse(text)?;
        let project = read(&Field::root(&value, &sink), file);
        sink.finish(project)
    }
}

fn read(root: &Field<'_>, file: &Path) -> ProjectConfig {
    let known = [
        "objective",
        "folders",
        "team",
        "defaults",
        "tools",
        "embedder",
        "memory",
        "team_memory_enabled",
    ];
    let section = root.optional_section(&known);
    let get = |key: &str| section.as_ref().and_then(|section| section.get(key));
    let objective = section
        .as_ref()
        .and_then(|section| section.require("objective"));
    ProjectConfig {
        objective: objective
            .and_then(|field| field.text())
            .unwrap_or_default()
            .to_owned(),
        folders: get("folders")
            .map(|field| read_folders(&field))
            .unwrap_or_default(),
        team: get("team")
            .map(|field| WrittenTeam::read(&field))
            .unwrap_or_default(),
        defaults: section.as_ref().map(WrittenCaps::read).unwrap_or_default(),
        disable: section.as_ref().map(read_disabled).unwrap_or_default(),
        embedder: get("embedder").and_then(|field| read_embedder(&field)),
        memory: section
            .as_ref()
            .map(WrittenMemory::read)
            .unwrap_or_default(),
        file: file.to_owned(),
    }
}
