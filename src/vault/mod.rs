//! The vault on disk: where things lie, and the only code that changes them.
//!
//! ```text
//!  Vault ─▶ Project ─▶ PlanLog ── submit(Command) ──▶ journal ──▶ projections
//!             │           ▲
//!             │           └── reconcile: hand edits become commands, missing projections are rendered
//!             ├─ import:  what other programs left, taken in as found
//!             ├─ numbers: ids of plans and tickets, decided by an append
//!             ├─ schedule: jobs, and the plans of their slots
//!             ├─ archive: plans that are over, out of the way and kept whole
//!             ├─ health:  what a doctor sees, whatever is broken
//!             ├─ memory:  what the team remembers, as people change it
//!             ├─ scan:    which plans want a runner (stat only, unless something changed)
//!             └─ spend:   what all plans spend in one day, reserved before it is spent
//! ```

mod actor;
pub mod answer;
mod archive;
mod artifact;
mod atomic;
pub mod audit;
mod blobs;
mod create;
mod displaced;
mod follow;
mod guidance;
pub mod health;
pub mod import;
mod ledger;
mod memory;
mod numbers;
mod plan_log;
mod project;
mod put;
mod reconcile;
mod regular;
pub mod replay;
mod saved;
pub mod scan;
pub mod schedule;
pub(crate) mod shell;
mod show;
mod spend;
mod tape;
mod ticket_edit;
pub mod watch;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use journal::{Disk, RealDisk};
use projections::ids::{PlanId, ProjectCode};

use crate::{
    clock,
    error::{Error, Result},
};

pub use actor::Actor;
pub use archive::PutAway;
pub use artifact::{ArtifactFault, Checkpoint};
pub use follow::Follower;
pub use guidance::Guidance;
pub use memory::{MemoryBytes, MemoryListing, MemoryPath, Part, Removal, proposed_note};
pub use plan_log::PlanLog;
pub use project::Project;
pub use reconcile::{Reconciled, SETTLED, Settling};
pub use spend::{Day, DayAdmission, DayCap, DayCaps, DayKey, Spent};
pub use tape::{Present, Tape};

/// The configuration file that makes a directory a vault.
pub const CONFIG_FILE: &str = "modulatio.yaml";

/// The program's own directory inside a vault.
pub const OWN_DIR: &str = ".modulatio";

/// A directory of projects.
#[derive(Clone, Debug)]
pub struct Vault {
    root: PathBuf,
    disk: Arc<dyn Disk>,
}

/// A directory that looks like a project and cannot be used as one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProjectFault {
    /// The directory's name.
    pub name: String,
    /// Why not.
    pub why: String,
}

impl Vault {
    /// Opens the vault at `root`.
    ///
    /// # Errors
    /// [`Error::NoVault`] when it is not a directory or cannot be read.
    pub fn open(root: &Path) -> Result<Self> {
        Self::on(root, Arc::new(RealDisk))
    }

    /// Opens the vault at `root`; whatever is changed in it is changed through `disk`.
    ///
    /// # Errors
    /// As [`Vault::open`].
    pub fn on(root: &Path, disk: Arc<dyn Disk>) -> Result<Self> {
        let no_vault = |why: String| Error::NoVault {
            what: format!("{} is no vault: {why}", root.display()),
        };
        let root = root.canonicalize().map_err(|e| no_vault(e.to_string()))?;
        if !root.is_dir() {
            return Err(no_vault("it is not a directory".to_owned()));
        }
        std::fs::read_dir(&root).map_err(|e| no_vault(e.to_string()))?;
        Ok(Self { root, disk })
    }

    /// The vault that `start` lies in: the nearest parent that holds modulatio.yaml.
    ///
    /// # Errors
    /// [`Error::NoVault`] when there is none.
    pub fn find(start: &Path) -> Result<Self> {
        match start
            .ancestors()
            .find(|dir| dir.join(CONFIG_FILE).is_file())
        {
            Some(root) => Self::open(root),
            None => Err(Error::NoVault {
                what: format!(
                    "no {CONFIG_FILE} in {} or any directory above it",
                    start.display()
                ),
            }),
        }
    }

    /// Its directory.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The program's own directory.
    #[must_use]
    pub fn own_dir(&self) -> PathBuf {
        self.root.join(OWN_DIR)
    }

    /// A directory of the program's own, made if it is missing.
    pub(crate) fn make_own_dir(&self, below: &str) -> Result<PathBuf> {
        make_dirs(&*self.disk, &self.root, &Path::new(OWN_DIR).join(below))
    }

    pub(crate) fn disk(&self) -> &Arc<dyn Disk> {
        &self.disk
    }

    /// All projects, by code, and the directories that would be projects if something were not wrong.
    ///
    /// # Errors
    /// [`Error::Io`] when the vault itself cannot be read.
    pub fn projects(&self) -> Result<(Vec<Project>, Vec<ProjectFault>)> {
        let entries = std::fs::read_dir(&self.root).map_err(Error::io("read", &self.root))?;
        let mut names: Vec<String> = entries
            .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
            .collect();
        names.sort();
        let (mut projects, mut faults) = (Vec::new(), Vec::new());
        for name in names
            .into_iter()
            .filter(|name| self.looks_like_project(name))
        {
            match self.project_in(&name) {
                Ok(project) => projects.push(project),
                Err(error) => faults.push(ProjectFault {
                    name,
                    why: error.told(),
                }),
            }
        }
        Ok((projects, faults))
    }

    fn looks_like_project(&self, name: &str) -> bool {
        let dir = self.root.join(name);
        !name.starts_with('.') && (dir.join("project.yaml").exists() || dir.join("plans").exists())
    }

    fn project_in(&self, name: &str) -> Result<Project> {
        let code: ProjectCode = name.parse()?;
        if code.directory() != name {
            return Err(Error::BadProject {
                code,
                why: format!("its directory {name:?} is not in lower case"),
            });
        }
        Project::open(self, code)
    }

    /// The project of that code.
    ///
    /// # Errors
    /// [`Error::NoProject`], or [`Error::BadProject`] when its directory cannot be used.
    pub fn project(&self, code: &ProjectCode) -> Result<Project> {
        if !self.looks_like_project(&code.directory()) {
            return Err(Error::NoProject {
                code: code.clone(),
                vault: self.root.clone(),
            });
        }
        Project::open(self, code.clone())
    }

    /// The plan's project, which must hold the plan.
    ///
    /// # Errors
    /// [`Error::NoProject`], [`Error::NoPlan`], or [`Error::Archived`]: then [`Vault::reader_of`] finds it.
    pub fn project_of(&self, plan: &PlanId) -> Result<Project> {
        let project = self.project(plan.project())?;
        if project.is_archived(plan) {
            Err(project.archived_error(plan))
        } else if project.holds(plan) {
            Ok(project)
        } else {
            Err(Error::NoPlan(plan.clone()))
        }
    }
}

/// A directory made if it is missing, whole path below `root`, never through a symlink. Its name is durable: with a
/// directory that a power cut takes back goes every journal in it.
pub(crate) fn make_dirs(disk: &dyn Disk, root: &Path, below: &Path) -> Result<PathBuf> {
    let mut dir = root.to_path_buf();
    for part in below.components() {
        dir.push(part);
        match std::fs::symlink_metadata(&dir) {
            Ok(meta) if meta.is_dir() => {}
            Ok(_) => {
                let why =
                    "it stands where a directory belongs (symlinks are not followed for writing)"
                        .to_owned();
                return Err(Error::BadFile { file: dir, why });
            }
            Err(_) => {
                disk.create_dir(&dir)
                    .map_err(Error::io("make directory", &dir))?;
                set_mode(root, &dir, 0o777);
                atomic::sync_name(disk, &dir)?;
            }
        }
    }
    Ok(dir)
}

/// Makes what was made private, or as open as the vault itself: an operator who shares a vault shares it whole.
#[cfg(unix)]
pub(crate) fn set_mode(root: &Path, made: &Path, mask: u32) {
    use std::os::unix::fs::PermissionsExt;
    let Ok(mode) = std::fs::metadata(root).map(|meta| meta.permissions().mode()) else {
        return;
    };
    let wished = (0o700 | (mode & 0o077)) & mask;
    // What was made is complete; a mode that cannot be set loses nothing.
    let _ = std::fs::set_permissions(made, std::fs::Permissions::from_mode(wished));
}

#[cfg(not(unix))]
pub(crate) fn set_mode(_root: &Path, _made: &Path, _mask: u32) {}

/// The clock, as the log names moved-aside files by it.
pub(crate) fn stamp() -> journal::Stamp {
    Arc::new(|| clock::now().file_form())
}
