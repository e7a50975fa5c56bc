//! Who else on this machine may read or write what the vault keeps, and whose files they are.
//!
//! The vault's own mode is the operator's word: who shares a vault shares it whole, so files may be as open as the
//! directory is. Transcripts of tools and kept conversations are private in every vault.

use std::{
    fs::Metadata,
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
};

use projections::ids::{PlanId, TicketId};

use crate::vault::{OWN_DIR, Project, Vault};

/// Rights of group and others.
const OTHERS: u32 = 0o077;

/// What a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kept {
    /// A journal.
    Journal,
    /// A question to the operator.
    Ticket,
    /// What tools were asked and returned, or a kept conversation.
    Transcript,
}

/// A file that is wider open than it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exposed {
    /// The file.
    pub path: PathBuf,
    /// What it holds.
    pub kept: Kept,
    /// Its rights.
    pub mode: u32,
}

/// What was found.
#[derive(Debug, Default)]
pub struct Access {
    /// The rights of the vault's directory.
    pub mode: u32,
    /// Whether users outside of the directory's group come as far as the vault.
    pub is_reachable: bool,
    /// Whose the vault is.
    pub owner: u32,
    /// Who looks.
    pub user: u32,
    /// Files that are wider open than the vault, or than they may be in any.
    pub exposed: Vec<Exposed>,
    /// What anybody may write to.
    pub writable: Vec<PathBuf>,
    /// What belongs to somebody else than the vault does, and to whom.
    pub strangers: Vec<(PathBuf, u32)>,
    /// Symlinks where the program makes directories and files; they are not followed for writing.
    pub links: Vec<PathBuf>,
    /// What cannot be read, and why.
    pub unread: Vec<(PathBuf, String)>,
}

/// Looks at the vault and at all that the program keeps in it.
#[must_use]
pub fn access(vault: &Vault, projects: &[Project]) -> Access {
    let root = vault.root();
    let (mode, owner) = std::fs::metadata(root).map_or((0, 0), |meta| {
        (meta.permissions().mode() & 0o7777, meta.uid())
    });
    let mut access = Access {
        mode,
        owner,
        user: rustix::process::geteuid().as_raw(),
        is_reachable: is_reachable(root, mode),
        ..Access::default()
    };
    access.look(root, None, false);
    access.look(&root.join(crate::vault::CONFIG_FILE), None, false);
    access.walk(&root.join(OWN_DIR), 2, Kept::Journal);
    for project in projects {
        access.project(project.dir());
    }
    access
}

/// Whether every directory on the way lets others through.
fn is_reachable(root: &Path, mode: u32) -> bool {
    let passes = |dir: &Path| {
        std::fs::metadata(dir).is_ok_and(|meta| meta.permissions().mode() & 0o001 != 0)
    };
    mode & 0o005 != 0 && root.ancestors().skip(1).all(passes)
}

impl Access {
    fn project(&mut self, dir: &Path) {
        self.look(dir, None, false);
        self.look(&dir.join("project.yaml"), None, false);
        self.walk(&dir.join("plans"), 0, Kept::Journal);
        self.walk(&dir.join("tickets"), 0, Kept::Ticket);
        self.look(&dir.join("blobs"), None, false);
        let runs = dir.join("runs");
        for run in self.list(&runs) {
            for kept in ["tool_calls", "checkpoints"] {
                self.walk(&run.join(kept), 0, Kept::Transcript);
            }
        }
    }

    /// Looks at a directory and at what lies in it; at files that hold `kept` also for who may read them.
    fn walk(&mut self, dir: &Path, depth: usize, kept: Kept) {
        for path in self.list(dir) {
            let is_link = path.is_symlink();
            if depth > 0 && path.is_dir() && !is_link {
                self.walk(&path, depth - 1, kept);
            } else if !is_link || is_engines(&path) {
                let secret = holds(&path, kept);
                self.look(&path, secret.then_some(kept), true);
            }
        }
    }

    /// What lies in a directory, sorted; in one that is missing, or a link, nothing.
    fn list(&mut self, dir: &Path) -> Vec<PathBuf> {
        if !self.look(dir, None, false) {
            return Vec::new();
        }
        match std::fs::read_dir(dir) {
            Ok(entries) => {
                let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
                paths.sort();
                paths
            }
            Err(error) => {
                self.unread.push((dir.to_path_buf(), error.to_string()));
                Vec::new()
            }
        }
    }

    /// Notes what is wrong with a path's rights; says whether it is there and no link.
    fn look(&mut self, path: &Path, kept: Option<Kept>, is_file: bool) -> bool {
        let Ok(meta) = std::fs::symlink_metadata(path) else {
            return false;
        };
        if meta.is_symlink() {
            self.links.push(path.to_path_buf());
            return false;
        }
        if meta.uid() != self.owner && !self.is_shared() {
            self.strangers.push((path.to_path_buf(), meta.uid()));
        }
        let mode = meta.permissions().mode() & 0o7777;
        if mode & 0o002 != 0 && (is_file || mode & 0o1000 == 0) {
            self.writable.push(path.to_path_buf());
        }
        self.exposed.extend(
            kept.filter(|kept| self.is_exposed(*kept, &meta))
                .map(|kept| Exposed {
                    path: path.to_path_buf(),
                    kept,
                    mode,
                }),
        );
        true
    }

    /// A vault that its group may write to has files of several owners.
    fn is_shared(&self) -> bool {
        self.mode & 0o020 != 0
    }

    fn is_exposed(&self, kept: Kept, meta: &Metadata) -> bool {
        let allowed = match kept {
            Kept::Journal | Kept::Ticket => self.mode & OTHERS,
            Kept::Transcript => 0,
        };
        meta.is_file() && meta.permissions().mode() & 0o066 & !allowed != 0
    }
}

/// Whether the file at `path` holds what its directory is for.
fn holds(path: &Path, kept: Kept) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    match kept {
        Kept::Journal => name.ends_with(".journal.jsonl"),
        Kept::Ticket => name.ends_with(".md"),
        Kept::Transcript => true,
    }
}

/// Whether the program writes to a file of this name; others that lie there are somebody else's.
fn is_engines(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let is_id = |stem: &str| stem.parse::<PlanId>().is_ok() || stem.parse::<TicketId>().is_ok();
    match name.split_once('.') {
        Some((stem, "md" | "lock" | "lease" | "journal.jsonl" | "usage.jsonl")) => is_id(stem),
        Some((_, rest)) => rest.ends_with("journal.jsonl"),
        None => false,
    }
}
