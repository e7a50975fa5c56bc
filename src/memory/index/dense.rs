//! Vectors of a model: exact search by the dot product.

use std::io;

use super::{Scored, Sought, top::Top};

/// Numbers added up beside each other: as many as the widest registers of a common machine hold.
const LANES: usize = 16;

/// The vectors of all slots, all of one length.
pub(in crate::memory) struct Dense {
    dimensions: usize,
    fresh: Vec<f32>,
}

impl Dense {
    pub(super) fn new(dimensions: usize) -> Self {
        Self {
            dimensions,
            fresh: Vec::new(),
        }
    }

    fn len(&self) -> usize {
        self.fresh.len() / self.dimensions.max(1)
    }

    pub(super) fn push(&mut self, numbers: &[f32]) -> Result<u32, String> {
        check(numbers, self.dimensions)?;
        let slot = u32::try_from(self.len()).map_err(|_| "there are too many texts".to_owned())?;
        self.fresh.extend_from_slice(numbers);
        Ok(slot)
    }

    pub(super) fn search(&mut self, query: &[f32], sought: &Sought<'_>) -> io::Result<Vec<Scored>> {
        let mut top = Top::new(sought.most, sought.at_least);
        if check(query, self.dimensions).is_err() {
            return Ok(Vec::new());
        }
        for eligible in sought.eligible {
            let at = eligible.slot as usize * self.dimensions;
            let score = dot(query, &self.fresh[at..at + self.dimensions]);
            let row = eligible.row;
            top.offer(Scored { score, row }, sought.admits);
        }
        Ok(top.into_sorted())
    }
}

fn check(numbers: &[f32], dimensions: usize) -> Result<(), String> {
    if numbers.len() != dimensions || numbers.is_empty() {
        let length = numbers.len();
        return Err(format!(
            "the embedder made a vector of {length} numbers where the others have {dimensions}"
        ));
    }
    if numbers.iter().all(|number| number.is_finite()) {
        return Ok(());
    }
    Err("the embedder made a vector with numbers that are none (NaN or infinite)".to_owned())
}

/// The same for the same numbers on any machine: the lanes are added up in a fixed order.
fn dot(a: &[f32], b: &[f32]) -> f32 {
    let (a_lanes, a_rest) = a.as_chunks::<LANES>();
    let (b_lanes, b_rest) = b.as_chunks::<LANES>();
    let mut sums = [0.0; LANES];
    for (a, b) in a_lanes.iter().zip(b_lanes) {
        for lane in 0..LANES {
            sums[lane] += a[lane] * b[lane];
        }
    }
    let rest: f32 = a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum();
    sums.iter().sum::<f32>() + rest
}
