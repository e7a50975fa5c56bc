//! Vectors of a model: exact search by the dot product.
//!
//! A search streams through the codes, a byte a number, a quarter of what the vectors are. The error that a code makes
//! is bounded a row, and so every score lies between two bounds. Whatever cannot be among the best by its upper bound
//! is out; of the few that are left the vectors themselves are read. So the outcome is the one of a search through all
//! vectors, in all digits.
//!
//! ```text
//!  codes: blocks of 256 slots    scale 4 × 256 │ error 4 × 256 │ codes, 256 × dimensions rounded up to 32
//!  vectors: slots × dimensions × 4
//! ```

mod code;

use std::{io, ops::Range};

use self::code::{Asked, Coded, dot, stride_of};
use super::{
    Eligible, Scored, Sought,
    format::{Opened, Sink, Source},
    top::Top,
};

/// Slots of a block: its codes fit the second cache of a common machine.
const BLOCK: usize = 256;

/// Bytes of a scale and an error.
const FIGURES: usize = 8;

/// The vectors of all slots, all of one length.
pub(in crate::memory) struct Dense {
    dimensions: usize,
    base: Option<Base>,
    fresh: Vec<f32>,
}

struct Base {
    slots: u32,
    codes: Range<u64>,
    vectors: Range<u64>,
    file: Source,
}

/// A row that may be among the best.
struct Candidate {
    eligible: Eligible,
    upper: f32,
}

impl Dense {
    pub(super) fn new(dimensions: usize) -> Self {
        Self {
            dimensions,
            base: None,
            fresh: Vec::new(),
        }
    }

    /// Over a file; `None` if its sections are not of these dimensions.
    pub(super) fn over(opened: Opened) -> Option<Self> {
        let [_, codes, vectors, _] = opened.sections;
        let (slots, dimensions) = (opened.slots, opened.dimensions);
        let blocks = (slots as usize).div_ceil(BLOCK);
        let length = |range: &Range<u64>| usize::try_from(range.end - range.start).ok();
        let fits = dimensions > 0
            && length(&codes) == blocks.checked_mul(block_bytes(dimensions))
            && length(&vectors) == (slots as usize).checked_mul(dimensions.checked_mul(4)?);
        fits.then_some(Self {
            dimensions,
            base: Some(Base {
                slots,
                codes,
                vectors,
                file: opened.file,
            }),
            fresh: Vec::new(),
        })
    }

    pub(super) fn dimensions(&self) -> usize {
        self.dimensions
    }

    fn base_slots(&self) -> u32 {
        self.base.as_ref().map_or(0, |base| base.slots)
    }

    pub(super) fn push(&mut self, numbers: &[f32]) -> Result<u32, String> {
        check(numbers, self.dimensions)?;
        let fresh = u32::try_from(self.fresh.len() / self.dimensions).ok();
        let slot = fresh.and_then(|fresh| fresh.checked_add(self.base_slots()));
        let slot = slot.filter(|slot| *slot < super::NONE);
        let slot = slot.ok_or_else(|| "there are too many texts".to_owned())?;
        self.fresh.extend_from_slice(numbers);
        Ok(slot)
    }

    fn fresh(&self, slot: u32) -> &[f32] {
        let at = (slot - self.base_slots()) as usize * self.dimensions;
        &self.fresh[at..at + self.dimensions]
    }

    pub(super) fn numbers_of(&self, slot: u32) -> io::Result<Vec<f32>> {
        let mut vector = vec![0.0; self.dimensions];
        match (&self.base, self.fresh_of(slot)) {
            (_, Some(fresh)) => vector.copy_from_slice(fresh),
            (Some(base), None) => base.vector(slot, &mut vector)?,
            (None, None) => return Err(io::ErrorKind::NotFound.into()),
        }
        Ok(vector)
    }

    /// The vectors that are in memory only, of these slots.
    pub(super) fn fresh_of(&self, slot: u32) -> Option<&[f32]> {
        (slot >= self.base_slots()).then(|| self.fresh(slot))
    }

    pub(super) fn search(&mut self, query: &[f32], sought: &Sought<'_>) -> io::Result<Vec<Scored>> {
        if check(query, self.dimensions).is_err() {
            return Ok(Vec::new());
        }
        let mut top = Top::new(sought.most, sought.at_least);
        let split = sought
            .eligible
            .partition_point(|of| of.slot < self.base_slots());
        let (in_base, in_memory) = sought.eligible.split_at(split);
        for eligible in in_memory {
            let score = dot(query, self.fresh(eligible.slot));
            let row = eligible.row;
            top.offer(Scored { score, row }, sought.admits);
        }
        let Some(base) = &self.base else {
            return Ok(top.into_sorted());
        };
        let mut vector = vec![0.0; self.dimensions];
        for candidate in base.candidates(query, in_base, sought, top.bar())? {
            base.vector(candidate.eligible.slot, &mut vector)?;
            let score = dot(query, &vector);
            let row = candidate.eligible.row;
            top.offer(Scored { score, row }, sought.admits);
        }
        Ok(top.into_sorted())
    }

    /// Writes the vectors of these slots, in this order, by rising slot.
    pub(super) fn write(&self, sink: &mut Sink<'_>, live: &[u32]) -> io::Result<()> {
        let start = sink.at();
        let mut block = Coded::new(self.dimensions, BLOCK);
        self.each(live, &mut |vector| {
            block.push(vector);
            if block.len() == BLOCK {
                block.write(sink)?;
            }
            Ok(())
        })?;
        if block.len() > 0 {
            block.write(sink)?;
        }
        sink.section(start)?;
        let start = sink.at();
        self.each(live, &mut |vector| {
            vector
                .iter()
                .try_for_each(|number| sink.put(&number.to_le_bytes()))
        })?;
        sink.section(start)
    }

    fn each(&self, live: &[u32], act: &mut dyn FnMut(&[f32]) -> io::Result<()>) -> io::Result<()> {
        let split = live.partition_point(|slot| *slot < self.base_slots());
        if let Some(base) = &self.base {
            let mut vector = vec![0.0; self.dimensions];
            let mut stream = base.file.stream(base.vectors.clone());
            let mut next = 0;
            for slot in &live[..split] {
                while next <= *slot {
                    read_numbers(stream.take(self.dimensions * 4)?, &mut vector);
                    next += 1;
                }
                act(&vector)?;
            }
        }
        live[split..]
            .iter()
            .try_for_each(|slot| act(self.fresh(*slot)))
    }
}

impl Base {
    /// Those that may be among the best, by rising slot. `bar` is what one must reach at least.
    fn candidates(
        &self,
        query: &[f32],
        eligible: &[Eligible],
        sought: &Sought<'_>,
        bar: f32,
    ) -> io::Result<Vec<Candidate>> {
        let asked = Asked::new(query);
        let mut block = vec![0; block_bytes(query.len())];
        // The best by what they reach at least: whoever cannot reach the last of them is out.
        let mut sure = Top::new(sought.most, f32::NEG_INFINITY);
        let mut candidates: Vec<Candidate> = Vec::new();
        for of_block in eligible.chunk_by(|a, b| a.slot as usize / BLOCK == b.slot as usize / BLOCK)
        {
            let n = of_block[0].slot as usize / BLOCK;
            let at = self.codes.start + (n * block.len()) as u64;
            self.file.read_at(at, &mut block)?;
            for eligible in of_block {
                let between = asked.bounds(&block, BLOCK, eligible.slot as usize % BLOCK);
                if between.upper < bar.max(sure.bar()) || !(sought.admits)(eligible.row) {
                    continue;
                }
                let row = eligible.row;
                let score = between.lower;
                sure.offer(Scored { score, row }, &|_| true);
                let (eligible, upper) = (*eligible, between.upper);
                candidates.push(Candidate { eligible, upper });
            }
        }
        let bar = bar.max(sure.bar());
        candidates.retain(|candidate| candidate.upper >= bar);
        Ok(candidates)
    }

    fn vector(&self, slot: u32, into: &mut [f32]) -> io::Result<()> {
        let length = into.len() * 4;
        let mut bytes = vec![0; length];
        let at = self.vectors.start + u64::from(slot) * length as u64;
        self.file.read_at(at, &mut bytes)?;
        read_numbers(&bytes, into);
        Ok(())
    }
}

fn read_numbers(bytes: &[u8], into: &mut [f32]) {
    let (numbers, _) = bytes.as_chunks();
    for (number, bytes) in into.iter_mut().zip(numbers) {
        *number = f32::from_le_bytes(*bytes);
    }
}

fn block_bytes(dimensions: usize) -> usize {
    BLOCK * (FIGURES + stride_of(dimensions))
}

fn check(numbers: &[f32], dimensions: usize) -> Result<(), String> {
    if numbers.len() != dimensions || numbers.is_empty() {
        let length = numbers.len();
        return Err(format!(
            "the embedder made a vector of {length} numbers where the others have {dimensions}"
        ));
    }
    let length: f64 = numbers
        .iter()
        .map(|number| f64::from(*number).powi(2))
        .sum();
    // NaN is not within the range either.
    if (0.0..1.1).contains(&length) {
        return Ok(());
    }
    Err("the embedder made a vector that is not of length 1".to_owned())
}

/// The score of two vectors.
#[cfg(test)]
pub(super) fn score(a: &[f32], b: &[f32]) -> f32 {
    dot(a, b)
}
