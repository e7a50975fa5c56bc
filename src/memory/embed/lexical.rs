//! The lexical embedder: words, pairs of words and pieces of words, by their hashes. It needs no model, no download and
//! no memory to speak of, is the same on every machine, and finds what shares words or parts of words with the query.
//!
//! ```text
//!  "Retried requests"  ──words──▶ retried, requests ──stems──▶ retri, request
//!      word   retri · request                    weight 1
//!      pair   retri request                      weight ½      words side by side, over no more than a space
//!      piece  ^ret retr etri tri$ ^req requ …    weight ⅖      which forgives spelling, endings and compounds
//! ```
//!
//! A feature that occurs n times counts 1 + ln n times. How rare a feature is among the texts of an index is the
//! index's knowledge, which is what keeps words like "the" from mattering: there is no list of them here.

mod words;

use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicBool, Ordering},
};

use super::{Embedder, Fault, Vector};

/// Another form of these vectors is another id: an index is made anew for it.
const ID: &str = "lexical/1";

/// What is read of one text, bytes: a multiple of the most that entries are found by.
const MOST: usize = 16 * 1024;

/// How much a feature of each kind counts for; the kind is part of what is hashed.
const WORD: (&str, f32) = ("w", 1.0);
const PAIR: (&str, f32) = ("p", 0.5);
const PIECE: (&str, f32) = ("c", 0.4);

/// Letters of a piece, the marks of a word's ends among them.
const PIECE_LETTERS: usize = 4;

/// The lexical embedder. It holds nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Lexical;

impl Embedder for Lexical {
    fn id(&self) -> &str {
        ID
    }

    /// Texts that say the same in other words share few of them. As many of the right notes reach this as reach 0.5 with
    /// MiniLM (`tests/embedder/quality.rs` measures both).
    fn least_alike(&self) -> f32 {
        0.25
    }

    fn embed(&self, texts: &[&str], cut: &AtomicBool) -> Result<Vec<Vector>, Fault> {
        let one = |text: &&str| {
            if cut.load(Ordering::Relaxed) {
                return Err(Fault::Cut);
            }
            Ok(Vector::Sparse(features(text)))
        };
        texts.iter().map(one).collect()
    }
}

fn features(text: &str) -> Vec<(u32, f32)> {
    let mut counts = Counts::default();
    let mut before: Option<String> = None;
    for word in words::words(&text[..text.floor_char_boundary(MOST)]) {
        let stem = words::stem(&word.text);
        counts.add(WORD, &[&stem]);
        if let Some(before) = before.filter(|_| word.follows) {
            counts.add(PAIR, &[&before, &stem]);
        }
        pieces(&stem, |piece| counts.add(PIECE, &[piece]));
        before = Some(stem);
    }
    counts.weights()
}

/// The pieces of a word with its ends marked; a word that is no longer than one piece is said by itself already.
fn pieces(word: &str, mut each: impl FnMut(&str)) {
    let marked = format!("^{word}$");
    let starts: Vec<usize> = marked.char_indices().map(|(at, _)| at).collect();
    if starts.len() <= PIECE_LETTERS {
        return;
    }
    for (first, start) in starts.iter().enumerate() {
        match starts.get(first + PIECE_LETTERS) {
            Some(end) => each(&marked[*start..*end]),
            None => {
                each(&marked[*start..]);
                return;
            }
        }
    }
}

/// How often features occurred, and for how much each counts. Sorted, so that sums come out the same everywhere.
#[derive(Default)]
struct Counts(BTreeMap<u32, (u32, f32)>);

impl Counts {
    fn add(&mut self, (kind, weight): (&str, f32), parts: &[&str]) {
        let (count, kept) = self.0.entry(hash(kind, parts)).or_default();
        *count += 1;
        *kept = weight.max(*kept);
    }

    #[expect(clippy::cast_precision_loss, reason = "counts are small")]
    fn weights(self) -> Vec<(u32, f32)> {
        let weigh = |(feature, (count, weight)): (u32, (u32, f32))| {
            (feature, weight * (1.0 + (count as f32).ln()))
        };
        self.0.into_iter().map(weigh).collect()
    }
}

/// FNV-1a of 64 bits, folded to 32: the same on every machine, for ever.
fn hash(kind: &str, parts: &[&str]) -> u32 {
    const BASIS: u64 = 0xcbf2_9ce4_8422_2325;
    const PRIME: u64 = 0x0000_0100_0000_01b3;
    let mut hash = BASIS;
    // No text holds a byte 0xff, so parts cannot run into each other.
    for part in std::iter::once(&kind).chain(parts) {
        for byte in part.bytes().chain([0xff]) {
            hash = (hash ^ u64::from(byte)).wrapping_mul(PRIME);
        }
    }
    let (high, low) = (hash >> 32, hash & 0xffff_ffff);
    u32::try_from(high ^ low).expect("both halves have 32 bits")
}

#[cfg(test)]
mod tests;
