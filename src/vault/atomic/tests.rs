//! Putting files in place on file systems that can do less, and against an editor that is faster.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use journal::{
    Disk, RealDisk, SimDisk,
    disk::{Access, DiskFile},
    sim::Fault,
};

use super::{super::regular::Lying, *};

/// A disk that cannot do everything, and an editor that saves in the worst instant.
#[derive(Debug, Default)]
struct Poor {
    swaps: bool,
    links: bool,
    /// What an editor puts in the place that was just found empty.
    editor: Option<&'static str>,
    saved: AtomicBool,
}

impl Disk for Poor {
    fn open(&self, path: &Path, access: Access) -> io::Result<Arc<dyn DiskFile>> {
        RealDisk.open(path, access)
    }

    fn create_new(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>> {
        RealDisk.create_new(path)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        RealDisk.rename(from, to)
    }

    fn link(&self, from: &Path, to: &Path) -> io::Result<()> {
        if self.links {
            return RealDisk.link(from, to);
        }
        Err(io::ErrorKind::PermissionDenied.into())
    }

    fn exchange(&self, one: &Path, other: &Path) -> io::Result<()> {
        if !self.swaps {
            return Err(io::ErrorKind::Unsupported.into());
        }
        let swapped = RealDisk.exchange(one, other);
        if let (Some(text), false) = (self.editor, self.saved.swap(true, Ordering::Relaxed)) {
            fs::write(other, text).unwrap();
        }
        swapped
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        RealDisk.remove(path)
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

/// A directory, and the file in it.
fn place() -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("plan.md");
    (dir, path)
}

/// Puts `new` there; gives back the text that it has displaced.
fn put_there(disk: &Poor, dir: &tempfile::TempDir, path: &Path) -> Option<String> {
    let displaced = replace(disk, dir.path(), path, "new").unwrap();
    assert_eq!(fs::read_to_string(path).unwrap(), "new");
    let text = displaced.map(|displaced| {
        let Lying::Text(bytes) = displaced.lying().unwrap() else {
            panic!("a text")
        };
        displaced.discard(disk).unwrap();
        String::from_utf8(bytes).unwrap()
    });
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "no litter");
    text
}

#[test]
fn what_stood_there_is_given_back_where_names_can_be_swapped_or_doubled() {
    for (swaps, links, given_back) in [
        (true, true, true),
        (false, true, true),
        (false, false, false),
    ] {
        let (dir, path) = place();
        let disk = Poor {
            swaps,
            links,
            ..Poor::default()
        };
        assert_eq!(put_there(&disk, &dir, &path), None);
        fs::write(&path, "old").unwrap();
        let old = put_there(&disk, &dir, &path);
        assert_eq!(old, given_back.then(|| "old".to_owned()), "{disk:?}");
    }
}

#[test]
fn a_file_that_comes_in_the_instant_in_which_none_was_there_is_not_written_over() {
    let (dir, path) = place();
    let disk = Poor {
        swaps: true,
        links: true,
        editor: Some("an operator's"),
        ..Poor::default()
    };
    assert_eq!(
        put_there(&disk, &dir, &path).as_deref(),
        Some("an operator's")
    );
}

#[test]
fn where_nothing_can_be_swapped_nothing_is_changed() {
    let (dir, path) = place();
    fs::write(&path, "old").unwrap();
    let disk = Poor::default();
    assert!(swap(&disk, dir.path(), &path, "new").unwrap().is_none());
    assert_eq!(fs::read_to_string(&path).unwrap(), "old");
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "no litter");
}

/// A directory of no real disk.
const NOWHERE: &str = "/nowhere/vault";

fn with_old() -> SimDisk {
    let disk = SimDisk::new(Path::new(NOWHERE));
    let path = Path::new(NOWHERE).join("plan.md");
    replace(&disk, Path::new(NOWHERE), &path, "the old text").unwrap();
    disk
}

/// Half of a plan's file would be taken for an edit of it.
#[test]
fn a_power_cut_leaves_the_old_text_or_the_new_one() {
    let path = Path::new(NOWHERE).join("plan.md");
    let put = |disk: &SimDisk| replace(disk, Path::new(NOWHERE), &path, "the new text");
    let disk = with_old();
    let before = disk.steps().len();
    put(&disk).unwrap();
    let steps = disk.steps().len();
    assert!(steps > before + 2, "{:?}", disk.steps());
    // Put is put: other files follow that vouch for it.
    for left in disk.survivors() {
        assert_eq!(left.read(&path).unwrap(), b"the new text");
    }
    for step in before..=steps {
        let disk = with_old();
        disk.fail_at(step, Fault::PowerCut);
        let _cut = put(&disk);
        for left in disk.survivors() {
            let text = String::from_utf8(left.read(&path).unwrap()).unwrap();
            assert!(
                ["the old text", "the new text"].contains(&&*text),
                "{step}: {text:?}"
            );
        }
    }
}

#[test]
fn a_power_cut_takes_back_no_name_that_was_new() {
    let path = Path::new(NOWHERE).join("plan.md");
    for left in with_old().survivors() {
        assert_eq!(left.read(&path).unwrap(), b"the old text");
    }
    let disk = SimDisk::new(Path::new(NOWHERE));
    assert!(put_new(&disk, Path::new(NOWHERE), &path, "a new file").unwrap());
    for left in disk.survivors() {
        assert_eq!(left.read(&path).unwrap(), b"a new file");
    }
}

#[test]
fn a_power_cut_takes_back_no_directory() {
    let disk = SimDisk::new(Path::new(NOWHERE));
    let below = Path::new(".modulatio/spend");
    let dir = super::super::make_dirs(&disk, Path::new(NOWHERE), below).unwrap();
    for left in disk.survivors() {
        assert!(left.exists(&dir).unwrap());
    }
}
