//! What a run's tools may read, behind the toolbox's contract.

use super::execute::Runner;
use crate::{error::Error, toolbox::Shelf};

/// The files of a run and what its tools returned.
pub(super) struct RunShelf<'a>(&'a Runner<'a>);

impl<'a> RunShelf<'a> {
    pub(super) fn of(runner: &'a Runner<'a>) -> Self {
        Self(runner)
    }
}

impl Shelf for RunShelf<'_> {
    fn list(&self) -> Result<Vec<(String, u64)>, String> {
        let project = self.0.log.project();
        project.run_files(&self.0.id).map_err(|error| error.told())
    }

    fn read(&self, path: &str) -> Result<Vec<u8>, String> {
        let found = self.0.log.project().run_file(&self.0.id, path);
        found.map_err(|error| error.told())?.ok_or_else(|| {
            "there is no such file in this run; list_files shows what there is".to_owned()
        })
    }

    fn result(&self, call_id: &str) -> Result<String, String> {
        let run = self.0.log.plan().run.as_ref();
        let tasks = run.into_iter().flat_map(|run| &run.tasks);
        let mut all = tasks.flat_map(|task| task.talk.iter().flat_map(|turn| &turn.uses));
        let found = all.find(|used| used.call.id.as_str() == call_id);
        match found.and_then(|used| used.result.as_ref()) {
            Some((_, text)) => self.0.text(text).map_err(|error: Error| error.told()),
            None => Err("no tool of this production returned under that call_id".to_owned()),
        }
    }
}
