//! How much the places that a command may write to have grown: measured all the time, on a thread of its own, because
//! a large workspace takes long to walk.

use std::{
    collections::HashSet,
    fs,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use super::tree;

/// Every entry takes some room of its own.
const ENTRY: u64 = 1024;

/// Longest path that is followed: below a longer one no file can be reached by its name, but files can be there.
const LONGEST: usize = 3500;

/// Shortest time between two looks.
const PAUSE: Duration = Duration::from_millis(200);

/// Told once, when it is true.
pub(super) struct Full(Arc<AtomicBool>);

impl Full {
    /// Watches these places, whose growth may be `most` bytes.
    pub(super) fn watch(places: Vec<PathBuf>, most: u64) -> Self {
        let full = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&full);
        let before = size(&places);
        let room: Vec<_> = places.iter().map(|place| room(place)).collect();
        // Ends with the keeper.
        std::thread::spawn(move || {
            // This thread alone has no reason to be first.
            let _ = rustix::process::setpriority_process(None, 0);
            loop {
                let began = Instant::now();
                let grown = size(&places) + unlinked(&places);
                let crowded = places
                    .iter()
                    .zip(&room)
                    .any(|(place, before)| crowded(*before, self::room(place), most));
                if crowded || grown > before.saturating_add(most) {
                    told.store(true, Ordering::Relaxed);
                    return;
                }
                std::thread::sleep(PAUSE.max(began.elapsed() * 4));
            }
        });
        Self(full)
    }

    /// Whether they have grown too much.
    pub(super) fn is_true(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Bytes on the disk below these places.
fn size(places: &[PathBuf]) -> u64 {
    let mut bytes: u64 = 0;
    let mut seen = HashSet::new();
    let mut open: Vec<PathBuf> = places.to_vec();
    while let Some(directory) = open.pop() {
        for entry in fs::read_dir(&directory).into_iter().flatten().flatten() {
            // What vanishes meanwhile counts no more.
            let Ok(about) = entry.metadata() else {
                continue;
            };
            // Two names of one file, and places within places, take their room once.
            if (about.nlink() > 1 || about.is_dir()) && !seen.insert((about.dev(), about.ino())) {
                continue;
            }
            bytes = bytes.saturating_add(ENTRY + about.blocks() * 512);
            if about.is_dir() {
                let path = entry.path();
                if path.as_os_str().len() > LONGEST {
                    return u64::MAX;
                }
                open.push(path);
            }
        }
    }
    bytes
}

/// Bytes of files on the same disks that have no name any more but are still open.
fn unlinked(places: &[PathBuf]) -> u64 {
    let disks: HashSet<u64> = places
        .iter()
        .filter_map(|place| Some(fs::metadata(place).ok()?.dev()))
        .collect();
    let mut seen = HashSet::new();
    let mut bytes = 0;
    for process in tree::below().unwrap_or_default() {
        let open = fs::read_dir(format!("/proc/{}/fd", process.pid));
        for entry in open.into_iter().flatten().flatten() {
            let Ok(about) = fs::metadata(entry.path()) else {
                continue;
            };
            let counts = about.is_file() && about.nlink() == 0 && disks.contains(&about.dev());
            if counts && seen.insert((about.dev(), about.ino())) {
                bytes += about.blocks() * 512;
            }
        }
    }
    bytes
}

/// Free and all bytes of the disk.
fn room(place: &Path) -> Option<(u64, u64)> {
    let disk = rustix::fs::statvfs(place).ok()?;
    Some((
        disk.f_bavail.saturating_mul(disk.f_frsize),
        disk.f_blocks.saturating_mul(disk.f_frsize),
    ))
}

/// The disk is all but full, and was not before: whoever it was, this is the one that can be stopped. It also catches
/// what hides where no walk comes.
fn crowded(before: Option<(u64, u64)>, now: Option<(u64, u64)>, most: u64) -> bool {
    let (Some((before, _)), Some((free, all))) = (before, now) else {
        return false;
    };
    free < all / 50 && before.saturating_sub(free) > most / 2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn growth_is_blocks_and_entries_and_links_count_once() {
        let dir = tempfile::tempdir().unwrap();
        let places = vec![dir.path().to_owned()];
        let empty = size(&places);
        let file = dir.path().join("a");
        fs::write(&file, vec![1; 100_000]).unwrap();
        let grown = size(&places) - empty;
        assert!((100_000..200_000).contains(&grown), "{grown}");
        fs::hard_link(&file, dir.path().join("b")).unwrap();
        assert_eq!(size(&places) - empty, grown);
        let twice = vec![dir.path().to_owned(), dir.path().join("c")];
        fs::create_dir(dir.path().join("c")).unwrap();
        assert!(size(&twice) <= size(&places));
    }

    #[test]
    fn a_disk_that_this_command_did_not_fill_does_not_end_it() {
        let gib = 1 << 30;
        assert!(crowded(
            Some((3 * gib, 100 * gib)),
            Some((gib, 100 * gib)),
            gib
        ));
        assert!(!crowded(
            Some((gib, 100 * gib)),
            Some((gib, 100 * gib)),
            gib
        ));
        assert!(!crowded(
            Some((90 * gib, 100 * gib)),
            Some((80 * gib, 100 * gib)),
            gib
        ));
    }
}
