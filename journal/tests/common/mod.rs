//! What the tests of the file store share: a store on a simulated disk, drafts, and reading back.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use journal::{CatchUp, Draft, Error, FileStore, Frame, Log, LogName, LogStore, SimDisk};

pub(crate) const DIR: &str = "/vault";

pub(crate) fn name() -> LogName {
    LogName::parse("P-1").unwrap()
}

pub(crate) fn path() -> PathBuf {
    Path::new(DIR).join("P-1.journal.jsonl")
}

pub(crate) fn disk() -> SimDisk {
    SimDisk::new(Path::new(DIR))
}

pub(crate) fn store(disk: &SimDisk) -> FileStore {
    FileStore::new(
        Arc::new(disk.clone()),
        DIR.into(),
        Arc::new(|| "2026-11-23T20:15:00Z".to_owned()),
    )
}

pub(crate) fn draft(number: u64) -> Draft {
    Draft {
        at: "2026-11-23T20:15:00.123456Z".into(),
        epoch: 1,
        by: "daemon:host:4711".into(),
        events: format!(r#"[{{"kind":"Tested","v":1,"number":{number},"note":"a b@c"}}]"#),
    }
}

/// A disk with a log of `frames` frames, and the log's bytes.
#[allow(dead_code, reason = "not every test binary needs it")]
pub(crate) fn sample(frames: u64) -> (SimDisk, Vec<u8>) {
    let disk = disk();
    let store = store(&disk);
    store.create(&name(), &draft(0)).unwrap();
    let mut log = store.open(&name(), None).unwrap();
    log.seek_tail().unwrap();
    for number in 1..frames {
        log.append(number, &[draft(number)]).unwrap();
    }
    let bytes = bytes(&disk);
    (disk, bytes)
}

pub(crate) fn bytes(disk: &SimDisk) -> Vec<u8> {
    journal::Disk::read(disk, &path()).unwrap()
}

pub(crate) fn read_all(log: &mut dyn Log) -> (Vec<Frame>, Result<CatchUp, Error>) {
    let mut frames = Vec::new();
    let found = log.catch_up(&mut |frame| frames.push(frame));
    (frames, found)
}
