//! What damaged journals look like: every view goes on as far as it can, and says where it stopped.

use std::fs;

use crate::sample::{PLAN, Said, Sample, audit, frames, frames_of, history, text, whole};

/// The verdict's words, and what the other views say of the same bytes.
fn damaged(bytes: &[u8], rule: &str) -> (Sample, Said) {
    let sample = Sample::of(bytes);
    let said = sample.audit("verify", &[]);
    assert_eq!(said.code, 7, "{}{}", said.out, said.err);
    assert!(said.out.contains(rule), "{rule:?} is not in {}", said.out);
    let dump = sample.audit("dump", &[]);
    assert_eq!(dump.code, 7);
    assert!(dump.err.contains(rule), "{}", dump.err);
    (sample, dump)
}

fn status(sample: &Sample) -> (i32, String) {
    let said = sample.audit("state", &["--json"]);
    let state: serde_json::Value = serde_json::from_str(&said.out).unwrap_or_default();
    (
        said.code,
        state["status"].as_str().unwrap_or("none").to_owned(),
    )
}

/// The marks of the dumped lines, one character each.
fn marks(dump: &Said) -> String {
    dump.out
        .lines()
        .filter_map(|line| line.chars().next())
        .collect()
}

#[test]
fn a_torn_tail_is_whole_with_unfinished_bytes() {
    let bytes = whole();
    let sample = Sample::of(&bytes[..bytes.len() - 20]);
    let said = sample.audit("verify", &[]);
    assert_eq!(said.code, 0);
    assert!(
        said.out.contains("4 frame(s)") && said.out.contains("unfinished byte(s)"),
        "{}",
        said.out
    );
    assert_eq!(marks(&sample.audit("dump", &[])), "    ?");
    assert_eq!(status(&sample), (0, "executing".to_owned()));
}

#[test]
fn a_flipped_bit_is_shown_where_it_is_and_what_follows_is_marked() {
    let mut lines = frames();
    let at = lines[1].len() - 10;
    lines[1][at] ^= 1;
    let (sample, dump) = damaged(&lines.concat(), "at frame 1, byte ");
    assert!(dump.out.contains("bad hash: "), "{}", dump.out);
    assert_eq!(marks(&dump), " !!~~~~");
    assert_eq!(status(&sample), (7, "draft".to_owned()));
}

#[test]
fn a_removed_frame_is_a_gap() {
    let mut lines = frames();
    lines.remove(2);
    let (sample, dump) = damaged(&lines.concat(), "at frame 2, byte ");
    assert!(
        dump.err
            .contains("gap: the line says frame 3, expected is 2"),
        "{}",
        dump.err
    );
    assert_eq!(marks(&dump), "  !!~~");
    assert_eq!(status(&sample), (7, "approved".to_owned()));
}

#[test]
fn a_duplicated_frame_is_named() {
    let mut lines = frames();
    lines.insert(3, lines[2].clone());
    let (sample, _) = damaged(&lines.concat(), "repeated or reordered frame");
    assert_eq!(status(&sample).1, "executing");
}

#[test]
fn swapped_frames_are_named() {
    let mut lines = frames();
    lines.swap(1, 2);
    let (sample, _) = damaged(&lines.concat(), "at frame 1, byte ");
    assert_eq!(status(&sample).1, "draft");
}

#[test]
fn another_plans_journal_under_this_name_is_a_chain_break() {
    let other = frames_of("ESS-P-002", &history()).concat();
    let (sample, dump) = damaged(&other, "chain break");
    assert_eq!(marks(&dump), "!!~~~~~");
    assert_eq!(status(&sample), (7, "none".to_owned()));
}

#[test]
fn an_empty_journal_is_damage() {
    let (sample, dump) = damaged(b"", "no frame");
    assert_eq!(dump.out, "");
    assert_eq!(status(&sample), (7, "none".to_owned()));
}

#[test]
fn zeros_before_a_frame_are_a_hole() {
    let mut lines = frames();
    let len = lines[2].len();
    lines[2][20..len - 1].fill(0);
    damaged(&lines.concat(), "unreadable bytes before a frame");
}

/// A fixed sequence of bytes without any order in it.
fn garbage(seed: u64, len: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[3]
    };
    (0..len).map(|_| next()).collect()
}

#[test]
fn garbage_is_refused_and_never_panics() {
    for seed in 0..6 {
        let bytes = garbage(seed, 3000);
        let sample = Sample::of(&bytes);
        for view in ["verify", "dump", "state"] {
            assert_eq!(sample.audit(view, &[]).code, 7, "seed {seed}, {view}");
        }
    }
}

#[test]
fn garbage_behind_whole_frames_leaves_them_readable() {
    let (sample, _) = damaged(
        &[whole(), garbage(9, 500), b"\nx\n".to_vec()].concat(),
        "frame 5",
    );
    assert_eq!(status(&sample), (7, "executing".to_owned()));
}

#[test]
fn a_frame_with_the_largest_number_is_no_trouble() {
    let lines = frames();
    let text = String::from_utf8(lines[1].clone()).unwrap();
    let huge = text.replace("\"seq\":1,", &format!("\"seq\":{},", u64::MAX));
    let bytes = [&lines[0], huge.as_bytes(), &lines[2]].concat();
    damaged(&bytes, "gap");
}

#[test]
fn directories_and_missing_files_are_not_damage() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(format!("{PLAN}.journal.jsonl"));
    for view in ["verify", "dump", "state"] {
        let said = audit(&[view, &text(&path)]);
        assert_eq!((said.code, said.out.as_str()), (1, ""));
        assert!(said.err.contains("No such file"), "{}", said.err);
    }
    fs::create_dir(&path).unwrap();
    for view in ["verify", "dump", "state"] {
        let said = audit(&[view, &text(&path)]);
        assert_eq!((said.code, said.out.as_str()), (1, ""));
        assert!(said.err.contains("is not a file"), "{}", said.err);
    }
}

#[test]
fn one_bad_journal_hides_no_other() {
    let good = Sample::of(&whole());
    let bad = Sample::of(b"x\n");
    let said = audit(&[
        "verify",
        "/nonexistent/A-P-1.journal.jsonl",
        &bad.file(),
        &good.file(),
    ]);
    assert_eq!(said.code, 7);
    assert_eq!(said.out.lines().count(), 2);
    assert!(said.err.contains("No such file"));
}
