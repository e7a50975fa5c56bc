//! The names of the files below a folder. The walk only collects names: whoever opens one does so through the tree,
//! so a directory that is exchanged for a link under way shows nothing of what the link leads to.

use std::path::Path;

use ignore::{
    DirEntry, WalkBuilder,
    overrides::{Override, OverrideBuilder},
};

use super::{deadline::Deadline, name, place::Spot, tree::Tree};

/// Most files that one walk collects.
const MOST_FILES: usize = 20_000;

/// Most folders within each other that a walk goes into.
const MOST_DEPTH: usize = 32;

/// Longest glob, in bytes.
const MOST_GLOB: usize = 256;

/// What a walk found.
#[derive(Debug, Default)]
pub(super) struct Walked {
    /// Paths below the tree's directory, sorted.
    pub(super) files: Vec<String>,
    /// Whether there may be more, because the walk came to one of its bounds.
    pub(super) is_cut: bool,
    /// Files whose names cannot be asked for.
    pub(super) unnamed: usize,
    /// Folders that could not be read.
    pub(super) unread: usize,
}

/// Finds the files at or below `spot`. Hidden names and links are passed over; what `.gitignore` says is not asked.
pub(super) fn walk(spot: &Spot<'_>, tree: &Tree, until: Deadline) -> Result<Walked, String> {
    let found = tree.length(spot.parts());
    if found.map_err(|fault| spot.told(&fault))?.is_some() {
        return Ok(Walked {
            files: vec![spot.parts().join("/")],
            ..Walked::default()
        });
    }
    let mut walked = Walked::default();
    for entry in entries(spot) {
        if until.has_passed() || walked.files.len() >= MOST_FILES {
            walked.is_cut = true;
            break;
        }
        match entry {
            Ok(entry) => walked.take(spot.base(), &entry),
            Err(_) => walked.unread += 1,
        }
    }
    walked.files.sort();
    Ok(walked)
}

fn entries(spot: &Spot<'_>) -> ignore::Walk {
    let mut start = spot.base().to_path_buf();
    start.extend(spot.parts());
    WalkBuilder::new(start)
        .standard_filters(false)
        .hidden(true)
        .follow_links(false)
        .max_depth(Some(MOST_DEPTH))
        .build()
}

impl Walked {
    fn take(&mut self, base: &Path, entry: &DirEntry) {
        let kind = entry.file_type();
        if kind.is_some_and(|kind| kind.is_dir()) {
            self.is_cut |= entry.depth() >= MOST_DEPTH;
        } else if kind.is_some_and(|kind| kind.is_file()) {
            let below = entry.path().strip_prefix(base).ok().and_then(Path::to_str);
            match below.filter(|below| below.split('/').all(name::is_plain)) {
                Some(below) => self.files.push(below.to_owned()),
                None => self.unnamed += 1,
            }
        }
    }

    /// What was left out, each on a line of its own.
    pub(super) fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        if self.is_cut {
            notes.push(
                "[there are more files than could be walked; name a path further down]".into(),
            );
        }
        if self.unnamed > 0 {
            notes.push(format!(
                "[{} file(s) are left out for their names]",
                self.unnamed
            ));
        }
        if self.unread > 0 {
            notes.push(format!("[{} folder(s) could not be read]", self.unread));
        }
        notes
    }
}

/// Which files a glob means.
pub(super) struct Glob(Override);

impl Glob {
    /// `*.rs` means a name anywhere, `src/**/*.rs` a path, and `!*.rs` all others.
    pub(super) fn new(text: Option<&str>) -> Result<Self, String> {
        let Some(text) = text.filter(|text| !text.is_empty()) else {
            return Ok(Self(Override::empty()));
        };
        if text.len() > MOST_GLOB {
            return Err(format!("glob is longer than {MOST_GLOB} bytes"));
        }
        let mut builder = OverrideBuilder::new("");
        let built = builder.add(text).and_then(|builder| builder.build());
        built
            .map(Self)
            .map_err(|error| format!("glob cannot be used: {error}"))
    }

    pub(super) fn means(&self, file: &str) -> bool {
        !self.0.matched(file, false).is_ignore()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_glob_means_names_anywhere_or_paths() {
        let means = |glob: &str, file: &str| Glob::new(Some(glob)).unwrap().means(file);
        assert!(means("*.rs", "a/b/c.rs") && !means("*.rs", "a/b/c.md"));
        assert!(means("a/**/*.rs", "a/b/c.rs") && !means("a/*.rs", "a/b/c.rs"));
        assert!(!means("!*.rs", "a/b/c.rs") && means("!*.rs", "a/b/c.md"));
        assert!(means("*.{rs,md}", "c.md"));
        assert!(Glob::new(None).unwrap().means("x"));
        assert!(Glob::new(Some("a[")).is_err());
        assert!(Glob::new(Some(&"*".repeat(300))).is_err());
    }
}
