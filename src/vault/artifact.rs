//! What lies in a run's directory besides projections: artifacts as an auditor finds them, kept conversations, and the
//! material of a plan that the Leader wrote. Artifacts are put there by who works with agents.

use std::path::{Path, PathBuf};

use projections::{
    body::is_safe_relative_path,
    files,
    ids::{CallId, PlanId},
    payload::{BlobRef, Digest, Payload},
    plan::Plan,
};

use super::{Project, atomic, regular};
use crate::error::{Error, Result};

/// Why an artifact cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ArtifactFault {
    /// There is no such file any more.
    #[error("artifact {path} is gone")]
    Gone {
        /// Which.
        path: String,
    },
    /// The file holds something else than what was written.
    #[error("artifact {path} was changed since it was written")]
    Changed {
        /// Which.
        path: String,
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
    pub(super) fn write_synced(&self, path: &Path, bytes: &[u8]) -> Result<()> {
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
        let target = self.dir().join(files::artifacts_path(plan)).join(path);
        let path = path.to_owned();
        match regular::read(&target) {
            Ok(bytes) if Digest::of(&bytes) == *b3 => Ok(Ok(bytes)),
            Ok(_) => Ok(Err(ArtifactFault::Changed { path })),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                Ok(Err(ArtifactFault::Gone { path }))
            }
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
            if let Some(before) = atomic::replace(self.disk(), self.vault().root(), &path, &text)? {
                before.dispose(self.disk())?;
            }
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
}
