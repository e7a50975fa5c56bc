//! How well descriptions of producers fit a task: a handful of texts, whose vectors are kept by the digest of the text.

use std::{
    path::PathBuf,
    sync::{Arc, atomic::AtomicBool},
};

use super::{
    Embedder, Fault, Keeper,
    index::{Eligible, Row, Rows, Sought, Vectors},
};

/// The router's index.
pub struct Cards {
    #[expect(dead_code, reason = "written with the index file")]
    index: PathBuf,
    #[expect(dead_code, reason = "written with the index file")]
    keeper: Arc<dyn Keeper>,
}

impl Cards {
    /// With its index at `index`.
    #[must_use]
    pub fn new(index: PathBuf, keeper: Arc<dyn Keeper>) -> Self {
        Self { index, keeper }
    }

    /// How similar each text is to the query, 0 to 1, in their order. Names are for who is told of troubles.
    ///
    /// # Errors
    /// The embedder fails.
    pub fn similarities(
        &self,
        embedder: &dyn Embedder,
        query: &str,
        cards: &[(&str, &str)],
        cut: &AtomicBool,
    ) -> Result<Vec<f32>, Fault> {
        let mut texts = vec![query];
        texts.extend(cards.iter().map(|(_, text)| *text));
        let made = embedder.embed(&texts, cut)?;
        let (query, own) = made
            .split_first()
            .ok_or_else(|| Fault::Embedder("it made no vector".to_owned()))?;
        let mut vectors = Vectors::like(query);
        let mut rows = Rows::default();
        let mut eligible = Vec::new();
        for (n, vector) in (0..).zip(own) {
            let mut row = Row::unread(0, false);
            row.slot = vectors.push(vector).map_err(Fault::Embedder)?;
            row.is_unread = false;
            eligible.push(Eligible {
                slot: row.slot,
                row: n,
            });
            rows.push(&format!("{n:08}"), row);
        }
        vectors.settle(&rows);
        let sought = Sought {
            query,
            eligible: &eligible,
            admits: &|_| true,
            most: usize::MAX,
            at_least: f32::NEG_INFINITY,
        };
        let mut scores = vec![0.0; own.len()];
        for scored in vectors
            .search(&sought)
            .map_err(|error| Fault::Embedder(error.to_string()))?
        {
            scores[scored.row as usize] = scored.score.clamp(0.0, 1.0);
        }
        Ok(scores)
    }
}
