//! The journal's readers, on the bytes as a plan's journal: verifying, inspecting, reading, and opening to write.

use std::{path::Path, sync::Arc};

use journal::{
    Anchor, Disk, FileStore, Hash, LogName, LogStore, SimDisk, disk::Access, inspect, verify,
};

pub(crate) const WORDS: &[&str] = &[
    "{\"b3\":\"",
    "\",\"seq\":",
    "\"at\":\"",
    "\"epoch\":",
    "\"by\":\"",
    "\"events\":[",
    "]}\n",
    "18446744073709551615",
    "\0\0",
    "\r\n",
];

const DIR: &str = "/fuzz";

/// Reads the bytes in every way in which a journal is read.
pub fn journal(bytes: &[u8]) {
    let name = LogName::parse("ESS-P-001").expect("a plan's name");
    let disk = SimDisk::new(Path::new(DIR));
    let store = FileStore::new(
        Arc::new(disk.clone()),
        DIR.into(),
        Arc::new(|| "2026-11-23T20-15-00Z".to_owned()),
    );
    let path = store.path(&name);
    disk.create_new(&path).expect("a disk that works");
    disk.tamper(&path, bytes.to_vec());
    let file = disk
        .open(&path, Access::Read)
        .expect("it was made this instant");
    let verified = verify::verify(&path, &*file, &name);
    let mut seen = 0;
    let inspected = inspect::inspect_open(&path, &*file, &name, &mut |line| seen += line.bytes);
    inspected.expect("a disk that works");
    assert!(
        seen <= bytes.len() as u64,
        "more was inspected than there is"
    );
    let anchored = Anchor {
        seq: 1,
        b3: Hash([7; 32]),
    };
    for anchor in [None, Some(anchored)] {
        let mut read = 0;
        let mut log = store.read(&name, anchor).expect("it is there");
        let caught = log.catch_up(&mut |_| read += 1);
        if let (None, Ok(whole)) = (anchor, &verified) {
            assert!(
                caught.is_ok() && read == whole.frames,
                "{caught:?} {whole:?}"
            );
        }
    }
    let mut log = store.open(&name, None).expect("it is there");
    let opened = log.catch_up(&mut |_| ());
    assert_eq!(opened.is_ok(), verified.is_ok(), "{opened:?} {verified:?}");
    if opened.is_err() {
        let left = disk.read(&path).expect("it is there");
        assert!(left == bytes, "a damaged journal was written to");
    }
}
