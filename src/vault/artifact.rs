//! Artifacts: what producers make, written whole below the run's `artifacts/`, by paths that were checked.

use std::path::{Path, PathBuf};

use projections::{
    body::is_safe_relative_path,
    files,
    ids::{CallId, PlanId},
    payload::{BlobRef, Digest, Payload},
    plan::Plan,
};

use super::{Project, atomic, make_dirs, set_mode};
use crate::error::{Error, Result};

/// Why an artifact cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ArtifactFault {
    /// The file is gone or changed since it was written.
    #[error("artifact {path} {why}")]
    Changed {
        /// Which.
        path: String,
        /// How.
        why: &'static str,
    },
}

/// A kept conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// Relative to the project's directory.
    pub path: String,
    /// BLAKE3 of the file.
    pub b3: Digest,
    /// Its length.
    pub bytes: u64,
}

impl Project {
    /// Writes an artifact: temporary file, sync, name, directory sync. Writing the same again is harmless.
    ///
    /// # Errors
    /// [`Error::BadFile`] for a path that leads out of the run, or through a symlink; the file system's.
    pub fn write_artifact(&self, plan: &PlanId, path: &str, content: &[u8]) -> Result<Digest> {
        let target = self.artifact_path(plan, path)?;
        let (dir, name) = (
            target.parent().unwrap_or(&target),
            target.file_name().unwrap_or_default(),
        );
        if std::fs::symlink_metadata(&target).is_ok_and(|meta| !meta.is_file()) {
            return Err(Error::BadFile {
                file: target,
                why: "something that is no file stands there".to_owned(),
            });
        }
        let temporary = dir.join(format!(
            ".{}.tmp-{}",
            name.to_string_lossy(),
            std::process::id()
        ));
        self.write_synced(&temporary, content)?;
        set_mode(self.vault().root(), &temporary, 0o666);
        self.disk()
            .rename(&temporary, &target)
            .map_err(Error::io("rename over", &target))?;
        self.disk().sync_dir(dir).map_err(Error::io("sync", dir))?;
        Ok(Digest::of(content))
    }

    fn write_synced(&self, path: &Path, bytes: &[u8]) -> Result<()> {
        let failed = |error| Error::io("write", path)(error);
        if self.disk().exists(path).map_err(failed)? {
            self.disk().remove(path).map_err(failed)?;
        }
        let file = self.disk().create_new(path).map_err(failed)?;
        let mut rest = bytes;
        while !rest.is_empty() {
            match file.append(rest).map_err(failed)? {
                0 => return Err(failed(std::io::ErrorKind::WriteZero.into())),
                written => rest = &rest[written..],
            }
        }
        file.sync_data().map_err(failed)
    }

    /// Reads an artifact and checks that it is still what was written.
    ///
    /// # Errors
    /// The file system's; the inner result says that the file changed since.
    pub fn read_artifact(
        &self,
        plan: &PlanId,
        path: &str,
        b3: &Digest,
    ) -> Result<std::result::Result<Vec<u8>, ArtifactFault>> {
        let changed = |why| ArtifactFault::Changed {
            path: path.to_owned(),
            why,
        };
        match self.found_artifact(plan, path)? {
            Some(bytes) if Digest::of(&bytes) == *b3 => Ok(Ok(bytes)),
            Some(_) => Ok(Err(changed("was changed since it was written"))),
            None => Ok(Err(changed("is gone"))),
        }
    }

    /// What lies where an artifact belongs, if it is a file and not reached by a symlink.
    ///
    /// # Errors
    /// [`Error::BadFile`] for a path that leads out of the run; the file system's.
    pub fn found_artifact(&self, plan: &PlanId, path: &str) -> Result<Option<Vec<u8>>> {
        let target = self.artifact_path(plan, path)?;
        match std::fs::symlink_metadata(&target) {
            Ok(meta) if !meta.is_file() => return Ok(None),
            Ok(_) | Err(_) => {}
        }
        match std::fs::read(&target) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Error::io("read", target)(error)),
        }
    }

    /// Keeps bytes that no reply holds, for the frame that is about to name them: text in the frame, whatever is none
    /// in the blob store.
    ///
    /// # Errors
    /// The file system's.
    pub fn keep_bytes(&self, bytes: Vec<u8>) -> Result<Payload> {
        match String::from_utf8(bytes) {
            Ok(text) => Ok(Payload::Text(text)),
            Err(error) => {
                let bytes = error.into_bytes();
                self.make_dir("blobs")?;
                Ok(Payload::Blob(BlobRef {
                    b3: Digest(self.blobs().put(&bytes)?.0),
                    bytes: bytes.len() as u64,
                }))
            }
        }
    }

    /// Keeps the conversation before a call that could not be made, for its owner's eyes only (0600).
    ///
    /// # Errors
    /// The file system's.
    pub fn write_checkpoint(&self, plan: &PlanId, call: &CallId, text: &str) -> Result<Checkpoint> {
        let path = files::checkpoint_path(plan, call);
        let dir = self.make_dir(&format!("runs/{plan}/checkpoints"))?;
        let target = self.dir().join(&path);
        let temporary = dir.join(format!(".{call}.tmp-{}", std::process::id()));
        self.write_synced(&temporary, text.as_bytes())?;
        self.disk()
            .rename(&temporary, &target)
            .map_err(Error::io("rename over", &target))?;
        self.disk()
            .sync_dir(&dir)
            .map_err(Error::io("sync", &dir))?;
        Ok(Checkpoint {
            path,
            b3: Digest::of(text.as_bytes()),
            bytes: text.len() as u64,
        })
    }

    /// Lays out the material of a plan that the Leader wrote, for agents to read: what is missing or was changed is
    /// written from the journal. Returns where it lies; `None` for a plan without any.
    ///
    /// # Errors
    /// The file system's, and the blob store's.
    pub fn lay_out_attachments(&self, plan: &Plan) -> Result<Option<PathBuf>> {
        let attachments = plan.attachments();
        if attachments.is_empty() {
            return Ok(None);
        }
        let dir = self.make_dir(&files::attachments_path(&plan.id))?;
        for (name, attachment) in attachments {
            // Validated when it was attached; a name from elsewhere leads nowhere.
            if name.contains('/') || !is_safe_relative_path(name) {
                continue;
            }
            let (path, text) = (dir.join(name), self.resolve(&attachment.text)?);
            if std::fs::read(&path).is_ok_and(|found| found == text) {
                continue;
            }
            let text = String::from_utf8_lossy(&text);
            atomic::replace(self.disk(), self.vault().root(), &path, &text, |_| true)?;
        }
        Ok(Some(dir))
    }

    /// Where a run's artifacts lie; made if it is missing.
    ///
    /// # Errors
    /// The file system's.
    pub fn workspace(&self, plan: &PlanId) -> Result<PathBuf> {
        self.make_dir(&files::artifacts_path(plan))
    }

    /// The files of a run, by path below its artifacts, with their lengths; what begins with a dot is not shown, and
    /// symlinks are not followed.
    ///
    /// # Errors
    /// The file system's.
    pub fn run_files(&self, plan: &PlanId) -> Result<Vec<(String, u64)>> {
        let root = self.dir().join(files::artifacts_path(plan));
        let mut found = Vec::new();
        let mut open = vec![root.clone()];
        while let Some(dir) = open.pop() {
            let entries = match std::fs::read_dir(&dir) {
                Ok(entries) => entries,
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
                Err(error) => return Err(Error::io("read", dir)(error)),
            };
            for entry in entries {
                let entry = entry.map_err(Error::io("read", &dir))?;
                let meta = entry.metadata().map_err(Error::io("read", entry.path()))?;
                if meta.is_dir() {
                    open.push(entry.path());
                } else if meta.is_file() {
                    found.extend(name_below(&root, &entry.path()).map(|name| (name, meta.len())));
                }
            }
        }
        found.sort();
        Ok(found)
    }

    /// The content of one of [`Project::run_files`]; `None` when it is none of them.
    ///
    /// # Errors
    /// The file system's.
    pub fn run_file(&self, plan: &PlanId, path: &str) -> Result<Option<Vec<u8>>> {
        if !self.run_files(plan)?.iter().any(|(name, _)| name == path) {
            return Ok(None);
        }
        let file = self.dir().join(files::artifacts_path(plan)).join(path);
        std::fs::read(&file)
            .map(Some)
            .map_err(Error::io("read", file))
    }

    /// Where an artifact lies; its directory is made.
    fn artifact_path(&self, plan: &PlanId, path: &str) -> Result<PathBuf> {
        let below = Path::new(&self.code().directory()).join(files::artifacts_path(plan));
        if !is_safe_relative_path(path) {
            let why = "it is not a relative path inside the run".to_owned();
            return Err(Error::BadFile {
                file: PathBuf::from(path),
                why,
            });
        }
        let relative = below.join(path);
        let dir = relative.parent().unwrap_or(&below);
        let dir = make_dirs(self.disk(), self.vault().root(), dir)?;
        Ok(dir.join(relative.file_name().unwrap_or_default()))
    }
}

/// A path below `root` as text, if no part of it is hidden.
fn name_below(root: &Path, path: &Path) -> Option<String> {
    let below = path.strip_prefix(root).ok()?.to_str()?;
    let hidden = below.split('/').any(|part| part.starts_with('.'));
    (!hidden).then(|| below.to_owned())
}
