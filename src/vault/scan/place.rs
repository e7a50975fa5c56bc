//! A project's `plans/` as a scan asks it: which plans lie there, and whether their files have changed. A
//! directory that is as it was is not listed again, and files are asked for below the open directory instead of
//! by their whole path: of a quiet vault a tick costs two short system calls a plan.

use std::{
    ffi::{OsStr, OsString},
    path::Path,
};

use projections::ids::PlanId;

use super::super::Project;
use crate::{clock, error::Result};

/// How old a file's or a directory's last change must be to be told from the next one by its time: file systems count
/// time in ticks, of two seconds at worst.
const TICK_NS: i128 = 2_000_000_000;

/// Size, time and identity of a file: what changes when it does. Numbers as wide as any system's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stat {
    ino: i128,
    size: i128,
    mtime_ns: i128,
    /// When anything about it changed last, its name and its times included; the last change of its content where a
    /// system does not say.
    ctime_ns: i128,
}

impl Stat {
    /// How long ago anything about it changed, in nanoseconds.
    pub(super) fn age_ns(&self) -> i128 {
        i128::from(clock::now().micros()) * 1000 - self.ctime_ns.max(self.mtime_ns)
    }

    /// Whether its last change can be told from the next one by their times.
    pub(super) fn is_old(&self) -> bool {
        self.age_ns() > TICK_NS
    }
}

/// One plan, with the names of its two files.
#[derive(Clone, Debug)]
pub(super) struct Listed {
    pub(super) id: PlanId,
    pub(super) file: OsString,
    pub(super) journal: OsString,
}

impl Listed {
    pub(super) fn new(project: &Project, id: PlanId) -> Self {
        let name = |path: &Path| path.file_name().map(OsStr::to_owned).unwrap_or_default();
        Self {
            file: name(&project.plan_path(&id)),
            journal: name(&project.journal_path(&id)),
            id,
        }
    }
}

/// A project's plans, and the directory as it was when they were listed.
#[derive(Clone, Debug, Default)]
pub(super) struct Listing {
    dir: Option<Stat>,
    pub(super) plans: Vec<Listed>,
}

impl Listing {
    /// The listing of `project` as it is now; this one, if nothing was added or removed since.
    pub(super) fn renewed(self, project: &Project, place: &Place) -> Result<Self> {
        let before = place.own_stat();
        if self.dir.is_some() && self.dir == before {
            return Ok(self);
        }
        let ids = project.plan_ids()?.into_iter();
        Ok(Self {
            // A change right behind the listing could bear the same time: then it is listed again.
            dir: before.filter(Stat::is_old),
            plans: ids.map(|id| Listed::new(project, id)).collect(),
        })
    }
}

/// An open directory.
#[derive(Debug)]
pub(super) struct Place(Option<imp::Directory>);

impl Place {
    /// The project's `plans/`; in one that is missing there is nothing.
    pub(super) fn of(project: &Project) -> Self {
        Self(imp::Directory::open(&project.plans_dir()))
    }

    /// What the file of that name is.
    pub(super) fn stat(&self, name: &OsStr) -> Option<Stat> {
        self.0.as_ref()?.stat(name)
    }

    fn own_stat(&self) -> Option<Stat> {
        self.stat(OsStr::new("."))
    }
}

/// What the file at `path` is, or what a symlink there leads to.
pub(super) fn stat(path: &Path) -> Option<Stat> {
    imp::stat(path)
}

/// What lies at `path` itself.
pub(super) fn own_stat(path: &Path) -> Option<Stat> {
    imp::own_stat(path)
}

#[cfg(unix)]
mod imp {
    use std::{ffi::OsStr, fs::File, path::Path};

    use rustix::fs::{AtFlags, CWD, statat};

    use super::Stat;

    #[derive(Debug)]
    pub(super) struct Directory(File);

    impl Directory {
        pub(super) fn open(path: &Path) -> Option<Self> {
            File::open(path).ok().map(Self)
        }

        pub(super) fn stat(&self, name: &OsStr) -> Option<Stat> {
            statat(&self.0, name, AtFlags::empty()).ok().map(of)
        }
    }

    pub(super) fn stat(path: &Path) -> Option<Stat> {
        statat(CWD, path, AtFlags::empty()).ok().map(of)
    }

    pub(super) fn own_stat(path: &Path) -> Option<Stat> {
        statat(CWD, path, AtFlags::SYMLINK_NOFOLLOW).ok().map(of)
    }

    fn of(stat: rustix::fs::Stat) -> Stat {
        let mtime = (i128::from(stat.st_mtime), i128::from(stat.st_mtime_nsec));
        let ctime = (i128::from(stat.st_ctime), i128::from(stat.st_ctime_nsec));
        let ns = |(seconds, ns): (i128, i128)| seconds * 1_000_000_000 + ns;
        Stat {
            ino: i128::from(stat.st_ino),
            size: i128::from(stat.st_size),
            mtime_ns: ns(mtime),
            ctime_ns: ns(ctime),
        }
    }
}

#[cfg(not(unix))]
mod imp {
    use std::{
        ffi::OsStr,
        path::{Path, PathBuf},
    };

    use super::Stat;

    #[derive(Debug)]
    pub(super) struct Directory(PathBuf);

    impl Directory {
        pub(super) fn open(path: &Path) -> Option<Self> {
            Some(Self(path.to_path_buf()))
        }

        pub(super) fn stat(&self, name: &OsStr) -> Option<Stat> {
            stat(&self.0.join(name))
        }
    }

    pub(super) fn stat(path: &Path) -> Option<Stat> {
        of(std::fs::metadata(path).ok()?)
    }

    pub(super) fn own_stat(path: &Path) -> Option<Stat> {
        of(std::fs::symlink_metadata(path).ok()?)
    }

    fn of(meta: std::fs::Metadata) -> Option<Stat> {
        let modified = meta.modified().ok()?;
        let since = modified.duration_since(std::time::UNIX_EPOCH).ok()?;
        let mtime_ns = i128::try_from(since.as_nanos()).unwrap_or(0);
        Some(Stat {
            ino: 0,
            size: i128::from(meta.len()),
            mtime_ns,
            ctime_ns: mtime_ns,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, time::Duration};

    use super::*;
    use crate::vault::Vault;

    fn names(listing: &Listing) -> Vec<String> {
        let plans = listing.plans.iter();
        plans.map(|plan| plan.id.to_string()).collect()
    }

    #[test]
    fn a_directory_that_changed_just_now_is_listed_again_and_a_quiet_one_is_not() {
        let root = tempfile::tempdir().unwrap();
        let plans = root.path().join("ess/plans");
        fs::create_dir_all(&plans).unwrap();
        fs::write(plans.join("ESS-P-001.md"), "").unwrap();
        let vault = Vault::open(root.path()).unwrap();
        let project = vault.project(&"ESS".parse().unwrap()).unwrap();
        let renewed = |listing: Listing| listing.renewed(&project, &Place::of(&project)).unwrap();

        let fresh = renewed(Listing::default());
        assert_eq!(
            (names(&fresh), fresh.dir),
            (vec!["ESS-P-001".to_owned()], None)
        );

        // What was read of a directory that is as it was is believed.
        std::thread::sleep(Duration::from_millis(2_050));
        let quiet = Listing {
            plans: Vec::new(),
            ..renewed(fresh)
        };
        assert!(quiet.dir.is_some());
        assert_eq!(names(&renewed(quiet.clone())), [""; 0]);
        fs::write(plans.join("ESS-P-003.journal.jsonl"), "").unwrap();
        let all = names(&renewed(quiet));
        assert_eq!(all, ["ESS-P-001", "ESS-P-003"]);
    }

    #[test]
    fn names_below_an_open_directory_are_what_their_paths_are() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir_all(root.path().join("ess/plans")).unwrap();
        let vault = Vault::open(root.path()).unwrap();
        let project = vault.project(&"ESS".parse().unwrap()).unwrap();
        let listed = Listed::new(&project, "ESS-P-001".parse().unwrap());
        fs::write(project.plan_path(&listed.id), "text").unwrap();
        let place = Place::of(&project);
        assert_eq!(
            place.stat(&listed.file),
            stat(&project.plan_path(&listed.id))
        );
        assert!(place.stat(&listed.file).is_some());
        assert_eq!(place.stat(&listed.journal), None);
    }
}
