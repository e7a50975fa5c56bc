//! Locks and leases between real processes, on a real file system.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says so")]

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use journal::{Draft, Error, FileStore, GroupCommit, LeaseNote, LogName, LogStore};

fn store(dir: &Path) -> FileStore {
    FileStore::on_disk(dir.to_path_buf(), Arc::new(|| "now".to_owned()))
}

fn name() -> LogName {
    LogName::parse("P-1").unwrap()
}

fn draft(text: &str) -> Draft {
    let events = serde_json::to_string(&[text]).unwrap();
    Draft {
        at: "2026-11-23T20:15:00.123456Z".into(),
        epoch: 1,
        by: "cli:alice".into(),
        events,
    }
}

/// Another process that holds a flock, until it is killed.
struct Holder(Child);

impl Holder {
    fn of(path: &Path) -> Holder {
        let script = "import fcntl,sys;f=open(sys.argv[1],'a+');fcntl.flock(f,fcntl.LOCK_EX);print('held',flush=True);sys.stdin.read()";
        let mut python = Command::new("python3");
        let mut child = python
            .args(["-c", script])
            .arg(path)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut said = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut said)
            .unwrap();
        assert_eq!(said, "held\n");
        Holder(child)
    }

    fn kill(mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

#[test]
fn a_lock_that_another_process_keeps_is_busy_not_forever() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(dir.path()).with_patience(Duration::from_millis(30));
    store.create(&name(), &draft("0")).unwrap();
    let mut log = store.open(&name(), None).unwrap();
    log.seek_tail().unwrap();
    let holder = Holder::of(&dir.path().join("P-1.lock"));
    assert!(matches!(
        log.append(1, &[draft("1")]),
        Err(Error::Busy { .. })
    ));
    assert_eq!(
        store
            .read(&name(), None)
            .unwrap()
            .catch_up(&mut |_| ())
            .unwrap()
            .frames,
        1,
        "readers take no lock"
    );
    holder.kill();
    assert_eq!(log.append(1, &[draft("1")]).unwrap().seq, 1);
}

#[test]
fn the_kernel_frees_the_lease_of_a_killed_process() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(dir.path());
    let path = dir.path().join("P-1.lease");
    let note = LeaseNote {
        holder: "daemon:h:1".into(),
        since: "then".into(),
        epoch: 1,
    };
    std::fs::write(&path, serde_json::to_vec(&note).unwrap()).unwrap();
    let holder = Holder::of(&path);
    assert!(store.lease(&name()).unwrap().is_none());
    assert_eq!(store.leased(&name()).unwrap(), Some(note));
    holder.kill();
    assert_eq!(store.leased(&name()).unwrap(), None);
    assert!(store.lease(&name()).unwrap().is_some());
}

#[test]
fn a_lease_whose_file_was_deleted_is_not_current() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(dir.path());
    let lease = store.lease(&name()).unwrap().unwrap();
    std::fs::remove_file(dir.path().join("P-1.lease")).unwrap();
    assert!(!lease.is_current());
    let other = store.lease(&name()).unwrap().unwrap();
    assert!(other.is_current() && !lease.is_current());
}

#[test]
fn a_deleted_lock_file_lets_nobody_in_twice() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(dir.path());
    store.create(&name(), &draft("0")).unwrap();
    let mut logs: Vec<_> = (0..2).map(|_| store.open(&name(), None).unwrap()).collect();
    for seq in 1..9 {
        let log = &mut logs[seq as usize % 2];
        log.seek_tail().unwrap();
        std::fs::remove_file(dir.path().join("P-1.lock")).unwrap();
        assert_eq!(log.append(seq, &[draft("x")]).unwrap().seq, seq);
    }
}

#[test]
fn asking_who_holds_a_lease_does_not_keep_it_from_others() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(dir.path());
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                store.leased(&name()).unwrap();
            }
        });
        let granted = (0..200)
            .filter(|_| store.lease(&name()).unwrap().is_some())
            .count();
        done.store(true, Ordering::Relaxed);
        assert_eq!(granted, 200);
    });
}

const CHILD_DIR: &str = "MODULATIO_TEST_APPENDER_DIR";
const CHILDREN: u64 = 3;
const EACH: u64 = 20;

/// Not a test by itself: what each process of the next test does.
#[test]
#[ignore = "run by processes_that_race_lose_no_frame"]
fn appender() {
    let Some(dir) = std::env::var_os(CHILD_DIR) else {
        return;
    };
    let group = GroupCommit::new(store(Path::new(&dir)).open(&name(), None).unwrap());
    for number in 0..EACH {
        // Sixteen lost races in a row are a conflict; a daemon would decide again.
        while let Err(error) = group.append(draft(&format!("{}-{number}", std::process::id()))) {
            assert!(matches!(error, Error::Conflict { .. }), "{error}");
        }
    }
}

#[test]
fn processes_that_race_lose_no_frame() {
    let dir = tempfile::tempdir().unwrap();
    store(dir.path()).create(&name(), &draft("0")).unwrap();
    let spawn = |_| {
        let mut test = Command::new(std::env::current_exe().unwrap());
        test.args(["--exact", "appender", "--ignored"])
            .env(CHILD_DIR, dir.path())
            .stdout(Stdio::null());
        test.spawn().unwrap()
    };
    let children: Vec<_> = (0..CHILDREN).map(spawn).collect();
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    let mut events = Vec::new();
    store(dir.path())
        .read(&name(), None)
        .unwrap()
        .catch_up(&mut |frame| events.push(frame.events))
        .unwrap();
    events.sort();
    events.dedup();
    assert_eq!(events.len() as u64, 1 + CHILDREN * EACH);
}

#[test]
fn each_waiter_of_a_group_commit_gets_the_anchor_of_its_own_frame() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(dir.path());
    store.create(&name(), &draft("0")).unwrap();
    let group = GroupCommit::new(store.open(&name(), None).unwrap());
    let append = |text: String| (group.append(draft(&text)).unwrap(), draft(&text).events);
    let mut told: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8)
            .map(|t| {
                scope.spawn(move || {
                    (0..10)
                        .map(|n| append(format!("{t}-{n}")))
                        .collect::<Vec<_>>()
                })
            })
            .collect();
        threads
            .into_iter()
            .flat_map(|thread| thread.join().unwrap())
            .collect()
    });
    told.sort_by_key(|(anchor, _)| anchor.seq);
    let mut kept = Vec::new();
    store
        .read(&name(), None)
        .unwrap()
        .catch_up(&mut |frame| kept.push((frame.anchor, frame.events)))
        .unwrap();
    assert_eq!(told, kept[1..]);
}

#[test]
fn an_invalid_draft_does_not_spoil_the_commit_of_others() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(dir.path());
    store.create(&name(), &draft("0")).unwrap();
    let group = GroupCommit::new(store.open(&name(), None).unwrap());
    std::thread::scope(|scope| {
        let bad = scope.spawn(|| {
            group.append(Draft {
                events: "{}".into(),
                ..draft("")
            })
        });
        let good = scope.spawn(|| group.append(draft("1")));
        assert!(matches!(bad.join().unwrap(), Err(Error::Invalid { .. })));
        assert_eq!(good.join().unwrap().unwrap().seq, 1);
    });
}

#[test]
fn files_are_for_their_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let store = store(dir.path());
    store.create(&name(), &draft("0")).unwrap();
    let _lease = store.lease(&name()).unwrap();
    let mut files = 0;
    for entry in std::fs::read_dir(dir.path()).unwrap() {
        let mode = entry.unwrap().metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        files += 1;
    }
    assert_eq!(files, 3, "the journal, its lock, its lease");
}
