//! Persist, then speak: whatever anybody has been told rests on a frame that no power cut takes back.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use modulatio_tools::fake_model::FakeModel;
use projections::document::{self, Seal};

use super::point::Logs;

/// Who listens to one life.
pub(super) struct Spoken {
    model: Arc<FakeModel>,
    /// Requests of earlier lives.
    before: usize,
}

impl Spoken {
    /// Listens from now on.
    pub(super) fn to(model: Arc<FakeModel>) -> Self {
        let before = model.asked();
        Self { model, before }
    }

    /// What was said too early.
    pub(super) fn too_early(&self, root: &Path, logs: &Logs, files: &[PathBuf]) -> Option<String> {
        let asked = self.model.asked() - self.before;
        let all: Vec<u8> = logs
            .0
            .values()
            .flat_map(|log| log.durable.clone())
            .collect();
        let durable = String::from_utf8_lossy(&all);
        let started = durable.matches("\"kind\":\"ModelCallStarted\"").count();
        if asked > started {
            return Some(format!(
                "a model was asked {asked} times when {started} calls were durable"
            ));
        }
        let shown = files.iter().filter(|path| is_shown(path));
        shown
            .filter_map(|path| Some((path, anchor(path)?)))
            .find(|(_, b3)| !durable.contains(b3))
            .map(|(path, _)| {
                let path = path.strip_prefix(root).unwrap_or(path).display();
                format!("{path} shows a frame that is not durable")
            })
    }
}

fn is_shown(path: &Path) -> bool {
    let dir = path.parent().and_then(Path::file_name);
    path.extension().is_some_and(|kind| kind == "md")
        && dir.is_some_and(|dir| dir == "plans" || dir == "tickets")
        && path
            .file_name()
            .is_some_and(|name| !name.as_encoded_bytes().starts_with(b"."))
}

/// How the journal's line of the frame begins from which a file was rendered.
fn anchor(path: &Path) -> Option<String> {
    let text = std::fs::read_to_string(path).ok()?;
    match document::seal_of(&text) {
        Seal::Intact(anchor) => Some(format!("{{\"b3\":\"{}\"", anchor.b3)),
        Seal::Broken(_) => None,
    }
}
