//! The Markdown files of a store, and what of each changes when it does. Nothing is followed out of the folder: links
//! are passed over, and so is whatever is not a regular file.

use std::{fs, io, path::Path};

pub(super) use projections::memory::MAX_FILE;
use projections::memory::{APART, Entry, MAX_DEPTH};

use crate::clock;

/// How old a file's last change must be to be told from the next one by its time: file systems count time in ticks,
/// of two seconds at worst.
const TICK_NS: i128 = 2_000_000_000;

/// A file, as a walk saw it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Seen {
    /// Where its id ends in [`Walked::ids`].
    end: usize,
    /// Its size, times and identity in one number: another one when it has changed.
    pub(super) stamp: u64,
    /// Whether it changed so lately that the next change could leave the stamp as it is.
    pub(super) is_recent: bool,
}

/// The files of a store, by rising id.
#[derive(Debug, Default)]
pub(super) struct Walked {
    ids: String,
    files: Vec<Seen>,
    /// What was passed over although it looks like a file of the memory, and why.
    pub(super) troubles: Vec<String>,
}

impl Walked {
    pub(super) fn len(&self) -> usize {
        self.files.len()
    }

    /// Ids, without `.md`, and what was seen.
    pub(super) fn files(&self) -> impl Iterator<Item = (&str, Seen)> {
        let mut start = 0;
        self.files.iter().map(move |seen| {
            let id = &self.ids[std::mem::replace(&mut start, seen.end)..seen.end];
            (id, *seen)
        })
    }
}

/// Looks at every file of the folder; one that is missing holds none. `is_cut` is asked now and then; then the walk
/// is given up with [`io::ErrorKind::Interrupted`].
///
/// # Errors
/// The folder itself cannot be read. What cannot be read below it is among the troubles.
pub(super) fn walk(folder: &Path, is_cut: &dyn Fn() -> bool) -> io::Result<Walked> {
    let mut walk = Walk {
        now_ns: i128::from(clock::now().micros()) * 1000,
        is_cut,
        found: Walked::default(),
    };
    match fs::symlink_metadata(folder) {
        Ok(meta) if meta.is_dir() => walk.folder(folder, &mut String::new(), 0)?,
        Ok(_) => walk.tell(
            "",
            "it is not a folder (a link is not followed); nothing is found in it",
        ),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    Ok(walk.found)
}

struct Walk<'a> {
    now_ns: i128,
    is_cut: &'a dyn Fn() -> bool,
    found: Walked,
}

/// A folder's name sorts as it stands in the ids of what it holds, so that the whole walk goes by rising id.
enum Item {
    File(Seen),
    Folder,
}

impl Walk<'_> {
    /// `at` is the folder's own part of the ids, with its slash.
    fn folder(&mut self, path: &Path, at: &mut String, depth: usize) -> io::Result<()> {
        if depth > MAX_DEPTH {
            self.tell(at, "it lies too deep; files are sought 16 folders deep");
            return Ok(());
        }
        let mut items = self.items(path, at)?;
        items.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
        for (name, item) in items {
            let length = at.len();
            at.push_str(&name);
            match item {
                Item::File(seen) => self.take(at, seen),
                Item::Folder => {
                    let inner = path.join(name.trim_end_matches('/'));
                    match self.folder(&inner, at, depth + 1) {
                        Err(error) if error.kind() == io::ErrorKind::Interrupted => {
                            return Err(error);
                        }
                        Err(error) => self.tell(at, &error.to_string()),
                        Ok(()) => {}
                    }
                }
            }
            at.truncate(length);
        }
        Ok(())
    }

    fn take(&mut self, id: &str, seen: Seen) {
        self.found.ids.push_str(id);
        let end = self.found.ids.len();
        self.found.files.push(Seen { end, ..seen });
    }

    fn items(&mut self, path: &Path, at: &str) -> io::Result<Vec<(String, Item)>> {
        let mut items = Vec::new();
        for (n, entry) in fs::read_dir(path)?.enumerate() {
            if n % 1024 == 0 && (self.is_cut)() {
                return Err(io::ErrorKind::Interrupted.into());
            }
            let entry = entry?;
            let name = match entry.file_name().into_string() {
                Ok(name) => name,
                Err(name) => {
                    let name = name.to_string_lossy().into_owned();
                    self.tell(&format!("{at}{name}"), "its name is not UTF-8; rename it");
                    continue;
                }
            };
            items.extend(self.item(&entry, name, at));
        }
        Ok(items)
    }

    fn item(&mut self, entry: &fs::DirEntry, mut name: String, at: &str) -> Option<(String, Item)> {
        let kind = entry.file_type().ok()?;
        if name.starts_with('.') {
            return None;
        }
        if kind.is_dir() {
            let is_apart = at.is_empty() && APART.contains(&name.as_str());
            name.push('/');
            return (!is_apart).then_some((name, Item::Folder));
        }
        let id = name
            .strip_suffix(".md")
            .filter(|id| !id.is_empty() && kind.is_file())?;
        match entry.metadata() {
            Ok(meta) if meta.len() > MAX_FILE => {
                let size = meta.len();
                let why = format!(
                    "it has {size} bytes, more than the {MAX_FILE} that are read; divide it"
                );
                self.tell(&format!("{at}{name}"), &why);
                None
            }
            Ok(meta) if meta.len() == 0 => {
                self.tell(&format!("{at}{name}"), "it is empty; it is left out");
                None
            }
            Ok(meta) => Some((id.to_owned(), Item::File(seen(&meta, self.now_ns)))),
            // It went in this instant.
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => {
                self.tell(&format!("{at}{name}"), &error.to_string());
                None
            }
        }
    }

    fn tell(&mut self, name: &str, why: &str) {
        let name = if name.is_empty() { "the folder" } else { name };
        self.found
            .troubles
            .push(format!("{}: {why}", name.escape_debug()));
    }
}

/// A file's size, times and identity in one number.
pub(super) fn stamp(meta: &fs::Metadata) -> u64 {
    let parts = imp::parts(meta);
    parts.iter().fold(0, |stamp, part| mix(stamp ^ part))
}

fn seen(meta: &fs::Metadata, now_ns: i128) -> Seen {
    Seen {
        end: 0,
        stamp: stamp(meta),
        is_recent: now_ns - imp::changed_ns(meta) <= TICK_NS,
    }
}

/// Every bit of the outcome depends on every bit of `n` (the last steps of SplitMix64, Steele et al. 2014).
fn mix(n: u64) -> u64 {
    let n = n.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let n = (n ^ (n >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let n = (n ^ (n >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    n ^ (n >> 31)
}

#[cfg(unix)]
mod imp {
    use std::{fs::Metadata, os::unix::fs::MetadataExt};

    pub(super) fn parts(meta: &Metadata) -> [u64; 6] {
        let times = [
            meta.mtime(),
            meta.mtime_nsec(),
            meta.ctime(),
            meta.ctime_nsec(),
        ];
        let [a, b, c, d] = times.map(i64::cast_unsigned);
        [meta.size(), meta.ino(), a, b, c, d]
    }

    pub(super) fn changed_ns(meta: &Metadata) -> i128 {
        let ns = |seconds: i64, ns: i64| i128::from(seconds) * 1_000_000_000 + i128::from(ns);
        let changed = ns(meta.ctime(), meta.ctime_nsec());
        changed.max(ns(meta.mtime(), meta.mtime_nsec()))
    }
}

#[cfg(not(unix))]
mod imp {
    use std::fs::Metadata;

    pub(super) fn parts(meta: &Metadata) -> [u64; 6] {
        let ns = changed_ns(meta).unsigned_abs();
        let low = u64::try_from(ns & u128::from(u64::MAX)).unwrap_or_default();
        let high = u64::try_from(ns >> 64).unwrap_or_default();
        [meta.len(), low, high, 0, 0, 0]
    }

    pub(super) fn changed_ns(meta: &Metadata) -> i128 {
        let changed = meta.modified().ok();
        let age = changed.and_then(|at| at.duration_since(std::time::UNIX_EPOCH).ok());
        let age = age.unwrap_or_default();
        i128::try_from(age.as_nanos()).unwrap_or(i128::MAX)
    }
}

/// Reads the file of that id, if it still is one.
///
/// # Errors
/// The file system's; [`io::ErrorKind::NotFound`] also for what is no regular file any more.
pub(super) fn read(
    folder: &Path,
    store: projections::memory::Store,
    id: &str,
) -> io::Result<Entry> {
    let path = folder.join(format!("{id}.md"));
    let meta = fs::symlink_metadata(&path)?;
    if !meta.is_file() || meta.len() > MAX_FILE {
        return Err(io::ErrorKind::NotFound.into());
    }
    let bytes = fs::read(&path)?;
    Ok(Entry::read(store, id, &String::from_utf8_lossy(&bytes)))
}
