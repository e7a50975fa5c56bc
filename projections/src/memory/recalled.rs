//! What was retrieved for a prompt, as the journal keeps it.

use serde::{Deserialize, Serialize};

use super::Store;

/// What was retrieved for one step.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recalled {
    /// The embedder that found it.
    pub embedder: String,
    /// What was found, the most similar first.
    pub entries: Vec<Remembered>,
}

/// One file of the memory, as a model was shown it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remembered {
    /// Where it is from.
    pub store: Store,
    /// The file below the store's directory, without `.md`.
    pub id: String,
    /// Similarity, 0 to 1, in thousandths.
    pub score: u16,
    /// Who wrote it and when, for people and models; one line.
    pub source: String,
    /// What was shown of it.
    pub text: String,
}

impl Recalled {
    /// For a line of the story, after what it is about; nothing of nothing.
    #[must_use]
    pub fn told(&self) -> String {
        let one = |entry: &Remembered| {
            let (store, id, score) = (entry.store.as_str(), &entry.id, entry.similarity());
            format!("{store}/{id} ({score:.2})")
        };
        match &self.entries[..] {
            [] => String::new(),
            entries => {
                let entries: Vec<String> = entries.iter().map(one).collect();
                format!(", shown {}", entries.join(", "))
            }
        }
    }
}

impl Remembered {
    /// Similarity, 0 to 1.
    #[must_use]
    pub fn similarity(&self) -> f64 {
        f64::from(self.score) / 1000.0
    }
}
