//! Whole frames that are removed, repeated, swapped, reordered, or cut short before others.

use fastrand::Rng;
use journal::DamageKind::{self, AnchorBeyondTail, BadHash, ChainBreak, Gap, NotAFrame, Repeated};

use super::{
    bench::Bench,
    drawn,
    expected::{Expected, Harm, Place},
};
use crate::Figures;

/// So many of each kind.
pub(super) fn all(bench: &mut Bench<'_>, many: usize, rng: &mut Rng, figures: &mut Figures) {
    let lines = bench.sample.lines.clone();
    let bounds = bench.sample.bounds();
    let at = |seq: usize, kinds: &[DamageKind]| {
        Expected::Damaged(Place {
            seq: seq as u64,
            offset: bounds[seq] as u64,
            kinds: kinds.to_vec(),
        })
    };
    let last = lines.len() - 1;
    for seq in drawn_with_edges(0..lines.len(), many, rng) {
        let mut lines = lines.clone();
        lines.remove(seq);
        let kind = if seq == last { AnchorBeyondTail } else { Gap };
        let harm = harm(format!("frame {seq} removed"), &lines, at(seq, &[kind]));
        bench.show("frames removed", &harm, figures);
    }
    for (from, to) in drawn_with_edges(pairs(lines.len()), many, rng) {
        let mut lines = lines.clone();
        let repeated = lines[from].clone();
        lines.insert(to, repeated);
        let what = format!("frame {from} repeated before frame {to}");
        // It stands where frame `to` is expected.
        let harm = harm(what, &lines, at(to, &[Repeated]));
        bench.show("frames repeated", &harm, figures);
    }
    let (what, repeated) = (
        "the last frame repeated",
        [&lines[..], &lines[last..]].concat(),
    );
    let end = Place {
        seq: lines.len() as u64,
        offset: bounds[lines.len()] as u64,
        kinds: vec![Repeated],
    };
    let harm_at_end = harm(what.to_owned(), &repeated, Expected::Damaged(end));
    bench.show("frames repeated", &harm_at_end, figures);
    for (one, other) in drawn_with_edges(pairs(lines.len()), many, rng) {
        let mut lines = lines.clone();
        lines.swap(one, other);
        let what = format!("frames {one} and {other} swapped");
        let harm = harm(what, &lines, at(one, &[Gap]));
        bench.show("frames swapped", &harm, figures);
    }
    for _ in 0..many.clamp(8, 100) {
        let (what, order) = reordered(lines.len(), rng);
        let Some(first) = order.iter().enumerate().position(|(at, seq)| at != *seq) else {
            continue;
        };
        let lines: Vec<Vec<u8>> = order.iter().map(|seq| lines[*seq].clone()).collect();
        let harm = harm(what, &lines, at(first, &[Gap]));
        bench.show("journals reordered", &harm, figures);
    }
    for seq in drawn_with_edges(0..last, many, rng) {
        for ending in ["", "\n"] {
            let mut lines = lines.clone();
            let keep = rng.usize(1..lines[seq].len() - 1);
            lines[seq].truncate(keep);
            lines[seq].extend(ending.bytes());
            let what = format!("frame {seq} cut to {keep} bytes and {ending:?}");
            let kinds = match seq {
                0 => [NotAFrame, ChainBreak],
                _ => [NotAFrame, BadHash],
            };
            let harm = harm(what, &lines, at(seq, &kinds));
            bench.show("frames cut short", &harm, figures);
        }
    }
}

fn harm(what: String, lines: &[Vec<u8>], expected: Expected) -> Harm {
    Harm {
        what,
        bytes: lines.concat(),
        expected,
    }
}

/// Every pair, the first before the second; neighbours first of all.
fn pairs(count: usize) -> impl Iterator<Item = (usize, usize)> {
    let apart = move |distance: usize| (0..count - distance).map(move |one| (one, one + distance));
    (1..count).flat_map(apart)
}

/// A draw that always holds the first and the last.
fn drawn_with_edges<T: Clone>(
    all: impl IntoIterator<Item = T>,
    many: usize,
    rng: &mut Rng,
) -> Vec<T> {
    let all: Vec<T> = all.into_iter().collect();
    let edges = [all.first().cloned(), all.last().cloned()];
    match many == 0 || many >= all.len() {
        true => all,
        false => edges
            .into_iter()
            .flatten()
            .chain(drawn(all, many, rng))
            .collect(),
    }
}

/// An order of the frames that is not theirs.
fn reordered(count: usize, rng: &mut Rng) -> (String, Vec<usize>) {
    let mut order: Vec<usize> = (0..count).collect();
    match rng.u8(..4) {
        0 => {
            order.reverse();
            ("the frames reversed".to_owned(), order)
        }
        1 => {
            let by = rng.usize(1..count);
            order.rotate_left(by);
            (format!("the frames rotated by {by}"), order)
        }
        2 => {
            let from = rng.usize(..count - 1);
            rng.shuffle(&mut order[from..]);
            (format!("the frames from {from} on shuffled"), order)
        }
        _ => {
            let (from, to) = (rng.usize(1..count), rng.usize(..count));
            let moved = order.remove(from);
            order.insert(to.min(from - 1), moved);
            (format!("frame {from} moved forward"), order)
        }
    }
}
