//! Texts as vectors: the contract, and who keeps it.

mod lexical;
#[cfg(feature = "fastembed")]
pub(super) mod minilm;

use std::sync::atomic::AtomicBool;

pub use lexical::Lexical;

/// A text as an embedder sees it.
#[derive(Clone, Debug, PartialEq)]
pub enum Vector {
    /// As many numbers as the embedder has dimensions, of length 1 (L2). Similarity is the dot product.
    Dense(Vec<f32>),
    /// Features that occur and their weights in this text alone, by rising feature, each once, weights above 0.
    /// Similarity is the index's affair: it knows how rare a feature is.
    Sparse(Vec<(u32, f32)>),
}

/// Why texts have no vectors.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// It was told to stop.
    #[error("it was told to stop")]
    Cut,
    /// The embedder cannot do it; what and why, and what to do about it.
    #[error("{0}")]
    Embedder(String),
}

/// Makes vectors of texts.
pub trait Embedder: Send + Sync {
    /// Names the embedder, its model and the form of its vectors; vectors under another id are not comparable.
    fn id(&self) -> &str;

    /// The least similarity, 0 to 1, of a note that is put before an agent where the operator names none: each embedder
    /// has a scale of its own.
    fn least_alike(&self) -> f32 {
        0.5
    }

    /// The vectors of `texts`, in their order, all of one kind. Empty texts have vectors too. `cut` is looked at
    /// between texts.
    ///
    /// # Errors
    /// [`Fault`]; nothing of the batch is returned then.
    fn embed(&self, texts: &[&str], cut: &AtomicBool) -> Result<Vec<Vector>, Fault>;
}
