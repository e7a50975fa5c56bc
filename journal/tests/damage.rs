//! Whatever happens to the bytes of a journal: it is told, nothing more is written, and the frames before stay.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says so")]

mod common;

use common::{bytes, name, path, read_all, sample, store};
use journal::{Anchor, DamageKind, Error, Frame, LogStore, SimDisk};

const FRAMES: u64 = 5;

/// The journal's lines, newlines included.
fn lines(bytes: &[u8]) -> Vec<Vec<u8>> {
    bytes
        .split_inclusive(|&byte| byte == b'\n')
        .map(<[u8]>::to_vec)
        .collect()
}

fn good_frames() -> Vec<Frame> {
    let (disk, _) = sample(FRAMES);
    read_all(&mut *store(&disk).read(&name(), None).unwrap()).0
}

fn tampered(bytes: &[u8]) -> SimDisk {
    let (disk, _) = sample(1);
    disk.tamper(&path(), bytes.to_vec());
    disk
}

#[derive(Debug, PartialEq)]
enum Found {
    Nothing,
    Torn,
    Damage(DamageKind, u64),
}

/// Opens for writing, and checks what holds for every kind of tampering.
fn open(bytes_now: &[u8], anchor: Option<Anchor>) -> Found {
    let disk = tampered(bytes_now);
    let mut log = store(&disk).open(&name(), anchor).unwrap();
    let (frames, found) = read_all(&mut *log);
    let good = good_frames();
    assert!(
        frames.iter().zip(&good).all(|(frame, good)| frame == good),
        "a bad frame was visited"
    );
    match found {
        Ok(found) if found.torn.is_none() => Found::Nothing,
        Ok(_) => Found::Torn,
        Err(Error::Damaged(damage)) => {
            assert_eq!(
                frames.len() as u64,
                damage.seq,
                "the frames before the damage were visited"
            );
            assert_eq!(bytes(&disk), bytes_now, "a damaged log is not written to");
            let error = log
                .append(frames.len() as u64, &[common::draft(9)])
                .unwrap_err();
            assert!(
                error.is_damage() || matches!(error, Error::Conflict { .. }),
                "{error}"
            );
            assert_eq!(bytes(&disk), bytes_now, "a damaged log is not written to");
            Found::Damage(damage.kind, damage.seq)
        }
        Err(error) => panic!("{error}"),
    }
}

fn tail() -> Option<Anchor> {
    good_frames().last().map(|frame| frame.anchor)
}

#[test]
fn every_flipped_bit_is_detected() {
    let (_, whole) = sample(FRAMES);
    let last_line = whole.len() - lines(&whole)[4].len();
    let anchor = tail();
    for at in 0..whole.len() {
        for bit in 0..8 {
            let mut bad = whole.clone();
            bad[at] ^= 1 << bit;
            let alone = open(&bad, None);
            let is_last_newline = at == whole.len() - 1;
            assert!(
                matches!(alone, Found::Damage(..)) || is_last_newline,
                "byte {at} bit {bit}: {alone:?}"
            );
            assert_ne!(alone, Found::Nothing, "byte {at} bit {bit}");
            assert!(
                matches!(open(&bad, anchor), Found::Damage(..)),
                "byte {at} bit {bit}, with the anchor"
            );
            if at < last_line {
                assert!(
                    matches!(read_only(&bad), Err(Error::Damaged(_))),
                    "byte {at} bit {bit}, reading"
                );
            }
        }
    }
}

fn read_only(bytes: &[u8]) -> Result<u64, Error> {
    let disk = tampered(bytes);
    let found = store(&disk)
        .read(&name(), None)
        .unwrap()
        .catch_up(&mut |_| ());
    found.map(|found| found.frames)
}

#[test]
fn every_removed_frame_is_detected() {
    let (_, whole) = sample(FRAMES);
    for removed in 0..4 {
        let mut lines = lines(&whole);
        lines.remove(removed);
        assert_eq!(
            open(&lines.concat(), None),
            Found::Damage(DamageKind::Gap, removed as u64)
        );
    }
}

#[test]
fn the_removed_last_frame_is_detected_by_the_anchor_alone() {
    let (_, whole) = sample(FRAMES);
    let mut lines = lines(&whole);
    lines.pop();
    assert_eq!(open(&lines.concat(), None), Found::Nothing);
    assert_eq!(
        open(&lines.concat(), tail()),
        Found::Damage(DamageKind::AnchorBeyondTail, 4)
    );
}

#[test]
fn every_repeated_frame_is_detected() {
    let (_, whole) = sample(FRAMES);
    for repeated in 0..5 {
        for behind in repeated..5 {
            let mut lines = lines(&whole);
            lines.insert(behind + 1, lines[repeated].clone());
            assert_eq!(
                open(&lines.concat(), None),
                Found::Damage(DamageKind::Repeated, behind as u64 + 1)
            );
        }
    }
}

#[test]
fn every_pair_of_swapped_frames_is_detected() {
    let (_, whole) = sample(FRAMES);
    for one in 0..5 {
        for other in one + 1..5 {
            let mut lines = lines(&whole);
            lines.swap(one, other);
            assert_eq!(
                open(&lines.concat(), None),
                Found::Damage(DamageKind::Gap, one as u64)
            );
        }
    }
}

#[test]
fn a_log_cut_anywhere_is_torn_and_with_the_anchor_damaged() {
    let (_, whole) = sample(FRAMES);
    let ends: Vec<usize> = lines(&whole)
        .iter()
        .scan(0, |end, line| {
            *end += line.len();
            Some(*end)
        })
        .collect();
    for cut in 0..whole.len() {
        let found = open(&whole[..cut], None);
        match cut {
            _ if cut < ends[0] => assert!(
                matches!(found, Found::Damage(_, 0)),
                "a log is born with frame 0"
            ),
            _ if ends.contains(&cut) => assert_eq!(found, Found::Nothing),
            _ => assert_eq!(found, Found::Torn, "cut at {cut}"),
        }
        assert!(
            matches!(open(&whole[..cut], tail()), Found::Damage(..)),
            "cut at {cut}"
        );
    }
}

#[test]
fn a_frame_cut_short_before_others_is_damage() {
    let (_, whole) = sample(FRAMES);
    for shortened in 0..4 {
        for cut in [1, 40, 100, 180] {
            let mut lines = lines(&whole);
            lines[shortened].truncate(cut);
            assert!(
                matches!(open(&lines.concat(), None), Found::Damage(_, seq) if seq == shortened as u64)
            );
            lines[shortened].push(b'\n');
            assert!(
                matches!(open(&lines.concat(), None), Found::Damage(_, seq) if seq == shortened as u64)
            );
        }
    }
}

#[test]
fn a_zero_filled_tail_is_torn_and_zeros_before_a_frame_are_damage() {
    let (_, whole) = sample(FRAMES);
    for cut in 1..lines(&whole)[4].len() {
        let mut bad = whole.clone();
        let from = bad.len() - cut;
        bad[from..].fill(0);
        assert_eq!(open(&bad, None), Found::Torn, "{cut} zeros");
    }
    let mut bad = whole.clone();
    let third: usize = lines(&whole)[..2].iter().map(Vec::len).sum();
    bad[third..third + 300].fill(0);
    assert_eq!(open(&bad, None), Found::Damage(DamageKind::Hole, 2));
}

#[test]
fn a_complete_line_that_is_no_frame_is_damage_even_at_the_end() {
    let (_, whole) = sample(FRAMES);
    for line in ["\n", "{}\n", "# a note by hand\n"] {
        let bad = [&whole[..], line.as_bytes()].concat();
        assert_eq!(open(&bad, None), Found::Damage(DamageKind::NotAFrame, 5));
    }
}

#[test]
fn another_logs_file_is_not_this_log() {
    let (disk, _) = sample(2);
    let other = journal::LogName::parse("P-2").unwrap();
    store(&disk).create(&other, &common::draft(0)).unwrap();
    let foreign = journal::Disk::read(&disk, &store(&disk).path(&other)).unwrap();
    assert_eq!(
        open(&foreign, None),
        Found::Damage(DamageKind::ChainBreak, 0)
    );
}

#[test]
fn a_torn_tail_is_kept_aside_and_the_log_goes_on() {
    let (_, whole) = sample(FRAMES);
    let keep = whole.len() - lines(&whole)[4].len();
    let disk = tampered(&whole[..whole.len() - 30]);
    let mut kept = Vec::new();
    for _ in 0..2 {
        let mut log = store(&disk).open(&name(), None).unwrap();
        let torn = log.catch_up(&mut |_| ()).unwrap().torn.unwrap();
        let aside = torn.kept_as.unwrap();
        assert_eq!(
            journal::Disk::read(&disk, &aside).unwrap(),
            &whole[keep..whole.len() - 30]
        );
        assert_eq!(bytes(&disk), &whole[..keep]);
        kept.push(aside.file_name().unwrap().to_str().unwrap().to_owned());
        disk.tamper(&path(), whole[..whole.len() - 30].to_vec());
    }
    assert_eq!(
        kept,
        [
            "P-1.journal.torn-2026-11-23T20-15-00Z",
            "P-1.journal.torn-2026-11-23T20-15-00Z-2"
        ]
    );
}

#[test]
fn a_reader_stops_before_a_line_in_flight_and_writes_nothing() {
    let (_, whole) = sample(FRAMES);
    let part = &whole[..whole.len() - 1];
    let disk = tampered(part);
    let steps = disk.steps().len();
    let mut reader = store(&disk).read(&name(), None).unwrap();
    let found = reader.catch_up(&mut |_| ()).unwrap();
    assert_eq!((found.frames, found.torn.unwrap().kept_as), (4, None));
    assert_eq!((bytes(&disk), disk.steps().len()), (part.to_vec(), steps));
    disk.tamper(&path(), whole.clone());
    assert_eq!(reader.catch_up(&mut |_| ()).unwrap().frames, 1);
}

#[test]
fn an_append_settles_a_torn_tail_that_another_process_left() {
    let (disk, whole) = sample(FRAMES);
    let mut log = store(&disk).open(&name(), None).unwrap();
    log.seek_tail().unwrap();
    disk.tamper(&path(), [&whole[..], b"{\"b3\":\"00"].concat());
    assert_eq!(
        log.append(FRAMES, &[common::draft(FRAMES)]).unwrap().seq,
        FRAMES
    );
    assert_eq!(read_only(&bytes(&disk)).unwrap(), FRAMES + 1);
    assert!(
        journal::Disk::exists(&disk, &path().with_extension("torn-2026-11-23T20-15-00Z")).unwrap()
    );
}

#[test]
fn a_log_that_changed_under_a_handle_is_diverged() {
    let (disk, whole) = sample(FRAMES);
    let last = whole.len() - lines(&whole)[4].len();
    let mut replaced = whole.clone();
    replaced[last + 10] ^= 1;
    for now in [
        whole[..last].to_vec(),
        whole[..whole.len() - 1].to_vec(),
        replaced,
    ] {
        disk.tamper(&path(), whole.clone());
        let mut log = store(&disk).open(&name(), None).unwrap();
        log.seek_tail().unwrap();
        disk.tamper(&path(), now.clone());
        assert!(matches!(
            log.append(FRAMES, &[common::draft(9)]),
            Err(Error::Diverged { .. })
        ));
        assert!(matches!(
            log.catch_up(&mut |_| ()),
            Err(Error::Diverged { .. })
        ));
        assert_eq!(bytes(&disk), now);
    }
}

#[test]
fn a_log_replaced_by_another_file_is_diverged() {
    let (disk, whole) = sample(FRAMES);
    let mut log = store(&disk).open(&name(), None).unwrap();
    log.seek_tail().unwrap();
    let copy = path().with_extension("copy");
    journal::Disk::create_new(&disk, &copy)
        .unwrap()
        .append(&whole)
        .unwrap();
    journal::Disk::rename(&disk, &copy, &path()).unwrap();
    assert!(matches!(
        log.append(FRAMES, &[common::draft(9)]),
        Err(Error::Diverged { .. })
    ));
}

#[test]
fn a_blob_that_was_altered_is_not_handed_out_nor_overwritten() {
    let (disk, _) = sample(1);
    let blobs = journal::BlobStore::new(
        std::sync::Arc::new(disk.clone()),
        std::path::Path::new(common::DIR).join("blobs"),
    );
    let hash = blobs.put(b"paid for").unwrap();
    assert_eq!(blobs.put(b"paid for").unwrap(), hash);
    disk.tamper(&blobs.path(&hash), b"paid far".to_vec());
    for error in [
        blobs.get(&hash).unwrap_err(),
        blobs.put(b"paid for").unwrap_err(),
    ] {
        assert_eq!(error.damage().unwrap().kind, DamageKind::BlobDiffers);
    }
}

#[test]
fn inspection_tells_good_lines_from_bad_and_finds_those_behind() {
    use journal::inspect::{Verdict, inspect_open};
    let (_, whole) = sample(FRAMES);
    let mut lines = lines(&whole);
    lines[2][100] ^= 1;
    lines.push(b"{\"b3\":".to_vec());
    let disk = tampered(&lines.concat());
    let file = journal::Disk::open(&disk, &path(), journal::disk::Access::Read).unwrap();
    let mut verdicts = Vec::new();
    inspect_open(&path(), &*file, &name(), &mut |line| {
        verdicts.push(line.verdict)
    })
    .unwrap();
    assert_eq!(verdicts[..2], [Verdict::Good, Verdict::Good]);
    assert!(matches!(verdicts[2], Verdict::Bad { .. }));
    assert_eq!(
        verdicts[3..],
        [Verdict::Follows, Verdict::Follows, Verdict::Unfinished]
    );
}

mod arbitrary_bytes {
    use super::*;
    use proptest::prelude::*;

    /// Bytes that are likely to reach far into the reader: pieces of a real journal, zeros, newlines, noise.
    fn pieces() -> impl Strategy<Value = Vec<u8>> {
        let (_, whole) = sample(3);
        let piece = (0..whole.len(), 0..whole.len())
            .prop_map(move |(a, b)| whole[a.min(b)..a.max(b)].to_vec());
        let (_, whole) = sample(3);
        let line = (0..3_usize).prop_map(move |n| lines(&whole)[n].clone());
        let noise = proptest::collection::vec(any::<u8>(), 0..40);
        let some = prop_oneof![3 => line, 2 => piece, 1 => noise, 1 => Just(vec![0; 9]), 1 => Just(b"\n".to_vec())];
        proptest::collection::vec(some, 0..8).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #[test]
        fn are_read_without_panic_and_never_written_to_when_damaged(now in pieces()) {
            let disk = tampered(&now);
            let mut log = store(&disk).open(&name(), None).unwrap();
            let caught_up = log.catch_up(&mut |_| ());
            match &caught_up {
                Ok(found) => prop_assert_eq!(log.append(found.tail.unwrap().seq + 1, &[common::draft(1)]).is_ok(), true),
                Err(error) => { prop_assert!(error.is_damage()); prop_assert_eq!(bytes(&disk), now.clone()); }
            }
            let disk = tampered(&now);
            let sought = store(&disk).open(&name(), None).unwrap().seek_tail();
            if let (Ok(all), Ok(tail)) = (&caught_up, &sought) {
                prop_assert_eq!(all.tail, tail.tail);
            }
            let disk = tampered(&now);
            let _ = store(&disk).read(&name(), None).unwrap().catch_up(&mut |_| ());
            let file = journal::Disk::open(&disk, &path(), journal::disk::Access::Read).unwrap();
            let mut bytes_seen = 0;
            journal::inspect::inspect_open(&path(), &*file, &name(), &mut |line| bytes_seen += line.bytes).unwrap();
            prop_assert!(bytes_seen <= now.len() as u64);
        }
    }
}
