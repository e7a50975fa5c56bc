//! What all-MiniLM-L6-v2 makes of a few texts, by which it is known from other models and from damaged copies.

/// Vectors are 384 numbers, each kept as one signed byte, of which 127 is the largest of its vector: that is 0.9999 of
/// the vector, and a damaged or other model is off by far more. Lines: a text, its vector in hexadecimal.
const MINILM: &str = include_str!("reference.txt");

/// What is as like as this is the same model; weights of 8 bits make it 0.999.
const LIKE: f32 = 0.99;

/// Texts and their vectors.
pub(super) struct Reference {
    texts: Vec<(String, Vec<f32>)>,
}

impl Reference {
    /// Those of all-MiniLM-L6-v2.
    pub(super) fn of_minilm() -> Self {
        let mut lines = MINILM.lines();
        let mut texts = Vec::new();
        while let (Some(text), Some(hex)) = (lines.next(), lines.next()) {
            texts.push((text.to_owned(), numbers(hex)));
        }
        Self { texts }
    }

    #[cfg(test)]
    pub(super) fn of(texts: Vec<(String, Vec<f32>)>) -> Self {
        Self { texts }
    }

    pub(super) fn texts(&self) -> impl Iterator<Item = (&str, &[f32])> {
        let texts = self.texts.iter();
        texts.map(|(text, vector)| (text.as_str(), vector.as_slice()))
    }

    pub(super) fn dimensions(&self) -> usize {
        self.texts.first().map_or(0, |(_, vector)| vector.len())
    }
}

/// Whether a likeness is that of the same model; what is no number is not.
pub(super) fn is_like(likeness: f32) -> bool {
    likeness >= LIKE
}

pub(super) fn cosine(one: &[f32], other: &[f32]) -> f32 {
    let product = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(x, y)| x * y).sum::<f32>();
    product(one, other) / (product(one, one) * product(other, other)).sqrt()
}

fn numbers(hex: &str) -> Vec<f32> {
    let digit = |byte: u8| {
        char::from(byte)
            .to_digit(16)
            .expect("the file is of this build")
    };
    let byte =
        |pair: &[u8]| u8::try_from(digit(pair[0]) << 4 | digit(pair[1])).expect("two digits");
    let pairs = hex.as_bytes().chunks_exact(2);
    pairs
        .map(|pair| f32::from(byte(pair).cast_signed()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_references_are_of_384_numbers_and_unlike_each_other() {
        let reference = Reference::of_minilm();
        let texts: Vec<_> = reference.texts().collect();
        assert!(texts.len() >= 6);
        assert_eq!(reference.dimensions(), 384);
        for (at, (_, one)) in texts.iter().enumerate() {
            assert_eq!(one.len(), 384);
            assert!(is_like(cosine(one, one)));
            let others = texts[..at].iter();
            assert!(
                others
                    .into_iter()
                    .all(|(_, other)| cosine(one, other) < 0.8)
            );
        }
        assert!(!is_like(f32::NAN));
    }
}
