//! The journal against its floor: what the same bytes cost without a journal, in the same run, on the same disk.
//!
//! Prints one table of ratios. `cargo bench -p modulatio-tools --bench journal`; `TMPDIR` chooses the disk.

#![allow(clippy::unwrap_used, reason = "a bench that cannot go on says so")]

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use journal::verify::{verify_file, verify_parallel};
use journal::{Draft, FileStore, GroupCommit, Hash, LogName, LogStore, frame};

const APPENDS: usize = 1500;
const THREADS: usize = 8;
const VERIFIED: u64 = 200_000;

fn main() {
    println!(
        "{:<44} {:>12} {:>12} {:>8}  target",
        "what", "journal", "floor", "ratio"
    );
    append();
    group_commit();
    open_append_close();
    verify(1);
    verify(2);
    size();
}

fn row(what: &str, ours: &str, floor: &str, ratio: f64, target: &str) {
    println!("{what:<44} {ours:>12} {floor:>12} {ratio:>8.2}  {target}");
}

fn micros(time: Duration) -> String {
    format!("{:.1} us", time.as_secs_f64() * 1e6)
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

fn timed(act: impl FnOnce()) -> Duration {
    let start = Instant::now();
    act();
    start.elapsed()
}

fn name() -> LogName {
    LogName::parse("ESS-P-001").unwrap()
}

/// A frame whose line has about 1 KB.
fn draft() -> Draft {
    let events = format!(
        r#"[{{"kind":"ModelCallCompleted","v":1,"reply":"{}"}}]"#,
        "x".repeat(820)
    );
    Draft {
        at: "2026-11-23T20:15:00.123456Z".into(),
        epoch: 2,
        by: "daemon:host:4711".into(),
        events,
    }
}

fn line() -> Vec<u8> {
    frame::encode(&Hash::root(&name()), 1000, &draft()).unwrap()
}

fn store(dir: &Path) -> FileStore {
    FileStore::on_disk(dir.to_path_buf(), Arc::new(|| "now".to_owned()))
}

/// A log of `frames` frames, made without waiting for the disk each time.
fn sample(dir: &Path, frames: u64) -> PathBuf {
    let path = store(dir).path(&name());
    let mut key = Hash::root(&name());
    let mut file = std::io::BufWriter::new(File::create(&path).unwrap());
    for seq in 0..frames {
        let line = frame::encode(&key, seq, &draft()).unwrap();
        key = frame::recorded_hash(&line).unwrap();
        file.write_all(&line).unwrap();
    }
    file.into_inner().unwrap().sync_all().unwrap();
    path
}

fn appending(path: &Path) -> File {
    OpenOptions::new()
        .create(true)
        .append(true)
        .open(path)
        .unwrap()
}

fn write_synced(mut file: &File, line: &[u8]) {
    file.write_all(line).unwrap();
    file.sync_data().unwrap();
}

/// Both kinds by turns, so that a disk that grows slower or faster does so for both.
fn append() {
    let dir = tempfile::tempdir().unwrap();
    sample(dir.path(), 1);
    let mut log = store(dir.path()).open(&name(), None).unwrap();
    let mut next = log.seek_tail().unwrap().tail.unwrap().seq + 1;
    let (bare, line, draft) = (appending(&dir.path().join("bare")), line(), [draft()]);
    let (mut ours, mut floor) = (Vec::new(), Vec::new());
    for _ in 0..APPENDS {
        floor.push(timed(|| write_synced(&bare, &line)));
        ours.push(timed(|| next = log.append(next, &draft).unwrap().seq + 1));
    }
    let (ours, floor) = (median(ours), median(floor));
    let ratio = ours.as_secs_f64() / floor.as_secs_f64();
    row(
        "append 1 KB, durable (median)",
        &micros(ours),
        &micros(floor),
        ratio,
        "at most 1.10",
    );
}

fn group_commit() {
    let dir = tempfile::tempdir().unwrap();
    sample(dir.path(), 1);
    let group = GroupCommit::new(store(dir.path()).open(&name(), None).unwrap());
    let run = |count: usize| (0..count).for_each(|_| assert!(group.append(draft()).is_ok()));
    let rate = |threads: usize| {
        let each = APPENDS / threads;
        let time = timed(|| {
            std::thread::scope(|scope| (0..threads).for_each(|_| drop(scope.spawn(|| run(each)))));
        });
        (each * threads) as f64 / time.as_secs_f64()
    };
    let (one, eight) = (rate(1), rate(THREADS));
    row(
        "group commit, 8 threads against 1 (frames/s)",
        &format!("{eight:.0}"),
        &format!("{one:.0}"),
        eight / one,
        "at least 2",
    );
}

fn open_append_close() {
    let dir = tempfile::tempdir().unwrap();
    sample(dir.path(), 1000);
    let (bare, line, draft) = (dir.path().join("bare"), line(), [draft()]);
    let (mut ours, mut floor) = (Vec::new(), Vec::new());
    for _ in 0..300 {
        floor.push(timed(|| write_synced(&appending(&bare), &line)));
        ours.push(timed(|| {
            let mut log = store(dir.path()).open(&name(), None).unwrap();
            let next = log.seek_tail().unwrap().tail.unwrap().seq + 1;
            log.append(next, &draft).unwrap();
        }));
    }
    let (ours, floor) = (median(ours), median(floor));
    let ratio = ours.as_secs_f64() / floor.as_secs_f64();
    row(
        "open, append, sync, close of 1,000 frames",
        &micros(ours),
        &micros(floor),
        ratio,
        "under 3",
    );
}

/// The floor hashes the same bytes with the same keys, already cut into lines, in memory.
fn verify(threads: usize) {
    let dir = tempfile::tempdir().unwrap();
    let path = sample(dir.path(), VERIFIED);
    let bytes = std::fs::read(&path).unwrap();
    let lines: Vec<&[u8]> = bytes
        .split(|&byte| byte == b'\n')
        .filter(|line| !line.is_empty())
        .collect();
    let ours = best(|| match threads {
        1 => assert_eq!(verify_file(&path, &name()).unwrap().frames, VERIFIED),
        _ => assert_eq!(
            verify_parallel(&path, &name(), threads).unwrap().frames,
            VERIFIED
        ),
    });
    let floor = best(|| {
        let mut key = Hash::root(&name()).0;
        lines
            .iter()
            .for_each(|line| key = *blake3::keyed_hash(&key, &line[frame::PREFIX..]).as_bytes());
        std::hint::black_box(key);
    });
    let speed =
        |time: Duration| format!("{:.2} GB/s", bytes.len() as f64 / time.as_secs_f64() / 1e9);
    let ratio = floor.as_secs_f64() / ours.as_secs_f64();
    let (what, target) = if threads == 1 {
        ("1 thread", "at least 0.8")
    } else {
        ("2 threads", "at least 1.6")
    };
    row(
        &format!("verify, {what}, against BLAKE3 alone"),
        &speed(ours),
        &speed(floor),
        ratio,
        target,
    );
}

fn best(mut act: impl FnMut()) -> Duration {
    (0..5).map(|_| timed(&mut act)).min().unwrap()
}

fn size() {
    let (line, draft) = (line().len(), draft());
    let overhead = line - draft.events.len() - draft.by.len();
    row(
        "bytes per frame beside payload and writer",
        &overhead.to_string(),
        "",
        overhead as f64 / line as f64,
        "at most 160 bytes",
    );
}
