//! A log is moved to another directory: at every step the power goes, the process is killed, the disk fails. It lies
//! here or there, whole, and doing it again ends with it there.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says so")]

mod common;

use std::path::{Path, PathBuf};

use common::{DIR, disk, draft, name, path, read_all, store};
use journal::sim::Fault;
use journal::{Anchor, Disk, Error, LogStore, SimDisk};

const AWAY: &str = "/vault/away";

fn away() -> PathBuf {
    Path::new(AWAY).join("P-1.journal.jsonl")
}

/// A log of so many frames beside the directory that it is to go to, all of it durable.
fn before(frames: u64) -> (SimDisk, Anchor, Vec<u8>) {
    let (disk, bytes) = common::sample(frames);
    disk.create_dir(Path::new(AWAY)).unwrap();
    disk.sync_dir(Path::new(DIR)).unwrap();
    let mut log = store(&disk).read(&name(), None).unwrap();
    let tail = log.seek_tail().unwrap().tail.unwrap();
    (disk, tail, bytes)
}

fn go(disk: &SimDisk, tail: Anchor) -> Result<(), Error> {
    store(disk).move_to(&name(), Path::new(AWAY), tail)
}

/// What lies here and there.
fn places(disk: &SimDisk) -> (Option<Vec<u8>>, Option<Vec<u8>>) {
    (disk.read(&path()).ok(), disk.read(&away()).ok())
}

fn steps_of_a_move(frames: u64) -> usize {
    let (disk, tail, _) = before(frames);
    let start = disk.steps().len();
    go(&disk, tail).unwrap();
    disk.steps().len() - start
}

/// It is whole in one place, and goes on to the other.
fn check(what: &str, disk: &SimDisk, tail: Anchor, bytes: &[u8]) {
    match places(disk) {
        (Some(here), None) => assert_eq!(here, bytes, "{what}"),
        (None, Some(there)) => assert_eq!(there, bytes, "{what}"),
        (here, there) => panic!("{what}: {} here, {} there", here.is_some(), there.is_some()),
    }
    go(disk, tail).unwrap_or_else(|error| panic!("{what}: {error}"));
    assert_eq!(places(disk), (None, Some(bytes.to_vec())), "{what}");
}

#[test]
fn a_power_cut_at_any_step_leaves_it_whole_in_one_place() {
    let mut disks = 0;
    for frames in [1, 3] {
        for step in 0..=steps_of_a_move(frames) {
            let (disk, tail, bytes) = before(frames);
            disk.fail_at(disk.steps().len() + step, Fault::PowerCut);
            let done = go(&disk, tail);
            for survivor in disk.survivors() {
                let what = format!("{frames} frames, cut at step {step}");
                if done.is_ok() {
                    assert_eq!(places(&survivor).0, None, "{what}: told to be gone");
                }
                check(&what, &survivor, tail, &bytes);
                disks += 1;
            }
        }
    }
    assert!(disks > 8, "only {disks} disks were looked at");
}

#[test]
fn a_process_killed_at_any_step_leaves_it_whole_in_one_place() {
    for step in 0..=steps_of_a_move(3) {
        let (disk, tail, bytes) = before(3);
        disk.fail_at(disk.steps().len() + step, Fault::PowerCut);
        let _ = go(&disk, tail);
        let what = format!("killed at step {step}");
        check(&what, &disk.restarted(), tail, &bytes);
    }
}

#[test]
fn a_fault_at_any_step_leaves_it_whole_in_one_place() {
    for fault in [Fault::Io, Fault::Full] {
        for step in 0..steps_of_a_move(3) {
            let (disk, tail, bytes) = before(3);
            disk.fail_at(disk.steps().len() + step, fault);
            let _ = go(&disk, tail);
            check(&format!("{fault:?} at step {step}"), &disk, tail, &bytes);
        }
    }
}

/// As a file system may leave it whose renames between directories are not atomic.
#[test]
fn of_two_names_the_old_one_goes_once_the_new_one_is_durable() {
    let both = || {
        let (disk, tail, bytes) = before(2);
        disk.link(&path(), &away()).unwrap();
        (disk, tail, bytes)
    };
    let (disk, tail, _) = both();
    let start = disk.steps().len();
    go(&disk, tail).unwrap();
    for step in 0..=disk.steps().len() - start {
        let (disk, tail, bytes) = both();
        disk.fail_at(disk.steps().len() + step, Fault::PowerCut);
        let _ = go(&disk, tail);
        for survivor in disk.survivors() {
            let (here, there) = places(&survivor);
            assert!(here.is_some() || there.is_some(), "lost at step {step}");
            go(&survivor, tail).unwrap();
            assert_eq!(
                places(&survivor),
                (None, Some(bytes.clone())),
                "step {step}"
            );
        }
    }
}

#[test]
fn a_log_that_has_moved_on_stays() {
    let (disk, tail, _) = before(2);
    let mut log = store(&disk).open(&name(), None).unwrap();
    log.seek_tail().unwrap();
    log.append(2, &[draft(2)]).unwrap();
    assert!(matches!(
        go(&disk, tail),
        Err(Error::Conflict { expected: 2, .. })
    ));
    assert!(places(&disk).0.is_some() && places(&disk).1.is_none());
}

#[test]
fn unfinished_bytes_at_its_end_are_settled_first() {
    let (disk, tail, bytes) = before(2);
    let torn = [bytes.as_slice(), b"{\"b3\":"].concat();
    disk.tamper(&path(), torn);
    assert!(matches!(go(&disk, tail), Err(Error::Conflict { .. })));
    store(&disk)
        .open(&name(), None)
        .unwrap()
        .catch_up(&mut |_| ())
        .unwrap();
    go(&disk, tail).unwrap();
    assert_eq!(places(&disk), (None, Some(bytes)));
}

#[test]
fn another_log_in_its_place_is_not_overwritten() {
    let (disk, tail, bytes) = before(2);
    disk.create_new(&away())
        .unwrap()
        .append(b"other\n")
        .unwrap();
    assert!(matches!(go(&disk, tail), Err(Error::Exists { .. })));
    assert_eq!(places(&disk), (Some(bytes), Some(b"other\n".to_vec())));
}

#[test]
fn what_is_nowhere_is_missing() {
    let (_, tail, _) = before(1);
    let disk = disk();
    disk.create_dir(Path::new(AWAY)).unwrap();
    assert!(matches!(go(&disk, tail), Err(Error::Missing { .. })));
}

#[test]
fn a_handle_that_was_open_writes_no_more() {
    let (disk, tail, bytes) = before(2);
    let mut log = store(&disk).open(&name(), None).unwrap();
    log.seek_tail().unwrap();
    go(&disk, tail).unwrap();
    assert!(matches!(
        log.append(2, &[draft(2)]),
        Err(Error::Diverged { .. })
    ));
    assert_eq!(places(&disk), (None, Some(bytes)));
    let (frames, _) = read_all(&mut *store_there(&disk).read(&name(), Some(tail)).unwrap());
    assert_eq!(frames.len(), 2);
}

fn store_there(disk: &SimDisk) -> journal::FileStore {
    let stamp = std::sync::Arc::new(|| "now".to_owned());
    journal::FileStore::new(std::sync::Arc::new(disk.clone()), AWAY.into(), stamp)
}

#[test]
fn who_holds_the_claim_lock_is_waited_for() {
    let (disk, tail, _) = before(1);
    let lock = disk
        .open(
            &Path::new(DIR).join("P-1.lock"),
            journal::disk::Access::Lock,
        )
        .unwrap();
    assert!(lock.try_lock(journal::disk::LockKind::Exclusive).unwrap());
    let impatient = store(&disk).with_patience(std::time::Duration::from_millis(5));
    let refused = impatient.move_to(&name(), Path::new(AWAY), tail);
    assert!(matches!(refused, Err(Error::Busy { .. })));
    lock.unlock().unwrap();
    impatient.move_to(&name(), Path::new(AWAY), tail).unwrap();
}
