//! One store's vectors, and exact search among them.
//!
//! A row is a file of the store; a slot is a vector. Files of the same text share a slot. The first slots lie on the
//! disk (the base), in the order of the file; the others (the fresh ones) are in memory until the file is written anew.
//!
//! | file        | what                                                              |
//! | ----------- | ----------------------------------------------------------------- |
//! | `rows.rs`   | what is kept in memory of each row                                |
//! | `top.rs`    | the best so far                                                   |
//! | `dense.rs`  | vectors of a model: exact search by the dot product               |
//! | `sparse.rs` | features of texts: exact search by the cosine of tf-idf           |

mod dense;
mod rows;
mod sparse;
mod top;

use std::io;

use self::{dense::Dense, sparse::Sparse};
use super::embed::Vector;

pub(super) use rows::{Digest, NONE, Row, Rows, agent_of};
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

impl Form {
    pub(super) fn of(vector: &Vector) -> Self {
        match vector {
            Vector::Dense(_) => Self::Dense,
            Vector::Sparse(_) => Self::Sparse,
        }
    }
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

    /// Says which slots the rows have, after a change of either.
    pub(super) fn settle(&mut self, rows: &Rows) {
        match self {
            Self::Dense(_) => {}
            Self::Sparse(sparse) => sparse.settle(rows),
        }
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
