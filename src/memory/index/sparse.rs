//! Features of texts: exact search by the cosine of tf-idf, the weights of a feature being worth the more the fewer
//! rows have it.
//!
//! ```text
//!  idf(f) = ln(1 + (N - df + 1/2) / (df + 1/2))      N rows that are found, df of them with f
//!  score  = √( Σ q·idf · w·idf / (|q·idf| · |w·idf|) )
//!
//!  postings:   a feature after the other: (slots to go on by, varint; weight 2) …
//!  dictionary: features 8; feature 4, postings 4, where they begin 8; …
//!  lengths:    |w·idf| 4 a slot, as long as no row changes
//! ```
//!
//! N and df are those of this moment: with every change of the rows the lengths are reckoned anew, by one pass over the
//! postings.

mod posting;
mod weight;

use std::{collections::HashMap, io};

use self::{
    posting::{Base, Inverted},
    weight::{Feature, calibrated, check, idf, length, rounded},
};
use super::{
    Rows, Scored, Sought,
    format::{Opened, Sink},
    top::Top,
};

/// The features of all slots.
pub(in crate::memory) struct Sparse {
    base: Option<Base>,
    fresh: Vec<Box<[Feature]>>,
    census: Census,
}

/// What is known of the rows as a whole.
#[derive(Default)]
struct Census {
    /// Rows of each slot.
    shares: Vec<u32>,
    rows: u32,
    /// Of the features that fresh slots have: rows in memory, and all rows.
    df: HashMap<u32, (u32, u32)>,
    /// |w·idf| of each slot.
    lengths: Vec<f32>,
}

/// A feature of a query.
struct Weighed {
    feature: u32,
    worth: f32,
    idf: f32,
}

impl Sparse {
    pub(super) fn new() -> Self {
        Self {
            base: None,
            fresh: Vec::new(),
            census: Census::default(),
        }
    }

    /// Over a file; `None` if its sections contradict each other.
    pub(super) fn over(opened: Opened) -> Option<Self> {
        let shares = shares(&opened.rows, opened.slots as usize);
        let rows = opened.rows.len();
        let (base, lengths) = Base::over(opened, shares.clone())?;
        let census = Census {
            shares,
            rows: u32::try_from(rows).ok()?,
            df: HashMap::new(),
            lengths,
        };
        Some(Self {
            base: Some(base),
            fresh: Vec::new(),
            census,
        })
    }

    fn base_slots(&self) -> usize {
        self.base.as_ref().map_or(0, Base::slots)
    }

    pub(super) fn push(&mut self, features: &[Feature]) -> Result<u32, String> {
        check(features)?;
        let slot = u32::try_from(self.base_slots() + self.fresh.len()).ok();
        let slot = slot.filter(|slot| *slot < super::NONE);
        let slot = slot.ok_or_else(|| "there are too many texts".to_owned())?;
        self.fresh.push(features.iter().map(rounded).collect());
        Ok(slot)
    }

    /// The features that are in memory only, of this slot.
    pub(super) fn fresh_of(&self, slot: u32) -> Option<&[Feature]> {
        let fresh = (slot as usize).checked_sub(self.base_slots())?;
        self.fresh.get(fresh).map(AsRef::as_ref)
    }

    /// # Errors
    /// The file cannot be read.
    pub(super) fn settle(&mut self, rows: &Rows) -> io::Result<()> {
        let shares = shares(rows, self.base_slots() + self.fresh.len());
        if shares == self.census.shares {
            return Ok(());
        }
        let (in_base, in_memory) = shares.split_at(self.base_slots());
        let mut census = Census {
            rows: shares.iter().sum(),
            ..Census::default()
        };
        for (features, share) in self.fresh.iter().zip(in_memory).filter(|(_, n)| **n > 0) {
            for (feature, _) in features {
                census.df.entry(*feature).or_default().0 += share;
            }
        }
        match &self.base {
            Some(base) => base.count(in_base, &mut census)?,
            None => census.df.values_mut().for_each(|(own, all)| *all = *own),
        }
        let worth = |(feature, weight): &Feature| {
            let df = census.df.get(feature).map_or(0, |(_, all)| *all);
            (*feature, weight * idf(census.rows, df))
        };
        let fresh = self.fresh.iter();
        let lengths = fresh.map(|features| length(features.iter().map(worth)));
        let lengths: Vec<f32> = lengths.collect();
        census.lengths.extend(lengths);
        census.shares = shares;
        self.census = census;
        Ok(())
    }

    pub(super) fn search(
        &mut self,
        query: &[Feature],
        sought: &Sought<'_>,
    ) -> io::Result<Vec<Scored>> {
        let mut top = Top::new(sought.most, sought.at_least);
        if check(query).is_err() {
            return Ok(Vec::new());
        }
        let (weighed, mut sums) = self.weigh(query)?;
        let own = length(weighed.iter().map(|of| (of.feature, of.worth)));
        for (sum, features) in sums[self.base_slots()..].iter_mut().zip(&self.fresh) {
            *sum = in_common(features, &weighed);
        }
        for eligible in sought.eligible {
            let slot = eligible.slot as usize;
            // What another search has just put in is not reckoned with yet: the next one finds it.
            let (Some(sum), Some(length)) = (sums.get(slot), self.census.lengths.get(slot)) else {
                continue;
            };
            let score = calibrated(*sum, own, *length);
            let row = eligible.row;
            top.offer(Scored { score, row }, sought.admits);
        }
        Ok(top.into_sorted())
    }

    /// The query's features with their worth and their idf; and what each slot of the base has in common with them.
    fn weigh(&self, query: &[Feature]) -> io::Result<(Vec<Weighed>, Vec<f32>)> {
        let mut sums = vec![0.0; self.base_slots() + self.fresh.len()];
        let mut weighed = Vec::with_capacity(query.len());
        let mut postings = Vec::new();
        for (feature, weight) in query {
            let mut df = self.census.df.get(feature).map_or(0, |(own, _)| *own);
            postings.clear();
            if let Some(base) = &self.base {
                base.read(*feature, &mut postings)?;
                let share = |(slot, _): &(u32, f32)| self.census.shares[*slot as usize];
                df += postings.iter().map(share).sum::<u32>();
            }
            let idf = idf(self.census.rows, df);
            let worth = weight * idf;
            for (slot, weight) in &postings {
                sums[*slot as usize] += worth * (weight * idf);
            }
            weighed.push(Weighed {
                feature: *feature,
                worth,
                idf,
            });
        }
        Ok((weighed, sums))
    }

    /// Writes the features of these slots, by rising slot. The rows must be settled.
    pub(super) fn write(&self, sink: &mut Sink<'_>, live: &[u32]) -> io::Result<()> {
        let split = live.partition_point(|slot| (*slot as usize) < self.base_slots());
        let fresh = live[split..].iter().filter_map(|slot| self.fresh_of(*slot));
        let first = u32::try_from(split).map_err(io::Error::other)?;
        let inverted = Inverted::of(fresh, first);
        posting::write(sink, self.base.as_ref(), &live[..split], inverted)?;
        let start = sink.at();
        for slot in live {
            sink.put(&self.census.lengths[*slot as usize].to_le_bytes())?;
        }
        sink.section(start)
    }
}

/// What a text in memory has in common with the query, added up in the order in which those on the disk are.
fn in_common(own: &[Feature], query: &[Weighed]) -> f32 {
    let mut own = own.iter().peekable();
    let mut sum = 0.0;
    for of in query {
        while own.next_if(|(feature, _)| *feature < of.feature).is_some() {}
        if let Some((_, weight)) = own.next_if(|(feature, _)| *feature == of.feature) {
            sum += of.worth * (weight * of.idf);
        }
    }
    sum
}

/// How many rows that are found have each slot.
fn shares(rows: &Rows, slots: usize) -> Vec<u32> {
    let mut shares = vec![0; slots];
    for row in rows.iter().filter(|row| row.is_found()) {
        shares[row.slot as usize] += 1;
    }
    shares
}

/// A weight as it is kept.
#[cfg(test)]
pub(super) fn kept(weight: f32) -> f32 {
    rounded(&(0, weight)).1
}
