//! Vectors as codes of a byte a number, and what a code says of a score for certain.
//!
//! ```text
//!  r = scale · (code - 128) + e          |e| is kept a row, rounded up
//!  q = step · asked + d                  |d| is known when the query is
//!  q·r lies within |q|·|e| + |d|·|r - e| of  scale · step · Σ asked · (code - 128)
//! ```

use std::io;

use super::super::format::Sink;

/// Numbers added up beside each other: as many as the registers of a common machine hold.
const LANES: usize = 16;

/// Codes of a row come in multiples of this.
const STEP: usize = 32;

/// What a code of zero is.
const ZERO: i32 = 128;

/// Largest number that a code tells, in steps of its scale.
const MOST: f32 = 127.0;

/// Bytes of a row's codes.
pub(super) const fn stride_of(dimensions: usize) -> usize {
    dimensions.next_multiple_of(STEP)
}

/// A block that is being written.
pub(super) struct Coded {
    stride: usize,
    rows: usize,
    scales: Vec<f32>,
    errors: Vec<f32>,
    codes: Vec<u8>,
}

impl Coded {
    pub(super) fn new(dimensions: usize, rows: usize) -> Self {
        Self {
            stride: stride_of(dimensions),
            rows,
            scales: Vec::new(),
            errors: Vec::new(),
            codes: Vec::new(),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.scales.len()
    }

    pub(super) fn push(&mut self, vector: &[f32]) {
        let largest = vector.iter().fold(0.0, |most: f32, n| most.max(n.abs()));
        let scale = largest / MOST;
        let inverse = if scale > 0.0 { scale.recip() } else { 0.0 };
        // Of numbers too small for an inverse nothing is told but that they are small.
        let inverse = if inverse.is_finite() { inverse } else { 0.0 };
        let mut error = 0.0;
        for number in vector {
            let code = (number * inverse).round().clamp(-MOST, MOST);
            error += (f64::from(*number) - f64::from(scale) * f64::from(code)).powi(2);
            self.codes.push((code as i32 + ZERO) as u8);
        }
        self.codes
            .resize((self.len() + 1) * self.stride, ZERO as u8);
        self.scales.push(scale);
        self.errors.push(rounded_up(error.sqrt()));
    }

    /// Writes it, filled up with rows of zeros, and begins the next.
    pub(super) fn write(&mut self, sink: &mut Sink<'_>) -> io::Result<()> {
        self.scales.resize(self.rows, 0.0);
        self.errors.resize(self.rows, 0.0);
        self.codes.resize(self.rows * self.stride, ZERO as u8);
        for figure in self.scales.drain(..).chain(self.errors.drain(..)) {
            sink.put(&figure.to_le_bytes())?;
        }
        sink.put(&self.codes)?;
        self.codes.clear();
        Ok(())
    }
}

/// A query, ready to be compared with codes.
pub(super) struct Asked {
    /// In steps, so large that no sum of products overflows.
    steps: Vec<i16>,
    /// What the codes' 128 adds to every sum.
    offset: i32,
    step: f64,
    /// How much a unit of a row's error, and of its scale, moves its bounds.
    by_error: f32,
    by_scale: f32,
}

/// Between which a score lies.
#[derive(Clone, Copy, Debug)]
pub(super) struct Between {
    pub(super) lower: f32,
    pub(super) upper: f32,
}

impl Asked {
    pub(super) fn new(query: &[f32]) -> Self {
        let stride = stride_of(query.len());
        let most = (i32::MAX as usize / 255 / stride).clamp(1, i16::MAX as usize);
        let largest = query.iter().fold(0.0, |most: f32, n| most.max(n.abs()));
        let step = f64::from(largest) / most as f64;
        let told = |n: &f32| {
            if step > 0.0 {
                (f64::from(*n) / step).round()
            } else {
                0.0
            }
        };
        let mut steps: Vec<i16> = query.iter().map(|n| told(n) as i16).collect();
        let lost = query.iter().zip(&steps);
        let lost = lost.map(|(n, told)| (f64::from(*n) - step * f64::from(*told)).powi(2));
        let lost = lost.sum::<f64>().sqrt();
        let length = query
            .iter()
            .map(|n| f64::from(*n).powi(2))
            .sum::<f64>()
            .sqrt();
        steps.resize(stride, 0);
        let offset = ZERO * steps.iter().map(|step| i32::from(*step)).sum::<i32>();
        // No row is longer than this for a scale of 1.
        let reach = f64::from(MOST) * (query.len() as f64).sqrt();
        // What adding up in single precision may be off by, of the product of both lengths; twice as much to be sure.
        let rounding = 2.0 * (query.len() + LANES) as f64 * f64::from(f32::EPSILON) * length;
        Self {
            steps,
            offset,
            step,
            by_error: rounded_up(length + rounding),
            by_scale: rounded_up((lost + rounding) * reach),
        }
    }

    /// What the score of a row in a block of so many lies between.
    pub(super) fn bounds(&self, block: &[u8], rows: usize, row: usize) -> Between {
        let stride = self.steps.len();
        let codes = &block[8 * rows + row * stride..][..stride];
        let (scale, error) = (figure(block, row), figure(block, rows + row));
        let sum = sum(codes, &self.steps) - self.offset;
        let about = (f64::from(scale) * self.step * f64::from(sum)) as f32;
        let off = error * self.by_error + scale * self.by_scale + 4.0 * f32::EPSILON;
        Between {
            lower: about - off,
            upper: about + off,
        }
    }
}

fn figure(block: &[u8], n: usize) -> f32 {
    let bytes = block[4 * n..].first_chunk().expect("within the block");
    f32::from_le_bytes(*bytes)
}

/// Σ codes · steps, which no compiler fails to put into wide registers.
fn sum(codes: &[u8], steps: &[i16]) -> i32 {
    let (codes, _) = codes.as_chunks::<STEP>();
    let (steps, _) = steps.as_chunks::<STEP>();
    let mut sums = [0; 8];
    for (codes, steps) in codes.iter().zip(steps) {
        for part in 0..4 {
            for (lane, sum) in sums.iter_mut().enumerate() {
                let n = part * 8 + lane;
                *sum += i32::from(codes[n]) * i32::from(steps[n]);
            }
        }
    }
    sums.iter().sum()
}

/// The same for the same numbers on any machine: the lanes are added up in a fixed order.
pub(super) fn dot(a: &[f32], b: &[f32]) -> f32 {
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

fn rounded_up(number: f64) -> f32 {
    (number * (1.0 + 1e-6)) as f32 + f32::MIN_POSITIVE
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Of a block of one row.
    fn bounds(query: &[f32], row: &[f32]) -> Between {
        let mut coded = Coded::new(row.len(), 1);
        coded.push(row);
        let figures = [coded.scales[0], coded.errors[0]];
        let mut block: Vec<u8> = figures.iter().flat_map(|n| n.to_le_bytes()).collect();
        block.extend(&coded.codes);
        Asked::new(query).bounds(&block, 1, 0)
    }

    fn unit(numbers: Vec<f32>) -> Vec<f32> {
        let length = numbers.iter().map(|n| n * n).sum::<f32>().sqrt();
        let length = if length > 0.0 { length } else { 1.0 };
        numbers.iter().map(|n| n / length).collect()
    }

    /// Numbers that codes tell exactly, so that all of the error is the query's; and any.
    fn numbers(exact: bool, length: usize) -> BoxedStrategy<Vec<f32>> {
        let exact = exact.then(|| proptest::sample::select(vec![-1.0_f32, 0.0, 1.0]).boxed());
        let number = exact.unwrap_or_else(|| (-1.0..1.0_f32).boxed());
        proptest::collection::vec(number, length)
            .prop_map(unit)
            .boxed()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(300))]

        #[test]
        fn a_score_lies_between_its_bounds_and_they_are_near(
            (query, row) in (any::<bool>(), any::<bool>(), proptest::sample::select(vec![1_usize, 31, 32, 400]))
                .prop_flat_map(|(a, b, length)| (numbers(a, length), numbers(b, length))),
        ) {
            let score = dot(&query, &row);
            let Between { lower, upper } = bounds(&query, &row);
            prop_assert!(lower <= score && score <= upper, "{lower} {score} {upper}");
            prop_assert!(upper - lower < 0.1, "{lower} {upper}");
        }
    }

    #[test]
    fn the_largest_sum_of_many_dimensions_does_not_overflow() {
        for length in [384, 4_096, 65_536] {
            let row = unit(vec![1.0; length]);
            let Between { lower, upper } = bounds(&row, &row);
            assert!(
                lower <= 1.0 && (1.0..2.0).contains(&upper),
                "{length}: {lower} {upper}"
            );
        }
    }
}
