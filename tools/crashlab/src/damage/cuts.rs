//! Journals that end too soon: with the plan's file beside them every cut is seen; without it, a cut between frames
//! cannot be told from a journal that never had more, and one within a frame is a write that did not come to its end.

use std::fs;

use fastrand::Rng;
use journal::DamageKind::{AnchorBeyondTail, Empty, NotAFrame};

use super::{
    bench::Bench,
    drawn,
    expected::{Expected, Harm, Place},
    sample::{PLAN, file_of},
};
use crate::Figures;

/// Cuts at so many places, edges of frames among them; at every byte for 0.
pub(super) fn all(bench: &mut Bench<'_>, many: usize, rng: &mut Rng, figures: &mut Figures) {
    let bounds = bench.sample.bounds();
    let whole = bench.sample.journal.len();
    let mut places = drawn((0..whole).collect(), many, rng);
    if many > 0 {
        let edges = bounds
            .iter()
            .flat_map(|at| [at.wrapping_sub(1), *at, at + 1]);
        let edges: Vec<usize> = edges.filter(|at| *at < whole).collect();
        places.extend(drawn(edges, many, rng));
        places.extend([0, 1, whole - 1]);
    }
    for cut in &places {
        let place = Place {
            kinds: vec![AnchorBeyondTail],
            ..before(&bounds, *cut)
        };
        let harm = Harm {
            what: format!("cut at byte {cut}"),
            bytes: bench.sample.journal[..*cut].to_vec(),
            expected: Expected::Damaged(place),
        };
        bench.show("cuts beside the plan's file", &harm, figures);
    }
    if fs::remove_file(file_of(&bench.root, PLAN)).is_err() {
        figures.broken("the lab cannot take the plan's file away".to_owned());
    }
    for cut in &places {
        let (count, expected) = without_anchor(&bounds, *cut);
        let harm = Harm {
            what: format!("cut at byte {cut}, without the plan's file"),
            bytes: bench.sample.journal[..*cut].to_vec(),
            expected,
        };
        bench.show(count, &harm, figures);
    }
    if let Err(error) = bench.restore() {
        figures.broken(format!("the bench cannot be restored: {error}"));
    }
}

/// The place behind the last whole frame.
fn before(bounds: &[usize], cut: usize) -> Place {
    let frames = bounds.iter().filter(|end| **end <= cut).count() - 1;
    Place {
        seq: frames as u64,
        offset: bounds[frames] as u64,
        kinds: Vec::new(),
    }
}

fn without_anchor(bounds: &[usize], cut: usize) -> (&'static str, Expected) {
    let place = before(bounds, cut);
    let (frames, rest) = (place.seq, cut as u64 - place.offset);
    match (frames, rest) {
        (0, _) => {
            let kinds = vec![Empty, NotAFrame];
            let damaged = Expected::Damaged(Place { kinds, ..place });
            ("cuts within frame 0 without any anchor", damaged)
        }
        (_, 0) => (
            "cuts between frames without any anchor, which nothing can tell",
            Expected::Unseen { frames },
        ),
        (_, bytes) => (
            "cuts within a frame without any anchor, torn",
            Expected::Torn { frames, bytes },
        ),
    }
}
