//! One project's directory.

use std::{
    collections::BTreeMap,
    fmt,
    path::{Path, PathBuf},
    sync::Arc,
};

use journal::{BlobStore, Disk, FileStore, LogName, LogStore};
use projections::ids::{PlanId, ProjectCode};

use super::{Vault, make_dirs, stamp};
use crate::error::{Error, Result};

/// How a journal's name ends.
const JOURNAL: &str = ".journal.jsonl";

/// Longest that a command waits for another process's append.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(5);

/// A project of a vault.
#[derive(Clone)]
pub struct Project {
    code: ProjectCode,
    vault: Vault,
    dir: PathBuf,
    store: Arc<FileStore>,
    blobs: Arc<BlobStore>,
    /// Whether `dir` is the archive of one plan: then nothing is written there.
    is_archive: bool,
}

impl fmt::Debug for Project {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Project({}, {})", self.code, self.dir.display())
    }
}

impl Project {
    pub(super) fn open(vault: &Vault, code: ProjectCode) -> Result<Self> {
        let dir = vault.root().join(code.directory());
        for part in [dir.clone(), dir.join("plans")] {
            check_directory(&code, &part)?;
        }
        let store = FileStore::new(vault.disk().clone(), dir.join("plans"), stamp());
        let store = store.with_patience(PATIENCE);
        let blobs = BlobStore::new(vault.disk().clone(), dir.join("blobs"));
        Ok(Self {
            code,
            vault: vault.clone(),
            dir,
            store: Arc::new(store),
            blobs: Arc::new(blobs),
            is_archive: false,
        })
    }

    /// The project as the archive of one of its plans: for reading that plan.
    #[must_use]
    pub(super) fn archived(&self, plan: &PlanId) -> Self {
        let dir = self.archive_dir(plan);
        let store = FileStore::on_disk(dir.join("plans"), stamp());
        Self {
            store: Arc::new(store),
            is_archive: true,
            dir,
            ..self.clone()
        }
    }

    /// Whether this is the archive of one plan, which is never written to.
    #[must_use]
    pub fn is_archive(&self) -> bool {
        self.is_archive
    }

    /// Its code.
    #[must_use]
    pub fn code(&self) -> &ProjectCode {
        &self.code
    }

    /// Its vault.
    #[must_use]
    pub fn vault(&self) -> &Vault {
        &self.vault
    }

    /// Its directory.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Where its plans lie.
    #[must_use]
    pub fn plans_dir(&self) -> PathBuf {
        self.dir.join("plans")
    }

    /// The plan's journal.
    #[must_use]
    pub fn journal_path(&self, plan: &PlanId) -> PathBuf {
        self.store.path(&log_name(plan))
    }

    /// The plan's Markdown file.
    #[must_use]
    pub fn plan_path(&self, plan: &PlanId) -> PathBuf {
        self.dir.join(projections::files::plan_path(plan))
    }

    /// Whether the plan has a journal or a file here.
    #[must_use]
    pub fn holds(&self, plan: &PlanId) -> bool {
        self.journal_path(plan).exists() || self.plan_path(plan).exists()
    }

    /// Its logs as files.
    pub(super) fn files(&self) -> &FileStore {
        &self.store
    }

    /// The logs of its plans.
    #[must_use]
    pub fn store(&self) -> &dyn LogStore {
        &*self.store
    }

    pub(crate) fn blobs(&self) -> &BlobStore {
        &self.blobs
    }

    pub(crate) fn disk(&self) -> &dyn Disk {
        &**self.vault.disk()
    }

    /// Makes a directory below the project's, if it is missing.
    pub(crate) fn make_dir(&self, below: &str) -> Result<PathBuf> {
        make_dirs(
            self.disk(),
            self.vault.root(),
            &Path::new(&self.code.directory()).join(below),
        )
    }

    /// The ids of all plans that have a journal or a file of a plan's name, sorted.
    ///
    /// # Errors
    /// [`Error::Io`] when the directory cannot be read.
    pub fn plan_ids(&self) -> Result<Vec<PlanId>> {
        let dir = self.plans_dir();
        let entries = match std::fs::read_dir(&dir) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(Error::io("read", dir)(error)),
        };
        let mut with_journal: BTreeMap<PlanId, bool> = BTreeMap::new();
        for name in entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok()) {
            if let Some(id) = self.plan_of_file(&name) {
                *with_journal.entry(id).or_default() |= name.ends_with(JOURNAL);
            }
        }
        with_journal.retain(|id, has_journal| *has_journal || !self.is_left_behind(id));
        Ok(with_journal.into_keys().collect())
    }

    /// The plan that a file in `plans/` belongs to: `ESS-P-001.md`, `ESS-P-001.journal.jsonl`. Names that are
    /// not this project's plans, or not written as ids print, are other people's files.
    #[must_use]
    pub fn plan_of_file(&self, name: &str) -> Option<PlanId> {
        let stem = name
            .strip_suffix(".md")
            .or_else(|| name.strip_suffix(JOURNAL))?;
        self.plan_named(stem)
    }

    /// The plan of this project that is written so.
    pub(super) fn plan_named(&self, name: &str) -> Option<PlanId> {
        let id: PlanId = name.parse().ok()?;
        (*id.project() == self.code && id.to_string() == name).then_some(id)
    }
}

/// The log of a plan is called as the plan is.
pub(super) fn log_name(plan: &PlanId) -> LogName {
    LogName::parse(&plan.to_string()).expect("a plan id is letters, digits, - and _")
}

fn check_directory(code: &ProjectCode, dir: &Path) -> Result<()> {
    let bad = |why: String| Error::BadProject {
        code: code.clone(),
        why: format!("{}: {why}", dir.display()),
    };
    match std::fs::symlink_metadata(dir) {
        Ok(meta) if meta.is_symlink() => Err(bad(
            "it is a symlink; symlinks inside a vault are not followed".into(),
        )),
        Ok(meta) if !meta.is_dir() => Err(bad("it is not a directory".into())),
        Ok(_) => std::fs::read_dir(dir)
            .map(drop)
            .map_err(|e| bad(e.to_string())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(bad(error.to_string())),
    }
}
