//! What the tests stand on: the model, the library, an engine for them, and children to ask in.

use std::{
    env, fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
    sync::atomic::AtomicBool,
    time::Duration,
};

use modulatio::memory::{Embedder, Engine, Kind, Settings, Vector};

pub(crate) const LONG: Duration = Duration::from_secs(3_600);

/// The model's folder and the library.
pub(crate) struct Ground {
    pub(crate) model: PathBuf,
    pub(crate) library: PathBuf,
}

/// What a test needs; `None`, and said so by name, where it is not there.
pub(crate) fn ground(test: &str) -> Option<Ground> {
    let library = library(test)?;
    let Some(model) = env::var_os("MODULATIO_MINILM_DIR").filter(|path| !path.is_empty()) else {
        skip(test, "MODULATIO_MINILM_DIR names no folder with the model");
        return None;
    };
    Some(Ground {
        model: PathBuf::from(model),
        library,
    })
}

/// The library alone.
pub(crate) fn library(test: &str) -> Option<PathBuf> {
    let Some(library) = env::var_os("ORT_DYLIB_PATH").filter(|path| !path.is_empty()) else {
        skip(test, "ORT_DYLIB_PATH names no ONNX Runtime");
        return None;
    };
    Some(PathBuf::from(library))
}

/// Not by `eprintln!`, which is kept back of tests that pass.
pub(crate) fn skip(test: &str, why: &str) {
    let line = format!("SKIPPED {test}: {why}\n");
    io::stderr().write_all(line.as_bytes()).expect("stderr");
}

/// A figure for people, seen although the test passes.
pub(crate) fn tell(figure: &str) {
    let line = format!("FIGURE {figure}\n");
    io::stderr().write_all(line.as_bytes()).expect("stderr");
}

impl Ground {
    pub(crate) fn engine(&self) -> Engine {
        self.engine_of(&self.model, LONG)
    }

    pub(crate) fn engine_of(&self, folder: &Path, idle_unload: Duration) -> Engine {
        Engine::new(Settings {
            kind: Kind::Fastembed,
            model_dir: Some(folder.to_path_buf()),
            onnxruntime: Some(self.library.clone()),
            cache_dir: folder.join("no-cache"),
            idle_unload,
        })
    }

    /// A folder with a copy of the model to do harm to.
    pub(crate) fn copy(&self) -> tempfile::TempDir {
        let dir = tempfile::tempdir().expect("a temporary directory");
        for file in ["model.onnx", "tokenizer.json"] {
            let bytes = fs::read(self.model.join(file)).expect("a file of the model");
            fs::write(dir.path().join(file), bytes).expect("a copy");
        }
        dir
    }
}

/// Dense vectors of texts.
pub(crate) fn dense(embedder: &dyn Embedder, texts: &[&str]) -> Vec<Vec<f32>> {
    let vectors = embedder
        .embed(texts, &AtomicBool::new(false))
        .expect("vectors");
    let numbers = vectors.into_iter().map(|vector| match vector {
        Vector::Dense(numbers) => numbers,
        Vector::Sparse(_) => panic!("{} makes sparse vectors", embedder.id()),
    });
    numbers.collect()
}

pub(crate) fn dot(one: &[f32], other: &[f32]) -> f32 {
    assert_eq!(one.len(), other.len());
    one.iter().zip(other).map(|(x, y)| x * y).sum()
}
