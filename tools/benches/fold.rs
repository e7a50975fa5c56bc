//! Journal to state: parsing and applying frames of about 1 KB, against reading and verifying the same lines.
//!
//! `cargo bench -p modulatio-tools --bench fold`; `FRAMES=10000` for a shorter history,
//! which a busy machine disturbs less.

#![allow(clippy::unwrap_used, reason = "a bench that cannot go on says so")]

mod support;

use std::{
    fs::File,
    io::{BufWriter, Write},
    path::Path,
    sync::Arc,
};

use journal::{FileStore, LogName, LogStore, frame, verify};
use projections::{
    codec,
    fold::{self, Entry},
    ids::Epoch,
    payload::{Anchor, Digest},
    plan::{FrameMark, Plan},
    time::Timestamp,
};
use support::{
    Times, forget_peak, heading,
    history::{History, PLAN},
    peak_kib, rounds, row,
};

const ROUNDS: usize = 9;

fn main() {
    let frames = std::env::var("FRAMES").ok().and_then(|n| n.parse().ok());
    let frames: usize = frames.unwrap_or(300_000);
    memory(frames / 3);
    memory(frames / 3 * 10);
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(format!("{PLAN}.journal.jsonl"));
    let bytes = write(&path, frames);
    println!("{frames} frames, {} bytes each", bytes / frames);
    heading();
    let text = std::fs::read(&path).unwrap();
    let floor = floors(&path, &text, frames);
    let parse = rounds(ROUNDS, || lines(&text).for_each(|line| drop(entry(line))));
    row("parse", &parse, frames, &floor, "");
    let folded = rounds(ROUNDS, || fold_lines(&text));
    row(
        "fold (parse + apply)",
        &folded,
        frames,
        &floor,
        "400,000 frames/s",
    );
    drop(text);
    let replay = rounds(ROUNDS, || fold_file(dir.path()));
    row(
        "replay (read + verify + parse + apply)",
        &replay,
        frames,
        &floor,
        "",
    );
}

fn write(path: &Path, frames: usize) -> usize {
    let (mut history, mut bytes) = (History::of(frames), 0);
    let mut file = BufWriter::new(File::create(path).unwrap());
    for _ in 0..frames {
        let line = history.line();
        bytes += line.len();
        file.write_all(&line).unwrap();
    }
    file.flush().unwrap();
    bytes
}

/// Reading lines and verifying their chain; the latter is what others are compared with.
fn floors(path: &Path, text: &[u8], frames: usize) -> Times {
    let name = LogName::parse(PLAN).unwrap();
    let verified = rounds(ROUNDS, || verify::verify_file(path, &name).unwrap());
    let read = rounds(ROUNDS, || lines(text).filter_map(frame::decode).count());
    row("lines cut apart, in memory", &read, frames, &verified, "");
    row(
        "floor: lines read, chain verified",
        &verified,
        frames,
        &verified,
        "",
    );
    verified
}

fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut start = 0;
    memchr::memchr_iter(b'\n', text)
        .map(move |end| &text[std::mem::replace(&mut start, end + 1)..end])
}

fn entry(line: &[u8]) -> Entry {
    let record = frame::decode(line).unwrap();
    let anchor = Anchor {
        seq: record.anchor.seq,
        b3: Digest(record.anchor.b3.0),
    };
    Entry {
        mark: FrameMark {
            anchor,
            at: Timestamp::parse(record.at).unwrap(),
            by: record.by.into_owned(),
        },
        epoch: Epoch(record.epoch),
        events: codec::decode(record.events).unwrap(),
    }
}

fn fold_lines(text: &[u8]) -> Plan {
    let apply = |plan, line| Some(fold::apply(plan, &entry(line)).unwrap());
    lines(text).fold(None, apply).unwrap()
}

/// As the program reads a journal, through the store.
fn fold_file(dir: &Path) -> Plan {
    let store = FileStore::on_disk(dir.to_path_buf(), Arc::new(String::new));
    let mut log = store.read(&LogName::parse(PLAN).unwrap(), None).unwrap();
    let mut plan = None;
    log.catch_up(&mut |frame| {
        let anchor = Anchor {
            seq: frame.anchor.seq,
            b3: Digest(frame.anchor.b3.0),
        };
        let entry = Entry {
            mark: FrameMark {
                anchor,
                at: Timestamp::parse(&frame.at).unwrap(),
                by: frame.by,
            },
            epoch: Epoch(frame.epoch),
            events: codec::decode(&frame.events).unwrap(),
        };
        plan = Some(fold::apply(plan.take(), &entry).unwrap());
    })
    .unwrap();
    plan.unwrap()
}

/// What folding a stream of that many frames adds to the process at its peak.
fn memory(frames: usize) {
    forget_peak();
    let before = peak_kib();
    let (mut history, mut plan) = (History::of(frames), None);
    for _ in 0..frames {
        let line = history.line();
        plan = Some(fold::apply(plan, &entry(line.trim_ascii_end())).unwrap());
    }
    let grown = peak_kib().saturating_sub(before);
    println!("peak memory of folding {frames:>8} frames: + {grown} KiB");
}
