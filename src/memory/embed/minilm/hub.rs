//! The model's files from the hub, as fastembed would fetch and keep them, but without loading them.

use std::path::{Path, PathBuf};

use fastembed::{EmbeddingModel, TextEmbedding};
use hf_hub::{Cache, api::sync::ApiBuilder};

use super::{folder::Folder, foreign};

const HUB: &str = "https://huggingface.co";

/// The files that are needed; what else a copy brings is the same in every one.
const FILES: [&str; 2] = ["model.onnx", "tokenizer.json"];

/// The hub, and where what is from there is kept.
#[derive(Clone, Debug)]
pub(in crate::memory) struct Hub {
    /// Where downloads are kept.
    pub(in crate::memory) cache: PathBuf,
    /// The hub's or a mirror's address, if it is not the usual one.
    pub(in crate::memory) endpoint: Option<String>,
    /// What a mirror may ask for.
    pub(in crate::memory) token: Option<String>,
}

impl Hub {
    /// The files, if they are here.
    pub(in crate::memory) fn kept(&self) -> Option<Folder> {
        let repo = Cache::new(self.cache.clone()).model(name());
        let [model, tokenizer] = FILES.map(|file| repo.get(file));
        Some(Folder::cached(model?, tokenizer?))
    }

    /// Fetches what is not here yet.
    ///
    /// # Errors
    /// Why not.
    pub(in crate::memory) fn fetch(&self) -> Result<(), String> {
        let endpoint = self.endpoint.as_deref().unwrap_or(HUB);
        let endpoint = endpoint.trim_end_matches('/');
        let told = |why: String| {
            let from = without_password(endpoint);
            format!("all-MiniLM-L6-v2 cannot be downloaded from {from}: {why}")
        };
        foreign(|| self.fetch_from(endpoint)).map_err(told)?;
        match self.kept() {
            Some(_) => Ok(()),
            None => Err(told(format!(
                "nothing came to be in {}",
                self.cache.display()
            ))),
        }
    }

    fn fetch_from(&self, endpoint: &str) -> Result<(), String> {
        let cache = absolute(&self.cache)?;
        let api = ApiBuilder::from_cache(Cache::new(cache))
            .with_endpoint(endpoint.to_owned())
            .with_token(self.token.clone())
            .with_progress(false)
            .build()
            .map_err(|e| e.to_string())?;
        let repo = api.model(name());
        for file in FILES {
            repo.get(file).map_err(|e| format!("{file}: {e}"))?;
        }
        Ok(())
    }
}

/// The hub's name for what fastembed takes.
fn name() -> String {
    let about = TextEmbedding::get_model_info(&EmbeddingModel::AllMiniLML6V2);
    about.map_or_else(
        |_| "Qdrant/all-MiniLM-L6-v2-onnx".to_owned(),
        |about| about.model_code.clone(),
    )
}

fn absolute(path: &Path) -> Result<PathBuf, String> {
    std::path::absolute(path).map_err(|e| format!("{}: {e}", path.display()))
}

/// An address without the part in which a password may be.
fn without_password(address: &str) -> String {
    match address.split_once("://") {
        Some((scheme, rest)) => {
            let (host, path) = rest
                .split_once('/')
                .map_or((rest, ""), |(host, path)| (host, path));
            let host = host.rsplit('@').next().unwrap_or(host);
            let slash = if path.is_empty() { "" } else { "/" };
            format!("{scheme}://{host}{slash}{path}")
        }
        None => address.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_password_is_told() {
        for (address, told) in [
            ("https://hub.example", "https://hub.example"),
            ("http://user:word@mirror:8080/a/b", "http://mirror:8080/a/b"),
            ("nonsense", "nonsense"),
        ] {
            assert_eq!(without_password(address), told);
        }
    }

    #[test]
    fn the_name_is_fastembeds() {
        assert_eq!(name(), "Qdrant/all-MiniLM-L6-v2-onnx");
    }
}
