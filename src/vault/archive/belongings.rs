//! What belongs to a plan besides its journal: files by the plan's name, its tickets, its run. How much that is, and how
//! it is moved without overwriting anything.

use std::{
    collections::BTreeSet,
    fs, io,
    path::{Path, PathBuf},
};

use projections::{
    body::is_safe_relative_path,
    files::{self, Ledger},
    ids::PlanId,
    payload::Digest,
    plan::Plan,
};

use crate::{
    clock,
    error::{Error, Result},
    fault,
    vault::{Project, regular, replay},
};

/// Files of a plan that stay while it is moved, and then go.
const LOCKS: [&str; 2] = ["lock", "lease"];

/// A file or a directory that goes with a plan.
struct Belonging {
    from: PathBuf,
    to: PathBuf,
}

impl Project {
    /// Bytes of all that is moved with the plan, its journal included.
    ///
    /// # Errors
    /// The file system's.
    pub fn belongings_size(&self, plan: &Plan) -> Result<u64> {
        let mut bytes = size(&self.journal_path(&plan.id))?;
        for belonging in self.belongings(&plan.id, &tickets(plan))? {
            bytes += size(&belonging.from)?;
        }
        Ok(bytes)
    }

    /// Bytes of all files below a directory of the project's.
    ///
    /// # Errors
    /// The file system's.
    pub fn bytes_below(&self, directory: &str) -> Result<u64> {
        size(&self.dir().join(directory))
    }

    pub(super) fn has_belongings(&self, plan: &PlanId) -> bool {
        let locks = LOCKS.iter().any(|lock| self.lock_path(plan, lock).exists());
        // Tickets go first and locks last, so whatever is left, one of these is.
        locks
            || self
                .belongings(plan, &BTreeSet::new())
                .is_ok_and(|all| !all.is_empty())
    }

    pub(super) fn lock_path(&self, plan: &PlanId, lock: &str) -> PathBuf {
        self.plans_dir().join(format!("{plan}.{lock}"))
    }

    /// Tickets first, then the run, then what is named after the plan.
    fn belongings(&self, plan: &PlanId, tickets: &BTreeSet<String>) -> Result<Vec<Belonging>> {
        let mut found = Vec::new();
        // An edit that was refused lies beside its file, by a longer name.
        for name in names(&self.dir().join("tickets"))? {
            let is_own = name.match_indices(".md").any(|(at, _)| {
                let (stem, rest) = (&name[..at], &name[at + 3..]);
                tickets.contains(stem) && (rest.is_empty() || rest.starts_with('.'))
            });
            if is_own {
                found.push(self.belonging(plan, &format!("tickets/{name}")));
            }
        }
        let run = format!("runs/{plan}");
        if self.dir().join(&run).symlink_metadata().is_ok() {
            found.push(self.belonging(plan, &run));
        }
        let prefix = format!("{plan}.");
        let journal = self.journal_path(plan);
        for name in names(&self.plans_dir())? {
            let rest = name.strip_prefix(&prefix);
            let is_own = rest.is_some_and(|rest| !LOCKS.contains(&rest));
            if is_own && self.plans_dir().join(&name) != journal {
                found.push(self.belonging(plan, &format!("plans/{name}")));
            }
        }
        Ok(found)
    }

    fn belonging(&self, plan: &PlanId, below: &str) -> Belonging {
        Belonging {
            from: self.dir().join(below),
            to: self.archive_dir(plan).join(below),
        }
    }

    /// Moves all of it; the names are durable in the archive when this returns.
    pub(super) fn move_belongings(&self, plan: &Plan) -> Result<()> {
        let mut changed = BTreeSet::new();
        for Belonging { from, to } in self.belongings(&plan.id, &tickets(plan))? {
            move_one(&from, &to)?;
            for path in [&to, &from] {
                changed.extend(path.parent().map(Path::to_path_buf));
            }
        }
        for dir in changed {
            self.disk()
                .sync_dir(&dir)
                .map_err(Error::io("sync", &dir))?;
        }
        Ok(())
    }

    /// What of the run the journal holds byte for byte: these artifacts, where they are still the same, and the
    /// transcript of tools. With their sizes.
    ///
    /// # Errors
    /// The journal's, and the file system's.
    pub fn spare(
        &self,
        plan: &PlanId,
        artifacts: &[(String, Digest)],
    ) -> Result<Vec<(PathBuf, u64)>> {
        let mut found = Vec::new();
        let root = self.dir().join(files::artifacts_path(plan));
        for (path, b3) in artifacts
            .iter()
            .filter(|(path, _)| is_safe_relative_path(path))
        {
            let path = root.join(path);
            let is_plain = path.symlink_metadata().is_ok_and(|meta| meta.is_file());
            let bytes = regular::read(&path).ok().filter(|_| is_plain);
            if let Some(bytes) = bytes.filter(|bytes| Digest::of(bytes) == *b3) {
                found.push((path, bytes.len() as u64));
            }
        }
        let transcript = self.dir().join(Ledger::Tools.path(plan));
        let reader = self.vault().reader_of(plan)?;
        if transcript.exists() && replay::is_as_told(&reader, self, plan, Ledger::Tools)? {
            let bytes = size(&transcript)?;
            found.push((transcript, bytes));
        }
        Ok(found)
    }

    /// All of it can be renamed into the archive: no part lies on a file system of its own.
    pub(super) fn is_on_one_disk(&self, plan: &Plan) -> Result<()> {
        let here = device(&self.plans_dir())?;
        for belonging in self.belongings(&plan.id, &tickets(plan))? {
            if device(&belonging.from)? != here {
                let why = format!(
                    "{} lies on another file system than {}, so it cannot be moved in one step",
                    belonging.from.display(),
                    self.plans_dir().display()
                );
                return Err(Error::Kept {
                    plan: plan.id.clone(),
                    why,
                });
            }
        }
        Ok(())
    }
}

fn tickets(plan: &Plan) -> BTreeSet<String> {
    plan.tickets.keys().map(ToString::to_string).collect()
}

/// The names in a directory, sorted; of one that is missing none.
fn names(dir: &Path) -> Result<Vec<String>> {
    let entries = match fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(Error::io("read", dir)(error)),
    };
    let mut names: Vec<String> = entries
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .collect();
    names.sort();
    Ok(names)
}

/// Bytes of a file, or of all files below a directory; links are not followed.
fn size(path: &Path) -> Result<u64> {
    let meta = match path.symlink_metadata() {
        Ok(meta) => meta,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
        Err(error) => return Err(Error::io("look at", path)(error)),
    };
    if !meta.is_dir() {
        return Ok(if meta.is_file() { meta.len() } else { 0 });
    }
    let mut bytes = 0;
    for entry in fs::read_dir(path).map_err(Error::io("read", path))? {
        let entry = entry.map_err(Error::io("read", path))?;
        bytes += size(&entry.path())?;
    }
    Ok(bytes)
}

/// Moves a file or a directory. Something may stand there already, when an earlier move was cut or a writer came late:
/// the same is dropped, directories are merged, and what differs is kept under a name of its own.
fn move_one(from: &Path, to: &Path) -> Result<()> {
    let (Ok(ours), there) = (from.symlink_metadata(), to.symlink_metadata()) else {
        return Ok(());
    };
    let failed = |error| Error::io("move", from)(error);
    match there {
        Err(_) => fs::rename(from, to).map_err(failed)?,
        Ok(there) if ours.is_dir() && there.is_dir() => {
            for entry in fs::read_dir(from).map_err(failed)? {
                let name = entry.map_err(failed)?.file_name();
                move_one(&from.join(&name), &to.join(&name))?;
            }
            fs::remove_dir(from).map_err(failed)?;
        }
        Ok(_) if is_same(from, to) => fs::remove_file(from).map_err(failed)?,
        Ok(_) => fs::rename(from, beside(to)).map_err(failed)?,
    }
    fault::archive_step();
    Ok(())
}

fn is_same(one: &Path, other: &Path) -> bool {
    let plain = |path: &Path| path.symlink_metadata().is_ok_and(|meta| meta.is_file());
    let read = |path| fs::read(path).ok();
    plain(one) && plain(other) && read(one).is_some_and(|bytes| read(other) == Some(bytes))
}

/// A free name beside one that is taken.
fn beside(path: &Path) -> PathBuf {
    let name = path
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    path.with_file_name(format!("{name}.left-{}", clock::now().file_form()))
}

#[cfg(unix)]
fn device(path: &Path) -> Result<u64> {
    use std::os::unix::fs::MetadataExt;
    let meta = path
        .symlink_metadata()
        .map_err(Error::io("look at", path))?;
    Ok(meta.dev())
}

#[cfg(not(unix))]
fn device(_path: &Path) -> Result<u64> {
    Ok(0)
}
