//! The power goes, the process is killed or the disk fails at every single step of every scenario. Whatever is
//! left: each acknowledged frame is there, nothing is half applied, and recovery is idempotent.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says so")]

mod common;

use std::path::Path;
use std::sync::Arc;

use common::{DIR, bytes, disk, draft, name, path, read_all, store};
use journal::sim::Fault;
use journal::{Anchor, BlobStore, Disk, Error, GroupCommit, Hash, Log, LogStore, SimDisk};

/// What the program was told is durable.
#[derive(Default)]
struct Acknowledged {
    frames: Vec<Anchor>,
    blobs: Vec<(Hash, Vec<u8>)>,
}

type Scenario = fn(&SimDisk, &mut Acknowledged) -> Result<(), Error>;

/// Its title, the disk it starts on, and what it does there.
type Case = (&'static str, fn() -> SimDisk, Scenario);

const SCENARIOS: [Case; 5] = [
    ("create and append", disk, create_and_append),
    ("batches", disk, batches),
    ("a torn tail", torn_disk, recover_and_append),
    ("two handles", disk, two_handles),
    ("blobs before frames", disk, blobs_before_frames),
];

fn create(disk: &SimDisk, acked: &mut Acknowledged) -> Result<Box<dyn Log>, Error> {
    acked.frames.push(store(disk).create(&name(), &draft(0))?);
    let mut log = store(disk).open(&name(), None)?;
    log.catch_up(&mut |_| ())?;
    Ok(log)
}

fn append(log: &mut dyn Log, count: u64, acked: &mut Acknowledged) -> Result<(), Error> {
    let next = log.position().map_or(0, |tail| tail.seq + 1);
    let drafts: Vec<_> = (next..next + count).map(draft).collect();
    let mut key = log.position().expect("a handle at the tail").b3;
    log.append(next, &drafts)?;
    for (seq, draft) in (next..).zip(&drafts) {
        let line = journal::frame::encode(&key, seq, draft)?;
        key = journal::frame::recorded_hash(&line).unwrap();
        acked.frames.push(Anchor { seq, b3: key });
    }
    Ok(())
}

fn create_and_append(disk: &SimDisk, acked: &mut Acknowledged) -> Result<(), Error> {
    let mut log = create(disk, acked)?;
    (0..3).try_for_each(|_| append(&mut *log, 1, acked))
}

fn batches(disk: &SimDisk, acked: &mut Acknowledged) -> Result<(), Error> {
    let mut log = create(disk, acked)?;
    append(&mut *log, 3, acked)?;
    append(&mut *log, 2, acked)
}

fn two_handles(disk: &SimDisk, acked: &mut Acknowledged) -> Result<(), Error> {
    let mut one = create(disk, acked)?;
    let mut other = store(disk).open(&name(), None)?;
    for _ in 0..2 {
        other.catch_up(&mut |_| ())?;
        append(&mut *other, 1, acked)?;
        one.catch_up(&mut |_| ())?;
        append(&mut *one, 1, acked)?;
    }
    Ok(())
}

fn blobs_before_frames(disk: &SimDisk, acked: &mut Acknowledged) -> Result<(), Error> {
    let blobs = BlobStore::new(Arc::new(disk.clone()), Path::new(DIR).join("blobs"));
    let mut log = create(disk, acked)?;
    for text in ["a long completion", "a long completion", "another one"] {
        let hash = blobs.put(text.as_bytes())?;
        acked.blobs.push((hash, text.into()));
        append(&mut *log, 1, acked)?;
    }
    Ok(())
}

/// Two frames and the first bytes of a third.
fn torn_disk() -> SimDisk {
    let (disk, mut bytes) = common::sample(3);
    bytes.truncate(bytes.len() - 20);
    disk.tamper(&path(), bytes);
    disk.restarted()
}

fn recover_and_append(disk: &SimDisk, acked: &mut Acknowledged) -> Result<(), Error> {
    let (whole, _) = common::sample(2);
    let mut frames = Vec::new();
    store(&whole)
        .read(&name(), None)?
        .catch_up(&mut |frame| frames.push(frame.anchor))?;
    acked.frames = frames;
    let mut log = store(disk).open(&name(), None)?;
    log.seek_tail()?;
    append(&mut *log, 1, acked)
}

/// The steps of an undisturbed run.
fn steps(fresh: fn() -> SimDisk, scenario: Scenario) -> usize {
    let disk = fresh();
    scenario(&disk, &mut Acknowledged::default()).unwrap();
    disk.steps().len()
}

fn check(what: &str, disk: &SimDisk, acked: &Acknowledged) {
    let last = acked.frames.last().copied();
    let mut log = match store(disk).open(&name(), last) {
        Err(Error::Missing { .. }) if acked.frames.is_empty() => {
            store(disk).create(&name(), &draft(0)).unwrap();
            return;
        }
        opened => opened.unwrap_or_else(|error| panic!("{what}: {error}")),
    };
    let (frames, found) = read_all(&mut *log);
    let found = found.unwrap_or_else(|error| panic!("{what}: {error}"));
    assert!(
        frames.len() >= acked.frames.len(),
        "{what}: an acknowledged frame is lost"
    );
    for (frame, acked) in frames.iter().zip(&acked.frames) {
        assert_eq!(frame.anchor, *acked, "{what}");
    }
    for (frame, number) in frames.iter().zip(0..) {
        assert_eq!(
            frame.events,
            draft(number).events,
            "{what}: a frame nobody wrote"
        );
    }
    let settled = bytes(disk);
    let mut again = store(disk).open(&name(), found.tail).unwrap();
    assert_eq!(again.catch_up(&mut |_| ()).unwrap().torn, None, "{what}");
    assert_eq!(bytes(disk), settled, "{what}: recovery is not idempotent");
    let next = frames.len() as u64;
    again
        .append(next, &[draft(next)])
        .unwrap_or_else(|error| panic!("{what}: {error}"));
    let blobs = BlobStore::new(Arc::new(disk.clone()), Path::new(DIR).join("blobs"));
    for (hash, kept) in &acked.blobs {
        assert_eq!(&blobs.get(hash).unwrap(), kept, "{what}");
    }
}

#[test]
fn a_power_cut_at_any_step_loses_no_acknowledged_frame() {
    let mut disks = 0;
    for (title, fresh, scenario) in SCENARIOS {
        for step in 0..=steps(fresh, scenario) {
            let (disk, mut acked) = (fresh(), Acknowledged::default());
            let step = disk.steps().len() + step;
            disk.fail_at(step, Fault::PowerCut);
            let _ = scenario(&disk, &mut acked);
            for survivor in disk.survivors() {
                check(
                    &format!("{title}, cut at step {step} {:?}", disk.steps().last()),
                    &survivor,
                    &acked,
                );
                disks += 1;
            }
        }
    }
    assert!(disks > 500, "only {disks} disks were looked at");
}

#[test]
fn a_process_killed_at_any_step_loses_no_acknowledged_frame() {
    for (title, fresh, scenario) in SCENARIOS {
        for step in 0..=steps(fresh, scenario) {
            let (disk, mut acked) = (fresh(), Acknowledged::default());
            disk.fail_at(disk.steps().len() + step, Fault::PowerCut);
            let _ = scenario(&disk, &mut acked);
            check(
                &format!("{title}, killed at step {step}"),
                &disk.restarted(),
                &acked,
            );
        }
    }
}

/// Recovery itself is cut at each of its steps, whatever tail it found.
#[test]
fn a_power_cut_during_recovery_is_recovered_from() {
    let (sample, whole) = common::sample(3);
    let mut acked = Acknowledged::default();
    store(&sample)
        .read(&name(), None)
        .unwrap()
        .catch_up(&mut |frame| acked.frames.push(frame.anchor))
        .unwrap();
    acked.frames.pop();
    let third = whole.len() - (whole.len() / 3);
    for cut in [third + 1, third + 80, whole.len() - 1] {
        let torn = |zeros: usize| {
            let disk = sample.restarted();
            let mut bytes = whole[..cut].to_vec();
            bytes.resize(cut + zeros, 0);
            disk.tamper(&path(), bytes);
            disk
        };
        for zeros in [0, 500] {
            for step in 0..12 {
                let disk = torn(zeros);
                disk.fail_at(step, Fault::PowerCut);
                let _ = store(&disk)
                    .open(&name(), None)
                    .map(|mut log| log.catch_up(&mut |_| ()).is_ok());
                for survivor in disk.survivors() {
                    check(
                        &format!("recovery of {cut}+{zeros} cut at step {step}"),
                        &survivor,
                        &acked,
                    );
                }
            }
        }
    }
}

/// A frame that a killed process left unsynced is durable before a reader who may write acts on it.
#[test]
fn what_a_writing_handle_has_seen_survives_a_power_cut() {
    let disk = disk();
    let mut acked = Acknowledged::default();
    let mut log = create(&disk, &mut acked).unwrap();
    // The directory (behind frame 0), the write, the sync.
    disk.fail_at(disk.steps().len() + 2, Fault::PowerCut);
    append(&mut *log, 1, &mut acked).unwrap_err();
    let disk = disk.restarted();
    let mut next = store(&disk).open(&name(), None).unwrap();
    let (frames, found) = read_all(&mut *next);
    assert_eq!((frames.len(), found.unwrap().torn), (2, None));
    acked.frames.push(frames[1].anchor);
    disk.survivors()
        .iter()
        .for_each(|survivor| check("seen, then cut", survivor, &acked));
}

/// Repeats what failed through a fresh handle, as a daemon does.
fn stubborn(disk: &SimDisk, acked: &mut Acknowledged) {
    let mut tries = 0;
    while acked.frames.len() < 5 {
        tries += 1;
        assert!(tries < 20, "never done: {:?}", disk.steps());
        let _ = attempt(disk, acked);
    }
}

fn attempt(disk: &SimDisk, acked: &mut Acknowledged) -> Result<(), Error> {
    let store = store(disk);
    match store.create(&name(), &draft(0)) {
        Ok(_) | Err(Error::Exists { .. }) => {}
        Err(error) => return Err(error),
    }
    let mut log = store.open(&name(), acked.frames.last().copied())?;
    let mut frames = Vec::new();
    log.catch_up(&mut |frame| frames.push(frame.anchor))?;
    // What a writing handle has caught up to is as good as acknowledged.
    acked.frames = frames;
    for count in [1, 2, 1] {
        append(&mut *log, count, acked)?;
    }
    Ok(())
}

#[test]
fn a_fault_at_any_step_costs_no_acknowledged_frame() {
    let steps = steps(disk, |disk, acked| {
        stubborn(disk, acked);
        Ok(())
    });
    for fault in [Fault::Io, Fault::Full, Fault::Short] {
        for step in 0..steps {
            let (disk, mut acked) = (disk(), Acknowledged::default());
            disk.fail_at(step, fault);
            stubborn(&disk, &mut acked);
            for survivor in disk.survivors() {
                check(
                    &format!("{fault:?} at step {step} {:?}", disk.steps()[step]),
                    &survivor,
                    &acked,
                );
            }
        }
    }
}

/// A log of one frame, a handle at its tail, and the numbers of its next append's steps: write, sync.
fn before_append() -> (SimDisk, Box<dyn Log>, usize) {
    let disk = disk();
    let mut log = create(&disk, &mut Acknowledged::default()).unwrap();
    append(&mut *log, 1, &mut Acknowledged::default()).unwrap();
    let step = disk.steps().len();
    (disk, log, step)
}

#[test]
fn a_full_disk_is_told_as_such_and_the_handle_goes_on() {
    for fault in [Fault::Full, Fault::Short] {
        let (disk, mut log, step) = before_append();
        let before = bytes(&disk);
        disk.fail_at(step, fault);
        let error = log.append(2, &[draft(2)]).unwrap_err();
        assert!(error.is_full(), "{error}");
        assert_eq!(bytes(&disk), before, "a half-written frame is rolled back");
        assert_eq!(log.append(2, &[draft(2)]).unwrap().seq, 2);
    }
}

#[test]
fn a_failed_sync_poisons_the_handle_and_leaves_nothing_for_others() {
    let (disk, mut log, step) = before_append();
    let before = bytes(&disk);
    disk.fail_at(step + 1, Fault::Io);
    assert!(matches!(
        log.append(2, &[draft(2)]),
        Err(Error::Io { act: "sync", .. })
    ));
    assert_eq!(bytes(&disk), before, "another process must not act on it");
    assert!(matches!(
        log.append(2, &[draft(2)]),
        Err(Error::Poisoned { .. })
    ));
    assert!(matches!(
        log.catch_up(&mut |_| ()),
        Err(Error::Poisoned { .. })
    ));
    let mut fresh = store(&disk).open(&name(), None).unwrap();
    fresh.seek_tail().unwrap();
    assert_eq!(fresh.append(2, &[draft(2)]).unwrap().seq, 2);
}

#[test]
fn a_write_that_cannot_be_rolled_back_poisons_the_handle() {
    let (disk, mut log, step) = before_append();
    disk.fail_at(step, Fault::Short);
    disk.fail_at(step + 2, Fault::Io);
    assert!(log.append(2, &[draft(2)]).unwrap_err().is_full());
    assert!(matches!(
        log.append(2, &[draft(2)]),
        Err(Error::Poisoned { .. })
    ));
    let mut fresh = store(&disk).open(&name(), None).unwrap();
    assert!(fresh.catch_up(&mut |_| ()).unwrap().torn.is_some());
    assert_eq!(fresh.append(2, &[draft(2)]).unwrap().seq, 2);
}

#[test]
fn all_waiters_of_a_failed_group_commit_are_told() {
    let (disk, log, step) = before_append();
    disk.fail_at(step + 1, Fault::Io);
    let group = GroupCommit::new(log);
    let errors: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4)
            .map(|n| {
                scope.spawn({
                    let group = &group;
                    move || group.append(draft(n))
                })
            })
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap().unwrap_err())
            .collect()
    });
    assert!(
        errors
            .iter()
            .any(|error| matches!(error, Error::Io { act: "sync", .. }))
    );
    assert!(
        errors
            .iter()
            .all(|error| matches!(error, Error::Io { .. } | Error::Poisoned { .. }))
    );
}

/// The walk itself is not blind: a store that forgets its sync is found out.
#[test]
fn the_simulated_disk_forgets_what_was_not_synced() {
    let disk = disk();
    let file = disk.create_new(&path()).unwrap();
    file.append(b"frame\n").unwrap();
    let contents: Vec<_> = disk
        .survivors()
        .iter()
        .map(|survivor| survivor.read(&path()).ok())
        .collect();
    assert!(contents.contains(&None), "its name may be lost");
    assert!(contents.contains(&Some(Vec::new())) && contents.contains(&Some(vec![0; 6])));
    assert!(contents.contains(&Some(b"frame\n".to_vec())));
    file.sync_data().unwrap();
    disk.sync_dir(Path::new(DIR)).unwrap();
    assert_eq!(disk.survivors().len(), 1);
}
