//! Exactness against a search through everything in double loops, and damage of every kind to the file.

use std::{fs, path::PathBuf};

use proptest::prelude::*;

use super::*;

/// Rows in a file, rows in memory, and some of either gone.
struct Made {
    rows: Rows,
    vectors: Vectors,
    all: Vec<Vector>,
    _dir: tempfile::TempDir,
}

/// The first `on_disk` lie in a file. Of those that are `gone` no row is left.
fn made(all: Vec<Vector>, on_disk: usize, gone: &[bool]) -> Made {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x.index");
    let (base, fresh) = all.split_at(on_disk);
    let (rows, vectors) = over_file(&path, base);
    let mut made = Made {
        rows: Rows::default(),
        vectors,
        all: all.clone(),
        _dir: dir,
    };
    for vector in fresh {
        made.vectors.push(vector).unwrap();
    }
    assert_eq!(rows.len(), base.len());
    for n in (0..all.len()).filter(|n| !gone.get(*n).copied().unwrap_or(false)) {
        made.rows.push(&id(n), row(u32::try_from(n).unwrap()));
    }
    made.vectors.settle(&made.rows).unwrap();
    made
}

fn over_file(path: &PathBuf, base: &[Vector]) -> (Rows, Vectors) {
    let Some(first) = base.first() else {
        return (Rows::default(), Vectors::like(&some_vector()));
    };
    let (rows, vectors) = in_memory(first, base);
    let mut bytes = Vec::new();
    vectors.write(&mut bytes, "test", &rows).unwrap();
    fs::write(path, bytes).unwrap();
    Vectors::over(Opened::open(path, None).unwrap()).unwrap()
}

fn some_vector() -> Vector {
    Vector::Dense(unit(vec![1.0; 5]))
}

fn in_memory(like: &Vector, all: &[Vector]) -> (Rows, Vectors) {
    let mut vectors = Vectors::like(like);
    let mut rows = Rows::default();
    for (n, vector) in all.iter().enumerate() {
        let slot = vectors.push(vector).unwrap();
        rows.push(&id(n), row(slot));
    }
    vectors.settle(&rows).unwrap();
    (rows, vectors)
}

fn id(n: usize) -> String {
    format!("{n:06}")
}

fn row(slot: u32) -> Row {
    let mut row = Row::unread(u64::from(slot) * 7, slot.is_multiple_of(3));
    row.text = digest(&slot.to_string());
    row.slot = slot;
    row.is_unread = false;
    row
}

fn unit(mut numbers: Vec<f32>) -> Vec<f32> {
    let length = numbers
        .iter()
        .map(|n| f64::from(*n).powi(2))
        .sum::<f64>()
        .sqrt();
    if length > 0.0 {
        numbers
            .iter_mut()
            .for_each(|n| *n = (f64::from(*n) / length) as f32);
    }
    numbers
}

impl Made {
    fn eligible(&self) -> Vec<Eligible> {
        let rows = (0..).zip(self.rows.iter());
        rows.map(|(row, of)| Eligible { slot: of.slot, row })
            .collect()
    }

    /// What a search finds: rows and the bits of their scores.
    fn search(
        &mut self,
        query: &Vector,
        most: usize,
        at_least: f32,
        odd_only: bool,
    ) -> Vec<(u32, u32)> {
        let found = self.vectors.search(&Sought {
            query,
            eligible: &self.eligible(),
            admits: &|row| !odd_only || row % 2 == 1,
            most,
            at_least,
        });
        let bits = |scored: Scored| (scored.row, scored.score.to_bits());
        found.unwrap().into_iter().map(bits).collect()
    }

    /// The same by looking at every row.
    fn all(&self, query: &Vector, most: usize, at_least: f32, odd_only: bool) -> Vec<(u32, u32)> {
        let mut scored: Vec<Scored> = self
            .eligible()
            .iter()
            .filter(|of| !odd_only || of.row % 2 == 1)
            .map(|of| Scored {
                score: self.score(query, of.slot),
                row: of.row,
            })
            .filter(|scored| scored.score >= at_least)
            .collect();
        scored.sort();
        scored.truncate(most);
        scored.iter().map(|s| (s.row, s.score.to_bits())).collect()
    }

    fn score(&self, query: &Vector, slot: u32) -> f32 {
        match (query, &self.all[slot as usize]) {
            (Vector::Dense(a), Vector::Dense(b)) => dense::score(a, b),
            (Vector::Sparse(a), Vector::Sparse(b)) => self.cosine(a, b),
            _ => panic!("two forms"),
        }
    }

    /// As the formula says it, over the rows there are.
    fn cosine(&self, query: &[(u32, f32)], own: &[(u32, f32)]) -> f32 {
        let n = self.rows.len() as f64;
        let has = |slot: u32, feature: u32| match &self.all[slot as usize] {
            Vector::Sparse(features) => features.iter().any(|(f, _)| *f == feature),
            Vector::Dense(_) => panic!("two forms"),
        };
        let worth = |(feature, weight): &(u32, f32)| {
            let df = self
                .rows
                .iter()
                .filter(|row| has(row.slot, *feature))
                .count() as f64;
            let idf = (1.0 + (n - df + 0.5) / (df + 0.5)).ln() as f32;
            (*feature, weight * idf)
        };
        let kept: Vec<(u32, f32)> = own.iter().map(|(f, w)| (*f, sparse::kept(*w))).collect();
        let (a, b): (Vec<_>, Vec<_>) = (
            query.iter().map(worth).collect(),
            kept.iter().map(worth).collect(),
        );
        let length = |of: &[(u32, f32)]| of.iter().map(|(_, w)| w * w).sum::<f32>().sqrt();
        let (both, mut sum) = (length(&a) * length(&b), 0.0);
        for (f, x) in &a {
            let other = b.iter().find(|(g, _)| f == g);
            sum += other.map_or(0.0, |(_, y)| x * y);
        }
        if both > 0.0 {
            (sum / both).clamp(0.0, 1.0).sqrt()
        } else {
            0.0
        }
    }
}

/// Numbers of few values, so that vectors meet and scores tie; and of any, many digits long.
fn dense_vector(dimensions: usize) -> impl Strategy<Value = Vector> {
    let few = proptest::sample::select(vec![-1.0_f32, 0.0, 0.5, 1.0]);
    let number = prop_oneof![2 => few, 3 => -1.0..1.0_f32, 1 => -1e-6..1e-6_f32];
    let numbers = proptest::collection::vec(number, dimensions);
    numbers.prop_map(|numbers| Vector::Dense(unit(numbers)))
}

fn sparse_vector() -> impl Strategy<Value = Vector> {
    let weight = prop_oneof![Just(1.0_f32), Just(2.0), 0.01..9.0_f32];
    let feature = prop_oneof![0..12_u32, 0..400_u32, any::<u32>()];
    let features = proptest::collection::btree_map(feature, weight, 0..12);
    features.prop_map(|features| Vector::Sparse(features.into_iter().collect()))
}

fn store<V: Strategy<Value = Vector>>(
    vector: impl Fn() -> V,
    most: usize,
) -> impl Strategy<Value = (Vec<Vector>, usize, Vec<bool>, Vector)> {
    let all = proptest::collection::vec(vector(), 1..most);
    let parts = (
        all,
        prop_oneof![Just(100_usize), 0..=100_usize],
        proptest::collection::vec(any::<bool>(), 0..most),
        vector(),
    );
    parts.prop_map(|(mut all, per_cent, gone, query)| {
        // Some texts are said twice.
        let twice: Vec<Vector> = all.iter().step_by(5).cloned().collect();
        all.extend(twice);
        let on_disk = (all.len() * per_cent / 100).max(1);
        (all, on_disk, gone, query)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn dense_search_is_the_search_through_all(
        (all, on_disk, gone, query) in store(|| dense_vector(37), 600),
        most in 0..8_usize,
        at_least in prop_oneof![Just(f32::NEG_INFINITY), -1.0..1.0_f32],
        odd in any::<bool>(),
    ) {
        let mut made = made(all, on_disk, &gone);
        let expected = made.all(&query, most, at_least, odd);
        prop_assert_eq!(made.search(&query, most, at_least, odd), expected);
    }

    #[test]
    fn vectors_that_differ_by_less_than_their_codes_tell_are_told_apart(
        center in dense_vector(33),
        noise in proptest::collection::vec(proptest::collection::vec(-1.0..1.0_f32, 33), 2..120),
        scale in proptest::sample::select(vec![1e-1_f32, 1e-2, 1e-3, 1e-5]),
        on_disk in 1..=100_usize,
        most in 1..6_usize,
    ) {
        let Vector::Dense(center) = center else { unreachable!() };
        let near = |noise: &Vec<f32>| {
            let numbers = center.iter().zip(noise).map(|(n, noise)| n + scale * noise);
            Vector::Dense(unit(numbers.collect()))
        };
        let all: Vec<Vector> = noise.iter().map(near).collect();
        let (query, all) = all.split_first().unwrap();
        let on_disk = (all.len() * on_disk / 100).max(1);
        let mut made = made(all.to_vec(), on_disk, &[]);
        let expected = made.all(query, most, f32::NEG_INFINITY, false);
        prop_assert_eq!(made.search(query, most, f32::NEG_INFINITY, false), expected);
    }

    #[test]
    fn sparse_search_is_the_search_through_all(
        (all, on_disk, gone, query) in store(sparse_vector, 60),
        most in 0..8_usize,
        at_least in prop_oneof![Just(f32::NEG_INFINITY), 0.0..1.0_f32],
        odd in any::<bool>(),
    ) {
        let mut made = made(all, on_disk, &gone);
        let expected = made.all(&query, most, at_least, odd);
        prop_assert_eq!(made.search(&query, most, at_least, odd), expected);
    }

    #[test]
    fn an_index_written_over_itself_finds_the_same(
        (all, on_disk, gone, query) in store(sparse_vector, 40),
        (dense, dense_on_disk, _, dense_query) in store(|| dense_vector(33), 40),
    ) {
        for (all, on_disk, query) in [(all, on_disk, query), (dense, dense_on_disk, dense_query)] {
            let mut before = made(all, on_disk, &gone);
            let expected: Vec<_> = before.search(&query, 9, f32::NEG_INFINITY, false);
            let path = before._dir.path().join("y.index");
            let mut bytes = Vec::new();
            before.vectors.write(&mut bytes, "test", &before.rows).unwrap();
            fs::write(&path, bytes).unwrap();
            let (rows, vectors) = Vectors::over(Opened::open(&path, None).unwrap()).unwrap();
            let (ids, own): (Vec<_>, Vec<_>) = (0..rows.len()).map(|n| (rows.id(n).to_owned(), rows.get(n).text)).unzip();
            let kept: Vec<_> = (0..before.rows.len()).map(|n| before.rows.get(n).text).collect();
            prop_assert_eq!(own, kept);
            prop_assert_eq!(ids, (0..before.rows.len()).map(|n| before.rows.id(n).to_owned()).collect::<Vec<_>>());
            before.rows = rows;
            before.vectors = vectors;
            prop_assert_eq!(before.search(&query, 9, f32::NEG_INFINITY, false), expected);
        }
    }
}

fn small(form: &str) -> (tempfile::TempDir, PathBuf, Vec<u8>) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x.index");
    let all: Vec<Vector> = (0..3_u8)
        .map(|n| match form {
            "dense" => Vector::Dense(unit(vec![f32::from(n), 1.0, 0.25])),
            _ => Vector::Sparse(vec![(1, 1.0), (u32::from(n) + 7, 2.0)]),
        })
        .collect();
    drop(over_file(&path, &all));
    let bytes = fs::read(&path).unwrap();
    (dir, path, bytes)
}

#[test]
fn any_bit_that_flips_is_noticed() {
    for form in ["sparse", "dense"] {
        let (_dir, path, bytes) = small(form);
        // Every bit of a small file; of the long padding of a dense block, every byte.
        let step = if form == "dense" { 11 } else { 1 };
        for bit in (0..bytes.len() * 8).step_by(step) {
            let mut damaged = bytes.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            fs::write(&path, damaged).unwrap();
            let opened = Opened::open(&path, None).err();
            assert!(
                matches!(opened, Some(Unusable::Damaged(_))),
                "{form}, bit {bit}"
            );
        }
    }
}

#[test]
fn a_file_that_is_cut_off_or_goes_on_is_noticed() {
    for form in ["sparse", "dense"] {
        let (_dir, path, bytes) = small(form);
        for length in (0..bytes.len()).step_by(if form == "dense" { 13 } else { 1 }) {
            fs::write(&path, &bytes[..length]).unwrap();
            let opened = Opened::open(&path, None).err();
            assert!(
                matches!(opened, Some(Unusable::Damaged(_))),
                "{form}, {length} bytes"
            );
        }
        fs::write(&path, [bytes.as_slice(), b"x"].concat()).unwrap();
        assert!(Opened::open(&path, None).is_err());
    }
}

#[test]
fn what_is_wrong_is_said() {
    let (dir, path, bytes) = small("sparse");
    let why = |bytes: &[u8]| {
        fs::write(&path, bytes).unwrap();
        match Opened::open(&path, None) {
            Err(Unusable::Damaged(why) | Unusable::Foreign(why)) => why,
            Err(Unusable::Missing) => "missing".to_owned(),
            Ok(_) => "nothing".to_owned(),
        }
    };
    assert_eq!(why(&bytes), "nothing");
    assert_eq!(why(&bytes[..40]), "it is cut off");
    assert_eq!(
        why(&[b"x".as_slice(), &bytes[1..]].concat()),
        "it is no index"
    );
    let newer = [&bytes[..8], &[9, 0, 0, 0], &bytes[12..]].concat();
    assert_eq!(
        why(&newer),
        "it is of version 9; this program reads version 1"
    );
    let last = bytes.len() - 1;
    let torn = [&bytes[..last], &[!bytes[last]]].concat();
    assert_eq!(why(&torn), "its checksum does not fit its content");
    fs::remove_file(&path).unwrap();
    assert_eq!(Opened::open(&path, None).err(), Some(Unusable::Missing));
    let folder = Opened::open(dir.path(), None).err();
    assert_eq!(
        folder,
        Some(Unusable::Damaged("it is not a regular file".to_owned()))
    );
}

#[test]
fn a_sealed_file_whose_content_no_program_wrote_is_refused() {
    let (_dir, path, bytes) = small("sparse");
    // Every byte of what is read with trust in the seal, changed and sealed anew: never a panic.
    for at in 64..bytes.len() - 32 {
        for change in [1, 0x7f, 0xff] {
            let mut forged = bytes.clone();
            forged[at] ^= change;
            let end = forged.len() - 32;
            let seal = *blake3::hash(&forged[..end]).as_bytes();
            forged[end..].copy_from_slice(&seal);
            fs::write(&path, forged).unwrap();
            let Ok(opened) = Opened::open(&path, None) else {
                continue;
            };
            let Ok((rows, mut vectors)) = Vectors::over(opened) else {
                continue;
            };
            let fewer = Rows::default();
            let _ = vectors.settle(&rows).and_then(|()| vectors.settle(&fewer));
            let _ = vectors.search(&Sought {
                query: &Vector::Sparse(vec![(1, 1.0), (8, 1.0)]),
                eligible: &[Eligible { slot: 0, row: 0 }],
                admits: &|_| true,
                most: 3,
                at_least: 0.0,
            });
        }
    }
}

#[test]
fn vectors_that_no_embedder_should_make_are_refused() {
    let mut dense = Vectors::like(&some_vector());
    for numbers in [
        vec![],
        vec![1.0],
        vec![f32::NAN; 5],
        vec![f32::INFINITY; 5],
        vec![3.0; 5],
    ] {
        assert!(dense.push(&Vector::Dense(numbers)).is_err());
    }
    assert!(dense.push(&Vector::Sparse(vec![])).is_err());
    assert!(
        dense.push(&Vector::Dense(vec![0.0; 5])).is_ok(),
        "nothing is like it, no more"
    );
    let mut sparse = Vectors::like(&Vector::Sparse(vec![]));
    for features in [
        vec![(2, 1.0), (1, 1.0)],
        vec![(1, 1.0), (1, 1.0)],
        vec![(1, 0.0)],
        vec![(1, f32::NAN)],
    ] {
        assert!(sparse.push(&Vector::Sparse(features)).is_err());
    }
    assert!(sparse.push(&Vector::Sparse(vec![])).is_ok());
}

#[test]
fn a_thousand_equal_vectors_are_told_apart_by_their_ids() {
    let all = vec![some_vector(); 1_000];
    let mut made = made(all, 700, &[]);
    let found = made.search(&some_vector(), 3, 0.5, true);
    let rows: Vec<u32> = found.iter().map(|(row, _)| *row).collect();
    assert_eq!(rows, [1, 3, 5]);
}
