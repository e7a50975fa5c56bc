//! `project.yaml`: what a project is for, and what it does differently.

use std::path::{Path, PathBuf};

use projections::yaml::Value;

use super::{
    Faults,
    caps::WrittenCaps,
    reader::{Field, Sink},
    team::WrittenTeam,
};

/// A project's own file. It takes effect through [`Config::for_project`](super::Config::for_project).
#[derive(Clone, Debug, PartialEq)]
pub struct ProjectConfig {
    /// What the project is for.
    pub objective: String,
    /// The folders it works with, as written.
    pub folders: Vec<String>,
    pub(super) team: WrittenTeam,
    pub(super) defaults: WrittenCaps,
    pub(super) embedder: Option<Value>,
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
    let known = ["objective", "folders", "team", "defaults", "embedder"];
    let section = root.optional_section(&known);
    let get = |key: &str| section.as_ref().and_then(|section| section.get(key));
    let objective = section
        .as_ref()
        .and_then(|section| section.require("objective"));
    let folders = get("folders")
        .and_then(|field| field.items())
        .unwrap_or_default();
    ProjectConfig {
        objective: objective
            .and_then(|field| field.text())
            .unwrap_or_default()
            .to_owned(),
        folders: folders
            .iter()
            .filter_map(|field| field.text())
            .map(str::to_owned)
            .collect(),
        team: get("team")
            .map(|field| WrittenTeam::read(&field))
            .unwrap_or_default(),
        defaults: section.as_ref().map(WrittenCaps::read).unwrap_or_default(),
        embedder: get("embedder").map(|field| field.value.clone()),
        file: file.to_owned(),
    }
}
