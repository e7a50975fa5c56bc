//! Mutations of inputs, drawn from a seed: the same seed and number give the same bytes.

use fastrand::Rng;

/// Longest input that is made, in bytes.
pub const LONGEST: usize = 1 << 20;

/// Numbers at the edges of what readers hold.
const NUMBERS: [&str; 12] = [
    "0",
    "-1",
    "1",
    "255",
    "65536",
    "2147483648",
    "4294967295",
    "9223372036854775807",
    "9223372036854775808",
    "18446744073709551616",
    "1e309",
    "-0.0000001",
];

/// An input made from those of a corpus.
#[must_use]
pub fn mutated(corpus: &[Vec<u8>], words: &[&str], rng: &mut Rng) -> Vec<u8> {
    let mut bytes = match corpus.is_empty() {
        true => Vec::new(),
        false => corpus[rng.usize(..corpus.len())].clone(),
    };
    // Mostly few, so that most of the input still means something.
    let changes = 1 + rng.usize(..4) * rng.usize(..3);
    for _ in 0..changes {
        change(&mut bytes, corpus, words, rng);
    }
    bytes.truncate(LONGEST);
    bytes
}

fn change(bytes: &mut Vec<u8>, corpus: &[Vec<u8>], words: &[&str], rng: &mut Rng) {
    match rng.u8(..20) {
        0..=2 => flip(bytes, rng),
        3 => set(bytes, rng),
        4..=7 => insert_word(bytes, words, rng),
        8 => replace_by_word(bytes, words, rng),
        9..=10 => drop(cut(bytes, rng)),
        11 => repeat(bytes, rng, 8),
        12 => swap_lines(bytes, rng),
        13..=14 => splice(bytes, corpus, rng),
        15 => bytes.truncate(at(bytes, rng)),
        16..=17 => number(bytes, rng),
        18 => drop_line(bytes, rng),
        // Seldom: long inputs take their time.
        _ if rng.u8(..64) == 0 => repeat(bytes, rng, 1 << 20),
        _ => repeat(bytes, rng, 64),
    }
}

/// A place, with a liking for the ends.
fn at(bytes: &[u8], rng: &mut Rng) -> usize {
    match rng.u8(..8) {
        0 => 0,
        1 => bytes.len(),
        _ => rng.usize(..=bytes.len()),
    }
}

fn range(bytes: &[u8], rng: &mut Rng) -> std::ops::Range<usize> {
    let from = at(bytes, rng);
    let most = [1, 2, 4, 16, 64, 1024][rng.usize(..6)];
    let to = bytes.len().min(from + rng.usize(..=most));
    from..to
}

fn flip(bytes: &mut [u8], rng: &mut Rng) {
    if !bytes.is_empty() {
        let place = rng.usize(..bytes.len());
        bytes[place] ^= 1 << rng.u8(..8);
    }
}

fn set(bytes: &mut [u8], rng: &mut Rng) {
    if !bytes.is_empty() {
        let place = rng.usize(..bytes.len());
        bytes[place] = *b"\0\n\r\t \"'\\{}[]:,-#&*!|>%@`\x7f\xff\xc2\xe2"
            .get(rng.usize(..28))
            .unwrap_or(&0);
    }
}

fn word<'a>(words: &'a [&str], rng: &mut Rng) -> &'a [u8] {
    match words.is_empty() {
        true => b"",
        false => words[rng.usize(..words.len())].as_bytes(),
    }
}

fn insert_word(bytes: &mut Vec<u8>, words: &[&str], rng: &mut Rng) {
    let (place, word) = (at(bytes, rng), word(words, rng));
    bytes.splice(place..place, word.iter().copied());
}

fn replace_by_word(bytes: &mut Vec<u8>, words: &[&str], rng: &mut Rng) {
    let (range, word) = (range(bytes, rng), word(words, rng));
    bytes.splice(range, word.iter().copied());
}

fn cut(bytes: &mut Vec<u8>, rng: &mut Rng) -> Vec<u8> {
    let range = range(bytes, rng);
    bytes.drain(range).collect()
}

/// A piece up to so many times in a row.
fn repeat(bytes: &mut Vec<u8>, rng: &mut Rng, most: usize) {
    let range = range(bytes, rng);
    if range.is_empty() || bytes.len() >= LONGEST {
        return;
    }
    let most = most.min((LONGEST - bytes.len()) / range.len());
    let piece = bytes[range.clone()].repeat(rng.usize(..=most));
    bytes.splice(range.end..range.end, piece);
}

fn splice(bytes: &mut Vec<u8>, corpus: &[Vec<u8>], rng: &mut Rng) {
    if corpus.is_empty() {
        return;
    }
    let other = &corpus[rng.usize(..corpus.len())];
    let from = at(other, rng);
    let to = rng.usize(from..=other.len());
    let place = range(bytes, rng);
    bytes.splice(place, other[from..to].iter().copied());
}

fn lines(bytes: &[u8]) -> Vec<&[u8]> {
    bytes.split_inclusive(|byte| *byte == b'\n').collect()
}

fn swap_lines(bytes: &mut Vec<u8>, rng: &mut Rng) {
    let mut lines = lines(bytes);
    if lines.len() > 1 {
        let (one, other) = (rng.usize(..lines.len()), rng.usize(..lines.len()));
        lines.swap(one, other);
        *bytes = lines.concat();
    }
}

fn drop_line(bytes: &mut Vec<u8>, rng: &mut Rng) {
    let mut lines = lines(bytes);
    if !lines.is_empty() {
        lines.remove(rng.usize(..lines.len()));
        *bytes = lines.concat();
    }
}

/// Another number in the place of one.
fn number(bytes: &mut Vec<u8>, rng: &mut Rng) {
    let start = at(bytes, rng);
    let Some(from) = bytes[start..].iter().position(u8::is_ascii_digit) else {
        return;
    };
    let from = start + from;
    let digits = bytes[from..]
        .iter()
        .take_while(|byte| byte.is_ascii_digit());
    let to = from + digits.count();
    let other = NUMBERS[rng.usize(..NUMBERS.len())];
    bytes.splice(from..to, other.bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_inputs_and_another_gives_others() {
        let corpus = vec![b"a: 1\nb: 2\n".to_vec(), b"c: [1, 2]\n".to_vec()];
        let made = |seed| {
            let mut rng = Rng::with_seed(seed);
            let made = (0..50).map(|_| mutated(&corpus, &["---\n"], &mut rng));
            made.collect::<Vec<_>>()
        };
        assert!(made(7) == made(7));
        assert!(made(7) != made(8));
        let changed = made(7).iter().filter(|one| !corpus.contains(one)).count();
        assert!(changed > 25, "{changed}");
    }

    #[test]
    fn nothing_is_made_that_is_too_long_even_from_nothing() {
        let mut rng = Rng::with_seed(1);
        let corpus = vec![Vec::new(), b"x".repeat(LONGEST)];
        for _ in 0..2_000 {
            assert!(mutated(&corpus, &["word"], &mut rng).len() <= LONGEST);
        }
    }
}
