//! Single flipped bits: each of them to the journal's own reader, a draw of them to every way of reading.

use std::{path::Path, sync::Arc};

use fastrand::Rng;
use journal::{
    Anchor, Damage, DamageKind, Disk, Error, FileStore, LogName, LogStore, SimDisk, disk::Access,
    frame, verify,
};

use super::{
    bench::Bench,
    drawn,
    expected::{Expected, Harm, Place},
    sample::{PLAN, Sample},
};
use crate::Figures;

/// Where the journal lies on the simulated disk.
const DIR: &str = "/vault";

/// Every bit of the sample: verified without an anchor, and read with that of the last frame.
pub(super) fn exhaustive(sample: &Sample, figures: &mut Figures) {
    let name = LogName::parse(PLAN).expect("a plan's name");
    let disk = SimDisk::new(Path::new(DIR));
    let stamp = Arc::new(|| "2026-11-23T20-15-00Z".to_owned());
    let store = FileStore::new(Arc::new(disk.clone()), DIR.into(), stamp);
    let path = store.path(&name);
    disk.create_new(&path).expect("a disk that works");
    let anchor = tail_of(sample);
    let mut bytes = sample.journal.clone();
    let (mut tried, mut missed) = (0, 0);
    for flip in flips(sample) {
        bytes[flip.at] ^= flip.mask;
        disk.tamper(&path, bytes.clone());
        bytes[flip.at] ^= flip.mask;
        tried += 1;
        let file = disk.open(&path, Access::Read).expect("it was made");
        let verified = verify::verify(&path, &*file, &name).map(|found| found.unfinished);
        let alone = match (&verified, flip.is_last_newline(sample)) {
            (Err(Error::Damaged(found)), false) => flip.place.is(found),
            // Nothing tells that the last frame was ever whole.
            (Ok(unfinished), true) => *unfinished > 0,
            _ => false,
        };
        // The last newline's place is told by the anchor alone; the others would be told by the walk before it.
        let anchored = match flip.is_last_newline(sample) || flip.at % 16 == 0 {
            true => read(&store, &name, anchor).is_some_and(|found| flip.place.is(&found)),
            false => true,
        };
        if !(alone && anchored) {
            missed += 1;
            figures.broken(format!(
                "{}: the journal's reader says {verified:?}, not {:?}",
                flip.what(),
                flip.place
            ));
        }
    }
    figures.add("flips read by the journal", tried);
    figures.add("flips missed", missed);
}

fn read(store: &FileStore, name: &LogName, anchor: Anchor) -> Option<Damage> {
    let mut log = store.read(name, Some(anchor)).ok()?;
    match log.catch_up(&mut |_| ()) {
        Err(Error::Damaged(found)) => Some(*found),
        Ok(_) | Err(_) => None,
    }
}

fn tail_of(sample: &Sample) -> Anchor {
    let last = sample.lines.last().map(Vec::as_slice).unwrap_or_default();
    let b3 = frame::recorded_hash(last).expect("the sample ends with a frame");
    let seq = sample.lines.len() as u64 - 1;
    Anchor { seq, b3 }
}

/// A draw of flips to every way of reading.
pub(super) fn shown(bench: &mut Bench<'_>, many: u64, rng: &mut Rng, figures: &mut Figures) {
    let many = usize::try_from(many).unwrap_or(usize::MAX);
    for flip in drawn(flips(bench.sample), many, rng) {
        let mut bytes = bench.sample.journal.clone();
        bytes[flip.at] ^= flip.mask;
        let harm = Harm {
            what: flip.what(),
            bytes,
            expected: Expected::Damaged(flip.place),
        };
        bench.show("flips read in every way", &harm, figures);
    }
}

#[derive(Clone, Debug)]
struct Flip {
    at: usize,
    mask: u8,
    place: Place,
}

impl Flip {
    fn what(&self) -> String {
        format!(
            "bit {} of byte {} flipped",
            self.mask.trailing_zeros(),
            self.at
        )
    }

    fn is_last_newline(&self, sample: &Sample) -> bool {
        self.at + 1 == sample.journal.len()
    }
}

/// All flips of the sample, in order.
fn flips(sample: &Sample) -> Vec<Flip> {
    let mut all = Vec::with_capacity(sample.journal.len() * 8);
    let mut offset = 0;
    for (seq, line) in sample.lines.iter().enumerate() {
        let number = number_in(line);
        for within in 0..line.len() {
            let place = Place {
                seq: seq as u64,
                offset: offset as u64,
                kinds: kinds(sample, seq, within, line, &number),
            };
            all.extend((0..8).map(|bit| Flip {
                at: offset + within,
                mask: 1 << bit,
                place: place.clone(),
            }));
        }
        offset += line.len();
    }
    all
}

/// Where the frame's number stands in its line.
fn number_in(line: &[u8]) -> std::ops::Range<usize> {
    let key = b"\"seq\":";
    let start = line.windows(key.len()).position(|window| window == key);
    let start = start.map_or(0, |at| at + key.len());
    let digits = line[start..]
        .iter()
        .take_while(|byte| byte.is_ascii_digit());
    start..start + digits.count()
}

/// The rules that a flip there may break.
fn kinds(
    sample: &Sample,
    seq: usize,
    within: usize,
    line: &[u8],
    number: &std::ops::Range<usize>,
) -> Vec<DamageKind> {
    if seq + 1 == sample.lines.len() && within + 1 == line.len() {
        return vec![DamageKind::AnchorBeyondTail];
    }
    if number.contains(&within) {
        return vec![DamageKind::NotAFrame, DamageKind::Gap, DamageKind::Repeated];
    }
    match seq {
        0 => vec![DamageKind::NotAFrame, DamageKind::ChainBreak],
        _ => vec![DamageKind::NotAFrame, DamageKind::BadHash],
    }
}
