//! One store's vectors, and exact search among them.
//!
//! A row is a file of the store; a slot is a vector. Files of the same text share a slot. The first slots lie on the
//! disk (the base), in the order of the file; the others (the fresh ones) are in memory until the file is written anew.
//!
//! | file         | what                                                    |
//! | ------------ | ------------------------------------------------------- |
//! | `rows.rs`    | what is kept in memory of each row                      |
//! | `records.rs` | the same as bytes                                       |
//! | `top.rs`     | the best so far                                         |
//! | `dense.rs`   | vectors of a model: exact search by the dot product     |
//! | `sparse.rs`  | features of texts: exact search by the cosine of tf-idf |
//! | `format.rs`  | the file: its sections, its seal, its damage            |

mod dense;
mod format;
mod records;
mod rows;
mod sparse;
mod top;

use std::io;

use self::{dense::Dense, format::Sink, sparse::Sparse};
use super::embed::Vector;

pub(super) use format::{Opened, Seal, Unusable};
pub(super) use rows::{Digest, NONE, Row, Rows, agent_of, digest};
pub(super) use top::Scored;

/// A row that may be found, and its slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Eligible {
    pub(super) slot: u32,
    pub(super) row: u32,
}

/// What is sought.
pub(super) struct Sought<'a> {
    pub(super) query: &'a Vector,
    /// By rising slot.
    pub(super) eligible: &'a [Eligible],
    /// Asked of a row before it is counted in; seldom.
    pub(super) admits: &'a dyn Fn(u32) -> bool,
    pub(super) most: usize,
    pub(super) at_least: f32,
}

/// The forms of vectors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Dense,
    Sparse,
}

/// The vectors of all slots.
pub(super) enum Vectors {
    Dense(Dense),
    Sparse(Sparse),
}

impl Vectors {
    /// None yet, of the form and the dimensions of this one.
    pub(super) fn like(vector: &Vector) -> Self {
        match vector {
            Vector::Dense(numbers) => Self::Dense(Dense::new(numbers.len())),
            Vector::Sparse(_) => Self::Sparse(Sparse::new()),
        }
    }

    /// Takes a vector; its slot, or what is wrong with it.
    pub(super) fn push(&mut self, vector: &Vector) -> Result<u32, String> {
        match (self, vector) {
            (Self::Dense(dense), Vector::Dense(numbers)) => dense.push(numbers),
            (Self::Sparse(sparse), Vector::Sparse(features)) => sparse.push(features),
            (Self::Dense(_), Vector::Sparse(_)) | (Self::Sparse(_), Vector::Dense(_)) => {
                Err("the embedder makes vectors of two forms".to_owned())
            }
        }
    }

    /// Over a file, and its rows; a fragment that says why it cannot be.
    pub(super) fn over(mut opened: Opened) -> Result<(Rows, Self), Unusable> {
        let rows = opened.rows.clone();
        let vectors = match opened.form {
            Form::Dense => {
                opened.rows = Rows::default();
                Dense::over(opened).map(Self::Dense)
            }
            Form::Sparse => Sparse::over(opened).map(Self::Sparse),
        };
        let why = "its sections contradict each other";
        let vectors = vectors.ok_or_else(|| Unusable::Damaged(why.to_owned()))?;
        Ok((rows, vectors))
    }

    /// Whether a vector like this can be compared with these.
    pub(super) fn is_like(&self, vector: &Vector) -> bool {
        match (self, vector) {
            (Self::Dense(dense), Vector::Dense(numbers)) => dense.dimensions() == numbers.len(),
            (Self::Sparse(_), Vector::Sparse(_)) => true,
            (Self::Dense(_), Vector::Sparse(_)) | (Self::Sparse(_), Vector::Dense(_)) => false,
        }
    }

    /// A vector of this form and length.
    pub(super) fn example(&self) -> Vector {
        match self {
            Self::Dense(dense) => Vector::Dense(vec![0.0; dense.dimensions()]),
            Self::Sparse(_) => Vector::Sparse(Vec::new()),
        }
    }

    /// The numbers of a slot, of vectors that have them.
    pub(super) fn numbers_of(&self, slot: u32) -> Option<Vec<f32>> {
        match self {
            Self::Dense(dense) => dense.numbers_of(slot).ok(),
            Self::Sparse(_) => None,
        }
    }

    /// The vector of a slot that the file does not have.
    pub(super) fn fresh_of(&self, slot: u32) -> Option<Vector> {
        match self {
            Self::Dense(dense) => Some(Vector::Dense(dense.fresh_of(slot)?.to_vec())),
            Self::Sparse(sparse) => Some(Vector::Sparse(sparse.fresh_of(slot)?.to_vec())),
        }
    }

    /// Says which slots the rows have, after a change of either.
    ///
    /// # Errors
    /// The file cannot be read, or is not what it was.
    pub(super) fn settle(&mut self, rows: &Rows) -> io::Result<()> {
        match self {
            Self::Dense(_) => Ok(()),
            Self::Sparse(sparse) => sparse.settle(rows),
        }
    }

    /// Writes an index of the rows that are found, which must be settled. Gives the new slots of the old ones.
    ///
    /// # Errors
    /// Those of the writer, and of the file before.
    pub(super) fn write(
        &self,
        out: &mut dyn io::Write,
        embedder: &str,
        rows: &Rows,
    ) -> io::Result<(Seal, Vec<u32>)> {
        let mut live: Vec<u32> = rows
            .iter()
            .filter(|row| row.is_found())
            .map(|row| row.slot)
            .collect();
        live.sort_unstable();
        live.dedup();
        let renamed = |slot: u32| {
            let new = live
                .binary_search(&slot)
                .expect("a row that is found has a slot");
            u32::try_from(new).expect("fewer than the old ones")
        };
        let form = match self {
            Self::Dense(_) => Form::Dense,
            Self::Sparse(_) => Form::Sparse,
        };
        let mut sink = Sink::new(out, form)?;
        let start = sink.at();
        records::encode(&mut sink, embedder, rows, &renamed)?;
        sink.section(start)?;
        let dimensions = match self {
            Self::Dense(dense) => {
                dense.write(&mut sink, &live)?;
                dense.dimensions()
            }
            Self::Sparse(sparse) => {
                sparse.write(&mut sink, &live)?;
                0
            }
        };
        let slots = u32::try_from(live.len()).map_err(io::Error::other)?;
        Ok((sink.finish(dimensions, slots)?, live))
    }

    /// The best of the eligible rows, the best first and those of one score by rising row.
    ///
    /// # Errors
    /// The file cannot be read, or is not what it was.
    pub(super) fn search(&mut self, sought: &Sought<'_>) -> io::Result<Vec<Scored>> {
        match (self, sought.query) {
            (Self::Dense(dense), Vector::Dense(query)) => dense.search(query, sought),
            (Self::Sparse(sparse), Vector::Sparse(query)) => sparse.search(query, sought),
            (Self::Dense(_), Vector::Sparse(_)) | (Self::Sparse(_), Vector::Dense(_)) => {
                Ok(Vec::new())
            }
        }
    }
}

#[cfg(test)]
mod tests;
