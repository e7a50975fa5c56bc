//! The embedder, and what of the memory is put before agents.

use std::path::PathBuf;

use projections::yaml::Value;

use super::{Place, Scope, Settings, Source, maybe};
use crate::config::{
    EmbedderConfig, MemoryConfig,
    values::{AUTO, span},
};

impl Settings {
    /// A project's embedder takes the place of the vault's whole. One that is a word alone is written where the key is.
    pub(super) fn embedder(&mut self, embedder: &EmbedderConfig) {
        let field = "embedder";
        let own = self.written_by_project(field);
        let vaults = self.vault.place(field);
        let (scope, over) = match own {
            Some(_) => (Scope::Project, vaults.clone()),
            None => (Scope::Vault, None),
        };
        let path = |path: &Option<PathBuf>| {
            maybe(
                path.as_ref()
                    .map(|path| path.to_string_lossy().into_owned()),
            )
        };
        for (key, value) in [
            ("kind", embedder.kind.as_str().into()),
            ("model_dir", path(&embedder.model_dir)),
            ("onnxruntime", path(&embedder.onnxruntime)),
            ("idle_unload", span(embedder.idle_unload).into()),
        ] {
            let value: Value = value;
            let whole = own.clone().or_else(|| vaults.clone());
            let unless = self.unless(scope, key, whole);
            self.note(scope, &format!("{field}.{key}"), value, unless);
            if let Some(last) = self.found.last_mut() {
                last.over.clone_from(&over);
            }
        }
    }

    fn unless(&self, scope: Scope, key: &str, whole: Option<Place>) -> Source {
        let file = match scope {
            Scope::Project => self.project.as_ref(),
            Scope::Vault | Scope::Either => Some(&self.vault),
        };
        let value = file.and_then(|file| file.value("embedder"));
        let is_word = value.is_some_and(|value| !value.is_mapping());
        match whole {
            Some(place) if is_word && key == "kind" => Source::Written(vec![place]),
            Some(_) | None => Source::Default,
        }
    }

    pub(super) fn memory(&mut self, memory: MemoryConfig) {
        let least = memory
            .min_similarity
            .map_or_else(|| Value::from(AUTO), Value::from);
        for (field, value) in [
            ("memory.min_similarity", least),
            ("memory.top", memory.top.into()),
            ("team_memory_enabled", memory.team_memory.into()),
        ] {
            let value: Value = value;
            self.note(Scope::Either, field, value, Source::Default);
        }
    }
}
