//! all-MiniLM-L6-v2 by fastembed: 384 numbers a text, of length 1.
//!
//! ```text
//!  folder ──sums──▶ known, or as long as a known one but different: damaged
//!         ──skeleton──▶ the graph alone; its weights stay in the file, which is mapped ─┐
//!  library ──dlopen──▶ ONNX Runtime ─────────────────────────────────────────────────────┴▶ session ──check──▶ MiniLm
//! ```
//!
//! | file           | what                                                                                    |
//! | -------------- | --------------------------------------------------------------------------------------- |
//! | `library.rs`   | ONNX Runtime's library: where it is looked for, and that it is whole                      |
//! | `folder.rs`    | the two files of a model, and which ones they are                                       |
//! | `skeleton.rs`  | a model's graph without its weights, which halves the memory that loading takes          |
//! | `reference.rs` | texts and the vectors that this model, and no other and no damaged one, makes of them    |
//! | `hub.rs`       | the files from the hub                                                                   |
//!
//! The code below ONNX Runtime's interface is foreign: it is asked inside `catch_unwind`, and only for files that have
//! passed what can be checked without it.

pub(in crate::memory) mod folder;
pub(in crate::memory) mod hub;
pub(in crate::memory) mod library;
mod reference;
mod skeleton;

use std::{
    panic::{self, AssertUnwindSafe},
    path::Path,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

use fastembed::{
    InitOptionsUserDefined, Pooling, TextEmbedding, TokenizerFiles, UserDefinedEmbeddingModel,
};
use ort::environment::Environment;

use super::{Embedder, Fault, Vector};
use folder::{Folder, Stamp};
use reference::Reference;

/// Tokens of a text that count; the rest is cut off, as the model's makers do it.
const MOST_TOKENS: usize = 256;

/// What is read of one text, bytes; more than so many tokens hold.
const MOST_BYTES: usize = 16 * 1024;

/// A batch: so many texts at most, and so many bytes at most if all were as long as its longest. What a batch takes in
/// memory goes by the latter.
const BATCH_TEXTS: usize = 16;
const BATCH_BYTES: usize = 2_000;

/// More threads than this make a short text no faster.
const MOST_THREADS: usize = 2;

/// The loaded model.
pub(in crate::memory) struct MiniLm {
    id: String,
    dimensions: usize,
    model: Mutex<TextEmbedding>,
    /// The model's file, whose weights are read as they are needed: once it is changed they are another model's.
    mapped: (Folder, Stamp),
}

impl MiniLm {
    /// Loads the model.
    ///
    /// # Errors
    /// What is missing, wrong or damaged, and what to do about it.
    pub(in crate::memory) fn load(folder: &Folder, runtime: &Environment) -> Result<Self, String> {
        Self::load_as(folder, runtime, &Reference::of_minilm())
    }

    fn load_as(
        folder: &Folder,
        runtime: &Environment,
        reference: &Reference,
    ) -> Result<Self, String> {
        let stamp = folder.stamp();
        let sums = folder.sums()?;
        let file = folder.model().display();
        let damaged = |what: String| {
            format!(
                "the model {file} cannot be used: {what}. {}",
                folder.remedy()
            )
        };
        let graph = skeleton::of(folder.model()).map_err(damaged)?;
        let model = session(folder, graph, runtime).map_err(damaged)?;
        let loaded = Self {
            id: sums.id(),
            dimensions: reference.dimensions(),
            model: Mutex::new(model),
            mapped: (folder.clone(), stamp),
        };
        loaded.check(reference).map_err(|what| {
            let (tokenizer, remedy) = (folder.tokenizer().display(), folder.remedy());
            format!(
                "{file} with {tokenizer} is not all-MiniLM-L6-v2, or is damaged: {what}. {remedy}"
            )
        })?;
        Ok(loaded)
    }

    /// Whether it makes the vectors that it should.
    fn check(&self, reference: &Reference) -> Result<(), String> {
        for (text, expected) in reference.texts() {
            let made = self.batch(&[text]).map_err(|fault| fault.to_string())?;
            let made = made.first().ok_or("it makes no vector")?;
            let likeness = reference::cosine(made, expected);
            if !reference::is_like(likeness) {
                return Err(format!(
                    "the vector of {text:?} is {likeness:.3} like the one it should be"
                ));
            }
        }
        Ok(())
    }

    fn batch(&self, texts: &[&str]) -> Result<Vec<Vec<f32>>, Fault> {
        let (folder, stamp) = &self.mapped;
        if folder.stamp() != *stamp {
            let file = folder.model().display();
            return Err(Fault::Embedder(format!(
                "{file} was changed while it was in use; it is loaded anew at the next need"
            )));
        }
        let mut model = self.model.lock().unwrap_or_else(PoisonError::into_inner);
        let vectors = foreign(|| model.embed(texts, Some(texts.len())))
            .map_err(|why| Fault::Embedder(format!("all-MiniLM-L6-v2 fails: {why}")))?;
        if vectors.len() != texts.len() {
            let (some, all) = (vectors.len(), texts.len());
            return Err(Fault::Embedder(format!(
                "all-MiniLM-L6-v2 made {some} vectors of {all} texts"
            )));
        }
        let usable = vectors.into_iter().map(|vector| self.usable(vector));
        usable.collect::<Result<_, _>>().map_err(Fault::Embedder)
    }

    fn usable(&self, mut vector: Vec<f32>) -> Result<Vec<f32>, String> {
        if vector.len() != self.dimensions {
            return Err(format!(
                "it makes vectors of {} numbers, and all-MiniLM-L6-v2 of {}",
                vector.len(),
                self.dimensions
            ));
        }
        let length = vector.iter().map(|x| x * x).sum::<f32>().sqrt();
        if !length.is_normal() {
            return Err("it makes vectors of no length".to_owned());
        }
        vector.iter_mut().for_each(|x| *x /= length);
        Ok(vector)
    }
}

impl Embedder for MiniLm {
    fn id(&self) -> &str {
        &self.id
    }

    fn embed(&self, texts: &[&str], cut: &AtomicBool) -> Result<Vec<Vector>, Fault> {
        let texts: Vec<&str> = texts
            .iter()
            .map(|text| &text[..text.floor_char_boundary(MOST_BYTES)])
            .collect();
        let mut vectors = Vec::with_capacity(texts.len());
        let mut rest = texts.as_slice();
        while !rest.is_empty() {
            if cut.load(Ordering::Relaxed) {
                return Err(Fault::Cut);
            }
            let (batch, more) = rest.split_at(length_of_batch(rest));
            vectors.extend(self.batch(batch)?.into_iter().map(Vector::Dense));
            rest = more;
        }
        Ok(vectors)
    }
}

/// How many of the next texts go together, at least one.
fn length_of_batch(texts: &[&str]) -> usize {
    let mut longest = 0;
    let fits = |(before, text): &(usize, &&str)| {
        longest = longest.max(text.len());
        *before == 0 || (before + 1) * longest <= BATCH_BYTES
    };
    let next = texts.iter().take(BATCH_TEXTS).enumerate();
    next.take_while(fits).count()
}

/// A session over the graph; the weights are mapped from the model's file.
fn session(
    folder: &Folder,
    graph: Vec<u8>,
    runtime: &Environment,
) -> Result<TextEmbedding, String> {
    let tokenizer = folder.read_tokenizer()?;
    let model = UserDefinedEmbeddingModel::new(graph, tokenizer_files(tokenizer))
        .with_pooling(Pooling::Mean);
    let place = folder.model().parent().unwrap_or(Path::new("/"));
    let place = place
        .to_str()
        .ok_or("its path is not UTF-8, which ONNX Runtime needs")?;
    let threads = thread::available_parallelism().map_or(1, |n| n.get().min(MOST_THREADS));
    let options = InitOptionsUserDefined::new()
        .with_environment(runtime.clone())
        .with_max_length(MOST_TOKENS)
        .with_intra_threads(threads)
        // What could be computed once from weights of 8 bits is four times as large, and computing it leaves the memory in
        // pieces that go back to nobody: 60 MB, against 15 ms a batch.
        .with_session_config(
            "optimization.disable_specified_optimizers",
            "ConstantFolding",
        )
        // Threads that wait by turning in circles would take a core of their own from the daemon.
        .with_session_config("session.intra_op.allow_spinning", "0")
        .with_session_config(
            "session.model_external_initializers_file_folder_path",
            place,
        );
    // Texts come one or few at a time; a pool of as many threads as there are cores would only wait.
    tokenizers::utils::parallelism::set_parallelism(false);
    foreign(|| TextEmbedding::try_new_from_user_defined(model, options))
}

/// The tokenizer, and what is the same in every copy of this model.
fn tokenizer_files(tokenizer: Vec<u8>) -> TokenizerFiles {
    TokenizerFiles {
        tokenizer_file: tokenizer,
        config_file: br#"{"pad_token_id": 0}"#.to_vec(),
        special_tokens_map_file: b"{}".to_vec(),
        tokenizer_config_file: br#"{"model_max_length": 512, "pad_token": "[PAD]"}"#.to_vec(),
    }
}

/// Asks code that is not ours; whatever becomes of it is a text.
pub(in crate::memory) fn foreign<T, E: std::fmt::Display>(
    ask: impl FnOnce() -> Result<T, E>,
) -> Result<T, String> {
    match panic::catch_unwind(AssertUnwindSafe(ask)) {
        Ok(answer) => answer.map_err(|e| one_line(&e.to_string())),
        Err(panic) => {
            let said = panic.downcast_ref::<String>().map(String::as_str);
            let said = said.or_else(|| panic.downcast_ref::<&str>().copied());
            Err(one_line(said.unwrap_or("it panicked")))
        }
    }
}

/// The first line of a message, at most 300 bytes of it.
fn one_line(text: &str) -> String {
    let line = text.trim().lines().next().unwrap_or_default();
    line[..line.floor_char_boundary(300)].trim_end().to_owned()
}

#[cfg(test)]
mod tests;
#[cfg(test)]
mod tiny;
