//! STUB until the real one.

use super::{Embedder, Fault, Vector};
use std::{
    path::PathBuf,
    sync::{Arc, atomic::AtomicBool},
    time::Duration,
};

/// Which.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wish {
    /// a
    Fastembed,
    /// b
    Lexical,
}

/// Settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// a
    pub kind: Wish,
    /// a
    pub model_dir: Option<PathBuf>,
    /// a
    pub onnxruntime: Option<PathBuf>,
    /// a
    pub cache_dir: PathBuf,
    /// a
    pub idle_unload: Duration,
}

/// Engine.
pub struct Engine;
/// Now.
pub struct Now {
    /// a
    pub embedder: Arc<dyn Embedder>,
    /// a
    pub instead: Option<String>,
}
struct Words;
impl Embedder for Words {
    fn id(&self) -> &str {
        "words/0"
    }
    fn embed(&self, texts: &[&str], _cut: &AtomicBool) -> Result<Vec<Vector>, Fault> {
        Ok(texts
            .iter()
            .map(|t| {
                let mut m = std::collections::BTreeMap::new();
                for w in t.to_lowercase().split_whitespace() {
                    let h = blake3::hash(w.as_bytes());
                    let f =
                        u32::from_le_bytes([h.as_bytes()[0], h.as_bytes()[1], h.as_bytes()[2], 0]);
                    *m.entry(f).or_insert(0.0) += 1.0;
                }
                Vector::Sparse(m.into_iter().collect())
            })
            .collect())
    }
}
impl Engine {
    /// a
    pub fn new(_s: Settings) -> Self {
        Self
    }
    /// a
    pub fn now(&self) -> Now {
        Now {
            embedder: Arc::new(Words),
            instead: None,
        }
    }
    /// a
    pub fn sweep(&self) -> bool {
        false
    }
}
