//! Features of texts: exact search by the cosine of tf-idf, the weights of a feature being worth the more the fewer rows
//! have it.
//!
//! ```text
//! idf(f) = ln(1 + (N - df + 1/2) / (df + 1/2))      N rows, df of them with f; never 0
//! score  = calibrated(Σ q·idf · w·idf / (|q·idf| · |w·idf|))
//! ```

use std::{collections::HashMap, io};

use super::{NONE, Rows, Scored, Sought, top::Top};

/// A feature and its weight.
type Feature = (u32, f32);

/// The features of all slots.
pub(in crate::memory) struct Sparse {
    fresh: Vec<Box<[Feature]>>,
    /// How many rows have a slot.
    shares: Vec<u32>,
    rows: u32,
    df: HashMap<u32, u32>,
}

impl Sparse {
    pub(super) fn new() -> Self {
        Self {
            fresh: Vec::new(),
            shares: Vec::new(),
            rows: 0,
            df: HashMap::new(),
        }
    }

    pub(super) fn push(&mut self, features: &[Feature]) -> Result<u32, String> {
        check(features)?;
        let slot = u32::try_from(self.fresh.len());
        let slot = slot.map_err(|_| "there are too many texts".to_owned())?;
        self.fresh.push(features.into());
        Ok(slot)
    }

    pub(super) fn settle(&mut self, rows: &Rows) {
        self.shares = vec![0; self.fresh.len()];
        self.rows = 0;
        self.df.clear();
        for row in rows.iter().filter(|row| row.slot != NONE && !row.is_unread) {
            self.shares[row.slot as usize] += 1;
            self.rows += 1;
        }
        for (features, share) in self.fresh.iter().zip(&self.shares) {
            for (feature, _) in features {
                *self.df.entry(*feature).or_default() += share;
            }
        }
    }

    fn idf(&self, feature: u32) -> f32 {
        idf(self.rows, self.df.get(&feature).copied().unwrap_or(0))
    }

    fn weighted(&self, features: &[Feature]) -> Vec<Feature> {
        let weighted = features
            .iter()
            .map(|(f, weight)| (*f, weight * self.idf(*f)));
        weighted.collect()
    }

    pub(super) fn search(
        &mut self,
        query: &[Feature],
        sought: &Sought<'_>,
    ) -> io::Result<Vec<Scored>> {
        let mut top = Top::new(sought.most, sought.at_least);
        let query = self.weighted(query);
        let length = length(&query);
        for eligible in sought.eligible {
            let own = self.weighted(&self.fresh[eligible.slot as usize]);
            let score = calibrated(dot(&query, &own), length, self::length(&own));
            let row = eligible.row;
            top.offer(Scored { score, row }, sought.admits);
        }
        Ok(top.into_sorted())
    }
}

fn idf(rows: u32, df: u32) -> f32 {
    let (n, df) = (f64::from(rows.max(df)), f64::from(df));
    (1.0 + (n - df + 0.5) / (df + 0.5)).ln() as f32
}

fn length(features: &[Feature]) -> f32 {
    features
        .iter()
        .map(|(_, weight)| weight * weight)
        .sum::<f32>()
        .sqrt()
}

/// The cosine, spread so that 0.5 means about what it means of a sentence embedder's: alike.
fn calibrated(dot: f32, a: f32, b: f32) -> f32 {
    let length = a * b;
    if length > 0.0 {
        (dot / length).clamp(0.0, 1.0).sqrt()
    } else {
        0.0
    }
}

fn dot(a: &[Feature], b: &[Feature]) -> f32 {
    let (mut a, mut b) = (a.iter().peekable(), b.iter().peekable());
    let mut sum = 0.0;
    while let (Some((f, x)), Some((g, y))) = (a.peek(), b.peek()) {
        match f.cmp(g) {
            std::cmp::Ordering::Less => drop(a.next()),
            std::cmp::Ordering::Greater => drop(b.next()),
            std::cmp::Ordering::Equal => {
                sum += x * y;
                (a.next(), b.next());
            }
        }
    }
    sum
}

fn check(features: &[Feature]) -> Result<(), String> {
    let rising = features.is_sorted_by(|(f, _), (g, _)| f < g);
    let sound = features
        .iter()
        .all(|(_, weight)| weight.is_finite() && *weight > 0.0);
    if rising && sound {
        return Ok(());
    }
    Err("the embedder made features out of order or with weights that are none".to_owned())
}
