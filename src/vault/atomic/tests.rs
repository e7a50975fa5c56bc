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
    Disk, RealDisk,
    disk::{Access, DiskFile},
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
