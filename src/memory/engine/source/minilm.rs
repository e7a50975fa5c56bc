//! all-MiniLM-L6-v2, from a folder that is named or from the hub's cache.

use std::{path::PathBuf, sync::Arc};

use super::{super::Settings, Lack, Source, Surroundings};
use crate::memory::embed::{
    Embedder,
    minilm::{
        MiniLm,
        folder::Folder,
        hub::Hub,
        library::{self, Places},
    },
};

const OFFLINE: &str = "all-MiniLM-L6-v2 is not on this machine, and HF_HUB_OFFLINE forbids to download it; \
                       `embedder.model_dir` may name a folder that has it, `embedder: lexical` does without";

pub(super) struct MiniLmSource {
    /// The folder that is named.
    folder: Option<PathBuf>,
    hub: Hub,
    /// Nothing is to be downloaded.
    offline: bool,
    places: Places,
}

impl MiniLmSource {
    pub(super) fn new(settings: &Settings, surroundings: &Surroundings) -> Self {
        let cache = surroundings.cache_dir.as_ref();
        Self {
            folder: settings.model_dir.clone(),
            offline: surroundings.offline,
            hub: Hub {
                cache: cache.unwrap_or(&settings.cache_dir).clone(),
                endpoint: surroundings.endpoint.clone(),
                token: surroundings.token.as_ref().map(|token| token.0.clone()),
            },
            places: Places {
                configured: settings.onnxruntime.clone(),
                variable: surroundings.ort_dylib_path.clone(),
                program: surroundings.program.clone(),
                data_dir: surroundings.data_dir.clone(),
            },
        }
    }

    fn files(&self) -> Option<Folder> {
        match &self.folder {
            Some(folder) => Some(Folder::named(folder)),
            None => self.hub.kept(),
        }
    }
}

impl Source for MiniLmSource {
    fn load(&self) -> Result<Arc<dyn Embedder>, Lack> {
        if self.offline && self.files().is_none() {
            return Err(Lack::Broken(OFFLINE.to_owned()));
        }
        // Without the library a download would be for nothing.
        let runtime = library::runtime(&self.places).map_err(Lack::Broken)?;
        let files = self.files().ok_or(Lack::NotYet)?;
        let model = MiniLm::load(&files, &runtime).map_err(Lack::Broken)?;
        Ok(Arc::new(model))
    }

    fn fetch(&self) -> Result<(), String> {
        match self.folder {
            Some(_) => Ok(()),
            None if self.files().is_some() => Ok(()),
            None if self.offline => Err(OFFLINE.to_owned()),
            None => self.hub.fetch(),
        }
    }

    fn stamp(&self) -> String {
        let files = self.files();
        files.map_or_else(String::new, |files| files.stamp())
    }

    fn from(&self) -> Option<PathBuf> {
        let model = self.files().map(|files| files.model().to_path_buf());
        let model = model.or_else(|| self.folder.clone());
        Some(model.unwrap_or_else(|| self.hub.cache.clone()))
    }
}
