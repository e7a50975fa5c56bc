use journal::RealDisk;

use super::*;

/// What a disk does otherwise than it should.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Lie {
    Nothing,
    /// Everybody gets every lock.
    Locks,
    /// No lock is ever free.
    Held,
    /// The system has no locks here.
    NoLocks,
    Exchange,
    Rename,
    Sync,
    Create,
    Remove,
}

#[derive(Debug)]
struct Liar(Lie);

#[derive(Debug)]
struct LiarsFile(Arc<dyn DiskFile>, Lie);

fn refused<T>() -> io::Result<T> {
    Err(io::ErrorKind::Unsupported.into())
}

impl Disk for Liar {
    fn open(&self, path: &Path, access: Access) -> io::Result<Arc<dyn DiskFile>> {
        Ok(Arc::new(LiarsFile(RealDisk.open(path, access)?, self.0)))
    }
    fn create_new(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>> {
        if self.0 == Lie::Create {
            return refused();
        }
        Ok(Arc::new(LiarsFile(RealDisk.create_new(path)?, self.0)))
    }
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        if self.0 == Lie::Rename {
            refused()
        } else {
            RealDisk.rename(from, to)
        }
    }
    fn link(&self, from: &Path, to: &Path) -> io::Result<()> {
        RealDisk.link(from, to)
    }
    fn exchange(&self, one: &Path, other: &Path) -> io::Result<()> {
        if self.0 == Lie::Exchange {
            refused()
        } else {
            RealDisk.exchange(one, other)
        }
    }
    fn remove(&self, path: &Path) -> io::Result<()> {
        if self.0 == Lie::Remove {
            refused()
        } else {
            RealDisk.remove(path)
        }
    }
    fn create_dir(&self, path: &Path) -> io::Result<()> {
        RealDisk.create_dir(path)
    }
    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        RealDisk.sync_dir(path)
    }
    fn list(&self, dir: &Path) -> io::Result<Vec<String>> {
        RealDisk.list(dir)
    }
    fn exists(&self, path: &Path) -> io::Result<bool> {
        RealDisk.exists(path)
    }
}

impl DiskFile for LiarsFile {
    fn len(&self) -> io::Result<u64> {
        self.0.len()
    }
    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        self.0.read_at(buf, offset)
    }
    fn append(&self, bytes: &[u8]) -> io::Result<usize> {
        self.0.append(bytes)
    }
    fn replace(&self, bytes: &[u8]) -> io::Result<()> {
        self.0.replace(bytes)
    }
    fn sync_data(&self) -> io::Result<()> {
        if self.1 == Lie::Sync {
            refused()
        } else {
            self.0.sync_data()
        }
    }
    fn truncate(&self, len: u64) -> io::Result<()> {
        self.0.truncate(len)
    }
    fn is_at(&self, path: &Path) -> io::Result<bool> {
        self.0.is_at(path)
    }
    fn try_lock(&self, kind: LockKind) -> io::Result<bool> {
        match self.1 {
            Lie::Locks => Ok(true),
            Lie::Held => Ok(false),
            Lie::NoLocks => refused(),
            _ => self.0.try_lock(kind),
        }
    }
    fn unlock(&self) -> io::Result<()> {
        self.0.unlock()
    }
}

/// What a probe finds on such a disk, and what is left of it.
fn probed(lie: Lie) -> (Probed, Vec<String>) {
    let dir = tempfile::tempdir().unwrap();
    let mut vault = Vault::open(dir.path()).unwrap();
    vault.disk = Arc::new(Liar(lie));
    let probed = probe(&vault);
    let left = RealDisk.list(dir.path()).unwrap();
    (probed, left)
}

#[test]
fn an_honest_disk_can_do_everything_and_keeps_nothing() {
    let (probed, left) = probed(Lie::Nothing);
    let acts: Vec<Act> = probed.tried.iter().map(|(act, _)| *act).collect();
    assert_eq!(
        acts,
        [Act::Write, Act::Sync, Act::Rename, Act::Lock, Act::Exchange]
    );
    assert!(
        probed.tried.iter().all(|(_, outcome)| outcome.is_ok()),
        "{probed:?}"
    );
    assert!(
        probed
            .ahead_micros
            .is_some_and(|ahead| ahead.abs() < 5_000_000),
        "{probed:?}"
    );
    assert_eq!((left, probed.left), (vec![], None));
}

#[test]
fn each_lie_is_found_and_only_that_one() {
    for (lie, act) in [
        (Lie::Create, Act::Write),
        (Lie::Sync, Act::Sync),
        (Lie::Rename, Act::Rename),
        (Lie::Locks, Act::Lock),
        (Lie::Held, Act::Lock),
        (Lie::NoLocks, Act::Lock),
        (Lie::Exchange, Act::Exchange),
    ] {
        let (probed, left) = probed(lie);
        let failed: Vec<Act> = probed
            .tried
            .iter()
            .filter(|(_, outcome)| outcome.is_err())
            .map(|(act, _)| *act)
            .collect();
        assert_eq!(failed, [act], "{lie:?}");
        assert!(probed.fault(act).is_some());
        assert_eq!(left, Vec::<String>::new(), "{lie:?}");
    }
}

#[test]
fn what_cannot_be_removed_is_told() {
    let (probed, left) = probed(Lie::Remove);
    let told = probed.left.unwrap();
    assert!(
        left.contains(&told.file_name().unwrap().to_string_lossy().into_owned()),
        "{left:?}"
    );
}

#[test]
fn leftovers_of_a_killed_doctor_are_removed_and_a_live_ones_files_are_not() {
    let dir = tempfile::tempdir().unwrap();
    let vault = Vault::open(dir.path()).unwrap();
    let (old, new) = (
        dir.path().join(".doctor-1-a"),
        dir.path().join(".doctor-2-a"),
    );
    for path in [&old, &new] {
        std::fs::write(path, "x").unwrap();
    }
    let file = std::fs::File::options().write(true).open(&old).unwrap();
    let modified = std::fs::metadata(&old).unwrap().modified().unwrap();
    file.set_modified(modified - std::time::Duration::from_secs(120))
        .unwrap();
    let _ = probe(&vault);
    assert!(!old.exists() && new.exists());
}

#[test]
fn a_vault_that_was_used_is_tried_in_the_programs_own_directory() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join(".modulatio")).unwrap();
    let vault = Vault::open(dir.path()).unwrap();
    assert!(probe(&vault).dir.ends_with(".modulatio"));
}
